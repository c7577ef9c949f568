// Workers on Service Bus whose jobs end together, each in its own way, and jobs that others write to while they run.

import { describe, expect, test } from 'vitest';

import { PermanentError, RetryLaterError } from '../../src/domain/errors.js';
import type { Job } from '../../src/domain/job.js';
import type { AnyHandler } from '../../src/worker/handler-registry.js';
import { cancelJob } from '../../src/services/cancel-jobs.js';
import { saveChange } from '../../src/services/change-jobs.js';
import { openServiceBusWorld, type ServiceBusWorld } from '../support/service-bus-world.js';
import { Deferred, until } from '../support/turns.js';
import { QUEUE } from '../support/worker-world.js';

const SLOTS = 50;
const FAST_RETRIES = { baseMs: 20, capMs: 40 };

/** Lets everybody go in the same turn when so many wait. */
class Gate {
  readonly #size: number;
  #waiting: Deferred[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  pass(): Promise<void> {
    const mine = new Deferred();
    this.#waiting.push(mine);
    if (this.#waiting.length === this.#size) for (const each of this.#waiting.splice(0)) each.resolve();
    return mine.promise;
  }
}

/** Which way a job goes with its last attempt. The attempts before fail, so that only the order of their retries decides who are neighbours. */
const FATES = [
  { fate: 'succeeds', status: 'Succeeded' },
  { fate: 'is refused', status: 'Failed' },
  { fate: 'dies', status: 'DeadLettered' },
  { fate: 'comes again', status: 'Succeeded' },
  { fate: 'dies', status: 'DeadLettered' },
] as const;
const LAST_ATTEMPT = 3;

function fated(gate: Gate): AnyHandler {
  const passed = new Set<string>();
  return {
    type: 'echo',
    run: async ({ job: { jobId }, attempt }, payload) => {
      const { fate } = fateOf(Number(payload));
      if (passed.has(jobId)) return { result: Number(payload) };
      if (attempt < LAST_ATTEMPT) throw new Error('not yet');
      await gate.pass();
      passed.add(jobId);
      if (fate === 'succeeds') return { result: Number(payload) };
      if (fate === 'comes again') throw new RetryLaterError(`${jobId} comes again`, { afterMs: 10 });
      throw fate === 'is refused' ? new PermanentError(`${jobId} is refused`) : new Error(`${jobId} dies`);
    },
  };
}

function fateOf(number: number): (typeof FATES)[number] {
  const fate = FATES[number % FATES.length];
  if (fate === undefined) throw new Error('no fate');
  return fate;
}

describe('jobs that end in the same turn', () => {
  test('keep each its own outcome and its own dead letter', { timeout: 60_000 }, async () => {
    const world = await openServiceBusWorld();
    const jobs: Job[] = [];
    for (let number = 0; number < 4 * SLOTS; number += 1) jobs.push(await world.submit('echo', number));
    await world.drainAll([fated(new Gate(SLOTS))], { concurrency: SLOTS, retryPolicy: FAST_RETRIES });

    for (const [number, { jobId }] of jobs.entries()) {
      const { fate, status } = fateOf(number);
      const job = await world.job(jobId);
      expect({ fate, ...job }).toMatchObject({ status, runEpoch: fate === 'comes again' ? LAST_ATTEMPT + 1 : LAST_ATTEMPT });
      if (status === 'Succeeded') expect(job.result).toBe(number);
      else expect(job.error?.message).toContain(jobId);
    }
    const dead = jobs.filter((_, number) => fateOf(number).fate === 'dies').map(({ jobId }) => jobId);
    expect(Object.fromEntries(await lettersOf(world))).toEqual(Object.fromEntries(dead.map((jobId) => [jobId, `${jobId} dies`])));
    // Everything else was completed: nothing of it comes again.
    expect(await world.emulator.catalog.runtime(QUEUE)).toMatchObject({ active: 0, scheduled: 0, deadLetter: dead.length });
  });
});

/** Job to the description of its dead letter. */
async function lettersOf({ backend }: ServiceBusWorld): Promise<Map<string, string | null>> {
  const { letters } = await backend.deadLetters.peek({ queue: QUEUE, limit: 1_000 });
  return new Map(letters.map(({ properties: { jobId }, description }) => [String(jobId), description]));
}

describe('writes to a running job', () => {
  test('of labels, progress and cancel requests never lose it, nor each other', { timeout: 60_000 }, async () => {
    const world = await openServiceBusWorld();
    const jobs: Job[] = [];
    for (let number = 0; number < 30; number += 1) jobs.push(await world.submit('echo', number));
    const running = new Set<string>();
    const end = new Deferred();
    const busy: AnyHandler = {
      type: 'echo',
      run: async ({ job, progress, signal }) => {
        running.add(job.jobId);
        const ended = { yet: false };
        void end.promise.then(() => (ended.yet = true));
        for (let done = 1; !ended.yet; done += 1) {
          signal.throwIfAborted();
          progress(done, 1_000_000);
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        progress(1_000_000, 1_000_000);
        return { result: 'done' };
      },
    };
    const { worker, ended } = world.start([busy], { concurrency: 30 });
    await until(() => running.size === jobs.length, 'all jobs run');
    const cancelled = new Set(jobs.filter((_, number) => number % 3 === 0).map(({ jobId }) => jobId));
    await Promise.all(jobs.flatMap(({ jobId }) => [label(world, jobId, 'a'), label(world, jobId, 'b'), ...(cancelled.has(jobId) ? [cancelJob(world.backend, jobId, 'operator')] : []), label(world, jobId, 'c')]));
    for (const jobId of cancelled) await world.becomes(jobId, 'Cancelled');
    // Writes go on while the others end.
    const last = Promise.allSettled(jobs.map(({ jobId }) => label(world, jobId, 'd')));
    end.resolve();
    await last;
    for (const { jobId } of jobs) {
      const isCancelled = cancelled.has(jobId);
      const job = await world.becomes(jobId, isCancelled ? 'Cancelled' : 'Succeeded');
      expect(job).toMatchObject({ runEpoch: 1, attempt: 1, labels: { a: '1', b: '1', c: '1' } });
      if (!isCancelled) expect(job).toMatchObject({ result: 'done', progress: { completed: 1_000_000 } });
      const events = await world.events(jobId);
      expect(events.filter((type) => ['started', 'succeeded', 'cancelled'].includes(type))).toEqual(['started', isCancelled ? 'cancelled' : 'succeeded']);
    }
    worker.drain('done');
    await ended;
    expect(await world.emulator.catalog.runtime(QUEUE)).toMatchObject({ active: 0, scheduled: 0, deadLetter: 0 });
  });
});

async function label(world: ServiceBusWorld, jobId: string, name: string): Promise<void> {
  await saveChange(world.backend, jobId, (job) => {
    if (job.status !== 'Running') return undefined;
    const { type: jobType, queue, attempt, status } = job;
    const event = { jobId, at: world.clock.now(), type: 'labelled' as const, status, jobType, queue, attempt, worker: null, detail: { name } };
    return { job: { ...job, labels: { ...job.labels, [name]: '1' } }, event };
  });
}
