// The store's own queue beside one of another system, under the same name: most exist from the registry, one that was
// made elsewhere by hand gets its twin when something has to be put there.

import type { Broker } from './broker/broker.js';
import { brokerSettings } from './queue-admin.js';

const MINUTE = 60_000;
const TWIN = { lockMs: 5 * MINUTE, ttlMs: 14 * 24 * 60 * MINUTE, maxAttempts: 3 };

/** Inside a transaction. A queue that exists keeps its settings. */
export function ensureLocalQueue(broker: Broker, name: string): void {
  if (!broker.hasQueue(name)) broker.queues.create(brokerSettings({ name, ...TWIN }));
}
