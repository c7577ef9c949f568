// How often each slice is looked at. Looking at SQLite costs nothing until something was written; looking at a service is
// paid for, so it is rarer, and slower still while nobody looks at the screen.

import type { SliceName } from '../data.js';
import type { Pace } from '../model.js';

export interface Rhythm {
  /** At least this long between two looks. */
  readonly leastMs: number;
  /** Without a notice of a change, look again after this; null: only when asked to. */
  readonly everyMs: number | null;
  /** Look when the store says that something was written. */
  readonly onChange: boolean;
}

const SECOND = 1000;
const HIDDEN_MS = 30 * SECOND;
const QUICK_MS = 250;
/** Slower by so much when the terminal has lost the focus, or no key was pressed for long. */
const UNFOCUSED = 4;
const IDLE = 6;
const IDLE_AFTER_MS = 10 * 60 * SECOND;
const COSTLY_LEAST_MS = SECOND;
const SOON_UNSEEN = 4;
const UNSEEN_MS = 2 * SECOND;

const EVERY_MS: Readonly<Record<SliceName, number | null>> = {
  overview: 5 * SECOND,
  jobs: 3 * SECOND,
  job: 2 * SECOND,
  groups: 30 * SECOND,
  letters: 30 * SECOND,
  letter: null,
  workers: 5 * SECOND,
  operations: 5 * SECOND,
  operation: 2 * SECOND,
  types: null,
};

/** Slices that come from the broker, whose news the store does not tell. */
const OF_BROKER: ReadonlySet<SliceName> = new Set<SliceName>(['overview', 'groups', 'letters', 'letter']);
/** Peeking at a service costs by the message: a whole walk is made only when somebody asks for it. */
const PEEKED: ReadonlySet<SliceName> = new Set<SliceName>(['groups']);
/** On another file than the store's. */
const OF_JOURNAL: ReadonlySet<SliceName> = new Set<SliceName>(['operations', 'operation', 'types']);

export function rhythmOf(slice: SliceName, visible: boolean, costly: boolean, pace: Pace, now: number): Rhythm {
  const slowed = slowness(pace, now);
  const isPaid = costly && OF_BROKER.has(slice);
  const usual = visible ? (pace.everyMs ?? EVERY_MS[slice]) : HIDDEN_MS;
  const everyMs = usual === null || (isPaid && PEEKED.has(slice)) ? null : usual * slowed;
  const least = isPaid ? Math.max(COSTLY_LEAST_MS, everyMs ?? 0) : visible ? (pace.everyMs ?? QUICK_MS) : HIDDEN_MS;
  return {
    leastMs: least * (isPaid ? 1 : slowed),
    everyMs: everyMs === null ? null : Math.max(everyMs, isPaid ? COSTLY_LEAST_MS : QUICK_MS),
    onChange: visible && !isPaid && !OF_JOURNAL.has(slice) && EVERY_MS[slice] !== null,
  };
}

/** News that change nothing on the screen, such as rows above it, are looked for less often: every two seconds in the end. */
export function unhurried(rhythm: Rhythm, unseen: number): Rhythm {
  if (!isUnhurried(unseen) || !rhythm.onChange) return rhythm;
  return { ...rhythm, leastMs: Math.max(rhythm.leastMs, Math.min(UNSEEN_MS, QUICK_MS * 2 ** (unseen - SOON_UNSEEN + 1))) };
}

export function isUnhurried(unseen: number): boolean {
  return unseen >= SOON_UNSEEN;
}

function slowness(pace: Pace, now: number): number {
  const idle = now - pace.lastKeyAt > IDLE_AFTER_MS ? IDLE : 1;
  return pace.scale * Math.max(pace.focused ? 1 : UNFOCUSED, idle);
}
