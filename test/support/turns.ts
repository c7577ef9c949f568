// Waiting for what is under way, without a guess about how long that takes.

import { setImmediate } from 'node:timers/promises';

/** Lets everything run that needs no time to pass: promises, and commits of the SQLite writer. */
export async function turns(count = 25): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await setImmediate();
}

/** Shorter than a test may take, so that the failure says what was waited for. */
const GIVE_UP_AFTER_MS = 15_000;

/** Resolves when the condition holds; looks with each turn of the event loop, fails when it does not come. */
export async function until(holds: () => boolean | Promise<boolean>, what = 'the condition'): Promise<void> {
  const givesUpAt = performance.now() + GIVE_UP_AFTER_MS;
  while (!(await holds())) {
    if (performance.now() > givesUpAt) throw new Error(`${what} never came`);
    await setImmediate();
  }
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
