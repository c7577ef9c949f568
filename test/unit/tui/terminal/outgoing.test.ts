import { expect, test } from 'vitest';
import { Outgoing } from '../../../../src/tui/terminal/outgoing.js';
import { FakeClock } from '../../../support/fake-clock.js';

test('what a full terminal does not take waits, and goes on in order when there is room', async () => {
  const { outgoing, terminal, clock } = open(4);
  let drained = 0;
  outgoing.write('abc');
  outgoing.write('defg');
  outgoing.write('h');
  outgoing.onDrain(() => (drained += 1));
  expect([terminal.text, outgoing.backlog]).toEqual(['abcd', 4]);
  await clock.advance(100);
  expect(drained).toBe(0);
  terminal.room = 3;
  await clock.advance(40);
  expect([terminal.text, outgoing.backlog, drained]).toEqual(['abcdefg', 1, 0]);
  terminal.room = 100;
  await clock.advance(40);
  outgoing.write('ij');
  expect([terminal.text, outgoing.backlog, drained]).toEqual(['abcdefghij', 0, 1]);
});

test('the last words take the place of what the terminal has not taken', async () => {
  const { outgoing, terminal, clock } = open(2);
  outgoing.write('frame');
  terminal.room = 100;
  outgoing.writeLast('bye', 1_000);
  await clock.advance(1_000);
  expect(terminal.text).toBe('frbye');
});

test('a terminal that takes nothing does not hold up the end', () => {
  const { outgoing, clock } = open(0);
  outgoing.write('frame');
  clock.monotonic = (() => {
    let time = 0;
    return () => (time += 500);
  })();
  outgoing.writeLast('bye', 1_000);
  expect(outgoing.backlog).toBe(0);
});

test('a terminal that has gone is told of, and takes nothing more', () => {
  const { outgoing, terminal, gone } = open(100);
  terminal.isGone = true;
  outgoing.write('frame');
  outgoing.writeLast('bye', 1_000);
  expect([terminal.text, outgoing.backlog, gone()]).toEqual(['', 0, 1]);
});

function open(room: number) {
  const terminal = { text: '', room, isGone: false };
  const clock = new FakeClock();
  let gone = 0;
  const put = (bytes: Uint8Array): number => {
    if (terminal.isGone) throw new Error('EIO');
    const taken = bytes.subarray(0, terminal.room);
    terminal.room -= taken.length;
    terminal.text += Buffer.from(taken).toString();
    return taken.length;
  };
  return { outgoing: new Outgoing(put, clock, () => (gone += 1)), terminal, clock, gone: () => gone };
}
