// Hands messages out: under a lock, or for good.

import { randomUUID } from 'node:crypto';

import { prepared } from '../../drivers/connection-sqlite/prepared.js';
import type { LockedMessage } from '../../drivers/sqlite/broker/broker-message.js';
import { MESSAGE_STATES } from '../../drivers/sqlite/broker/message-state.js';
import type { BrokerState } from './broker-state.js';
import { numberOf, rowIdOf, type SubQueue } from './entity.js';
import type { Refusal } from './refusal.js';
import { readEnvelope, type TakenMessage } from './stored-message.js';

export type TakeMode = 'peek-lock' | 'receive-and-delete';

const ONE_DEFERRED = `
SELECT message_id AS messageId, CAST(body AS BLOB) AS body, properties, enqueued_at AS enqueuedAt, expires_at AS expiresAt,
  delivery_count AS deliveryCount
FROM broker_messages WHERE seq = ? AND state = ${MESSAGE_STATES.deferred}`;
const LOCK_ONE = `UPDATE broker_messages SET state = ${MESSAGE_STATES.locked}, locked_until = ?, token = ? WHERE seq = ?`;
const REMOVE_ONE = 'DELETE FROM broker_messages WHERE seq = ?';

interface Row extends Omit<LockedMessage, 'seq' | 'token' | 'lockedUntil' | 'lockMs'> {
  readonly body: Uint8Array;
}

/** Up to `max` messages in order of their numbers. Fewer, or none, when time's work has to be done first. */
export function take(state: BrokerState, queue: SubQueue, max: number, mode: TakeMode): TakenMessage[] {
  const { core, ledger, clock, alarm } = state;
  if (queue.entity.deleted) return [];
  const now = clock.now();
  const locked = core.lock({ queue: queue.coreName, max, lockMs: null, now });
  if (locked.length === 0) return [];
  ledger.accessed(queue.coreName, now);
  const [first] = locked;
  if (mode === 'peek-lock' && first !== undefined) alarm.notLaterThan(first.lockedUntil);
  return locked.map((row) => {
    const body = core.body(row.seq) ?? new Uint8Array();
    const taken = takenMessage(queue, { ...row, body, number: numberOf(row.seq), state: 'active' });
    if (mode === 'peek-lock') return taken;
    core.complete({ queue: queue.coreName, seq: row.seq, token: row.token }, now);
    ledger.add(queue.coreName, 'bytes', -body.length);
    return { ...taken, lock: null };
  });
}

/** Messages that were set aside, by their numbers: all of them or none. */
export function takeDeferred(state: BrokerState, queue: SubQueue, numbers: readonly number[], mode: TakeMode): TakenMessage[] | Refusal {
  const { db, ledger, clock, alarm } = state;
  const now = clock.now();
  const rows = numbers.map((number) => ({ number, row: prepared<Row>(db, ONE_DEFERRED).get(rowIdOf(queue, number)) }));
  const lockedUntil = now + queue.entity.description.lockMs;
  const taken: TakenMessage[] = [];
  for (const { number, row } of rows) {
    if (row === undefined || numbers.indexOf(number) !== taken.length) return 'message-not-found';
    taken.push(takenMessage(queue, { ...row, number, state: 'deferred', token: randomUUID(), lockedUntil }));
  }
  for (const { number, lock, body } of taken) {
    const rowId = rowIdOf(queue, number);
    ledger.count(queue.coreName, 'deferred', -1);
    if (mode === 'receive-and-delete') {
      prepared(db, REMOVE_ONE).run(rowId);
      ledger.add(queue.coreName, 'bytes', -body.length);
    } else {
      prepared(db, LOCK_ONE).run(lockedUntil, lock?.token, rowId);
      ledger.count(queue.coreName, 'locked', 1);
    }
  }
  ledger.accessed(queue.coreName, now);
  if (mode === 'peek-lock') alarm.notLaterThan(lockedUntil);
  return mode === 'peek-lock' ? taken : taken.map((message) => ({ ...message, lock: null }));
}

interface Handed extends Row {
  readonly number: number;
  readonly state: 'active' | 'deferred';
  readonly token: string;
  readonly lockedUntil: number;
}

function takenMessage(queue: SubQueue, handed: Handed): TakenMessage {
  const { number, token, lockedUntil, messageId, body, enqueuedAt, expiresAt, deliveryCount } = handed;
  const envelope = readEnvelope(handed.properties);
  const lock = { queue, number, token, bytes: body.length, deliveryCount, envelope, expiresAt, lockedUntil };
  return { number, state: handed.state, messageId, envelope, body, enqueuedAt, expiresAt, deliveryCount, lock };
}
