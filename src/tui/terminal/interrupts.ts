// Ctrl-C and Ctrl-\\ in an editor are the editor's. A terminal that is not in raw mode sends them to every program of the job.

import { setImmediate as turn } from 'node:timers/promises';

const INTERRUPTS = ['SIGINT', 'SIGQUIT'] as const;

/** Runs the function, which holds up the whole process; whoever listens to these signals does not hear of those that come meanwhile. */
export async function leaveInterruptsTo<T>(run: () => T): Promise<T> {
  const listeners = INTERRUPTS.map((name) => ({ name, those: process.listeners(name) }));
  // A signal without a listener would end the process.
  for (const { name, those } of listeners) {
    process.on(name, ignore);
    for (const listener of those) process.off(name, listener);
  }
  try {
    return run();
  } finally {
    // What came is told in the next round of the event loop, which begins with the second of these.
    await turn();
    await turn();
    for (const { name, those } of listeners) {
      for (const listener of those) process.on(name, listener);
      process.off(name, ignore);
    }
  }
}

function ignore(): void {
  return;
}
