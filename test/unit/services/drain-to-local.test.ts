// Emptying another system's queues into the store's own one: whatever state a job is in, it has one message that counts.

import { describe, expect, test } from 'vitest';

import type { Job } from '../../../src/domain/job.js';
import { start } from '../../../src/domain/lifecycle.js';
import { MAX_RUNNING_TOLD, type WorkerRecord } from '../../../src/ports/worker-registry.js';
import { planDrain } from '../../../src/services/drain-plan.js';
import type { DrainResult } from '../../../src/services/drain-tally.js';
import { drainToLocal, type DrainPorts } from '../../../src/services/drain-to-local.js';
import { oneAfterAnother } from '../../support/far-queue.js';
import { FarWorld } from '../../support/far-world.js';
import type { Clock } from '../../../src/ports/clock.js';
import { OTHER_QUEUE, QUEUE } from '../../support/worker-world.js';

type RealWorld = FarWorld<Clock>;

function portsOf(world: RealWorld, change: Partial<DrainPorts> = {}): DrainPorts {
  return {
    ...world.backend,
    elsewhere: world.own.elsewhere,
    localQueue: world.own.queue,
    localAdmin: world.own.admin,
    remote: { queue: world.far, admin: world.remote.admin },
    ownQueues: [QUEUE, OTHER_QUEUE],
    settingsOf: async (name) => ({ ...world.jobTypes.queue(QUEUE), name }),
    ...change,
  };
}

function drain(world: RealWorld, queues: readonly string[] = [], change: Partial<DrainPorts> = {}): Promise<DrainResult> {
  return drainToLocal(portsOf(world, change), { queues, reason: 'for a test', signal: new AbortController().signal });
}

/** As a worker that took the message and saved the start. */
async function startOn(world: RealWorld, job: Job, workerId: string): Promise<Job> {
  const [delivery] = await world.far.receive({ queue: QUEUE, max: 1, waitMs: 0 });
  const held = { queue: QUEUE, brokerSequence: delivery?.message.brokerSequence ?? '', queueMode: 'service_bus' as const, lockedUntil: 0 };
  return world.backend.store.save(start(job, world.clock.now(), { worker: workerId, delivery: held, afterLostLock: false }));
}

function record(workerId: string, job: Job, at: number): WorkerRecord {
  const running = [{ jobId: job.jobId, type: job.type, startedAt: at }];
  return { workerId, host: 'here', pid: 1, version: '0', queues: [QUEUE], types: ['echo'], concurrency: 1, startedAt: at, heartbeatAt: at, draining: false, running, processed: 0, failed: 0 };
}

describe('a drain', () => {
  test('takes sent, delayed and unsent jobs, of the chosen queues only', async () => {
    const world = await FarWorld.openFarReal();
    const sent = await world.submitSent('echo');
    const delayed = await world.submitSent('echo', { delayMs: 3_600_000 });
    const other = await world.submitSent('echo', { queue: OTHER_QUEUE });
    const unsent = await world.submit('echo');
    expect(await planDrain(world.own.elsewhere, [QUEUE], world.clock.now())).toEqual({ jobs: 3, queues: [{ queue: QUEUE, waiting: 1, scheduled: 1, unsent: 1, running: 0 }] });
    expect(await drain(world, [QUEUE])).toMatchObject({ moved: 3, removed: 1, running: 0, left: [{ queue: QUEUE, scheduled: 1 }], problem: null });
    for (const { jobId } of [sent, delayed, unsent]) expect(await world.job(jobId)).toMatchObject({ status: 'Queued', queueMode: 'local', sequence: 2 });
    expect(await world.job(other.jobId)).toMatchObject({ queueMode: 'service_bus', sequence: 1 });
    expect((await world.own.admin.list([QUEUE]))[0]?.counts).toMatchObject({ active: 2, scheduled: 1 });
    expect(await world.outbox.waiting()).toEqual([]);
    expect(await drain(world, [QUEUE])).toMatchObject({ moved: 0, removed: 0 });
  });

  test('leaves a job that a live worker runs, and takes it when that worker is gone', async () => {
    const world = await FarWorld.openFarReal();
    const job = await startOn(world, await world.submitSent('echo'), 'alive');
    await world.backend.workers.heartbeat(record('alive', job, world.clock.now()));
    expect(await drain(world)).toMatchObject({ moved: 0, running: 1 });
    expect(await world.job(job.jobId)).toMatchObject({ status: 'Running', queueMode: 'service_bus' });
    await world.backend.workers.remove('alive');
    expect(await drain(world)).toMatchObject({ moved: 1, running: 0 });
    expect(await world.job(job.jobId)).toMatchObject({ status: 'Queued', queueMode: 'local', attempt: 1, lostLocks: 1 });
  });

  test('leaves a job that a live worker may run although its newest heartbeat does not name it', async () => {
    const world = await FarWorld.openFarReal();
    const untold = await startOn(world, await world.submitSent('echo'), 'many');
    const fresh = await startOn(world, await world.submitSent('echo'), 'just-begun');
    const elsewhere = { ...untold, jobId: 'another' };
    const many = record('many', elsewhere, world.clock.now() + 10_000);
    // As many as a record names: there may be more.
    await world.backend.workers.heartbeat({ ...many, running: Array.from({ length: MAX_RUNNING_TOLD }, () => many.running).flat() });
    await world.backend.workers.heartbeat(record('just-begun', elsewhere, (fresh.startedAt ?? 0) - 2000));
    expect(await drain(world)).toMatchObject({ moved: 0, running: 2 });
    await world.backend.workers.heartbeat(record('just-begun', elsewhere, (fresh.startedAt ?? 0) + 2000));
    expect(await drain(world)).toMatchObject({ moved: 1, running: 1 });
    expect(await world.job(fresh.jobId)).toMatchObject({ queueMode: 'local' });
  });

  test('that cannot settle a message has moved its job all the same, once', async () => {
    const world = await FarWorld.openFarReal();
    const { jobId } = await world.submitSent('echo');
    world.far.faults = oneAfterAnother('complete', 'refuse');
    expect(await drain(world)).toMatchObject({ moved: 1, problem: { code: 'SB_UNREACHABLE' } });
    expect(await world.job(jobId)).toMatchObject({ queueMode: 'local', sequence: 2 });
    expect((await world.own.admin.list([QUEUE]))[0]?.counts.active).toBe(1);
  });

  test('of a system that is away moves the jobs and says what it could not look at', async () => {
    const world = await FarWorld.openFarReal();
    const { jobId } = await world.submitSent('echo');
    world.far.faults = () => 'refuse';
    expect(await drain(world)).toMatchObject({ moved: 1, removed: 0, problem: { code: 'SB_UNREACHABLE' } });
    expect(await world.job(jobId)).toMatchObject({ queueMode: 'local' });
  });

  test('without the other system moves the jobs', async () => {
    const world = await FarWorld.openFarReal();
    await world.submitSent('echo');
    expect(await drain(world, [], { remote: null })).toMatchObject({ moved: 1, removed: 0, problem: null });
  });

  test('refuses messages of another store', async () => {
    const world = await FarWorld.openFarReal();
    await world.remote.queue.send([{ queue: QUEUE, messageId: 'm', body: '{}', properties: { jobId: 'j', sequence: 1, storeId: 'another' } }]);
    await expect(drain(world)).rejects.toMatchObject({ code: 'STORE_MISMATCH' });
  });

  test('takes a message of another producer over, and leaves what is no job', async () => {
    const world = await FarWorld.openFarReal();
    const body = JSON.stringify({ jobId: crypto.randomUUID(), userId: 'they', createdAt: new Date().toISOString(), type: 'echo', payload: 1, priority: 'normal' });
    await world.remote.queue.send([
      { queue: QUEUE, messageId: 'theirs', body, properties: {} },
      { queue: QUEUE, messageId: 'other', body: 'not a job', properties: {} },
    ]);
    expect(await drain(world)).toMatchObject({ moved: 1, takenOver: 1, removed: 1, unreadable: 1 });
    expect((await world.own.admin.list([QUEUE]))[0]?.counts.active).toBe(1);
  });
});
