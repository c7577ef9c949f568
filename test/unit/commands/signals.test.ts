import { expect, onTestFinished, test, vi } from 'vitest';
import { exitCodeOfSignal, SignalWatch, type SignalName } from '../../../src/commands/signals.js';

function makeWatch() {
  const ended: SignalName[] = [];
  const state = { listening: true };
  let handler: (name: SignalName) => void = () => undefined;
  const watch = new SignalWatch({
    listen: (listener) => {
      handler = listener;
      return () => {
        state.listening = false;
      };
    },
    endProcess: (name) => void ended.push(name),
  });
  return { watch, ended, state, send: (name: SignalName) => handler(name) };
}

test('the first signal aborts the command, the second ends the process', () => {
  const { watch, ended, send } = makeWatch();
  send('SIGTERM');
  expect(watch.signal.aborted).toBe(true);
  expect(watch.abortedBy).toBe('SIGTERM');
  expect(ended).toEqual([]);
  send('SIGINT');
  expect(ended).toEqual(['SIGINT']);
});

test('a command that does not end after the first signal is ended after a grace', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { ended, send } = makeWatch();
  send('SIGINT');
  vi.advanceTimersByTime(2900);
  expect(ended).toEqual([]);
  vi.advanceTimersByTime(200);
  expect(ended).toEqual(['SIGINT']);
});

test('a command that takes the signals over hears of the first two; the third ends the process', () => {
  const { watch, ended, send } = makeWatch();
  const heard: string[] = [];
  watch.takeOver(({ name, count }) => heard.push(`${name} ${count}`));
  send('SIGTERM');
  send('SIGINT');
  expect(heard).toEqual(['SIGTERM 1', 'SIGINT 2']);
  expect(watch.signal.aborted).toBe(false);
  expect(watch.abortedBy).toBeUndefined();
  send('SIGINT');
  expect(ended).toEqual(['SIGINT']);
});

test('given back, signals abort again', () => {
  const { watch, send } = makeWatch();
  const giveBack = watch.takeOver(() => undefined);
  giveBack();
  send('SIGINT');
  expect(watch.signal.aborted).toBe(true);
});

test('a reader that has gone aborts a command that prints, not one that took over', () => {
  const printing = makeWatch().watch;
  printing.outputClosed();
  expect(printing.signal.aborted).toBe(true);
  expect(printing.abortedBy).toBeUndefined();
  const working = makeWatch().watch;
  working.takeOver(() => undefined);
  working.outputClosed();
  expect(working.signal.aborted).toBe(false);
});

test('after the command nothing listens any more', () => {
  const { watch, state } = makeWatch();
  watch.stop();
  expect(state.listening).toBe(false);
});

test('exit codes are those of a shell', () => {
  expect((['SIGHUP', 'SIGINT', 'SIGTERM'] as const).map(exitCodeOfSignal)).toEqual([129, 130, 143]);
});
