// What the parts of the emulator's broker share.

import type { Broker } from '../../drivers/sqlite/broker/broker.js';
import type { Database } from '../../drivers/sqlite/database.js';
import type { Clock } from '../../ports/clock.js';
import type { Alarm } from './alarm.js';
import type { Entity, SubQueue } from './entity.js';
import type { Ledger } from './ledger.js';

export interface BrokerState {
  readonly db: Database;
  readonly core: Broker;
  readonly ledger: Ledger;
  readonly alarm: Alarm;
  readonly clock: Clock;
  /** By the core's name of the entity's queue: `entityKey`. */
  readonly entities: Map<string, Entity>;
  /** Both queues of each entity, by the core's names. */
  readonly subQueues: Map<string, SubQueue>;
}

export function subQueueOf(state: BrokerState, coreName: string): SubQueue {
  const queue = state.subQueues.get(coreName);
  if (queue === undefined) throw new Error(`the core has a queue that no entity owns: ${coreName}`);
  return queue;
}
