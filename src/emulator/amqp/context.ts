// What every connection of the emulator's AMQP side works with.

import type { Clock } from '../../ports/clock.js';
import type { EmulatorBroker } from '../broker/emulator-broker.js';
import type { EmulatorLog } from '../emulator-log.js';
import type { Faults } from '../faults.js';
import type { AccessKey } from '../sas/access-key.js';
import type { Pumps } from './pump.js';

export interface AmqpContext {
  readonly broker: EmulatorBroker;
  readonly pumps: Pumps;
  readonly keys: readonly AccessKey[];
  readonly faults: Pick<Faults, 'draw'>;
  readonly clock: Clock;
  readonly log: EmulatorLog;
  /** A peer that is silent for twice as long is dropped. */
  readonly idleMs: number;
}
