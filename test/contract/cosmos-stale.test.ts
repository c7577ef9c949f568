// Cosmos DB with replicas that lag: a process reads what it wrote itself, and of others what was there a while ago. What
// is decided from such a read must hold all the same.

import { describe, expect, test } from 'vitest';

import { hasCode } from '../../src/domain/errors.js';
import type { Job } from '../../src/domain/job.js';
import { deadLetter, retry, submit, succeed } from '../../src/domain/lifecycle.js';
import { CREATOR_HOLD_MS } from '../../src/ports/outbox.js';
import { HOUR_MS, insertJob, startOf, testJob } from './contract-backend.js';
import { type CosmosContractBackend, makeCosmosBackend } from './cosmos-backend.js';

const NO_RESULT = { result: null, resultRef: null, artifacts: [] };
const LAG_MS = 10 * 60_000;
const LEASE = { leaseMs: 5_000, limit: 100 };

/** Every read is as old as the session of the reader lets it be; time stands still unless a test turns it. */
function lagging(): Promise<CosmosContractBackend> {
  return makeCosmosBackend({ staleness: { keepMs: LAG_MS, behindMs: () => LAG_MS } });
}

describe('when replicas lag', () => {
  test('a job that another process has just saved is there for whoever asks for it by its id', async () => {
    const backend = await lagging();
    const worker = await backend.open();
    const { jobId } = await insertJob(backend);
    expect((await worker.store.list({ filter: {}, limit: 10 })).jobs).toEqual([]);
    expect(await worker.store.get(jobId)).toMatchObject({ status: 'Queued', version: 1 });
    expect(await worker.store.get(testJob(backend).jobId)).toBeUndefined();
  });

  test('one key of two submitters makes one job', async () => {
    const backend = await lagging();
    const [one, other] = [await backend.open(), await backend.open()];
    const keyed = () => ({ ...submit({ ...testJob(backend), idempotencyKey: 'k' }), idempotency: { key: 'k', requestHash: 'h' } });
    const [first] = await one.store.insert([keyed()]);
    const [second] = await other.store.insert([keyed()]);
    expect([first?.kind, second?.kind]).toEqual(['inserted', 'duplicate']);
    const third = await backend.open();
    expect(await third.store.insert([{ ...keyed(), idempotency: { key: 'k', requestHash: 'another' } }])).toMatchObject([{ kind: 'conflict' }]);
  });

  test('a start from an old read is a conflict, and the next read shows why', async () => {
    const backend = await lagging();
    const [quick, slow] = [await backend.open(), await backend.open()];
    const job = await insertJob(backend);
    await slow.store.get(job.jobId);
    const running = await quick.store.save(startOf(job, 1, { worker: 'quick' }));
    const old = await slow.store.get(job.jobId);
    expect(old).toMatchObject({ status: 'Queued' });
    await expect(slow.store.save(startOf(old ?? job, 2, { worker: 'slow' }))).rejects.toMatchObject({ code: 'JOB_CONFLICT' });
    expect(await slow.store.get(job.jobId)).toMatchObject({ status: 'Running', worker: 'quick', runEpoch: running.runEpoch });
  });

  test('workers that race for the same jobs give each one outcome', async () => {
    const backend = await lagging();
    const jobs = await Promise.all(Array.from({ length: 20 }, () => insertJob(backend)));
    const work = async (index: number): Promise<void> => {
      const { store } = await backend.open();
      for (const { jobId } of jobs) {
        const job = await store.get(jobId);
        if (job?.status !== 'Queued') continue;
        try {
          await store.save(succeed(await store.save(startOf(job, 10, { worker: `w${index}` })), 20, NO_RESULT));
        } catch (error) {
          if (!hasCode(error, 'JOB_CONFLICT')) throw error;
        }
      }
    };
    await Promise.all([0, 1, 2].map(work));
    backend.clock.advance(2 * LAG_MS);
    for (const { jobId } of jobs) {
      const { events } = await backend.ports.events.read({ jobId, limit: 10 });
      expect(events.map(({ type }) => type)).toEqual(['submitted', 'started', 'succeeded']);
    }
  });

  test('an entry of the outbox is taken by one of those who find it, and not after its job has started', async () => {
    const backend = await lagging();
    const jobs = [await insertJob(backend), await insertJob(backend)];
    backend.clock.advance(LAG_MS + CREATOR_HOLD_MS);
    const [one, other, third] = [await backend.open(), await backend.open(), await backend.open()];
    const taken = await Promise.all([one.outbox.claim(LEASE), other.outbox.claim(LEASE)]);
    expect(taken.flat().map(({ entry }) => entry.jobId).sort()).toEqual(jobs.map(({ jobId }) => jobId).sort());
    await one.outbox.sent(taken.flat());
    await other.outbox.sent(taken.flat());
    // It still finds both as they were.
    expect(await third.outbox.claim(LEASE)).toEqual([]);
    for (const { jobId } of jobs) expect(await one.store.get(jobId)).toMatchObject({ queueMode: 'service_bus' });
  });

  test('a job that was queued again is not pruned as the ended one that it was', async () => {
    const backend = await lagging();
    const job = await insertJob(backend);
    const others = [await insertJob(backend), await insertJob(backend), await insertJob(backend)];
    const end = (one: Job): Promise<Job> => backend.ports.store.save(deadLetter(one, 1, { code: 'X', message: 'no', retryable: true, at: 1 }));
    const dead = await end(job);
    for (const other of others) await end(other);
    backend.clock.advance(2 * LAG_MS);
    const pruner = await backend.open();
    await backend.ports.store.save(retry(dead, 2, { ttlMs: HOUR_MS, by: 'me' }));
    // As many as were asked for, though the first that it finds is none.
    const pruned = await pruner.store.prune({ before: backend.clock.now(), limit: 3 });
    expect(pruned.map(({ jobId }) => jobId)).toEqual(others.map(({ jobId }) => jobId));
    expect(await backend.ports.store.get(job.jobId)).toMatchObject({ status: 'Queued', sequence: 2 });
    expect((await backend.ports.events.read({ jobId: job.jobId, limit: 10 })).events).toHaveLength(3);
  });
});
