// Waiting for a condition, never for a time.

import { setTimeout as pause } from 'node:timers/promises';

/** The first value that is neither undefined nor false; throws, naming what was waited for, when the deadline passes. */
export async function until<T>(what: string, look: () => T | undefined | false | Promise<T | undefined | false>, deadlineMs = 20_000): Promise<T> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const value = await look();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > end) throw new Error(`waited ${deadlineMs} ms in vain for: ${what}`);
    await pause(5);
  }
}

/** Runs the work for every item, at most `width` at once, in order of their start. */
export async function inParallel<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const lane = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: width }, lane));
}
