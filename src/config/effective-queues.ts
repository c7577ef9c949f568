// The queues with their settings in force: the registry, with what the configuration changes and adds.

import { findQueue, QUEUES, type QueueDefinition } from '../domain/queue-registry.js';
import type { Config } from './config.js';

type QueueConfig = Pick<Config, 'queues' | 'types' | 'defaultQueue' | 'maxAttempts' | 'lockSeconds'>;

/**
 * The registry's queues first, then those that only the configuration names. A queue's own settings win over the ones for
 * all queues, those over the registry.
 */
export function effectiveQueues(config: QueueConfig): readonly QueueDefinition[] {
  const ofTypes = Object.values(config.types).flatMap(({ queue }) => (queue === undefined ? [] : [queue]));
  const names = [...QUEUES.map(({ name }) => name), ...Object.keys(config.queues), config.defaultQueue, ...ofTypes];
  return [...new Set(names)].map((name) => effectiveQueue(name, config));
}

function effectiveQueue(name: string, config: QueueConfig): QueueDefinition {
  const start = findQueue(name) ?? QUEUES[0];
  if (start === undefined) throw new Error('the registry has no queue');
  const own = config.queues[name];
  const lockSeconds = own?.lockSeconds ?? config.lockSeconds;
  return {
    name,
    maxAttempts: own?.maxAttempts ?? config.maxAttempts ?? start.maxAttempts,
    lockMs: lockSeconds === undefined ? start.lockMs : lockSeconds * 1000,
    ttlMs: own?.ttlSeconds === undefined ? start.ttlMs : own.ttlSeconds * 1000,
    handlerTimeoutMs: own?.handlerTimeoutSeconds === undefined ? start.handlerTimeoutMs : own.handlerTimeoutSeconds * 1000,
  };
}
