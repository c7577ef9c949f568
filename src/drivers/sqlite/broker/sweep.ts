// What happens to messages by time alone: locks end, scheduled messages become due, messages expire. Nothing has a timer
// of its own: the sweep runs before every hand-out and whenever `nextTimerAt` has passed.
//
// Instants are wall-clock time, so that they mean the same to every process and after a restart. When the clock is set
// back, a held lock only lasts longer: nobody else gets its message meanwhile. What would last longer than any lock of
// its queue can, counted from now, is cut to exactly that: never before its holder's own end, and a dead holder's message
// is not stuck for as long as the clock was set back. Messages that wait go out whatever the clock says.

import type { Database } from 'better-sqlite3';

import { prepared } from '../../connection-sqlite/prepared.js';
import type { BrokerHooks, BrokerReason, MovedMessage } from './broker-message.js';
import { MESSAGE_STATES, type MessageState } from './message-state.js';
import { NO_TOKEN } from './schema.js';

/** At most this many messages of each kind in one sweep, so that a transaction stays short when many are due at once. */
const SWEEP_LIMIT = 500;
/** A clock that is slewed runs back by milliseconds; that is no reason to write. */
export const CLOCK_SLACK_MS = 1_000;

const { active: ACTIVE, locked: LOCKED, scheduled: SCHEDULED, deadLettered: DEAD } = MESSAGE_STATES;

interface Timers {
  readonly dueAt: number | null;
  readonly lockEnd: number | null;
  readonly lastLockEnd: number | null;
  readonly expiresAt: number | null;
  readonly longestLockMs: number | null;
}

/** A message whose time has come. */
export interface TimedRow {
  readonly seq: number;
  readonly queue: string;
  readonly state: number;
  readonly deliveryCount: number;
  readonly maxDeliveryCount: number | null;
  readonly deadLetterOnExpiration: 0 | 1;
  readonly expiresAt: number | null;
  readonly messageId: string;
  readonly properties: string;
}

// Each term is the end of an index. Kept as single min() and max(): SQLite reads the whole index for both in one SELECT.
const TIMERS = `SELECT
  (SELECT min(due_at) FROM broker_messages WHERE state = ${SCHEDULED}) AS dueAt,
  (SELECT min(locked_until) FROM broker_messages WHERE state = ${LOCKED}) AS lockEnd,
  (SELECT max(locked_until) FROM broker_messages WHERE state = ${LOCKED}) AS lastLockEnd,
  (SELECT min(expires_at) FROM broker_messages WHERE state IN (${ACTIVE}, ${SCHEDULED})) AS expiresAt,
  (SELECT max(longest_lock_ms) FROM broker_queues) AS longestLockMs`;

function timedRows(where: string, order: string): string {
  return `SELECT m.seq, q.name AS queue, m.state, m.delivery_count AS deliveryCount, q.max_delivery_count AS maxDeliveryCount,
    q.dead_letter_on_expiration AS deadLetterOnExpiration, m.expires_at AS expiresAt, m.message_id AS messageId, m.properties
  FROM broker_messages m CROSS JOIN broker_queues q ON q.id = m.queue_id
  WHERE ${where} ORDER BY ${order} LIMIT ${SWEEP_LIMIT}`;
}

const SHORTEN_LOCKS = `
UPDATE broker_messages SET locked_until = :now + q.longest_lock_ms FROM broker_queues q
WHERE q.id = queue_id AND state = ${LOCKED} AND locked_until > :now + q.longest_lock_ms`;
const ENDED_LOCKS = timedRows(`m.state = ${LOCKED} AND m.locked_until <= ?`, 'm.locked_until');
const GIVE_BACK = `
UPDATE broker_messages SET state = ${ACTIVE}, delivery_count = delivery_count + 1, token = '${NO_TOKEN}' WHERE seq = ?`;
const DUE = timedRows(`m.state = ${SCHEDULED} AND m.due_at <= ?`, 'm.due_at');
const ACTIVATE = `UPDATE broker_messages SET state = ${ACTIVE} WHERE seq = ?`;
const EXPIRED = timedRows(`m.state IN (${ACTIVE}, ${SCHEDULED}) AND m.expires_at <= ?`, 'm.expires_at');
const BURY = `
UPDATE broker_messages SET state = ${DEAD}, delivery_count = ?, token = '${NO_TOKEN}', locked_until = 0, dead_lettered_at = ?,
  dead_letter_reason = ?, dead_letter_description = ? WHERE seq = ?`;
const DROP = 'DELETE FROM broker_messages WHERE seq = ?';

/**
 * What time does to a message, where a broker on these tables has rules of its own. Each writes the row and tells the
 * counts; the sweep only finds the messages.
 */
export interface SweepRules {
  /** Its lock has ended and it may be handed out again. */
  giveBack(row: TimedRow): void;
  /** It was scheduled and is due. */
  activate(row: TimedRow): void;
  /** `deliveries`: hand-outs that have ended, this one among them. */
  bury(row: TimedRow, why: { readonly reason: BrokerReason; readonly deliveries: number; readonly now: number }): void;
  /** It has expired and is about to be deleted. */
  dropped(row: TimedRow): void;
}

export class Sweep {
  readonly #db: Database;
  readonly #hooks: BrokerHooks;
  readonly #rules: SweepRules | undefined;

  constructor(db: Database, hooks: BrokerHooks, rules?: SweepRules) {
    this.#db = db;
    this.#hooks = hooks;
    this.#rules = rules;
  }

  /** The next instant at which a sweep has something to do; `now` or earlier: it has already. Null: never. Reads only. */
  nextTimerAt(now: number): number | null {
    const timers = prepared<Timers>(this.#db, TIMERS).get();
    if (timers === undefined) return null;
    if (locksLastTooLong(timers, now)) return now;
    return earliest(earliest(timers.dueAt, timers.lockEnd), timers.expiresAt);
  }

  /** `expiredLeft`: more has expired than one sweep moves; until the next one nothing may be handed out. */
  run(now: number): { readonly expiredLeft: boolean } {
    const timers = prepared<Timers>(this.#db, TIMERS).get();
    if (timers === undefined) return { expiredLeft: false };
    if (locksLastTooLong(timers, now)) prepared(this.#db, SHORTEN_LOCKS).run({ now });
    const moved: MovedMessage[] = [];
    // In this order: a message whose lock has ended may have expired meanwhile, and locked ones do not expire.
    const locksEnded = hasPassed(timers.lockEnd, now);
    if (locksEnded) this.#endLocks(now, moved);
    if (hasPassed(timers.dueAt, now)) this.#activateDue(now);
    const expiredLeft = (locksEnded || hasPassed(timers.expiresAt, now)) && this.#expire(now, moved);
    if (moved.length > 0) this.#hooks.moved(moved);
    return { expiredLeft };
  }

  #endLocks(now: number, moved: MovedMessage[]): void {
    for (const row of prepared<TimedRow>(this.#db, ENDED_LOCKS).all(now)) {
      const deliveries = row.deliveryCount + 1;
      if (row.maxDeliveryCount !== null && deliveries >= row.maxDeliveryCount) {
        const description = `the message was handed out ${deliveries} times and never completed`;
        this.#bury(row, { reason: 'DELIVERY_LIMIT', description, now, deliveries }, moved);
      } else if (this.#rules !== undefined) {
        this.#rules.giveBack(row);
      } else {
        prepared(this.#db, GIVE_BACK).run(row.seq);
        this.#count(row.queue, 'locked', 'active');
      }
    }
  }

  #activateDue(now: number): void {
    for (const row of prepared<TimedRow>(this.#db, DUE).all(now)) {
      if (this.#rules !== undefined) {
        this.#rules.activate(row);
        continue;
      }
      prepared(this.#db, ACTIVATE).run(row.seq);
      this.#count(row.queue, 'scheduled', 'active');
    }
  }

  #expire(now: number, moved: MovedMessage[]): boolean {
    const rows = prepared<TimedRow>(this.#db, EXPIRED).all(now);
    for (const row of rows) {
      if (row.deadLetterOnExpiration === 1) {
        const description = `the message expired at ${new Date(row.expiresAt ?? now).toISOString()} and was not completed by then`;
        this.#bury(row, { reason: 'EXPIRED', description, now, deliveries: row.deliveryCount }, moved);
      } else {
        this.#rules?.dropped(row);
        prepared(this.#db, DROP).run(row.seq);
        this.#hooks.counted(row.queue, stateOf(row), -1);
      }
    }
    return rows.length === SWEEP_LIMIT;
  }

  #bury(row: TimedRow, why: { reason: BrokerReason; description: string; now: number; deliveries: number }, moved: MovedMessage[]): void {
    if (this.#rules !== undefined) {
      this.#rules.bury(row, why);
      return;
    }
    const { seq, queue, messageId, properties } = row;
    prepared(this.#db, BURY).run(why.deliveries, why.now, why.reason, why.description, seq);
    this.#count(queue, stateOf(row), 'deadLettered');
    moved.push({ seq, queue, messageId, properties, reason: why.reason, description: why.description, at: why.now });
  }

  #count(queue: string, from: MessageState, to: MessageState): void {
    this.#hooks.counted(queue, from, -1);
    this.#hooks.counted(queue, to, 1);
  }
}

function locksLastTooLong({ lastLockEnd, longestLockMs }: Timers, now: number): boolean {
  return lastLockEnd !== null && longestLockMs !== null && lastLockEnd > now + longestLockMs + CLOCK_SLACK_MS;
}

function hasPassed(at: number | null, now: number): boolean {
  return at !== null && at <= now;
}

function earliest(a: number | null, b: number | null): number | null {
  if (a === null) return b;
  return b === null ? a : Math.min(a, b);
}

export function stateOf(row: TimedRow): MessageState {
  if (row.state === LOCKED) return 'locked';
  return row.state === SCHEDULED ? 'scheduled' : 'active';
}
