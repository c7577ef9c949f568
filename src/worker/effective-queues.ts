// The queues a profile knows: those of the registry and of the configuration, each number overridden where it says so.

import { DEFAULT_QUEUE, findQueue, type QueueDefinition, QUEUES } from '../domain/queue-registry.js';

export interface QueueOverrides {
  readonly defaultQueue: string;
  /** For every queue that `queues` does not set it for. */
  readonly maxAttempts?: number | undefined;
  readonly lockSeconds?: number | undefined;
  readonly queues: Readonly<Record<string, QueueOverride>>;
}

export interface QueueOverride {
  readonly maxAttempts?: number | undefined;
  readonly lockSeconds?: number | undefined;
  readonly ttlSeconds?: number | undefined;
  readonly handlerTimeoutSeconds?: number | undefined;
}

/** By name. `more` are queues that job types name; unknown ones begin with the default queue's numbers. */
export function effectiveQueues(settings: QueueOverrides, more: readonly (string | undefined)[]): Map<string, QueueDefinition> {
  const named = [settings.defaultQueue, ...Object.keys(settings.queues), ...more.filter((name) => name !== undefined)];
  const names = new Set([...QUEUES.map(({ name }) => name), ...named]);
  return new Map([...names].map((name) => [name, effectiveQueue(name, settings)]));
}

function effectiveQueue(name: string, settings: QueueOverrides): QueueDefinition {
  const base = findQueue(name) ?? findQueue(DEFAULT_QUEUE) ?? QUEUES[0];
  if (base === undefined) throw new Error('the registry has no queues');
  const own = Object.hasOwn(settings.queues, name) ? settings.queues[name] : undefined;
  return {
    name,
    maxAttempts: own?.maxAttempts ?? settings.maxAttempts ?? base.maxAttempts,
    lockMs: inMs(own?.lockSeconds ?? settings.lockSeconds) ?? base.lockMs,
    ttlMs: inMs(own?.ttlSeconds) ?? base.ttlMs,
    handlerTimeoutMs: inMs(own?.handlerTimeoutSeconds) ?? base.handlerTimeoutMs,
  };
}

function inMs(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Math.round(seconds * 1000);
}
