// Ends hand-outs: complete, dead-letter, release; and renews their locks. Each names the message and the token of the
// hand-out, and holds only while that lock does: afterwards it is LOCK_LOST and nothing has changed.

import type { Database } from 'better-sqlite3';

import { AppError } from '../../../domain/errors.js';
import { prepared } from '../../connection-sqlite/prepared.js';
import type { BrokerHooks, LockRef } from './broker-message.js';
import { MESSAGE_STATES, type MessageState } from './message-state.js';
import { NO_TOKEN } from './schema.js';

const { active: ACTIVE, locked: LOCKED, scheduled: SCHEDULED, deferred: DEFERRED, deadLettered: DEAD } = MESSAGE_STATES;

// The end of the lock counts by the clock, also before a sweep has noticed it.
const HELD = `seq = ? AND token = ? AND state = ${LOCKED} AND locked_until > ?`;

const REMOVE = `DELETE FROM broker_messages WHERE ${HELD}`;
const BURY = `
UPDATE broker_messages SET state = ${DEAD}, delivery_count = delivery_count + 1, token = '${NO_TOKEN}', locked_until = 0,
  dead_lettered_at = ?, dead_letter_reason = ?, dead_letter_description = ? WHERE ${HELD}`;
const SET_LOCK_END = `UPDATE broker_messages SET locked_until = ? WHERE ${HELD}`;
const GIVE_BACK = `
UPDATE broker_messages SET state = ?, due_at = coalesce(?, due_at), delivery_count = delivery_count + 1, token = '${NO_TOKEN}'
WHERE ${HELD}`;
const REMOVE_UNHELD = `
DELETE FROM broker_messages WHERE seq = ? AND state IN (${ACTIVE}, ${SCHEDULED}, ${DEFERRED})
RETURNING state, (SELECT name FROM broker_queues WHERE id = queue_id) AS queue`;

export class Settlement {
  readonly #db: Database;
  readonly #hooks: BrokerHooks;

  constructor(db: Database, hooks: BrokerHooks) {
    this.#db = db;
    this.#hooks = hooks;
  }

  complete(ref: LockRef, now: number): void {
    requireHeld(prepared(this.#db, REMOVE).run(ref.seq, ref.token, now).changes, ref);
    this.#hooks.counted(ref.queue, 'locked', -1);
  }

  deadLetter(ref: LockRef, why: { readonly reason: string; readonly description: string }, now: number): void {
    requireHeld(prepared(this.#db, BURY).run(now, why.reason, why.description, ref.seq, ref.token, now).changes, ref);
    this.#count(ref.queue, 'deadLettered');
  }

  renew(ref: LockRef, lockMs: number, now: number): number {
    const lockedUntil = now + lockMs;
    requireHeld(prepared(this.#db, SET_LOCK_END).run(lockedUntil, ref.seq, ref.token, now).changes, ref);
    return lockedUntil;
  }

  release(ref: LockRef, dueAt: number | null, now: number): void {
    const waits = dueAt !== null && dueAt > now;
    const released = prepared(this.#db, GIVE_BACK).run(waits ? SCHEDULED : ACTIVE, waits ? dueAt : null, ref.seq, ref.token, now);
    requireHeld(released.changes, ref);
    this.#count(ref.queue, waits ? 'scheduled' : 'active');
  }

  withdraw(seq: number): boolean {
    const removed = prepared<{ state: number; queue: string }>(this.#db, REMOVE_UNHELD).get(seq);
    if (removed === undefined) return false;
    const state = removed.state === ACTIVE ? 'active' : removed.state === SCHEDULED ? 'scheduled' : 'deferred';
    this.#hooks.counted(removed.queue, state, -1);
    return true;
  }

  #count(queue: string, to: MessageState): void {
    this.#hooks.counted(queue, 'locked', -1);
    this.#hooks.counted(queue, to, 1);
  }
}

export function lockLost(ref: LockRef): AppError {
  return new AppError('LOCK_LOST', `message ${ref.seq} of queue ${ref.queue}: its lock has ended or belongs to another delivery`, {
    hint: 'nothing was changed; the message comes again if it was not completed',
  });
}

function requireHeld(changes: number, ref: LockRef): void {
  if (changes === 0) throw lockLost(ref);
}
