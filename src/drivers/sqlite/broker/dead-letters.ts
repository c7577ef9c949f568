// The dead letters of the broker's queues: looked at, locked one by one, deleted, put back where they were.

import { randomUUID } from 'node:crypto';
import type { Database } from 'better-sqlite3';

import { prepared } from '../../connection-sqlite/prepared.js';
import type { BrokerDeadLetter, BrokerHooks, LockRef } from './broker-message.js';
import type { BrokerQueues } from './broker-queues.js';
import { MESSAGE_STATES } from './message-state.js';
import { NO_TOKEN } from './schema.js';
import { lockLost } from './settlement.js';
import { CLOCK_SLACK_MS } from './sweep.js';

/** Short: what a killed replay or purge held can be taken again soon. Its holder settles each letter in moments. */
export const LETTER_LOCK_MS = 60_000;

const DEAD = MESSAGE_STATES.deadLettered;

const COLUMNS = `seq, message_id AS messageId, CAST(body AS BLOB) AS body, properties, dead_letter_reason AS reason,
  dead_letter_description AS description, enqueued_at AS enqueuedAt, dead_lettered_at AS deadLetteredAt,
  delivery_count AS deliveryCount`;

interface LetterRow extends Omit<BrokerDeadLetter, 'queue'> {
  readonly lockedUntil: number;
  readonly token: string;
}

export type LetterLock =
  | { readonly kind: 'held'; readonly letter: BrokerDeadLetter; readonly ref: LockRef; readonly lockedUntil: number }
  | { readonly kind: 'gone' }
  | { readonly kind: 'locked'; readonly until: number };

const LETTERS = `SELECT ${COLUMNS}, locked_until AS lockedUntil, token FROM broker_messages WHERE queue_id = ? AND state = ${DEAD}`;
const PAGE = `${LETTERS} AND seq > ? ORDER BY seq LIMIT ?`;
const ONE = `${LETTERS} AND seq = ?`;
const SET_LOCK = 'UPDATE broker_messages SET token = ?, locked_until = ? WHERE seq = ?';
const SHORTEN_LOCK = 'UPDATE broker_messages SET locked_until = ? WHERE seq = ?';
const HELD = `seq = ? AND token = ? AND state = ${DEAD} AND locked_until > ?`;
const REMOVE = `DELETE FROM broker_messages WHERE ${HELD}`;
const FREE = `UPDATE broker_messages SET token = '${NO_TOKEN}', locked_until = 0 WHERE ${HELD}`;
const INSERT = `
INSERT INTO broker_messages (seq, queue_id, state, rank, delivery_count, enqueued_at, due_at, expires_at, locked_until, token,
  dead_lettered_at, dead_letter_reason, dead_letter_description, message_id, properties, body)
VALUES (?, ?, ${DEAD}, 0, ?, ?, ?, NULL, 0, '${NO_TOKEN}', ?, ?, ?, ?, ?, ?) ON CONFLICT (seq) DO NOTHING`;

export class DeadLetters {
  readonly #db: Database;
  readonly #hooks: BrokerHooks;
  readonly #queues: BrokerQueues;

  constructor(db: Database, hooks: BrokerHooks, queues: BrokerQueues) {
    this.#db = db;
    this.#hooks = hooks;
    this.#queues = queues;
  }

  /** In order of their numbers, after `afterSeq`; held ones too. QUEUE_UNKNOWN. */
  peek(request: { readonly queue: string; readonly afterSeq: number; readonly limit: number }): BrokerDeadLetter[] {
    const queue = this.#queues.require(request.queue);
    return prepared<LetterRow>(this.#db, PAGE).all(queue.id, request.afterSeq, request.limit).map((row) => letterOf(row, queue.name));
  }

  /** Takes one letter under a lock of its own; its holder, who knows the `token`, gets a new one. QUEUE_UNKNOWN. */
  lock(request: { readonly queue: string; readonly seq: number; readonly token?: string; readonly now: number }): LetterLock {
    const { seq, now } = request;
    const queue = this.#queues.require(request.queue);
    const row = prepared<LetterRow>(this.#db, ONE).get(queue.id, seq);
    if (row === undefined) return { kind: 'gone' };
    if (row.lockedUntil > now && row.token !== request.token) return { kind: 'locked', until: this.#boundedLockEnd(row, now) };
    const ref = { queue: queue.name, seq, token: randomUUID() };
    const lockedUntil = now + LETTER_LOCK_MS;
    prepared(this.#db, SET_LOCK).run(ref.token, lockedUntil, seq);
    return { kind: 'held', letter: letterOf(row, queue.name), ref, lockedUntil };
  }

  /** Deletes a held letter. LOCK_LOST. */
  complete(ref: LockRef, now: number): void {
    if (prepared(this.#db, REMOVE).run(ref.seq, ref.token, now).changes === 0) throw lockLost(ref);
    this.#hooks.counted(ref.queue, 'deadLettered', -1);
  }

  /** Leaves a held letter where it is. LOCK_LOST. */
  release(ref: LockRef, now: number): void {
    if (prepared(this.#db, FREE).run(ref.seq, ref.token, now).changes === 0) throw lockLost(ref);
  }

  /** Puts a letter back under its number; false when a message has that number. QUEUE_UNKNOWN. */
  restore(letter: BrokerDeadLetter): boolean {
    const queue = this.#queues.require(letter.queue);
    const { seq, deliveryCount, enqueuedAt, deadLetteredAt, reason, description, messageId, properties, body } = letter;
    const inserted = prepared(this.#db, INSERT).run(
      seq,
      queue.id,
      deliveryCount,
      enqueuedAt,
      enqueuedAt,
      deadLetteredAt,
      reason,
      description,
      messageId,
      properties,
      body,
    );
    if (inserted.changes === 0) return false;
    this.#hooks.counted(queue.name, 'deadLettered', 1);
    return true;
  }

  /** A lock that lasts longer than one can was taken before the clock was set back: see sweep.ts. */
  #boundedLockEnd(row: LetterRow, now: number): number {
    const latest = now + LETTER_LOCK_MS;
    if (row.lockedUntil <= latest + CLOCK_SLACK_MS) return row.lockedUntil;
    prepared(this.#db, SHORTEN_LOCK).run(latest, row.seq);
    return latest;
  }
}

function letterOf(row: LetterRow, queue: string): BrokerDeadLetter {
  const { lockedUntil: _until, token: _token, ...letter } = row;
  return { ...letter, queue };
}
