// The broker's queues and their settings.

import type { Database } from 'better-sqlite3';

import { AppError } from '../../../domain/errors.js';
import { prepared } from '../../connection-sqlite/prepared.js';
import { MESSAGE_STATES } from './message-state.js';

export interface BrokerQueueSettings {
  readonly name: string;
  readonly lockMs: number;
  /** Null: messages do not expire by themselves. */
  readonly ttlMs: number | null;
  /** A message whose lock ran out this many times goes to the dead letters; null: no limit. */
  readonly maxDeliveryCount: number | null;
  /** Otherwise what expires is deleted. */
  readonly deadLetterOnExpiration: boolean;
  /** JSON text kept for whoever made the queue. */
  readonly attributes: string;
}

export interface BrokerQueue extends BrokerQueueSettings {
  readonly id: number;
  readonly pausedAt: number | null;
  readonly pausedBy: string | null;
  /** See hand-out.ts. */
  readonly passedOver: number;
}

interface QueueRow extends Omit<BrokerQueue, 'deadLetterOnExpiration'> {
  readonly deadLetterOnExpiration: 0 | 1;
}

const COLUMNS = `id, name, lock_ms AS lockMs, ttl_ms AS ttlMs, max_delivery_count AS maxDeliveryCount,
  dead_letter_on_expiration AS deadLetterOnExpiration, paused_at AS pausedAt, paused_by AS pausedBy,
  passed_over AS passedOver, attributes`;

const ACTIVE = MESSAGE_STATES.active;

// The earliest due time of what waits. Per rank the first message in order of arrival has the earliest due time, except
// for those that became due later than they arrived: these have an index by due time. The ranks are found by stepping
// from one to the next, so the answer costs the same however many messages wait. Behind a thousand delayed messages of one
// rank nobody looks for one that came without a delay: after a storm of retries the scan would be as long as the queue.
const OLDEST_DUE = `
WITH RECURSIVE ranks (rank) AS (
  SELECT min(rank) FROM broker_messages WHERE queue_id = :id AND state = ${ACTIVE}
  UNION ALL
  SELECT (SELECT min(rank) FROM broker_messages WHERE queue_id = :id AND state = ${ACTIVE} AND rank > ranks.rank)
  FROM ranks WHERE rank IS NOT NULL
)
SELECT min(due_at) AS dueAt FROM (
  SELECT (
    SELECT due_at FROM (
      SELECT due_at, enqueued_at FROM broker_messages
      WHERE queue_id = :id AND state = ${ACTIVE} AND rank = ranks.rank
      ORDER BY seq LIMIT 1000
    ) WHERE due_at <= enqueued_at LIMIT 1
  ) AS due_at FROM ranks
  UNION ALL
  SELECT min(due_at) FROM broker_messages WHERE queue_id = :id AND state = ${ACTIVE} AND due_at > enqueued_at
)`;

const BY_NAME = `SELECT ${COLUMNS} FROM broker_queues WHERE name = ?`;
const ALL = `SELECT ${COLUMNS} FROM broker_queues ORDER BY name`;
const INSERT = `
INSERT INTO broker_queues (lock_ms, ttl_ms, max_delivery_count, dead_letter_on_expiration, attributes, longest_lock_ms, name)
VALUES (?, ?, ?, ?, ?, ?, ?)`;
const UPDATE = `
UPDATE broker_queues SET lock_ms = ?, ttl_ms = ?, max_delivery_count = ?, dead_letter_on_expiration = ?, attributes = ?,
  longest_lock_ms = max(longest_lock_ms, ?) WHERE name = ?`;
const SET_PAUSE = 'UPDATE broker_queues SET paused_at = ?, paused_by = ? WHERE name = ?';

export class BrokerQueues {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  find(name: string): BrokerQueue | undefined {
    const row = prepared<QueueRow>(this.#db, BY_NAME).get(name);
    return row === undefined ? undefined : queueOf(row);
  }

  /** As find; QUEUE_UNKNOWN. */
  require(name: string): BrokerQueue {
    const queue = this.find(name);
    if (queue === undefined) throw queueUnknown(name);
    return queue;
  }

  /** By name. */
  list(): BrokerQueue[] {
    return prepared<QueueRow>(this.#db, ALL).all().map(queueOf);
  }

  /** Creates the queue or gives it these settings; messages that are there keep their times. */
  create(settings: BrokerQueueSettings): 'created' | 'changed' | 'unchanged' {
    const existing = this.find(settings.name);
    if (existing !== undefined && sameSettings(existing, settings)) return 'unchanged';
    const { name, lockMs, ttlMs, maxDeliveryCount, attributes } = settings;
    const sql = existing === undefined ? INSERT : UPDATE;
    prepared(this.#db, sql).run(lockMs, ttlMs, maxDeliveryCount, settings.deadLetterOnExpiration ? 1 : 0, attributes, lockMs, name);
    return existing === undefined ? 'created' : 'changed';
  }

  /** A queue that is paused already keeps its time and name. QUEUE_UNKNOWN. */
  pause(name: string, by: string, now: number): void {
    if (this.require(name).pausedAt === null) prepared(this.#db, SET_PAUSE).run(now, by, name);
  }

  /** QUEUE_UNKNOWN. */
  resume(name: string): void {
    if (this.require(name).pausedAt !== null) prepared(this.#db, SET_PAUSE).run(null, null, name);
  }

  /** When the active message that waits longest became due; null when none waits. */
  oldestDueAt(queueId: number): number | null {
    return prepared<{ dueAt: number | null }>(this.#db, OLDEST_DUE).get({ id: queueId })?.dueAt ?? null;
  }
}

export function queueUnknown(name: string): AppError {
  return new AppError('QUEUE_UNKNOWN', `no queue is named ${JSON.stringify(name)}`, {
    hint: 'see `copiloteval queues list`; `copiloteval queues create` makes one',
  });
}

function queueOf(row: QueueRow): BrokerQueue {
  return { ...row, deadLetterOnExpiration: row.deadLetterOnExpiration === 1 };
}

function sameSettings(a: BrokerQueueSettings, b: BrokerQueueSettings): boolean {
  return (
    a.lockMs === b.lockMs &&
    a.ttlMs === b.ttlMs &&
    a.maxDeliveryCount === b.maxDeliveryCount &&
    a.deadLetterOnExpiration === b.deadLetterOnExpiration &&
    a.attributes === b.attributes
  );
}
