// What time does to the emulator's messages. The core finds those whose time has come.

import { MESSAGE_STATES } from '../../drivers/sqlite/broker/message-state.js';
import { NO_TOKEN } from '../../drivers/sqlite/broker/schema.js';
import { stateOf, type SweepRules, type TimedRow } from '../../drivers/sqlite/broker/sweep.js';
import { prepared } from '../../drivers/connection-sqlite/prepared.js';
import { type BrokerState, subQueueOf } from './broker-state.js';
import { BROKER_REASONS, bury } from './bury.js';
import { numberOf, rowIdOf } from './entity.js';
import type { CountedState } from './ledger.js';
import { envelopeText, readEnvelope } from './stored-message.js';

const GIVE_BACK = `
UPDATE broker_messages SET state = ?, delivery_count = delivery_count + 1, token = '${NO_TOKEN}' WHERE seq = ?`;
const ACTIVATE = `
UPDATE broker_messages SET seq = ?, state = ${MESSAGE_STATES.active}, enqueued_at = due_at, properties = ? WHERE seq = ?`;
const SIZE = 'SELECT length(body) AS bytes FROM broker_messages WHERE seq = ?';

/** `state` is asked for late: the core is made with the rules and is itself part of the state. */
export function timedRules(state: () => BrokerState): SweepRules {
  return {
    giveBack: (row) => giveBack(state(), row),
    activate: (row) => activate(state(), row),
    bury: (row, why) => buryRow(state(), row, why),
    dropped: (row) => forgetSize(state(), row),
  };
}

function giveBack({ db, ledger }: BrokerState, row: TimedRow): void {
  const deferred = readEnvelope(row.properties).deferred === true;
  prepared(db, GIVE_BACK).run(deferred ? MESSAGE_STATES.deferred : MESSAGE_STATES.active, row.seq);
  ledger.count(row.queue, 'locked', -1);
  ledger.count(row.queue, deferred ? 'deferred' : 'active', 1);
}

/**
 * A message that becomes due goes to the end of the queue under a new number, as in the service: the number that
 * scheduling returned is good only for cancelling. Enqueued when it was due, from which its time to live runs.
 */
function activate(state: BrokerState, row: TimedRow): void {
  const queue = subQueueOf(state, row.queue);
  const number = state.ledger.nextNumber(queue.coreName);
  const properties = envelopeText({ ...readEnvelope(row.properties), firstNumber: numberOf(row.seq) });
  prepared(state.db, ACTIVATE).run(rowIdOf(queue, number), properties, row.seq);
  state.ledger.count(row.queue, 'scheduled', -1);
  state.ledger.count(row.queue, 'active', 1);
}

function buryRow(state: BrokerState, row: TimedRow, why: Parameters<SweepRules['bury']>[1]): void {
  const queue = subQueueOf(state, row.queue);
  const { maxDeliveryCount } = queue.entity.description;
  const cause = why.reason === 'EXPIRED' ? BROKER_REASONS.expired : BROKER_REASONS.maxDeliveryCount(maxDeliveryCount);
  bury(state, {
    queue,
    rowId: row.seq,
    from: countedState(row),
    deliveryCount: why.deliveries,
    envelope: { ...readEnvelope(row.properties), ...cause },
    at: why.now,
  });
}

function forgetSize({ db, ledger }: BrokerState, row: TimedRow): void {
  ledger.add(row.queue, 'bytes', -(prepared<{ bytes: number }>(db, SIZE).get(row.seq)?.bytes ?? 0));
}

function countedState(row: TimedRow): CountedState {
  const state = stateOf(row);
  if (state === 'deadLettered') throw new Error('the emulator keeps dead letters in a queue of their own');
  return state;
}

