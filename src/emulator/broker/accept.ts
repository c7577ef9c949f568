// Takes messages in: size of the queue, duplicates, time to live, numbers.

import { prepared } from '../../drivers/connection-sqlite/prepared.js';
import type { BrokerState } from './broker-state.js';
import { rowIdOf, type SubQueue } from './entity.js';
import type { Refusal } from './refusal.js';
import { envelopeText, type IncomingMessage } from './stored-message.js';

export interface Accepted {
  /** One for each message; null for a duplicate, which is accepted and dropped. */
  readonly numbers: readonly (number | null)[];
}

const MEGABYTE = 1024 * 1024;
/** Old ids go in small steps, with the sends that need the room. */
const FORGET_LIMIT = 200;

const REMEMBER = `
INSERT INTO emulator_duplicates (queue_id, message_id, expires_at) VALUES (?, ?, ?)
ON CONFLICT (queue_id, message_id) DO UPDATE SET expires_at = excluded.expires_at WHERE expires_at <= ?`;
const FORGET = `
DELETE FROM emulator_duplicates WHERE (queue_id, message_id) IN (
  SELECT queue_id, message_id FROM emulator_duplicates WHERE queue_id = ? AND expires_at <= ? LIMIT ${FORGET_LIMIT})`;

/** All of them or none. Inside one operation. */
export function accept(state: BrokerState, queue: SubQueue, messages: readonly IncomingMessage[]): Accepted | Refusal {
  const { ledger, clock, db } = state;
  const { entity } = queue;
  if (entity.deleted) return 'entity-gone';
  const now = clock.now();
  const bytes = messages.reduce((sum, { body }) => sum + body.length, 0);
  const stored = ledger.figures(queue.coreName).bytes + ledger.figures(entity.letters.coreName).bytes;
  if (stored + bytes > entity.description.maxSizeMb * MEGABYTE) return 'queue-full';
  const { requiresDuplicateDetection } = entity.description;
  if (requiresDuplicateDetection) prepared(db, FORGET).run(queue.id, now);
  ledger.accessed(queue.coreName, now);
  return { numbers: messages.map((message) => (requiresDuplicateDetection && isDuplicate(state, queue, message, now) ? null : store(state, queue, message, now))) };
}

/** Remembers the id for the queue's window, counted from the message that was kept. */
function isDuplicate({ db }: BrokerState, queue: SubQueue, { messageId }: IncomingMessage, now: number): boolean {
  const until = now + queue.entity.description.duplicateWindowMs;
  return prepared(db, REMEMBER).run(queue.id, messageId, until, now).changes === 0;
}

function store(state: BrokerState, queue: SubQueue, message: IncomingMessage, now: number): number {
  const { core, ledger, alarm } = state;
  const { dueAt, body } = message;
  const number = ledger.nextNumber(queue.coreName);
  const ttlMs = shorter(message.ttlMs, queue.entity.description.ttlMs);
  const waits = dueAt !== null && dueAt > now;
  const expiresAt = ttlMs === null ? null : (waits ? dueAt : now) + ttlMs;
  core.enqueue(
    {
      queue: queue.coreName,
      messageId: message.messageId,
      body,
      properties: envelopeText(message.envelope),
      rank: 0,
      dueAt,
      expiresAt,
      seq: rowIdOf(queue, number),
    },
    now,
  );
  ledger.add(queue.coreName, 'bytes', body.length);
  if (waits) alarm.notLaterThan(dueAt);
  else if (expiresAt !== null) alarm.notLaterThan(expiresAt);
  return number;
}

function shorter(a: number | null, b: number | null): number | null {
  if (a === null) return b;
  return b === null ? a : Math.min(a, b);
}
