import type { BrokerQueue } from '../../../../src/drivers/service-bus/queue-administration.js';

/** A queue as the registry would make it, with these counts and differences. */
export function brokerQueue(name: string, counts: Partial<BrokerQueue['counts']> = {}, more: Partial<BrokerQueue> = {}): BrokerQueue {
  return {
    name,
    lockMs: 30_000,
    ttlMs: 3_600_000,
    maxDeliveryCount: 3,
    deadLetterOnExpiration: true,
    status: 'Active',
    requiresSession: false,
    requiresDuplicateDetection: false,
    partitioned: false,
    forwardTo: null,
    ...more,
    counts: { active: 0, scheduled: 0, deadLetter: 0, ...counts },
  };
}
