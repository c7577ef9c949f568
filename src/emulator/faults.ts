// Faults on request: how often the emulator is to fail in which way, so that clients can be tried against it.

import { AppError } from '../domain/errors.js';
import { nearest } from '../domain/nearest.js';

/** Each kind with what it does, for the help and the documentation. */
export const FAULT_KINDS = {
  'server-busy': 'refuse a send, a receiver or a management request with com.microsoft:server-busy',
  'drop-connection': 'cut the connection instead of doing what was asked',
  'detach-link': 'detach a link with amqp:link:detach-forced at a send or a settlement',
  'lose-lock': 'take the lock of a message away before it is settled or renewed',
  'lost-reply': 'do what was asked and cut the connection instead of answering',
  slow: 'answer half a second late',
} as const;

export type FaultKind = keyof typeof FAULT_KINDS;

/** The probability of each kind, 0 to 1; a kind that is not there never happens. */
export type FaultRates = Readonly<Partial<Record<FaultKind, number>>>;

const KINDS = Object.keys(FAULT_KINDS) as FaultKind[];

/** Reads `server-busy=0.05,drop-connection=0.01`, in one text or several; a later rate of a kind wins. Throws USAGE_INVALID. */
export function parseFaults(texts: readonly string[]): FaultRates {
  const rates: Partial<Record<FaultKind, number>> = {};
  for (const part of texts.flatMap((text) => text.split(','))) {
    const [name = '', rate, ...more] = part.trim().split('=');
    const kind = KINDS.find((candidate) => candidate === name.trim());
    if (kind === undefined) throw unknownKind(name.trim());
    const value = more.length === 0 ? parseRate(rate?.trim() ?? '') : undefined;
    if (value === undefined) throw invalidRate(kind, part.trim());
    rates[kind] = value;
  }
  return rates;
}

/** Decides, each time the emulator asks, whether a fault strikes now; counts those that did. */
export class Faults {
  readonly #rates: FaultRates;
  readonly #random: () => number;
  readonly #struck = new Map<FaultKind, number>();

  /** `random` gives numbers from 0 up to, not including, 1. */
  constructor(rates: FaultRates, random: () => number) {
    this.#rates = rates;
    this.#random = random;
  }

  draw(kind: FaultKind): boolean {
    const rate = this.#rates[kind] ?? 0;
    if (rate === 0 || this.#random() >= rate) return false;
    this.#struck.set(kind, (this.#struck.get(kind) ?? 0) + 1);
    return true;
  }

  /** How often each kind struck; kinds that never did are left out. */
  counts(): Readonly<Partial<Record<FaultKind, number>>> {
    return Object.fromEntries(this.#struck);
  }
}

export const NO_FAULTS: FaultRates = {};

function parseRate(text: string): number | undefined {
  if (!/^(\d+(\.\d*)?|\.\d+)$/.test(text)) return undefined;
  const rate = Number(text);
  return rate <= 1 ? rate : undefined;
}

function unknownKind(name: string): AppError {
  const near = nearest(name, KINDS);
  return new AppError('USAGE_INVALID', `a fault is KIND=RATE; got the kind ${JSON.stringify(name)}`, {
    hint: near === undefined ? `the kinds are ${KINDS.join(', ')}` : `did you mean \`${near}\`?`,
  });
}

function invalidRate(kind: FaultKind, part: string): AppError {
  return new AppError('USAGE_INVALID', `the rate of ${kind} must be a number from 0 to 1, got ${JSON.stringify(part)}`, {
    hint: `\`${kind}=0.05\` makes one in twenty fail`,
  });
}
