// Hands messages out under locks: by rank, within a rank in order of arrival, with a share for those who wait below.
//
// Strict order alone would let a steady stream of urgent messages keep the others waiting for ever. So each hand-out that
// passes over a lower rank is counted per queue, and every sixteenth goes to the oldest of what was passed over.

import { randomUUID } from 'node:crypto';
import type { Database } from 'better-sqlite3';

import { prepared, preparedRaw } from '../../connection-sqlite/prepared.js';
import type { BrokerHooks, LockedMessage, LockRequest } from './broker-message.js';
import { type BrokerQueue, type BrokerQueues, queueUnknown } from './broker-queues.js';
import { MESSAGE_STATES } from './message-state.js';
import type { Sweep } from './sweep.js';

/** One hand-out in this many is for lower ranks while some wait. */
export const SHARE_FOR_LOWER_RANKS = 16;

const ACTIVE = MESSAGE_STATES.active;

const COLUMNS = 'seq, rank, message_id, properties, enqueued_at, expires_at, delivery_count';
// The cast hands the body out as bytes however it was put in.
const BODY = 'CAST(body AS BLOB)';
const ONE_BODY = `SELECT ${BODY} AS body FROM broker_messages WHERE seq = ?`;
const NO_BODY = new Uint8Array();

const FROM_ACTIVE = `FROM broker_messages WHERE queue_id = ? AND state = ${ACTIVE}`;
const waiting = (body: string): string => `SELECT ${COLUMNS}, ${body} ${FROM_ACTIVE} ORDER BY rank, seq LIMIT ?`;
const waitingOfRank = (body: string): string => `SELECT ${COLUMNS}, ${body} ${FROM_ACTIVE} AND rank = ? ORDER BY seq LIMIT ?`;
const WITH_BODIES = { all: waiting(BODY), ofRank: waitingOfRank(BODY) };
const WITHOUT_BODIES = { all: waiting('NULL'), ofRank: waitingOfRank('NULL') };
const NEXT_RANK = `SELECT min(rank) AS rank ${FROM_ACTIVE} AND rank > ?`;
const ANY_WAITS = `
SELECT paused_at IS NULL AND EXISTS (SELECT 1 FROM broker_messages WHERE queue_id = q.id AND state = ${ACTIVE}) AS waits
FROM broker_queues q WHERE name = ?`;
const SAVE_PASSED_OVER = 'UPDATE broker_queues SET passed_over = ? WHERE id = ?';
const SET_LOCK = `UPDATE broker_messages SET state = ${MESSAGE_STATES.locked}, locked_until = ?, token = ? WHERE seq = ?`;

/** As an array: cheaper than an object per row. */
type WaitingRow = readonly [
  seq: number,
  rank: number,
  messageId: string,
  properties: string,
  enqueuedAt: number,
  expiresAt: number | null,
  deliveryCount: number,
  body: Uint8Array | null,
];

export class HandOut {
  readonly #db: Database;
  readonly #hooks: BrokerHooks;
  readonly #queues: BrokerQueues;
  readonly #sweep: Sweep;

  constructor(db: Database, hooks: BrokerHooks, queues: BrokerQueues, sweep: Sweep) {
    this.#db = db;
    this.#hooks = hooks;
    this.#queues = queues;
    this.#sweep = sweep;
  }

  /** Whether `lock` would hand out a message that is active already. Reads only. QUEUE_UNKNOWN. */
  hasWaiting(queue: string): boolean {
    const row = prepared<{ waits: 0 | 1 }>(this.#db, ANY_WAITS).get(queue);
    if (row === undefined) throw queueUnknown(queue);
    return row.waits === 1;
  }

  lock(request: LockRequest): LockedMessage[] {
    const queue = this.#queues.require(request.queue);
    const { expiredLeft } = this.#sweep.run(request.now);
    if (expiredLeft || queue.pausedAt !== null || request.max < 1) return [];
    const rows = this.#choose(queue, request.max, request.withoutBodies === true ? WITHOUT_BODIES : WITH_BODIES);
    if (rows.length === 0) return [];
    const lockMs = Math.min(request.lockMs ?? queue.lockMs, queue.lockMs);
    const lockedUntil = request.now + lockMs;
    const setLock = prepared(this.#db, SET_LOCK);
    const messages = rows.map(([seq, , messageId, properties, enqueuedAt, expiresAt, deliveryCount, body]): LockedMessage => {
      const token = randomUUID();
      setLock.run(lockedUntil, token, seq);
      return { seq, token, lockedUntil, lockMs, messageId, body: body ?? NO_BODY, properties, enqueuedAt, expiresAt, deliveryCount };
    });
    this.#hooks.counted(queue.name, 'active', -messages.length);
    this.#hooks.counted(queue.name, 'locked', messages.length);
    return messages;
  }

  body(seq: number): Uint8Array | undefined {
    return prepared<{ body: Uint8Array }>(this.#db, ONE_BODY).get(seq)?.body;
  }

  #choose(queue: BrokerQueue, max: number, select: typeof WITH_BODIES): WaitingRow[] {
    const rows = preparedRaw<WaitingRow>(this.#db, select.all).all(queue.id, max);
    const last = rows.at(-1);
    // Fewer than asked for: nothing is passed over, everything goes out.
    if (last === undefined || rows.length < max) return rows;
    const lowerRank = this.#rankBelow(queue, last[1]);
    if (lowerRank === null) return rows;
    const passedOver = queue.passedOver + rows.length;
    const turns = Math.floor(passedOver / SHARE_FOR_LOWER_RANKS);
    prepared(this.#db, SAVE_PASSED_OVER).run(passedOver - turns * SHARE_FOR_LOWER_RANKS, queue.id);
    if (turns === 0) return rows;
    const lower = this.#oldestFrom(queue, { first: lowerRank, count: turns }, select);
    return [...rows.slice(0, rows.length - lower.length), ...lower];
  }

  /** By order of arrival over all ranks from `first` on down. */
  #oldestFrom(queue: BrokerQueue, { first, count }: { first: number; count: number }, select: typeof WITH_BODIES): WaitingRow[] {
    const candidates: WaitingRow[] = [];
    for (let rank: number | null = first; rank !== null; rank = this.#rankBelow(queue, rank)) {
      candidates.push(...preparedRaw<WaitingRow>(this.#db, select.ofRank).all(queue.id, rank, count));
    }
    return candidates.sort((a, b) => a[0] - b[0]).slice(0, count);
  }

  #rankBelow(queue: BrokerQueue, rank: number): number | null {
    return prepared<{ rank: number | null }>(this.#db, NEXT_RANK).get(queue.id, rank)?.rank ?? null;
  }
}
