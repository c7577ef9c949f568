// Puts messages on a queue, for now or for later.

import type { Database } from 'better-sqlite3';

import { prepared } from '../../connection-sqlite/prepared.js';
import type { BrokerHooks, BrokerMessage } from './broker-message.js';
import { queueUnknown } from './broker-queues.js';
import { MESSAGE_STATES } from './message-state.js';
import { NO_TOKEN } from './schema.js';

// One statement for the look at the queue and the insert: an unknown queue inserts nothing.
const INSERT = `
INSERT INTO broker_messages (seq, queue_id, state, rank, delivery_count, enqueued_at, due_at, expires_at, locked_until, token,
  message_id, properties, body)
SELECT ?, id, ?, ?, 0, ?, ?, coalesce(?, ? + ttl_ms), ?, '${NO_TOKEN}', ?, ?, ? FROM broker_queues WHERE name = ?`;

export class Enqueue {
  readonly #db: Database;
  readonly #hooks: BrokerHooks;

  constructor(db: Database, hooks: BrokerHooks) {
    this.#db = db;
    this.#hooks = hooks;
  }

  enqueue(message: BrokerMessage, now: number): number {
    const { dueAt, queue } = message;
    const waits = dueAt !== null && dueAt > now;
    const dueFrom = waits ? dueAt : now;
    const inserted = prepared(this.#db, INSERT).run(
      message.seq ?? null,
      waits ? MESSAGE_STATES.scheduled : MESSAGE_STATES.active,
      message.rank,
      now,
      dueFrom,
      message.expiresAt,
      dueFrom,
      now,
      message.messageId,
      message.properties,
      message.body,
      queue,
    );
    if (inserted.changes === 0) throw queueUnknown(queue);
    this.#hooks.counted(queue, waits ? 'scheduled' : 'active', 1);
    return Number(inserted.lastInsertRowid);
  }
}
