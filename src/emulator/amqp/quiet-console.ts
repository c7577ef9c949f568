// rhea reports what it finds odd about a peer on the console, from within its own calls. Those calls are run with the
// console's voices turned into log lines; nothing else runs meanwhile.

import { format } from 'node:util';

import type { EmulatorLog } from '../emulator-log.js';

const VOICES = ['error', 'warn', 'trace'] as const;

export function quietly(log: EmulatorLog, action: () => void): void {
  const target = globalThis.console;
  const own = Object.fromEntries(VOICES.map((name) => [name, Object.getOwnPropertyDescriptor(target, name)] as const));
  const say = (...said: unknown[]): void => log.debug({ source: 'rhea' }, format(...said));
  for (const name of VOICES) target[name] = say;
  try {
    action();
  } finally {
    for (const name of VOICES) Object.defineProperty(target, name, own[name] ?? {});
  }
}
