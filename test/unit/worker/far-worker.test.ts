// A worker whose queue is another system: what it saves is relayed, what was moved to the store's own queue runs too, and
// an other side that is away, loses answers or repeats itself costs no outcome and makes no second one.

import { describe, expect, test } from 'vitest';

import { AppError } from '../../../src/domain/errors.js';
import type { Job } from '../../../src/domain/job.js';
import { start } from '../../../src/domain/lifecycle.js';
import type { MessageQueue } from '../../../src/ports/message-queue.js';
import { openSqliteBackend } from '../../../src/drivers/sqlite/open-sqlite.js';
import type { AnyHandler } from '../../../src/worker/handler-registry.js';
import { echoHandler } from '../../../src/worker/handlers/echo.js';
import { FarWorld } from '../../support/far-world.js';
import { Deferred, turns, until } from '../../support/turns.js';
import { withMethods } from '../../support/with-methods.js';
import { QUEUE } from '../../support/worker-world.js';

const EMPTY = { active: 0, locked: 0, scheduled: 0, deadLetter: 0 };

/** Counts its runs, and fails or waits as a test says. */
function counting(run: (attempt: number) => Promise<unknown> = async () => undefined): { runs: () => number; handler: AnyHandler } {
  let runs = 0;
  return {
    runs: () => runs,
    handler: {
      type: 'echo',
      run: async () => {
        runs += 1;
        await run(runs);
        return undefined;
      },
    },
  };
}

async function ownCounts(world: FarWorld): Promise<unknown> {
  return (await world.own.admin.list([QUEUE]))[0]?.counts;
}

/** Time passes until the job is there: relay, wait and retry are all by the clock. */
async function advanceUntil(world: FarWorld, jobId: string, status: Job['status'], stepMs = 500, steps = 400): Promise<Job> {
  for (let step = 0; step < steps; step += 1) {
    const job = await world.job(jobId);
    if (job.status === status) return job;
    await world.clock.advance(stepMs);
  }
  throw new Error(`job ${jobId} is ${(await world.job(jobId)).status} and never ${status}`);
}

test('a message whose lock is lost with nothing to save is let go, so that its queue keeps nothing open for it', async () => {
  const world = await FarWorld.openFar();
  const job = await world.submitSent('echo');
  let released = 0;
  const queue = withMethods<MessageQueue>(world.far, {
    receive: async (params) => (await world.far.receive(params)).map((delivery) => withMethods(delivery, { release: (delayMs) => (released++, delivery.release(delayMs)) })),
  });
  world.far.faults = (call) => (call === 'renewLock' ? 'refuse' : undefined);
  world.far.error = () => new AppError('LOCK_LOST', 'it is gone');
  const run: AnyHandler['run'] = ({ signal }) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));
  const { worker } = world.start([{ type: 'echo', run }], {}, { ...world.backend, queue });
  await world.becomes(job.jobId, 'Running');
  await world.clock.advance(151_000);
  await until(() => worker.metrics.locksLost === 1);
  expect(released).toBe(1);
});

describe('a job', () => {
  test('that is saved while a worker lives is sent by it, run, and says where it was', async () => {
    const world = await FarWorld.openFar();
    const { handler, runs } = counting();
    world.start([handler]);
    const { jobId } = await world.submit('echo');
    expect(await advanceUntil(world, jobId, 'Succeeded', 20)).toMatchObject({ queueMode: 'service_bus', sequence: 1, attempt: 1 });
    expect(runs()).toBe(1);
    await until(async () => (await world.counts()).locked === 0);
    expect(await world.counts()).toEqual(EMPTY);
    expect(await world.outbox.waiting()).toEqual([]);
  });

  test('that was moved to the own queue runs from there, also when it is due later', async () => {
    const world = await FarWorld.openFar();
    const now = await world.submit('echo');
    const later = await world.submit('echo', null, { delayMs: 60_000 });
    expect(await world.outbox.moveToLocal?.(await world.outbox.claim({ leaseMs: 1000, limit: 2 }), 'away')).toBe(2);
    const there = await world.submitSent('echo');
    world.start([echoHandler]);
    expect(await advanceUntil(world, now.jobId, 'Succeeded', 20)).toMatchObject({ queueMode: 'local' });
    expect(await advanceUntil(world, there.jobId, 'Succeeded', 20)).toMatchObject({ queueMode: 'service_bus' });
    expect(await world.job(later.jobId)).toMatchObject({ status: 'Queued' });
    expect(await advanceUntil(world, later.jobId, 'Succeeded', 5000)).toMatchObject({ queueMode: 'local' });
    expect(await ownCounts(world)).toEqual(EMPTY);
  });

  test('of another producer says which of the two it came from', async () => {
    const world = await FarWorld.openFar();
    const body = (id: string): string => JSON.stringify({ job_id: id, message_type: 'echo', payload: id });
    await world.far.send([{ queue: QUEUE, messageId: 'f', body: body('far'), properties: {} }]);
    await world.own.queue.send([{ queue: QUEUE, messageId: 'n', body: body('near'), properties: {} }]);
    world.start([echoHandler]);
    const jobs = async (): Promise<readonly Job[]> => (await world.backend.store.list({ filter: { statuses: ['Succeeded'] }, limit: 10 })).jobs;
    await until(async () => (await jobs()).length === 2);
    expect((await jobs()).map(({ result, queueMode }) => [result, queueMode]).sort()).toEqual([
      ['far', 'service_bus'],
      ['near', 'local'],
    ]);
  });

  test('that fails is retried with a message that is scheduled at the other system', async () => {
    const world = await FarWorld.openFar();
    const { handler, runs } = counting(async (attempt) => {
      if (attempt < 3) throw new Error('not yet');
    });
    const { jobId } = await world.submitSent('echo');
    world.start([handler]);
    await until(async () => (await world.counts()).scheduled === 1 || (await world.clock.advance(20), false));
    expect(await world.job(jobId)).toMatchObject({ status: 'Queued', attempt: 1, sequence: 2, queueMode: 'service_bus' });
    expect(world.far.sent.at(-1)?.notBefore).toBe((await world.job(jobId)).nextAttemptAt);
    expect(await advanceUntil(world, jobId, 'Succeeded')).toMatchObject({ attempt: 3, sequence: 3 });
    expect(runs()).toBe(3);
  });

  test('that uses up its attempts is a dead letter of the other system', async () => {
    const world = await FarWorld.openFar();
    const { jobId } = await world.submitSent('echo');
    world.start([counting(() => Promise.reject(new Error('never'))).handler]);
    await advanceUntil(world, jobId, 'DeadLettered');
    await until(async () => (await world.counts()).deadLetter === 1);
    const { letters } = await world.remote.deadLetters.peek({ queue: QUEUE, limit: 5 });
    expect(letters).toMatchObject([{ messageId: `${jobId}:3`, reason: 'ATTEMPTS_EXHAUSTED' }]);
  });
});

describe('copies of a message', () => {
  test('that were sent twice run once', async () => {
    const world = await FarWorld.openFar();
    const { handler, runs } = counting();
    world.far.faults = (call) => (call === 'send' ? 'twice' : undefined);
    const { jobId } = await world.submitSent('echo');
    world.start([handler]);
    await advanceUntil(world, jobId, 'Succeeded', 20);
    await until(async () => (await world.counts()).active + (await world.counts()).locked === 0);
    expect(runs()).toBe(1);
    expect(await world.events(jobId)).toEqual(['submitted', 'started', 'succeeded']);
  });

  test('of which one was moved to the own queue run once, whichever comes first', async () => {
    const world = await FarWorld.openFar();
    const { handler, runs } = counting();
    const { jobId } = await world.submit('echo');
    // The send arrives and its answer does not.
    world.far.faults = (call) => (call === 'send' ? 'lose-reply' : undefined);
    expect(await world.relay({}, 'local')).toMatchObject({ moved: 1 });
    world.far.faults = () => undefined;
    expect(await world.counts()).toMatchObject({ active: 1 });
    world.start([handler]);
    await advanceUntil(world, jobId, 'Succeeded', 20);
    await until(async () => (await world.counts()).active + (await world.counts()).locked === 0 || (await world.clock.advance(200), false));
    expect(runs()).toBe(1);
    expect(await ownCounts(world)).toEqual(EMPTY);
  });
});

describe('another system that is away for a while', () => {
  test('costs a running job nothing: its outcome is saved, its message completed later, nothing runs twice', async () => {
    const world = await FarWorld.openFar();
    const open = new Deferred();
    const { handler, runs } = counting(() => open.promise);
    const { jobId } = await world.submitSent('echo');
    world.start([handler]);
    await until(() => runs() === 1);
    world.far.faults = () => 'refuse';
    await world.clock.advance(20_000);
    open.resolve();
    await advanceUntil(world, jobId, 'Succeeded', 500);
    await world.clock.advance(60_000);
    expect(await world.counts()).toMatchObject({ locked: 1 });
    world.far.faults = () => undefined;
    await world.clock.advance(10_000);
    await until(async () => (await world.counts()).locked === 0);
    expect(runs()).toBe(1);
    expect(await world.events(jobId)).toEqual(['submitted', 'started', 'succeeded']);
  });

  test('is asked again, and then everything that was saved meanwhile runs', async () => {
    const world = await FarWorld.openFar();
    world.far.faults = () => 'refuse';
    world.start([echoHandler]);
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1) ids.push((await world.submit('echo', index)).jobId);
    await world.clock.advance(45_000);
    for (const jobId of ids) expect(await world.job(jobId)).toMatchObject({ status: 'Queued', queueMode: 'pending' });
    expect(await world.outbox.waiting()).toMatchObject([{ count: 5, problem: '[SB_UNREACHABLE] the other system is away' }]);
    world.far.faults = () => undefined;
    for (const jobId of ids) await advanceUntil(world, jobId, 'Succeeded', 2000);
  });

  test('leaves its jobs to the own queue where the policy says so', async () => {
    const world = await FarWorld.openFar();
    world.far.faults = () => 'refuse';
    world.start([echoHandler], { fallback: 'local' });
    const { jobId } = await world.submit('echo');
    expect(await advanceUntil(world, jobId, 'Succeeded', 100)).toMatchObject({ queueMode: 'local', sequence: 2 });
  });

  test('whose answer to a completion is lost has completed: the job stays as it ended', async () => {
    const world = await FarWorld.openFar();
    const { handler, runs } = counting();
    let lost = 0;
    world.far.faults = (call) => (call === 'complete' && lost++ === 0 ? 'lose-reply' : undefined);
    const { jobId } = await world.submitSent('echo');
    world.start([handler]);
    await advanceUntil(world, jobId, 'Succeeded', 20);
    await world.clock.advance(2000);
    await until(async () => (await world.counts()).locked === 0);
    expect(runs()).toBe(1);
  });

  test('ends the worker when the key is wrong from the start', async () => {
    const world = await FarWorld.openFar();
    world.far.error = () => new AppError('SB_UNAUTHORIZED', 'refused');
    world.far.faults = (call) => (call === 'receive' ? 'refuse' : undefined);
    await expect(world.worker([echoHandler]).run()).rejects.toMatchObject({ code: 'SB_UNAUTHORIZED' });
  });
});

describe('a worker that ends', () => {
  test('sends what it gives back before it goes', async () => {
    const world = await FarWorld.openFar();
    const { jobId } = await world.submitSent('echo');
    const handler: AnyHandler = {
      type: 'echo',
      run: ({ signal }) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })),
    };
    const { worker, ended } = world.start([handler], { drainTimeoutMs: 1000 });
    await until(async () => (await world.job(jobId)).status === 'Running');
    worker.drain('SIGTERM');
    await world.clock.advance(1000);
    await ended;
    expect(await world.job(jobId)).toMatchObject({ status: 'Queued', sequence: 2, attempt: 0, queueMode: 'service_bus' });
    expect(await world.counts()).toEqual({ ...EMPTY, active: 1 });
  });

  test('leaves no message under its lock whose job never came to its turn', async () => {
    const world = await FarWorld.openFar();
    const alone = await world.submitSent('echo');
    const waiting = await world.submitSent('echo');
    const open = new Deferred();
    const { handler, runs } = counting(() => open.promise);
    // A job whose last attempt runs alone, so that the other one waits at the gate.
    const take = async (): Promise<void> => {
      const [delivery] = await world.far.receive({ queue: QUEUE, max: 1, waitMs: 0, lockMs: 1000 });
      if (delivery === undefined) throw new Error('no message');
      const job = await world.job(alone.jobId);
      const held = { queue: QUEUE, brokerSequence: delivery.message.brokerSequence, queueMode: delivery.queueMode, lockedUntil: delivery.lockedUntil };
      await world.backend.store.save(startAs(job, held, world.clock.now()));
      await world.clock.advance(1001);
    };
    await take();
    await take();
    const { worker, ended } = world.start([handler], { concurrency: 2 });
    await until(() => runs() === 1);
    await turns();
    worker.drain('SIGTERM');
    await turns();
    open.resolve();
    await ended;
    const jobs = [await world.job(alone.jobId), await world.job(waiting.jobId)];
    expect(jobs.map(({ status }) => status).sort()).toEqual(['Queued', 'Succeeded']);
    expect(await world.counts()).toEqual({ ...EMPTY, active: 1 });
  });

  test('with --drain waits for what is not sent yet', async () => {
    const world = await FarWorld.openFarReal();
    const { jobId } = await world.submit('echo');
    const delayed = await world.submit('echo', null, { delayMs: 3_600_000 });
    expect(await world.drainAll([echoHandler])).toMatchObject({ processed: 1, succeeded: 1, delayed: 1 });
    expect(await world.job(jobId)).toMatchObject({ status: 'Succeeded' });
    expect(await world.job(delayed.jobId)).toMatchObject({ status: 'Queued', queueMode: 'service_bus' });
    expect(await world.outbox.waiting()).toEqual([]);
  });

  test('with --drain ends with the reason when it may not send what its jobs need to go on, and loses nothing by it', async () => {
    const world = await FarWorld.openFarReal();
    const { jobId } = await world.submitSent('echo');
    world.far.error = () => new AppError('SB_UNAUTHORIZED', 'cannot send');
    world.far.faults = (call) => (call === 'send' ? 'refuse' : undefined);
    const { handler, runs } = counting(async (attempt) => {
      if (attempt === 1) throw new Error('not yet');
    });
    await expect(world.drainAll([handler])).rejects.toMatchObject({ code: 'SB_UNAUTHORIZED', message: 'cannot send' });
    expect(await world.job(jobId)).toMatchObject({ status: 'Queued', attempt: 1, queueMode: 'pending' });
    world.far.faults = () => undefined;
    expect(await world.drainAll([handler])).toMatchObject({ succeeded: 1 });
    expect(runs()).toBe(2);
  });

  test('with --drain leaves what is on a paused queue and names it', async () => {
    const world = await FarWorld.openFarReal();
    await world.submitSent('echo');
    await world.own.pauses.pause(QUEUE, 'me');
    await world.remote.admin.pause(QUEUE, 'me');
    expect(await world.drainAll([echoHandler])).toMatchObject({ processed: 0, paused: [QUEUE] });
  });
});

describe('a queue that carries the messages of another store', () => {
  test('is not touched: the worker ends with the reason', async () => {
    const world = await FarWorld.openFar();
    const other = await FarWorld.openFar();
    const { jobId } = await other.submitSent('echo');
    const [message] = other.far.sent;
    if (message === undefined) throw new Error('nothing was sent');
    await world.far.send([message]);
    await expect(world.worker([echoHandler]).run()).rejects.toMatchObject({ code: 'STORE_MISMATCH' });
    expect(await world.counts()).toEqual({ ...EMPTY, locked: 1 });
    expect(await world.backend.store.get(jobId)).toBeUndefined();
  });
});

describe('a worker of a file that has its queue in it again', () => {
  test('runs what the outbox was left with', async () => {
    const world = await FarWorld.openFar();
    world.far.faults = () => 'refuse';
    const { jobId } = await world.submit('echo');
    await world.relay();
    const own = await openSqliteBackend({ file: world.ownFile, queues: [], clock: world.clock, random: () => 0.5 });
    const { blobs, clock, random } = world.backend;
    const { worker, ended } = world.start([echoHandler], {}, { ...own, blobs, clock, random });
    expect(await advanceUntil(world, jobId, 'Succeeded', 500)).toMatchObject({ queueMode: 'local', sequence: 2 });
    worker.drain('done');
    await ended;
    await own.close();
  });
});

function startAs(job: Job, delivery: NonNullable<Job['delivery']>, at: number): ReturnType<typeof start> {
  return start(job, at, { worker: 'dead-worker', delivery, afterLostLock: job.status === 'Running' });
}
