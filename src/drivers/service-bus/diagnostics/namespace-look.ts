// What the administration side tells of a namespace: its tier and queues, or why it does not.

import type { AppError } from '../../../domain/errors.js';
import type { Clock } from '../../../ports/clock.js';
import type { BrokerQueue, CallOptions, QueueAdministration } from '../queue-administration.js';
import { serviceBusError } from '../service-bus-errors.js';
import { withinTime } from '../../azure-access/within-time.js';

export interface NamespaceLook {
  readonly source: string;
  readonly queues: readonly BrokerQueue[] | AppError;
  readonly tier: string | null;
}

const LOOK_MS = 3_000;

export async function lookAtNamespace(administration: QueueAdministration, clock: Clock): Promise<NamespaceLook> {
  const ask = <T>(operation: string, call: (options: CallOptions) => Promise<T>): Promise<T | AppError> =>
    withinTime({ clock, limitMs: LOOK_MS, operation }, (signal) => call({ signal })).catch((error: unknown) => serviceBusError(error, { operation }));
  const [queues, facts] = await Promise.all([
    ask('list the queues', (options) => administration.list(options)),
    ask('look at the namespace', (options) => administration.namespace(options)),
  ]);
  return { source: administration.source, queues, tier: facts instanceof Error ? null : facts.tier };
}
