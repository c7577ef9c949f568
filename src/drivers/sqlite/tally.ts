// Counters that are changed by differences in the transaction that changes what they count, so that reading them costs
// the same with a thousand jobs and with a million. Differences are summed up in memory and written once per transaction.

import type { Database } from 'better-sqlite3';

import { prepared } from '../connection-sqlite/prepared.js';
import type { TransactionCollector } from './writer.js';

/**
 * What is counted, by its parts:
 * `jobs` (queue, type, status) stored jobs · `transitions` (minute, queue, type, status) ·
 * `children` (parent job id, status) · `messages` (queue, state) messages of the broker · `outbox` (queue) entries.
 */
export type TallyKind = 'jobs' | 'transitions' | 'children' | 'messages' | 'outbox';
export type TallyPart = string | number;

/** Unused parts are the empty text; the table is its own index. */
export const TALLY_SCHEMA = `
CREATE TABLE tallies (
  kind TEXT NOT NULL, a NOT NULL, b NOT NULL, c NOT NULL, d NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY (kind, a, b, c, d)
) WITHOUT ROWID;
`;

/** One counter and what the transaction changes it by. */
interface Difference {
  readonly kind: TallyKind;
  readonly parts: readonly [TallyPart, TallyPart, TallyPart, TallyPart];
  /** Of kept operations. */
  kept: number;
  /** Of the operation at hand. */
  pending: number;
}

/** Finds a counter's difference by its kind and parts, one after another: no text is made of them. */
type Places = Map<TallyPart, Places | Difference>;

export interface TallyRow {
  readonly a: TallyPart;
  readonly b: TallyPart;
  readonly c: TallyPart;
  readonly d: TallyPart;
  readonly count: number;
}

/** Give it to the Writer as its collector, and to everything that counts inside operations. */
export class Tallies implements TransactionCollector {
  readonly #places: Places = new Map();
  /** Those that the transaction touches, each once. */
  readonly #touched: Difference[] = [];
  /** Those that the operation at hand touches; may name one several times. */
  readonly #operation: Difference[] = [];

  /** Inside a Writer operation, with the statement whose effect is counted. */
  add(delta: number, kind: TallyKind, a: TallyPart, b: TallyPart = '', c: TallyPart = '', d: TallyPart = ''): void {
    const difference = this.#find(kind, a, b, c, d);
    difference.pending += delta;
    this.#operation.push(difference);
  }

  keep(): void {
    for (const difference of this.#operation) {
      difference.kept += difference.pending;
      difference.pending = 0;
    }
    this.#operation.length = 0;
  }

  drop(what: 'operation' | 'transaction'): void {
    for (const difference of this.#operation) difference.pending = 0;
    this.#operation.length = 0;
    if (what === 'transaction') this.#forget();
  }

  flush(db: Database): void {
    for (const { kind, parts, kept } of this.#touched) if (kept !== 0) prepared(db, UPSERT).run(kind, ...parts, kept);
    this.#forget();
  }

  #forget(): void {
    this.#touched.length = 0;
    this.#places.clear();
  }

  #find(kind: TallyKind, a: TallyPart, b: TallyPart, c: TallyPart, d: TallyPart): Difference {
    const last = below(below(below(below(this.#places, kind), a), b), c);
    const found = last.get(d);
    if (found !== undefined) return found as Difference;
    const difference: Difference = { kind, parts: [a, b, c, d], kept: 0, pending: 0 };
    last.set(d, difference);
    this.#touched.push(difference);
    return difference;
  }
}

function below(places: Places, part: TallyPart): Places {
  const found = places.get(part);
  if (found !== undefined) return found as Places;
  const made: Places = new Map();
  places.set(part, made);
  return made;
}

const UPSERT = `INSERT INTO tallies (kind, a, b, c, d, count) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (kind, a, b, c, d) DO UPDATE SET count = count + excluded.count`;

/** All counters of a kind, or those whose first part is `a`. Rows that came down to 0 are left out. */
export function readTallies(db: Database, kind: TallyKind, a?: TallyPart): TallyRow[] {
  if (a === undefined) return prepared<TallyRow>(db, 'SELECT a, b, c, d, count FROM tallies WHERE kind = ? AND count <> 0').all(kind);
  return prepared<TallyRow>(db, 'SELECT a, b, c, d, count FROM tallies WHERE kind = ? AND a = ? AND count <> 0').all(kind, a);
}

/** Counters whose first part is a number in [from, to). */
export function readTallyRange(db: Database, kind: TallyKind, from: number, to: number): TallyRow[] {
  return prepared<TallyRow>(db, 'SELECT a, b, c, d, count FROM tallies WHERE kind = ? AND a >= ? AND a < ? AND count <> 0').all(kind, from, to);
}
