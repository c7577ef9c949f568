// Looks at messages without locking them, and takes scheduled ones back.

import { prepared } from '../../drivers/connection-sqlite/prepared.js';
import { MESSAGE_STATES } from '../../drivers/sqlite/broker/message-state.js';
import type { BrokerState } from './broker-state.js';
import { numberOf, rowIdOf, rowIdRange, type SubQueue } from './entity.js';
import type { Refusal } from './refusal.js';
import { readEnvelope, type StoredMessage, type StoredState } from './stored-message.js';

/** A page ends early when it has this many bytes, with at least one message. */
const PAGE_BYTES = 1024 * 1024;

const SIZES = 'SELECT octet_length(body) AS bytes FROM broker_messages WHERE seq >= ? AND seq < ? ORDER BY seq LIMIT ?';
const FROM_NUMBER = `
SELECT seq, state, message_id AS messageId, CAST(body AS BLOB) AS body, properties, enqueued_at AS enqueuedAt,
  expires_at AS expiresAt, delivery_count AS deliveryCount
FROM broker_messages WHERE seq >= ? AND seq < ? ORDER BY seq LIMIT ?`;
const IS_SCHEDULED = `SELECT length(body) AS bytes FROM broker_messages WHERE seq = ? AND state = ${MESSAGE_STATES.scheduled}`;
const REMOVE = 'DELETE FROM broker_messages WHERE seq = ?';

interface Row extends Omit<StoredMessage, 'number' | 'state' | 'envelope'> {
  readonly seq: number;
  readonly state: number;
  readonly properties: string;
}

/** In order of their numbers, whatever their state; a page may be shorter than asked for. */
export function peek({ db }: BrokerState, queue: SubQueue, page: { readonly from: number; readonly max: number }): StoredMessage[] {
  const { from, end } = rowIdRange(queue, page.from);
  const sizes = prepared<{ bytes: number }>(db, SIZES).all(from, end, page.max);
  return prepared<Row>(db, FROM_NUMBER).all(from, end, fitting(sizes)).map(({ seq, state, properties, ...message }) => ({
    ...message,
    number: numberOf(seq),
    state: stateName(state),
    envelope: readEnvelope(properties),
  }));
}

/** How many of them a page holds. */
function fitting(sizes: readonly { readonly bytes: number }[]): number {
  let room = PAGE_BYTES;
  const over = sizes.findIndex(({ bytes }) => (room -= bytes) < 0);
  return over < 0 ? sizes.length : Math.max(over, 1);
}

/** All of them or none; `message-not-found` when one is not scheduled (any more). Inside one operation. */
export function cancelScheduled({ db, ledger }: BrokerState, queue: SubQueue, numbers: readonly number[]): Refusal | undefined {
  const sizes: { readonly rowId: number; readonly bytes: number }[] = [];
  for (const number of new Set(numbers)) {
    const rowId = rowIdOf(queue, number);
    const bytes = prepared<{ bytes: number }>(db, IS_SCHEDULED).get(rowId)?.bytes;
    if (bytes === undefined) return 'message-not-found';
    sizes.push({ rowId, bytes });
  }
  for (const { rowId, bytes } of sizes) {
    prepared(db, REMOVE).run(rowId);
    ledger.count(queue.coreName, 'scheduled', -1);
    ledger.add(queue.coreName, 'bytes', -bytes);
  }
  return undefined;
}

function stateName(state: number): StoredState {
  if (state === MESSAGE_STATES.scheduled) return 'scheduled';
  if (state === MESSAGE_STATES.deferred) return 'deferred';
  return state === MESSAGE_STATES.locked ? 'locked' : 'active';
}
