// Moves a message to its entity's dead letters, under its number: they are a queue like any other, so that it is locked,
// abandoned and peeked there with the same means.

import { prepared } from '../../drivers/connection-sqlite/prepared.js';
import { MESSAGE_STATES } from '../../drivers/sqlite/broker/message-state.js';
import { NO_TOKEN } from '../../drivers/sqlite/broker/schema.js';
import type { BrokerState } from './broker-state.js';
import { numberOf, rowIdOf, type SubQueue } from './entity.js';
import type { CountedState } from './ledger.js';
import { type Envelope, envelopeText } from './stored-message.js';

export interface Burial {
  readonly queue: SubQueue;
  readonly rowId: number;
  /** Where it is counted until now. */
  readonly from: CountedState;
  readonly deliveryCount: number;
  /** With the reason in it. */
  readonly envelope: Envelope;
  readonly at: number;
}

// Dead letters do not expire; how long this one had is kept.
const MOVE = `
UPDATE broker_messages SET seq = :newSeq, queue_id = :queueId, state = ${MESSAGE_STATES.active}, delivery_count = :deliveryCount,
  token = '${NO_TOKEN}', locked_until = 0, due_at = enqueued_at, expires_at = NULL, dead_lettered_at = :at, dead_letter_reason = :reason,
  dead_letter_description = :description,
  properties = CASE WHEN expires_at IS NULL THEN :properties ELSE json_set(:properties, '$.ttlMs', expires_at - enqueued_at) END
WHERE seq = :seq RETURNING length(body) AS bytes`;

/** The caller has made sure that it is there. */
export function bury({ db, ledger }: BrokerState, burial: Burial): void {
  const { queue, rowId, from, deliveryCount, envelope, at } = burial;
  const { letters } = queue.entity;
  const moved = prepared<{ bytes: number }>(db, MOVE).get({
    newSeq: rowIdOf(letters, numberOf(rowId)),
    queueId: letters.id,
    deliveryCount,
    at,
    reason: envelope.reason ?? null,
    description: envelope.description ?? null,
    properties: envelopeText(envelope),
    seq: rowId,
  });
  const bytes = moved?.bytes ?? 0;
  ledger.count(queue.coreName, from, -1);
  ledger.add(queue.coreName, 'bytes', -bytes);
  ledger.count(letters.coreName, 'active', 1);
  ledger.add(letters.coreName, 'bytes', bytes);
}

/** The service's words for what a broker does by itself. */
export const BROKER_REASONS = {
  maxDeliveryCount: (max: number) => ({
    reason: 'MaxDeliveryCountExceeded',
    description: `Message could not be consumed after ${max} delivery attempts.`,
  }),
  expired: { reason: 'TTLExpiredException', description: 'The message expired and was dead lettered.' },
} as const;
