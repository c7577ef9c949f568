// Reads the answer that a terminal still owes, before somebody else reads from it: a shell would take it for typed text.

import { closeSync, constants, openSync, readSync } from 'node:fs';

import type { Clock } from '../../ports/clock.js';

const ANSWER = '\u001b[0n';
const LOOK_MS = 5;

/**
 * Returns when the answer has come, at the latest after `patienceMs`; what was typed meanwhile is gone with it. Nobody may
 * be reading from the terminal, and it sends what it sends at once (raw mode).
 */
export function takeAnswer(patienceMs: number, clock: Clock): void {
  const fd = openKeys();
  if (fd === undefined) return;
  const givesUpAt = clock.monotonic() + patienceMs;
  const bytes = Buffer.alloc(1024);
  let taken = '';
  try {
    while (!taken.includes(ANSWER) && clock.monotonic() < givesUpAt) {
      const count = readNow(fd, bytes);
      if (count === 0) Atomics.wait(NOBODY, 0, 0, LOOK_MS);
      taken = (taken + bytes.toString('latin1', 0, count)).slice(-64);
    }
  } catch {
    // A terminal that has gone owes nothing.
    return;
  } finally {
    closeSync(fd);
  }
}

/** Never woken: a sleep in the middle of what must not be left. */
const NOBODY = new Int32Array(new SharedArrayBuffer(4));

/** Opened anew, so that reading does not wait; undefined where the system cannot do that. */
function openKeys(): number | undefined {
  try {
    return openSync('/dev/tty', constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return undefined;
  }
}

/** 0: nothing is there just now. Throws when the terminal has gone. */
function readNow(fd: number, bytes: Buffer): number {
  try {
    const count = readSync(fd, bytes);
    if (count === 0) throw new Error('the terminal has ended');
    return count;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return 0;
    throw error;
  }
}
