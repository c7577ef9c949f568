// Takes jobs through their life the way a worker does, without one.

import type { Job } from '../../src/domain/job.js';
import type { Json } from '../../src/domain/json.js';
import { awaitChildren, deadLetter, fail, scheduleRetry, start, succeed } from '../../src/domain/lifecycle.js';
import { submitJob } from '../../src/services/submit-job.js';
import type { SubmitRequest } from '../../src/services/submit-request.js';
import type { TestServices } from './open-services.js';

export async function submitEcho(services: TestServices, change: Partial<SubmitRequest> = {}): Promise<Job> {
  return (await submitJob(services, { type: 'echo', payload: {}, userId: 'ada', ...change })).job;
}

/** Running, with its message under a lock that nobody settles. */
export async function startJob(services: TestServices, job: Job, worker = 'w-1'): Promise<Job> {
  const [delivery] = await services.queue.receive({ queue: job.queue, max: 1, waitMs: 0 });
  const { brokerSequence } = delivery?.message ?? { brokerSequence: '0' };
  const held = { queue: job.queue, brokerSequence, lockedUntil: services.clock.now() + 300_000 };
  return services.store.save(start(job, services.clock.now(), { worker, delivery: held, afterLostLock: false }));
}

/** Ended, with its message completed or in the dead-letter queue. */
export async function endJob(services: TestServices, job: Job, how: 'Succeeded' | 'Failed' | 'DeadLettered', result: Json = { done: true }): Promise<Job> {
  const [delivery] = await services.queue.receive({ queue: job.queue, max: 1, waitMs: 0 });
  const now = services.clock.now();
  const held = { queue: job.queue, brokerSequence: delivery?.message.brokerSequence ?? '0', lockedUntil: now + 300_000 };
  const running = await services.store.save(start(job, now, { worker: 'w-1', delivery: held, afterLostLock: false }));
  const error = { code: 'BOOM', message: 'it broke', retryable: how !== 'Failed', at: now };
  if (how === 'DeadLettered') {
    const dead = await services.store.save(deadLetter(running, now, error));
    await delivery?.deadLetter({ reason: 'ATTEMPTS_EXHAUSTED', description: 'it broke' });
    return dead;
  }
  const change = how === 'Failed' ? fail(running, now, error) : succeed(running, now, { result, resultRef: null, artifacts: [] });
  const ended = await services.store.save(change);
  await delivery?.complete();
  return ended;
}

export async function retryLater(services: TestServices, running: Job, delayMs: number): Promise<Job> {
  const now = services.clock.now();
  const error = { code: 'BOOM', message: 'it broke', retryable: true, at: now };
  return services.store.save(scheduleRetry(running, now, { retryAt: now + delayMs, error }));
}

/** A parent that waits for `expected` children. */
export async function waitForChildren(services: TestServices, parent: Job, expected: number): Promise<Job> {
  return services.store.save(awaitChildren(await startJob(services, parent), services.clock.now(), expected));
}
