// Waiting for what is under way, without a guess about how long that takes.

import { setImmediate } from 'node:timers/promises';

/** Lets everything run that needs no time to pass: promises, and commits of the SQLite writer. */
export async function turns(count = 25): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await setImmediate();
}

const GIVE_UP_AFTER_TURNS = 200_000;

/** Resolves when the condition holds; fails after many turns of the event loop when it never does. */
export async function until(holds: () => boolean | Promise<boolean>, what = 'the condition'): Promise<void> {
  for (let turn = 0; turn < GIVE_UP_AFTER_TURNS; turn += 1) {
    if (await holds()) return;
    await setImmediate();
  }
  throw new Error(`${what} never came`);
}

/** A promise and the means to settle it. */
export class Deferred<T = void> {
  readonly promise: Promise<T>;
  resolve!: (value: T) => void;
  reject!: (error: unknown) => void;

  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}
