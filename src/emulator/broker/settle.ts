// Ends hand-outs. Each names the lock, and holds only while that lock does: afterwards it is `lock-lost` and nothing has
// changed.

import { hasCode } from '../../domain/errors.js';
import type { LockRef } from '../../drivers/sqlite/broker/broker-message.js';
import { MESSAGE_STATES } from '../../drivers/sqlite/broker/message-state.js';
import { NO_TOKEN } from '../../drivers/sqlite/broker/schema.js';
import { prepared } from '../../drivers/connection-sqlite/prepared.js';
import type { BrokerState } from './broker-state.js';
import { BROKER_REASONS, bury } from './bury.js';
import { rowIdOf } from './entity.js';
import type { Refusal } from './refusal.js';
import { type Envelope, envelopeText, type HeldLock } from './stored-message.js';

/** What a receiver decides about a message. `changes`: an AMQP map in base64, of application properties to set. */
export type Settlement =
  | { readonly kind: 'complete' }
  | { readonly kind: 'abandon'; readonly changes: string | null }
  | { readonly kind: 'defer'; readonly changes: string | null }
  | { readonly kind: 'dead-letter'; readonly reason: string | null; readonly description: string | null; readonly changes: string | null }
  /** Nobody has worked on it: back to where it was, and not counted as a delivery. */
  | { readonly kind: 'return' };

const HELD = `seq = ? AND token = ? AND state = ${MESSAGE_STATES.locked} AND locked_until > ?`;
const IS_HELD = `SELECT 1 FROM broker_messages WHERE ${HELD}`;
const GIVE_BACK = `
UPDATE broker_messages SET state = ?, delivery_count = ?, token = '${NO_TOKEN}', properties = ? WHERE ${HELD}`;

/** Undefined: done. Inside one operation. */
export function settle(state: BrokerState, lock: HeldLock, settlement: Settlement): Refusal | undefined {
  state.ledger.accessed(lock.queue.coreName, state.clock.now());
  switch (settlement.kind) {
    case 'complete':
      return complete(state, lock);
    case 'abandon':
      return abandon(state, lock, changed(lock.envelope, settlement.changes));
    case 'defer':
      return giveBack(state, lock, { envelope: { ...changed(lock.envelope, settlement.changes), deferred: true }, deliveryCount: lock.deliveryCount });
    case 'return':
      return giveBack(state, lock, { envelope: lock.envelope, deliveryCount: lock.deliveryCount });
    case 'dead-letter':
      return deadLetter(state, lock, settlement);
  }
}

/** The new end of the lock. */
export function renew(state: BrokerState, lock: HeldLock): number | Refusal {
  const { lockMs } = lock.queue.entity.description;
  const ends = held(() => state.core.renew(lockRef(lock), lockMs, state.clock.now()));
  if (typeof ends === 'number') state.alarm.notLaterThan(ends);
  return ends;
}

function complete(state: BrokerState, lock: HeldLock): Refusal | undefined {
  const refused = held(() => state.core.complete(lockRef(lock), state.clock.now()));
  if (refused !== undefined) return refused;
  state.ledger.add(lock.queue.coreName, 'bytes', -lock.bytes);
  return undefined;
}

function abandon(state: BrokerState, lock: HeldLock, envelope: Envelope): Refusal | undefined {
  const deliveryCount = lock.deliveryCount + 1;
  const { maxDeliveryCount } = lock.queue.entity.description;
  // Nothing leaves the dead letters by itself.
  if (lock.queue.kind === 'letters' || deliveryCount < maxDeliveryCount) return giveBack(state, lock, { envelope, deliveryCount });
  return moveToLetters(state, lock, { ...envelope, ...BROKER_REASONS.maxDeliveryCount(maxDeliveryCount) }, deliveryCount);
}

function deadLetter(state: BrokerState, lock: HeldLock, why: Settlement & { kind: 'dead-letter' }): Refusal | undefined {
  if (lock.queue.kind === 'letters') return 'not-in-letters';
  const envelope = {
    ...changed(lock.envelope, why.changes),
    ...(why.reason === null ? {} : { reason: why.reason }),
    ...(why.description === null ? {} : { description: why.description }),
  };
  return moveToLetters(state, lock, envelope, lock.deliveryCount);
}

function moveToLetters(state: BrokerState, lock: HeldLock, { deferred: _deferred, ...envelope }: Envelope, deliveryCount: number): Refusal | undefined {
  const { queue, number, token } = lock;
  const at = state.clock.now();
  const rowId = rowIdOf(queue, number);
  if (prepared(state.db, IS_HELD).get(rowId, token, at) === undefined) return 'lock-lost';
  bury(state, { queue, rowId, from: 'locked', deliveryCount, envelope, at });
  return undefined;
}

function giveBack(state: BrokerState, lock: HeldLock, back: { envelope: Envelope; deliveryCount: number }): Refusal | undefined {
  const { db, ledger, clock, alarm } = state;
  const { queue, number, token, expiresAt } = lock;
  const deferred = back.envelope.deferred === true;
  const to = deferred ? MESSAGE_STATES.deferred : MESSAGE_STATES.active;
  const properties = envelopeText(back.envelope);
  const { changes } = prepared(db, GIVE_BACK).run(to, back.deliveryCount, properties, rowIdOf(queue, number), token, clock.now());
  if (changes === 0) return 'lock-lost';
  ledger.count(queue.coreName, 'locked', -1);
  ledger.count(queue.coreName, deferred ? 'deferred' : 'active', 1);
  // Its time may have run out under the lock.
  if (expiresAt !== null && !deferred) alarm.notLaterThan(expiresAt);
  return undefined;
}

function changed(envelope: Envelope, changes: string | null): Envelope {
  return changes === null ? envelope : { ...envelope, changes: [...(envelope.changes ?? []), changes] };
}

function lockRef({ queue, number, token }: HeldLock): LockRef {
  return { queue: queue.coreName, seq: rowIdOf(queue, number), token };
}

function held<T>(action: () => T): T | 'lock-lost' {
  try {
    return action();
  } catch (error) {
    if (!hasCode(error, 'LOCK_LOST')) throw error;
    return 'lock-lost';
  }
}
