// Counters that are changed by differences in the transaction that changes what they count, so that reading them costs
// the same with a thousand jobs and with a million. Differences are summed up in memory and written once per transaction.

import type { Database } from 'better-sqlite3';

import { prepared } from './database.js';
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

interface Difference {
  readonly kind: TallyKind;
  readonly parts: readonly [TallyPart, TallyPart, TallyPart, TallyPart];
  delta: number;
}

export interface TallyRow {
  readonly a: TallyPart;
  readonly b: TallyPart;
  readonly c: TallyPart;
  readonly d: TallyPart;
  readonly count: number;
}

/** Give it to the Writer as its collector, and to everything that counts inside operations. */
export class Tallies implements TransactionCollector {
  readonly #operation: Difference[] = [];
  readonly #transaction = new Map<string, Difference>();

  /** Inside a Writer operation, with the statement whose effect is counted. */
  add(delta: number, kind: TallyKind, a: TallyPart, b: TallyPart = '', c: TallyPart = '', d: TallyPart = ''): void {
    this.#operation.push({ kind, parts: [a, b, c, d], delta });
  }

  keep(): void {
    for (const difference of this.#operation) {
      const key = keyOf(difference);
      const sum = this.#transaction.get(key);
      if (sum === undefined) this.#transaction.set(key, difference);
      else sum.delta += difference.delta;
    }
    this.#operation.length = 0;
  }

  drop(what: 'operation' | 'transaction'): void {
    this.#operation.length = 0;
    if (what === 'transaction') this.#transaction.clear();
  }

  flush(db: Database): void {
    for (const { kind, parts, delta } of this.#transaction.values()) {
      if (delta !== 0) prepared(db, UPSERT).run(kind, ...parts, delta);
    }
    this.#transaction.clear();
  }
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

/** The lengths keep parts apart that run together: a type may contain any character. */
function keyOf({ kind, parts: [a, b, c, d] }: Difference): string {
  return `${kind} ${String(a).length} ${String(b).length} ${String(c).length} ${a}${b}${c}${d}`;
}
