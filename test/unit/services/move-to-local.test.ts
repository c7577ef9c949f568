// Emptying another system's queue onto the own one, message by message: the jobs go on here, whatever state they are in.

import { describe, expect, test } from 'vitest';

import type { Job } from '../../../src/domain/job.js';
import { cancel, requestCancel, scheduleRetry, start } from '../../../src/domain/lifecycle.js';
import type { Delivery } from '../../../src/ports/message-queue.js';
import { moveDeliveryToLocal, type MovedDelivery } from '../../../src/services/move-to-local.js';
import { echoHandler } from '../../../src/worker/handlers/echo.js';
import { FarWorld } from '../../support/far-world.js';
import { withMethods } from '../../support/with-methods.js';
import { QUEUE } from '../../support/worker-world.js';

const EMPTY = { active: 0, locked: 0, scheduled: 0, deadLetter: 0 };

async function take(world: FarWorld): Promise<Delivery> {
  const [delivery] = await world.far.receive({ queue: QUEUE, max: 1, waitMs: 0 });
  if (delivery === undefined) throw new Error('no message is ready');
  return delivery;
}

async function move(world: FarWorld, delivery?: Delivery): Promise<MovedDelivery> {
  const { store, clock } = world.backend;
  return moveDeliveryToLocal(delivery ?? (await take(world)), { store, clock, localQueue: world.own.queue });
}

/** As a worker that saved the start and died; the message is at hand again. */
async function startAndDie(world: FarWorld, job: Job): Promise<Job> {
  const [delivery] = await world.far.receive({ queue: QUEUE, max: 1, waitMs: 0, lockMs: 1000 });
  const held = { queue: QUEUE, brokerSequence: delivery?.message.brokerSequence ?? '', queueMode: 'service_bus' as const, lockedUntil: 0 };
  const started = await world.backend.store.save(start(job, world.clock.now(), { worker: 'dead', delivery: held, afterLostLock: job.status === 'Running' }));
  await world.clock.advance(1001);
  return started;
}

/** Everything runs that can, on the own queue alone. */
async function runHere(world: FarWorld): Promise<void> {
  const { worker, ended } = world.start([echoHandler]);
  for (let step = 0; step < 20; step += 1) await world.clock.advance(500);
  worker.drain('done');
  await world.clock.advance(1000);
  await ended;
}

describe('a message of a job', () => {
  test('that waits goes on here, under the next number', async () => {
    const world = await FarWorld.openFar();
    const { jobId } = await world.submitSent('echo');
    expect(await move(world)).toBe('moved');
    expect(await world.job(jobId)).toMatchObject({ queueMode: 'local', sequence: 2, status: 'Queued' });
    expect(await world.counts()).toEqual(EMPTY);
    await runHere(world);
    expect(await world.job(jobId)).toMatchObject({ status: 'Succeeded', queueMode: 'local' });
  });

  test('whose attempt never reported back goes on with the next one, and ends here when it was the last', async () => {
    const world = await FarWorld.openFar();
    const job = await startAndDie(world, await world.submitSent('echo'));
    expect(await move(world)).toBe('moved');
    expect(await world.job(job.jobId)).toMatchObject({ status: 'Queued', attempt: 1, lostLocks: 1 });
    await runHere(world);
    expect(await world.job(job.jobId)).toMatchObject({ status: 'Succeeded', attempt: 2 });

    let last = await world.submitSent('echo');
    for (let attempt = 0; attempt < 3; attempt += 1) last = await startAndDie(world, last);
    expect(await move(world)).toBe('moved');
    await runHere(world);
    expect(await world.job(last.jobId)).toMatchObject({ status: 'DeadLettered', error: { code: 'WORKER_LOST' } });
  });

  test('that was to be cancelled is cancelled here', async () => {
    const world = await FarWorld.openFar();
    const job = await startAndDie(world, await world.submitSent('echo'));
    await world.backend.store.save(requestCancel(job, 1, 'me'));
    expect(await move(world)).toBe('moved');
    await runHere(world);
    expect(await world.job(job.jobId)).toMatchObject({ status: 'Cancelled' });
  });

  test('that has ended, or has a newer one, is completed', async () => {
    const world = await FarWorld.openFar();
    const ended = await world.submitSent('echo');
    await world.backend.store.save(cancel(ended, 1, 'me'));
    expect(await move(world)).toBe('completed');
    const delivery = await (async () => {
      const job = await startAndDie(world, await world.submitSent('echo'));
      const error = { code: 'X', message: 'no', retryable: true, at: 0 };
      await world.backend.store.save(scheduleRetry(job, world.clock.now(), { retryAt: world.clock.now() + 60_000, error }));
      return take(world);
    })();
    expect(await move(world, delivery)).toBe('completed');
    expect(await world.counts()).toEqual(EMPTY);
  });

  test('that changes meanwhile is decided anew', async () => {
    const world = await FarWorld.openFar();
    const job = await world.submitSent('echo');
    const { store, clock } = world.backend;
    let first = true;
    const racing = withMethods(store, {
      save: async (change, settles) => {
        if (first) await store.save(cancel(job, 1, 'me'));
        first = false;
        return store.save(change, settles);
      },
    });
    expect(await moveDeliveryToLocal(await take(world), { store: racing, clock, localQueue: world.own.queue })).toBe('completed');
    expect(await world.job(job.jobId)).toMatchObject({ status: 'Cancelled' });
  });
});

describe('a message of another producer', () => {
  test('is sent on as it is, and makes its job here', async () => {
    const world = await FarWorld.openFar();
    const body = JSON.stringify({ job_id: 'job-1', message_type: 'echo', payload: { hello: 1 } });
    await world.far.send([{ queue: QUEUE, messageId: 'm-1', body, properties: { tenant: 'a' } }]);
    expect(await move(world)).toBe('forwarded');
    const [delivery] = await world.own.queue.receive({ queue: QUEUE, max: 1, waitMs: 0 });
    expect(delivery?.message).toMatchObject({ messageId: 'm-1', properties: { tenant: 'a' } });
    expect(Buffer.from(delivery?.message.body ?? []).toString()).toBe(body);
  });
});

describe('a message that is not ours', () => {
  test('is left where it is', async () => {
    const world = await FarWorld.openFar();
    const other = await FarWorld.openFar();
    await other.submitSent('echo');
    await world.far.send([...other.far.sent, { queue: QUEUE, messageId: 'nonsense', body: 'nonsense', properties: {} }]);
    expect([await move(world), await move(world)]).toEqual(['left', 'left']);
    expect(await world.counts()).toEqual({ ...EMPTY, locked: 2 });
    expect((await world.backend.store.list({ filter: {}, limit: 5 })).jobs).toEqual([]);
  });
});
