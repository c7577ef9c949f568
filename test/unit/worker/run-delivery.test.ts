// Each row of the decision table carried out on a real store and queue: what is stored, and how the message is settled.

import { describe, expect, test } from 'vitest';

import { AppError } from '../../../src/domain/errors.js';
import { childId } from '../../../src/domain/ids.js';
import type { Job } from '../../../src/domain/job.js';
import { awaitChildren, cancel, deadLetter, requestCancel, scheduleRetry, start, succeed } from '../../../src/domain/lifecycle.js';
import { encodeMessage } from '../../../src/domain/encode-message.js';
import { outboxEntryFor } from '../../../src/domain/message.js';
import type { Clock } from '../../../src/ports/clock.js';
import type { Delivery } from '../../../src/ports/message-queue.js';
import { echoHandler } from '../../../src/worker/handlers/echo.js';
import { until } from '../../support/turns.js';
import { withMethods } from '../../support/with-methods.js';
import { QUEUE, World } from '../../support/worker-world.js';

const EMPTY = { active: 0, locked: 0, scheduled: 0, deadLetter: 0 };
const ERROR = { code: 'SOME_ERROR', message: 'it failed', retryable: true, at: 0 };

/** Takes the next message as a worker would, without doing anything with it. */
async function take(world: World<Clock>, lockMs = 1000): Promise<Delivery> {
  const [delivery] = await world.backend.queue.receive({ queue: QUEUE, max: 1, waitMs: 0, lockMs });
  if (delivery === undefined) throw new Error('no message is ready');
  return delivery;
}

/** As a worker that saved the start and died: the message comes again when its lock ends. */
async function startAndDie(world: World, job: Job, worker = 'dead-worker'): Promise<Job> {
  const { message, lockedUntil } = await take(world);
  const held = { queue: QUEUE, brokerSequence: message.brokerSequence, lockedUntil };
  const afterLostLock = job.status === 'Running';
  const started = await world.backend.store.save(start(job, world.clock.now(), { worker, delivery: held, afterLostLock }));
  await world.clock.advance(1001);
  return started;
}

describe('messages that are no job of ours', () => {
  test('an undecodable body is dead-lettered with the reason', async () => {
    const world = await World.openReal();
    await world.backend.queue.send([{ queue: QUEUE, messageId: 'm-1', body: 'hello', properties: {} }]);
    await world.backend.queue.send([{ queue: QUEUE, messageId: 'm-2', body: new Uint8Array([0x7b, 0xff, 0x7d]), properties: {} }]);
    await world.drainAll([echoHandler]);
    const { letters } = await world.backend.deadLetters.peek({ queue: QUEUE, limit: 10 });
    expect(letters.map(({ messageId, reason, description }) => ({ messageId, reason, description }))).toEqual([
      { messageId: 'm-1', reason: 'INVALID_MESSAGE', description: 'the body is not JSON' },
      { messageId: 'm-2', reason: 'INVALID_MESSAGE', description: 'the body is not text in UTF-8' },
    ]);
  });

  test('a message of another producer becomes a job and runs, once for two copies', async () => {
    const world = await World.openReal();
    const body = JSON.stringify({ job_id: 'job_1', message_type: 'echo', payload: { hello: 1 } });
    await world.backend.queue.send([{ queue: QUEUE, messageId: 'm-1', body, properties: {} }]);
    await world.backend.queue.send([{ queue: QUEUE, messageId: 'm-2', body, properties: {} }]);
    expect(await world.drainAll([echoHandler])).toMatchObject({ processed: 1, succeeded: 1 });
    const { jobs } = await world.backend.store.list({ filter: {}, limit: 10 });
    expect(jobs).toMatchObject([{ origin: 'external', status: 'Succeeded', result: { hello: 1 }, queueMode: 'local', userId: 'external' }]);
    expect(await world.events(jobs[0]?.jobId ?? '')).toEqual(['submitted', 'started', 'succeeded']);
    expect(await world.counts()).toMatchObject(EMPTY);
  });

  test('a large payload of another producer is kept as a file', async () => {
    const world = await World.openReal();
    const body = JSON.stringify({ job_type: 'echo', text: 'x'.repeat(60_000) });
    await world.backend.queue.send([{ queue: QUEUE, messageId: 'm-1', body, properties: {} }]);
    await world.drainAll([echoHandler]);
    const { jobs } = await world.backend.store.list({ filter: {}, limit: 10 });
    expect(jobs).toMatchObject([{ status: 'Succeeded', payload: null, payloadRef: { bytes: expect.any(Number) as number }, resultRef: { bytes: expect.any(Number) as number } }]);
  });

  test('our message without its job is dead-lettered', async () => {
    const world = await World.openReal();
    const job = await world.submit('echo');
    const { body, properties } = encodeMessage(outboxEntryFor({ ...job, jobId: childId(job.jobId, 'x') }, null), world.backend.store.storeId);
    await world.backend.queue.send([{ queue: QUEUE, messageId: 'm-1', body, properties: { ...properties } }]);
    await world.drainAll([echoHandler]);
    const { letters } = await world.backend.deadLetters.peek({ queue: QUEUE, limit: 10 });
    expect(letters).toMatchObject([{ messageId: 'm-1', reason: 'JOB_MISSING' }]);
  });

  test('a message of another store ends the worker with STORE_MISMATCH, and stays on the queue', async () => {
    const world = await World.open();
    const job = await world.submit('echo');
    await take(world).then((delivery) => delivery.complete());
    const { body, properties } = encodeMessage(outboxEntryFor(job, null), 'another-store');
    await world.backend.queue.send([{ queue: QUEUE, messageId: 'm-1', body, properties: { ...properties } }]);
    await expect(world.worker([echoHandler]).run()).rejects.toMatchObject({ code: 'STORE_MISMATCH' });
    expect(await world.counts()).toMatchObject({ active: 1, locked: 0, deadLetter: 0 });
  });
});

describe('what a crash or a race left behind', () => {
  test('the message of a job that has ended is completed', async () => {
    const world = await World.open();
    const job = await world.submit('echo');
    const started = await startAndDie(world, job);
    await world.backend.store.save(succeed(started, world.clock.now(), { result: 'first', resultRef: null, artifacts: [] }));
    world.start([echoHandler]);
    await until(async () => (await world.counts()).active + (await world.counts()).locked === 0);
    expect(await world.job(job.jobId)).toMatchObject({ status: 'Succeeded', result: 'first', attempt: 1 });
  });

  test('an older message of a job that was queued again is completed and runs nothing', async () => {
    const world = await World.open();
    const job = await world.submit('echo');
    const started = await startAndDie(world, job);
    const later = world.clock.now() + 3_600_000;
    await world.backend.store.save(scheduleRetry(started, world.clock.now(), { retryAt: later, error: ERROR }));
    world.start([echoHandler]);
    await until(async () => (await world.counts()).active + (await world.counts()).locked === 0);
    expect(await world.counts()).toMatchObject({ scheduled: 1 });
    expect(await world.job(job.jobId)).toMatchObject({ status: 'Queued', attempt: 1, sequence: 2 });
  });

  test('the message of a dead-lettered job goes to the dead letters with its error', async () => {
    const world = await World.open();
    const job = await world.submit('echo');
    const started = await startAndDie(world, job);
    await world.backend.store.save(deadLetter(started, world.clock.now(), ERROR));
    world.start([echoHandler]);
    await until(async () => (await world.counts()).deadLetter === 1);
    const { letters } = await world.backend.deadLetters.peek({ queue: QUEUE, limit: 10 });
    expect(letters).toMatchObject([{ reason: 'SOME_ERROR', description: 'it failed' }]);
    expect(await world.events(job.jobId)).toEqual(['submitted', 'started', 'dead-lettered']);
  });

  test('a job whose attempt never reported back runs again', async () => {
    const world = await World.open();
    const job = await world.submit('echo', 'again');
    await startAndDie(world, job);
    world.start([echoHandler]);
    const ended = await world.becomes(job.jobId, 'Succeeded');
    expect(ended).toMatchObject({ attempt: 2, runEpoch: 2, lostLocks: 1, result: 'again' });
  });

  test('a job that lost every attempt is dead-lettered as such', async () => {
    const world = await World.open();
    let job = await world.submit('echo');
    for (let attempt = 1; attempt <= 3; attempt += 1) job = await startAndDie(world, job);
    world.start([echoHandler]);
    const ended = await world.becomes(job.jobId, 'DeadLettered');
    expect(ended).toMatchObject({ attempt: 3, error: { code: 'WORKER_LOST', message: expect.stringContaining('attempt 3 of 3') as string } });
    await until(async () => (await world.counts()).deadLetter === 1);
  });

  test('a second copy of a running message is completed and leaves the run alone', async () => {
    const world = await World.open();
    const job = await world.submit('echo');
    const first = await take(world, 60_000);
    const held = { queue: QUEUE, brokerSequence: first.message.brokerSequence, lockedUntil: first.lockedUntil };
    await world.backend.store.save(start(job, world.clock.now(), { worker: 'other', delivery: held, afterLostLock: false }));
    const { body, properties } = encodeMessage(outboxEntryFor(job, null), world.backend.store.storeId);
    await world.backend.queue.send([{ queue: QUEUE, messageId: `${job.jobId}:1`, body, properties: { ...properties } }]);
    world.start([echoHandler]);
    await until(async () => (await world.counts()).active === 0 && (await world.counts()).locked === 1);
    expect(await world.job(job.jobId)).toMatchObject({ status: 'Running', worker: 'other', attempt: 1 });
    expect(await world.counts()).toMatchObject({ deadLetter: 0 });
  });

  test('a message newer than the stored job is let go with a delay and never completed', async () => {
    const world = await World.open();
    const job = await world.submit('echo');
    await take(world).then((delivery) => delivery.complete());
    const { body, properties } = encodeMessage(outboxEntryFor({ ...job, sequence: 5 }, null), world.backend.store.storeId);
    await world.backend.queue.send([{ queue: QUEUE, messageId: 'm-5', body, properties: { ...properties } }]);
    world.start([echoHandler]);
    await until(async () => (await world.counts()).scheduled === 1);
    expect(await world.job(job.jobId)).toMatchObject({ status: 'Queued', attempt: 0 });
  });

  test('a store that answers late is read twice before the message is let go', async () => {
    const world = await World.open();
    const old = await world.submit('echo', 'late');
    let reads = 0;
    const store = withMethods(world.backend.store, {
      get: (jobId) => (reads++ === 0 ? Promise.resolve({ ...old, sequence: 0 }) : world.backend.store.get(jobId)),
    });
    world.start([echoHandler], {}, { ...world.backend, store });
    expect(await world.becomes(old.jobId, 'Succeeded')).toMatchObject({ attempt: 1 });
  });

  test('a job that changes between reading and starting is decided again', async () => {
    const world = await World.open();
    const job = await world.submit('echo');
    let raced = false;
    const store = withMethods(world.backend.store, {
      save: async (change) => {
        if (!raced && change.event.type === 'started') {
          raced = true;
          const { withdrawMessage: _, ...ended } = cancel(job, world.clock.now(), 'somebody');
          await world.backend.store.save(ended);
        }
        return world.backend.store.save(change);
      },
    });
    world.start([echoHandler], {}, { ...world.backend, store });
    await world.becomes(job.jobId, 'Cancelled');
    await until(async () => (await world.counts()).locked === 0);
    expect(await world.events(job.jobId)).toEqual(['submitted', 'cancelled']);
  });
});

describe('jobs that end without a run', () => {
  test('a running job whose cancel was asked for is cancelled when its message comes again', async () => {
    const world = await World.open();
    const started = await startAndDie(world, await world.submit('echo'));
    await world.backend.store.save(requestCancel(started, world.clock.now(), 'somebody'));
    world.start([echoHandler]);
    await world.becomes(started.jobId, 'Cancelled');
    await until(async () => (await world.counts()).locked === 0);
    expect(await world.counts()).toMatchObject(EMPTY);
  });

  test('a job without a handler here comes back later, and is dead-lettered when its attempts are used up', async () => {
    const world = await World.open();
    const job = await world.submit('echo');
    world.start([], {});
    await until(async () => (await world.job(job.jobId)).attempt === 1);
    expect(await world.job(job.jobId)).toMatchObject({ status: 'Queued', attempt: 1, nextAttemptAt: world.clock.now() + 1000, error: { code: 'NO_HANDLER' } });
    await world.clock.advance(10_000);
    expect(await world.becomes(job.jobId, 'DeadLettered')).toMatchObject({ error: { code: 'NO_HANDLER' }, startedAt: null });
    const { letters } = await world.backend.deadLetters.peek({ queue: QUEUE, limit: 10 });
    expect(letters).toMatchObject([{ reason: 'NO_HANDLER', description: expect.stringContaining('"echo"') as string }]);
  });

  test('a worker that has the handler can still take it in between', async () => {
    const world = await World.open();
    const job = await world.submit('echo');
    const without = world.start([]);
    await until(async () => (await world.job(job.jobId)).attempt === 1);
    without.worker.drain('test');
    await without.ended;
    world.start([echoHandler]);
    await world.clock.advance(3000);
    expect(await world.becomes(job.jobId, 'Succeeded')).toMatchObject({ attempt: 2, error: null });
  });
});

describe('fan-in left over by a crash', () => {
  async function waitingParent(world: World): Promise<{ parent: Job; child: Job }> {
    const submitted = await world.submit('sleep', { ms: 1 });
    const started = await startAndDie(world, submitted);
    const child = await world.submit('echo', 'child', { parentJobId: started.jobId });
    const parent = await world.backend.store.save(awaitChildren(started, world.clock.now(), 1));
    return { parent, child };
  }

  test('a parent that saved its waiting and died looks at its children when its message comes again', async () => {
    const world = await World.open();
    const { parent, child } = await waitingParent(world);
    const childMessages = async (): Promise<Delivery[]> => world.backend.queue.receive({ queue: QUEUE, max: 10, waitMs: 0 });
    // The child ended and its worker died before it looked at the parent.
    const deliveries = await childMessages();
    const own = deliveries.find(({ message }) => message.properties['jobId'] === child.jobId);
    const held = { queue: QUEUE, brokerSequence: own?.message.brokerSequence ?? '', lockedUntil: 0 };
    const running = await world.backend.store.save(start(child, world.clock.now(), { worker: 'w', delivery: held, afterLostLock: false }));
    await world.backend.store.save(succeed(running, world.clock.now(), { result: null, resultRef: null, artifacts: [] }));
    for (const delivery of deliveries) if (delivery !== own) await delivery.release(0);
    world.start([{ type: 'sleep', run: () => Promise.resolve({ result: 'went on' }) }]);
    expect(await world.becomes(parent.jobId, 'Succeeded')).toMatchObject({ result: 'went on', children: { expected: 1, succeeded: 1, failed: 0 } });
    expect(await world.events(parent.jobId)).toEqual(['submitted', 'started', 'awaits-children', 'children-ended', 'started', 'succeeded']);
  });

  test('a child that ended and whose worker died before the fan-in resumes the parent when its message comes again', async () => {
    const world = await World.open();
    const { parent, child } = await waitingParent(world);
    // The parent's own message is gone: only the child's is left to notice.
    const deliveries = await world.backend.queue.receive({ queue: QUEUE, max: 10, waitMs: 0, lockMs: 1000 });
    for (const delivery of deliveries) if (delivery.message.properties['jobId'] === parent.jobId) await delivery.complete();
    const own = deliveries.find(({ message }) => message.properties['jobId'] === child.jobId);
    const held = { queue: QUEUE, brokerSequence: own?.message.brokerSequence ?? '', lockedUntil: 0 };
    const running = await world.backend.store.save(start(child, world.clock.now(), { worker: 'w', delivery: held, afterLostLock: false }));
    await world.backend.store.save(deadLetter(running, world.clock.now(), ERROR));
    await world.clock.advance(1001);
    // No maintenance here: the message alone must lead to it.
    const store = withMethods(world.backend.store, { strandedParents: () => Promise.resolve([]) });
    world.start([{ type: 'sleep', run: () => Promise.resolve({ result: 'went on' }) }], {}, { ...world.backend, store });
    expect(await world.becomes(parent.jobId, 'Succeeded')).toMatchObject({ children: { expected: 1, succeeded: 0, failed: 1 } });
    await until(async () => (await world.counts()).deadLetter === 1);
  });

  test('a stranded parent without any message is found by maintenance', async () => {
    const world = await World.open();
    const { parent, child } = await waitingParent(world);
    for (const delivery of await world.backend.queue.receive({ queue: QUEUE, max: 10, waitMs: 0 })) await delivery.complete();
    const held = { queue: QUEUE, brokerSequence: '0', lockedUntil: 0 };
    const running = await world.backend.store.save(start(child, world.clock.now(), { worker: 'w', delivery: held, afterLostLock: false }));
    await world.backend.store.save(succeed(running, world.clock.now(), { result: null, resultRef: null, artifacts: [] }));
    world.start([{ type: 'sleep', run: () => Promise.resolve({ result: 'went on' }) }]);
    expect(await world.becomes(parent.jobId, 'Succeeded')).toMatchObject({ result: 'went on' });
  });
});

describe('failures of store and queue', () => {
  test('a delivery whose job cannot be read is let go and tried again later', async () => {
    const world = await World.open();
    const job = await world.submit('echo');
    let failing = true;
    const store = withMethods(world.backend.store, {
      get: (jobId) => (failing ? Promise.reject(new AppError('DB_IO', 'the disk is away')) : world.backend.store.get(jobId)),
    });
    const { worker } = world.start([echoHandler], {}, { ...world.backend, store });
    await until(() => worker.metrics.errors === 1);
    expect(await world.job(job.jobId)).toMatchObject({ status: 'Queued', attempt: 0 });
    failing = false;
    await world.clock.advance(10_000);
    expect(await world.becomes(job.jobId, 'Succeeded')).toMatchObject({ attempt: 1 });
  });

  test.each(['DB_FULL', 'COSMOS_THROTTLED', 'COSMOS_UNAUTHORIZED'] as const)('an outcome that cannot be saved (%s) is kept and saved when the store is back', async (code) => {
    const world = await World.open();
    const job = await world.submit('echo', 'kept');
    let refusals = 3;
    const store = withMethods(world.backend.store, {
      save: (change) => (change.event.type === 'succeeded' && refusals-- > 0 ? Promise.reject(new AppError(code, 'not now')) : world.backend.store.save(change)),
    });
    world.start([echoHandler], {}, { ...world.backend, store });
    await until(() => refusals === 2);
    expect(await world.job(job.jobId)).toMatchObject({ status: 'Running' });
    await world.clock.advance(5000);
    expect(await world.becomes(job.jobId, 'Succeeded')).toMatchObject({ attempt: 1, result: 'kept' });
  });

  test('a message that cannot be completed for a while is completed when the queue is back, long before its lock ends', async () => {
    const world = await World.open();
    const job = await world.submit('echo');
    let refusals = 2;
    const queue = withMethods(world.backend.queue, {
      receive: async (params) =>
        (await world.backend.queue.receive(params)).map((delivery) =>
          withMethods(delivery, { complete: () => (refusals-- > 0 ? Promise.reject(new AppError('DB_FULL', 'no space')) : delivery.complete()) }),
        ),
    });
    world.start([echoHandler], {}, { ...world.backend, queue, store: storeApart(world) });
    await world.becomes(job.jobId, 'Succeeded');
    await until(() => refusals === 1);
    expect(await world.counts()).toMatchObject({ locked: 1 });
    await world.clock.advance(5000);
    await until(async () => (await world.counts()).locked === 0);
    expect(await world.events(job.jobId)).toEqual(['submitted', 'started', 'succeeded']);
  });

  test('a delivery that failed with its store is let go when the store is back, long before its lock ends', async () => {
    const world = await World.open();
    const job = await world.submit('echo');
    let away = true;
    const fails = (): Promise<never> => Promise.reject(new AppError('DB_FULL', 'no space'));
    const store = withMethods(world.backend.store, { get: (jobId) => (away ? fails() : world.backend.store.get(jobId)) });
    const queue = withMethods(world.backend.queue, {
      receive: async (params) =>
        (await world.backend.queue.receive(params)).map((delivery) => withMethods(delivery, { release: (delayMs) => (away ? fails() : delivery.release(delayMs)) })),
    });
    const { worker } = world.start([echoHandler], {}, { ...world.backend, store, queue });
    await until(() => worker.metrics.errors === 1);
    away = false;
    await world.clock.advance(20_000);
    expect(await world.becomes(job.jobId, 'Succeeded')).toMatchObject({ attempt: 1 });
  });

  test('a message that cannot be completed comes again, is completed then, and the job ran once', async () => {
    const world = await World.open();
    const job = await world.submit('echo');
    let refusals = 1;
    const queue = withMethods(world.backend.queue, {
      receive: async (params) => {
        const deliveries = await world.backend.queue.receive({ ...params, lockMs: 1000 });
        return deliveries.map((delivery) =>
          withMethods(delivery, { complete: () => (refusals-- > 0 ? Promise.reject(new AppError('BACKEND_UNAVAILABLE', 'gone')) : delivery.complete()) }),
        );
      },
    });
    world.start([echoHandler], {}, { ...world.backend, queue, store: storeApart(world) });
    await world.becomes(job.jobId, 'Succeeded');
    await world.clock.advance(5000);
    await until(async () => (await world.counts()).locked === 0);
    expect(await world.events(job.jobId)).toEqual(['submitted', 'started', 'succeeded']);
  });
});

/** As a store that shares nothing with the queue: the message is completed by the worker, after the save. */
function storeApart(world: World): World['backend']['store'] {
  return withMethods(world.backend.store, { save: (change) => world.backend.store.save(change) });
}
