// The promise of MessageQueue.receive about attempts that begin with a hand-out: the start is saved with the lock, or
// nothing is begun and the start is left to the caller.

import { describe, expect, it } from 'vitest';

import { requestCancel, succeed } from '../../src/domain/lifecycle.js';
import type { BeginAttempt, Delivery } from '../../src/ports/message-queue.js';
import { type ContractBackend, insertJob, type MakeBackend, startOf } from './contract-backend.js';

const NO_RESULT = { result: null, resultRef: null, artifacts: [] };

export function describeBeginAttemptContract(name: string, make: MakeBackend): void {
  describe(`MessageQueue.receive with attempts to begin, on ${name}`, () => {
    it('hands out a job that is stored as begun, and its outcome can be saved with the delivery', async () => {
      const backend = await make();
      const { store, events } = backend.ports;
      const { jobId } = await insertJob(backend);
      const { delivery, begun } = await beginOnly(backend);
      expect(begun).toMatchObject({ jobId, status: 'Running', runEpoch: 1, version: 2 });
      expect(await store.get(jobId)).toEqual(begun);
      const ended = await store.save(succeed(begun, 9, { ...NO_RESULT, result: 'done' }), delivery);
      expect(await store.get(jobId)).toEqual(ended);
      expect(ended).toMatchObject({ status: 'Succeeded', result: 'done', version: 3 });
      if (!delivery.isCompleted) await delivery.complete();
      const history = (await events.read({ jobId, limit: 10 })).events;
      expect(history.map(({ type, status }) => [type, status])).toEqual([
        ['submitted', 'Queued'],
        ['started', 'Running'],
        ['succeeded', 'Succeeded'],
      ]);
      expect(await backend.ports.counters.totals()).toEqual([expect.objectContaining({ status: 'Succeeded', count: 1 })]);
    });

    it('begins nothing that it is not told to, and hands out the whole message', async () => {
      const backend = await make();
      const { jobId } = await insertJob(backend);
      const [delivery] = await receive(backend, () => undefined);
      expect(delivery?.begun).toBeUndefined();
      expect(JSON.parse(Buffer.from(delivery?.message.body ?? []).toString('utf8'))).toMatchObject({ jobId });
      expect(await backend.ports.store.get(jobId)).toMatchObject({ status: 'Queued', version: 1 });
    });

    it('reads the body of a message whose attempt has begun, too', async () => {
      const backend = await make();
      const { jobId } = await insertJob(backend);
      const { delivery } = await beginOnly(backend);
      expect(JSON.parse(Buffer.from(delivery.message.body).toString('utf8'))).toMatchObject({ jobId });
    });

    it('starts a job whose first attempt was delayed as any other', async () => {
      const backend = await make();
      await insertJob(backend, { dueAt: backend.clock.now() + 5000 });
      backend.clock.advance(5000);
      const { begun } = await beginOnly(backend);
      expect(begun).toMatchObject({ status: 'Running', nextAttemptAt: null });
      expect(await backend.ports.store.openWork([begun.queue])).toMatchObject({ delayed: 0, locked: 1 });
    });

    it('begins some and leaves others', async () => {
      const backend = await make();
      const jobs = [await insertJob(backend), await insertJob(backend), await insertJob(backend)];
      const left = jobs[1]?.jobId;
      const deliveries = await receive(backend, (delivery, jobNamed) => {
        const job = jobNamed(String(delivery.message.properties['jobId']));
        return job === undefined || job.jobId === left ? undefined : startOf(job, backend.clock.now());
      });
      const statuses = await Promise.all(jobs.map(async ({ jobId }) => (await backend.ports.store.get(jobId))?.status));
      expect(deliveries.map(({ begun }) => begun?.status ?? 'Queued')).toEqual(statuses);
      expect(statuses[1]).toBe('Queued');
    });

    it('refuses an outcome when somebody saved the job since, and leaves no trace of it', async () => {
      const backend = await make();
      const { store, events } = backend.ports;
      const { delivery, begun } = await beginNew(backend);
      const cancelled = await store.save(requestCancel(begun, 5, 'someone'));
      await expect(store.save(succeed(begun, 9, NO_RESULT), delivery)).rejects.toMatchObject({ code: 'JOB_CONFLICT' });
      expect(await store.get(begun.jobId)).toEqual(cancelled);
      expect((await events.read({ jobId: begun.jobId, limit: 10 })).events.map(({ type }) => type)).toEqual(['submitted', 'started', 'cancel-requested']);
      expect(delivery.isCompleted).toBe(false);
      const ended = await store.save(succeed(cancelled, 9, NO_RESULT), delivery);
      expect(ended).toMatchObject({ status: 'Succeeded', cancelRequestedAt: 5 });
      expect((await events.read({ jobId: begun.jobId, limit: 10 })).events).toHaveLength(4);
    });

    it('keeps progress that was saved between the start and the outcome', async () => {
      const backend = await make();
      const { store } = backend.ports;
      const { delivery, begun } = await beginNew(backend);
      await store.saveProgress(begun, { completed: 1, total: 2, message: null });
      await expect(store.save(succeed(begun, 9, NO_RESULT), delivery)).rejects.toMatchObject({ code: 'JOB_CONFLICT' });
      const current = await store.get(begun.jobId);
      if (current === undefined) throw new Error('the job is gone');
      expect(await store.save(succeed(current, 9, NO_RESULT), delivery)).toMatchObject({ progress: { completed: 1, total: 2 } });
    });

    it('saves the outcome with all that changed since the start', async () => {
      const backend = await make();
      const { store } = backend.ports;
      const { delivery, begun } = await beginNew(backend);
      const changed = { ...begun, labels: { team: 'a' }, progress: { completed: 2, total: 2, message: 'all' } };
      const ended = await store.save(succeed(changed, 9, NO_RESULT), delivery);
      expect(await store.get(begun.jobId)).toEqual(ended);
      expect(ended).toMatchObject({ labels: { team: 'a' }, progress: { completed: 2 } });
    });

    it('hands a job out again when its lock ends, still as begun by the first hand-out', async () => {
      const backend = await make();
      const first = await beginNew(backend);
      backend.clock.advance(60_001);
      const [again] = await receive(backend, (delivery, jobNamed) => {
        expect(jobNamed(String(delivery.message.properties['jobId']))).toEqual(first.begun);
        return undefined;
      });
      expect(again?.message.brokerSequence).toBe(first.delivery.message.brokerSequence);
      expect((await backend.ports.store.save(succeed(first.begun, 9, NO_RESULT), first.delivery)).status).toBe('Succeeded');
      expect(first.delivery.isCompleted).toBe(false);
    });
  });
}

interface Begun {
  readonly delivery: Delivery;
  readonly begun: NonNullable<Delivery['begun']>;
}

async function beginNew(backend: ContractBackend): Promise<Begun> {
  await insertJob(backend);
  return beginOnly(backend);
}

/** Begins the one job that waits, with its hand-out or, where the queue cannot, behind it. */
async function beginOnly(backend: ContractBackend): Promise<Begun> {
  const [delivery] = await receive(backend, (held, jobNamed) => {
    const job = jobNamed(String(held.message.properties['jobId']));
    return job === undefined ? undefined : startOf(job, backend.clock.now());
  });
  if (delivery === undefined) throw new Error('expected a delivery, got none');
  if (delivery.begun !== undefined) return { delivery, begun: delivery.begun };
  const job = await backend.ports.store.get(String(delivery.message.properties['jobId']));
  if (job === undefined) throw new Error('the job of the message is not stored');
  return { delivery, begun: await backend.ports.store.save(startOf(job, backend.clock.now())) };
}

function receive({ ports, queues }: ContractBackend, begin: BeginAttempt): Promise<Delivery[]> {
  return ports.queue.receive({ queue: queues[0], max: 10, waitMs: 0, begin });
}
