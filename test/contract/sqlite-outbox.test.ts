// The SQLite store with its queue elsewhere: the outbox's own suite, the store's suites in this mode, and what happens
// when a file changes from one mode to the other.

import { describe, expect, it } from 'vitest';

import type { Job } from '../../src/domain/job.js';
import { awaitChildren, cancel, moveToLocal, scheduleRetry } from '../../src/domain/lifecycle.js';
import { messageIdOf } from '../../src/domain/message.js';
import { describeCheckpointsContract } from './checkpoints.js';
import { type ContractBackend, HOUR_MS, insertJob, startOf } from './contract-backend.js';
import { describeEventLogContract } from './event-log.js';
import { describeJobCountersContract } from './job-counters.js';
import { describeJobStoreContract } from './job-store.js';
import { describeJobStoreListContract } from './job-store-list.js';
import { describeJobStoreSetsContract } from './job-store-sets.js';
import { describeJobStoreSettlesContract } from './job-store-settles.js';
import { describeOutboxContract } from './outbox.js';
import { makeOutboxBackend } from './outbox-backend.js';

const NAME = 'SQLite with its queue elsewhere';
const ELSEWHERE = { sharesQueue: false };
const ERROR = { code: 'X', message: 'no', retryable: true, at: 1 };

describeOutboxContract('SQLite', makeOutboxBackend);
describeJobStoreContract(NAME, makeOutboxBackend, ELSEWHERE);
describeJobStoreListContract(NAME, makeOutboxBackend);
describeJobStoreSetsContract(NAME, makeOutboxBackend, ELSEWHERE);
describeJobStoreSettlesContract(NAME, makeOutboxBackend);
describeEventLogContract(NAME, makeOutboxBackend);
describeCheckpointsContract(NAME, makeOutboxBackend);
describeJobCountersContract(NAME, makeOutboxBackend);

describe('open work of a store whose queue is elsewhere', () => {
  it('is what the store knows: jobs that wait, run, and are due later, and what is not sent yet', async () => {
    const backend = await makeOutboxBackend();
    const { store, outbox } = backend.ports;
    const none = { ready: 0, locked: 0, retries: 0, awaitingChildren: 0, delayed: 0 };
    expect(await store.openWork(backend.queues)).toEqual(none);
    await insertJob(backend, { dueAt: backend.clock.now() + 60_000 });
    expect(await store.openWork(backend.queues)).toEqual({ ...none, ready: 1, delayed: 1 });
    await outbox.sent(await outbox.claim({ leaseMs: 1000, limit: 10 }));
    expect(await store.openWork(backend.queues)).toEqual({ ...none, delayed: 1 });
    const job = await insertJob(backend);
    expect(await store.openWork(backend.queues)).toEqual({ ...none, ready: 1, delayed: 1 });
    const running = await store.save(startOf(job, 1));
    expect(await store.openWork(backend.queues)).toEqual({ ...none, locked: 1, delayed: 1 });
    const waiting = await store.save(scheduleRetry(running, 1, { retryAt: backend.clock.now() + 500, error: ERROR }));
    await outbox.sent(await outbox.claim({ leaseMs: 1000, limit: 10 }));
    expect(await store.openWork(backend.queues)).toEqual({ ...none, ready: 1, delayed: 1 });
    await store.save(awaitChildren(await store.save(startOf(await stored(backend, waiting), 1)), 2, 3));
    expect(await store.openWork(backend.queues)).toEqual({ ...none, awaitingChildren: 1, delayed: 1 });
  });
});

describe('a file whose mode changes', () => {
  it('adopts what was not sent, once nobody holds it', async () => {
    const backend = await makeOutboxBackend();
    const [first, second, gone] = [await insertJob(backend), await insertJob(backend), await insertJob(backend)];
    const { outbox } = backend.ports;
    await outbox.notSent(await outbox.claim({ leaseMs: 1, limit: 1 }), { problem: 'away', tryAgainAt: backend.clock.now() + 60_000 });
    const own = await backend.inOwnQueueMode();
    await own.store.save(cancel(gone, 1, 'me'));
    expect(await own.store.openWork(backend.queues)).toMatchObject({ ready: 3 });
    // A pause before the next try is over with the mode; a hold is not.
    expect(await own.adoptOutbox?.()).toBe(1);
    expect(await own.store.get(first.jobId)).toMatchObject({ queueMode: 'local', sequence: 2 });
    backend.clock.advance(15_000);
    expect(await own.adoptOutbox?.()).toBe(2);
    expect(await own.adoptOutbox?.()).toBe(0);
    const received = await own.queue.receive({ queue: backend.queues[0], max: 5, waitMs: 0 });
    expect(received.map(({ message }) => message.messageId)).toEqual([messageIdOf(first.jobId, 2), messageIdOf(second.jobId, 2)]);
    expect(await own.store.openWork(backend.queues)).toMatchObject({ ready: 0, locked: 2 });
  });

  it('adopts what was held before the clock was set back', async () => {
    const backend = await makeOutboxBackend();
    backend.clock.advance(HOUR_MS);
    const job = await insertJob(backend);
    const own = await backend.inOwnQueueMode();
    backend.clock.advance(-HOUR_MS);
    expect(await own.adoptOutbox?.()).toBe(1);
    expect(await own.store.get(job.jobId)).toMatchObject({ queueMode: 'local', sequence: 2 });
  });

  it('forgets a job that was moved to its own queue: counting what is elsewhere costs nothing afterwards', async () => {
    const backend = await makeOutboxBackend();
    const { outbox, store } = backend.ports;
    const sent = await insertJob(backend);
    await outbox.sent(await outbox.claim({ leaseMs: 1000, limit: 10 }));
    const unsent = await insertJob(backend);
    const own = await backend.inOwnQueueMode();
    for (const { jobId } of [sent, unsent]) {
      const job = await store.get(jobId);
      if (job === undefined) throw new Error('it is gone');
      await own.store.save(moveToLocal(job, backend.clock.now(), 'drained'));
    }
    // A page of one row: rows that are out of date would lead to another page.
    expect(await own.elsewhere.list({ limit: 1 })).toEqual({ jobs: [], nextCursor: null });
    expect(await own.store.openWork(backend.queues)).toMatchObject({ ready: 2 });
    expect(await own.adoptOutbox?.()).toBe(0);
  });

  it('keeps what its own queue has for the workers of the other mode', async () => {
    const backend = await makeOutboxBackend();
    const own = await backend.inOwnQueueMode();
    const job = await insertJob({ ...backend, ports: own });
    expect(job.queueMode).toBe('local');
    const received = await backend.store.queue.receive({ queue: backend.queues[0], max: 5, waitMs: 0 });
    expect(received.map(({ message }) => message.messageId)).toEqual([messageIdOf(job.jobId, 1)]);
    const running = await backend.ports.store.save(startOf(job, 1));
    const waiting = await backend.ports.store.save(scheduleRetry(running, 2, { retryAt: backend.clock.now(), error: ERROR }));
    expect(waiting.queueMode).toBe('pending');
  });

  it('keeps queues paused', async () => {
    const backend = await makeOutboxBackend();
    await backend.store.pauses.pause(backend.queues[0], 'me');
    await backend.store.pauses.pause('made-by-hand', 'me');
    const own = await backend.inOwnQueueMode();
    expect([...(await own.pauses.list()).keys()].sort()).toEqual([backend.queues[0], 'made-by-hand']);
    expect((await own.admin.list([backend.queues[0]]))[0]?.pausedBy).toBe('me');
    await own.pauses.resume(backend.queues[0]);
    await own.pauses.resume('never-there');
    expect([...(await backend.store.pauses.list()).keys()]).toEqual(['made-by-hand']);
  });
});

describe('jobs whose message is elsewhere', () => {
  it('are overdue when their lock or their life has ended, one watcher at a time, until they are heard of', async () => {
    const backend = await makeOutboxBackend();
    const { ports, clock } = backend;
    const { watched } = backend.store;
    if (watched === undefined) throw new Error('nothing is watched');
    const queued = await insertJob(backend);
    const running = await ports.store.save(startOf(await insertJob(backend), clock.now()));
    const take = async (before: number): Promise<string[]> => (await watched.take({ before, lookAgainAt: before + 2 * HOUR_MS, limit: 10 })).map(({ jobId }) => jobId);
    const lockEnd = running.delivery?.lockedUntil ?? 0;
    expect(await take(lockEnd)).toEqual([]);
    expect(await take(lockEnd + 1)).toEqual([running.jobId]);
    expect(await take(lockEnd + 1)).toEqual([]);
    expect(await take((queued.expiresAt ?? 0) + 1)).toEqual([queued.jobId]);
    await ports.store.save(cancel(queued, 1, 'me'));
    expect(await take(clock.now() + 10 * HOUR_MS)).toEqual([running.jobId]);
  });

  it('are not watched when it came to the own queue', async () => {
    const backend = await makeOutboxBackend();
    await insertJob(backend);
    const { outbox } = backend.ports;
    expect(await outbox.moveToLocal?.(await outbox.claim({ leaseMs: 1000, limit: 1 }), 'away')).toBe(1);
    expect(await backend.store.watched?.take({ before: Number.MAX_SAFE_INTEGER, lookAgainAt: 0, limit: 10 })).toEqual([]);
  });
});

async function stored({ ports }: ContractBackend, { jobId }: Job): Promise<Job> {
  const job = await ports.store.get(jobId);
  if (job === undefined) throw new Error(`the job ${jobId} is gone`);
  return job;
}
