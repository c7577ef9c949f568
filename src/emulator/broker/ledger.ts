// Counts, sizes and sequence numbers of the core's queues: changed in memory with each statement, written once per
// transaction, taken back with what was refused or rolled back.

import type { Database } from '../../drivers/sqlite/database.js';
import { prepared } from '../../drivers/connection-sqlite/prepared.js';
import type { TransactionCollector } from '../../drivers/sqlite/writer.js';

export interface Figures {
  active: number;
  locked: number;
  deferred: number;
  scheduled: number;
  bytes: number;
  lastNumber: number;
  accessedAt: number;
}

export type CountedState = 'active' | 'locked' | 'deferred' | 'scheduled';

/** What is read from the file at the start, and written back. */
interface FiguresRow extends Figures {
  readonly coreName: string;
}

interface Account {
  readonly queueId: number;
  /** As committed. */
  figures: Figures;
  /** As the transaction at hand leaves them; undefined while it has not touched them. */
  working: Figures | undefined;
}

interface Change {
  readonly account: Account;
  readonly figure: keyof Figures;
  readonly delta: number;
}

/** A queue's last access is written at most this often, and always with other changes. */
const ACCESS_PRECISION_MS = 60_000;

const LOAD = `
SELECT q.id AS queueId, q.name AS coreName, f.active, f.locked, f.deferred, f.scheduled, f.bytes, f.last_number AS lastNumber,
  f.accessed_at AS accessedAt
FROM broker_queues q JOIN emulator_figures f ON f.queue_id = q.id`;
const INSERT = `
INSERT INTO emulator_figures (queue_id, active, locked, deferred, scheduled, bytes, last_number, accessed_at)
VALUES (?, 0, 0, 0, 0, 0, 0, ?)`;
const SAVE = `
UPDATE emulator_figures SET active = ?, locked = ?, deferred = ?, scheduled = ?, bytes = ?, last_number = ?, accessed_at = ?
WHERE queue_id = ?`;

export class Ledger implements TransactionCollector {
  readonly #accounts = new Map<string, Account>();
  readonly #operation: Change[] = [];
  readonly #touched = new Set<Account>();
  readonly #gained = new Set<string>();

  /** Before anything else uses the file. */
  load(db: Database): void {
    for (const { coreName, queueId, ...figures } of prepared<FiguresRow & { queueId: number }>(db, LOAD).all()) {
      this.#accounts.set(coreName, { queueId, figures, working: undefined });
    }
  }

  /** Inside the operation that makes the queue. */
  open(db: Database, queue: { readonly coreName: string; readonly queueId: number; readonly now: number }): void {
    const { coreName, queueId, now } = queue;
    prepared(db, INSERT).run(queueId, now);
    const figures = { active: 0, locked: 0, deferred: 0, scheduled: 0, bytes: 0, lastNumber: 0, accessedAt: now };
    this.#accounts.set(coreName, { queueId, figures, working: undefined });
  }

  /** After the commit that deleted the queue. */
  close(coreName: string): void {
    this.#accounts.delete(coreName);
  }

  /** As the operation at hand sees them; between transactions, as committed. */
  figures(coreName: string): Readonly<Figures> {
    const account = this.#account(coreName);
    return account.working ?? account.figures;
  }

  count(coreName: string, state: CountedState, delta: number): void {
    this.add(coreName, state, delta);
    if (state === 'active' && delta > 0) this.#gained.add(coreName);
  }

  add(coreName: string, figure: keyof Figures, delta: number): void {
    const account = this.#account(coreName);
    account.working ??= { ...account.figures };
    account.working[figure] += delta;
    this.#touched.add(account);
    this.#operation.push({ account, figure, delta });
  }

  /** The next sequence number of the queue; gap-free, because a refused operation gives its numbers back. */
  nextNumber(coreName: string): number {
    this.add(coreName, 'lastNumber', 1);
    return this.figures(coreName).lastNumber;
  }

  accessed(coreName: string, now: number): void {
    const { accessedAt } = this.figures(coreName);
    if (Math.abs(now - accessedAt) >= ACCESS_PRECISION_MS) this.add(coreName, 'accessedAt', now - accessedAt);
  }

  keep(): void {
    this.#operation.length = 0;
  }

  drop(what: 'operation' | 'transaction'): void {
    for (const { account, figure, delta } of this.#operation) if (account.working !== undefined) account.working[figure] -= delta;
    this.#operation.length = 0;
    if (what === 'operation') return;
    for (const account of this.#touched) account.working = undefined;
    this.#touched.clear();
    this.#gained.clear();
  }

  flush(db: Database): void {
    const save = prepared(db, SAVE);
    for (const { queueId, working } of this.#touched) {
      if (working === undefined) continue;
      const { active, locked, deferred, scheduled, bytes, lastNumber, accessedAt } = working;
      save.run(active, locked, deferred, scheduled, bytes, lastNumber, accessedAt, queueId);
    }
  }

  /** After the commit. Returns the queues that got messages to hand out. */
  committed(): string[] {
    for (const account of this.#touched) {
      if (account.working !== undefined) account.figures = account.working;
      account.working = undefined;
    }
    this.#touched.clear();
    const gained = [...this.#gained];
    this.#gained.clear();
    return gained;
  }

  #account(coreName: string): Account {
    const account = this.#accounts.get(coreName);
    if (account === undefined) throw new Error(`no figures are kept for the queue ${coreName}`);
    return account;
  }
}
