import { describe, expect, test } from 'vitest';
import { FrameLine } from '../../../../src/tui/terminal/frame-line.js';
import { FrameWriter } from '../../../../src/tui/terminal/frame-writer.js';
import { Outgoing } from '../../../../src/tui/terminal/outgoing.js';
import { FakeClock } from '../../../support/fake-clock.js';

const QUESTION = '\u001b[5n';
const SCREEN = { columns: 60, rows: 20 };

describe('a line that is slow, behind a system that takes everything at once', () => {
  test('shows the newest frame a frame later, whatever was drawn meanwhile', async () => {
    const far = openFar({ perSecond: 2_000, answers: true });
    await far.drawFor(30_000, 100);
    // A whole frame is 1,3 KB, the one before it may be on its way.
    expect(far.behind()).toBeLessThanOrEqual(2 * 1_350);
    expect(far.shownAge()).toBeLessThan(2_000);
    expect(far.writer.written.dropped).toBeGreaterThan(100);
  });

  test('gets the last frame when nothing more is drawn', async () => {
    const far = openFar({ perSecond: 2_000, answers: true });
    await far.drawFor(15_000, 100);
    await far.pass(2_000);
    expect(far.shown()).toBe(far.drawn());
  });

  test('goes on like that after another program had the terminal', async () => {
    const far = openFar({ perSecond: 2_000, answers: true });
    await far.drawFor(15_000, 100);
    far.writer.suspend();
    far.line.forget();
    await far.pass(3_000);
    far.writer.resume();
    await far.drawFor(3_000, 100);
    await far.pass(5_000);
    expect(far.shown()).toBe(far.drawn());
  });

  test('without answers it is as if nothing was asked, and nothing is asked any more', async () => {
    const far = openFar({ perSecond: 2_000, answers: false });
    await far.drawFor(30_000, 100);
    expect(far.writer.written.dropped).toBe(0);
    expect(far.questions()).toBe(1);
  });

  test('that falls silent does not hold the screen for ever', async () => {
    const far = openFar({ perSecond: 2_000, answers: true });
    await far.drawFor(5_000, 100);
    far.silence();
    await far.drawFor(30_000, 100);
    expect(far.shown()).not.toBe('');
    const { frames } = far.writer.written;
    await far.drawFor(1_000, 100);
    expect(far.writer.written.frames - frames).toBe(10);
  });
});

describe('a line that keeps up', () => {
  test('gets every frame when it is drawn, also one that is far away', async () => {
    for (const delayMs of [5, 200]) {
      const far = openFar({ perSecond: 1_000_000, answers: true, delayMs });
      await far.drawFor(10_000, 100);
      expect(far.writer.written.dropped).toBe(0);
      expect(far.shownAge()).toBeLessThanOrEqual(100 + delayMs);
    }
  });

  test('is asked behind a frame, and not for frames of a few characters', async () => {
    const far = openFar({ perSecond: 1_000_000, answers: true });
    for (let n = 0; n < 20; n += 1) {
      far.writer.draw(`${n}`);
      await far.pass(20);
    }
    expect(far.questions()).toBe(1);
    expect(far.text()).toMatch(/^\u001b\[\?2026h[^]*?\u001b\[\?2026l\u001b\[5n\u001b\[\?2026h/);
  });
});

describe('an answer that is still to come at the end', () => {
  test('is waited for, longer where answers are known to come, not where they never came', async () => {
    const { line, clock } = openFar({ perSecond: 1_000_000, answers: false });
    expect(line.answerDueMs()).toBe(0);
    line.write('frame');
    expect(line.answerDueMs()).toBe(500);
    await clock.advance(400);
    expect(line.answerDueMs()).toBe(100);
    line.answered();
    expect(line.answerDueMs()).toBe(0);
    line.write('frame');
    expect(line.answerDueMs()).toBe(4_000);
    line.forget();
    expect(line.answerDueMs()).toBe(0);
  });
});

/** A terminal at the end of a line: bytes arrive at its rate, a question is answered when it arrives. */
function openFar({ perSecond, answers, delayMs = 0 }: { readonly perSecond: number; readonly answers: boolean; readonly delayMs?: number }) {
  const clock = new FakeClock();
  const arrivals: { readonly at: number; readonly text: string }[] = [];
  let isSilent = !answers;
  let freeAt = 0;
  let text = '';
  let arrived = '';
  const put = (bytes: Uint8Array): number => {
    const chunk = Buffer.from(bytes).toString();
    text += chunk;
    freeAt = Math.max(freeAt, clock.monotonic()) + (bytes.length / perSecond) * 1_000;
    arrivals.push({ at: freeAt + delayMs, text: chunk });
    return bytes.length;
  };
  const line = new FrameLine(new Outgoing(put, clock, () => undefined), clock);
  const writer = new FrameWriter({ size: () => SCREEN, write: (frame) => line.write(frame), backlog: () => line.backlog(), onDrain: (handler) => line.onDrain(handler) }, clock);
  const pass = async (ms: number): Promise<void> => {
    for (const end = clock.monotonic() + ms; clock.monotonic() < end; ) {
      await clock.advance(10);
      while (arrivals[0] !== undefined && arrivals[0].at <= clock.monotonic()) {
        const { text: chunk } = arrivals.shift() ?? { text: '' };
        arrived += chunk;
        if (chunk.includes(QUESTION) && !isSilent) line.answered();
      }
    }
  };
  const stampIn = (screen: string): number => Number([...screen.matchAll(/;1Hdrawn at (\d+)/g)].at(-1)?.[1] ?? Number.NaN);
  let drawn = '';
  return {
    clock,
    line,
    writer,
    pass,
    /** Draws whole frames, each with its time in every row. */
    drawFor: async (ms: number, everyMs: number): Promise<void> => {
      for (const end = clock.monotonic() + ms; clock.monotonic() < end; await pass(everyMs)) {
        drawn = `drawn at ${clock.monotonic()}`;
        writer.draw(Array.from({ length: SCREEN.rows }, () => drawn.padEnd(SCREEN.columns)).join('\n'));
      }
    },
    text: () => text,
    questions: () => text.split(QUESTION).length - 1,
    /** Characters on their way. */
    behind: () => text.length - arrived.length,
    shown: () => `drawn at ${stampIn(arrived)}`,
    drawn: () => drawn,
    shownAge: () => clock.monotonic() - stampIn(arrived),
    silence: () => void (isSilent = true),
  };
}
