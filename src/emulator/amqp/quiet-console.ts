// rhea reports what it finds odd about a peer on the console, from within its own calls. Those calls are run with another
// console, whose voices are log lines; nothing else runs meanwhile.

import { format } from 'node:util';

import type { EmulatorLog } from '../emulator-log.js';

const VOICES = ['error', 'warn', 'trace'] as const;

/** A console for `quietly`, made once: what it takes the place of is left as it is. */
export function consoleInto(log: EmulatorLog): Console {
  const say = (...said: unknown[]): void => log.debug({ source: 'rhea' }, format(...said));
  return Object.assign(Object.create(globalThis.console) as Console, Object.fromEntries(VOICES.map((name) => [name, say])));
}

/** This is done for every frame, so the console is exchanged as a whole. */
export function quietly(quiet: Console, action: () => void): void {
  const own = globalThis.console;
  globalThis.console = quiet;
  try {
    action();
  } finally {
    globalThis.console = own;
  }
}
