// The promises of JobStore about many jobs: children, open work, prune.

import { describe, expect, it } from 'vitest';

import {
  awaitChildren,
  cancel,
  deadLetter,
  giveBack,
  replay,
  resumeAfterChildren,
  retry,
  scheduleRetry,
  submit,
  succeed,
} from '../../src/domain/lifecycle.js';
import type { Job } from '../../src/domain/job.js';
import { type ContractBackend, HOUR_MS, insertJob, type MakeBackend, runningJob, SHARED_FILE, startOf, type StoreTraits, testJob } from './contract-backend.js';

const NO_RESULT = { result: null, resultRef: null, artifacts: [] };
const ERROR = { code: 'X', message: 'no', retryable: true, at: 1 };

export function describeJobStoreSetsContract(name: string, make: MakeBackend, traits: StoreTraits = SHARED_FILE): void {
  describe(`JobStore over many jobs on ${name}`, () => {
    describe('children', () => describeChildren(make));
    describe('open work', () => describeOpenWork(make, traits));
    describe('prune', () => describePrune(make));
  });
}

function describeChildren(make: MakeBackend): void {
  it('counts the children as they are stored, whatever way they took', async () => {
    const backend = await make();
    const { parent, children } = await parentWith(backend, 4);
    const [first, second, third] = children as [Job, Job, Job];
    expect(await backend.ports.store.childrenOf(parent.jobId)).toEqual({ expected: 4, succeeded: 0, failed: 0, stored: 4 });
    await end(backend, first);
    const dead = await backend.ports.store.save(deadLetter(await begin(backend, second), 1, ERROR));
    await backend.ports.store.save(cancel(third, 1, 'me'));
    expect(await backend.ports.store.childrenOf(parent.jobId)).toEqual({ expected: 4, succeeded: 1, failed: 2, stored: 4 });
    const again = await backend.ports.store.save(retry(dead, 2, { ttlMs: HOUR_MS, by: 'me' }));
    expect(await backend.ports.store.childrenOf(parent.jobId)).toEqual({ expected: 4, succeeded: 1, failed: 1, stored: 4 });
    await end(backend, again);
    expect(await backend.ports.store.childrenOf(parent.jobId)).toEqual({ expected: 4, succeeded: 2, failed: 1, stored: 4 });
  });

  it('counts a child once that is submitted again', async () => {
    const backend = await make();
    const { parent, children } = await parentWith(backend, 2);
    await backend.ports.store.insert(children.map((child) => submit({ ...child, version: 0 })));
    expect(await backend.ports.store.childrenOf(parent.jobId)).toMatchObject({ stored: 2 });
  });

  it('counts nothing for a job without children, and for none', async () => {
    const backend = await make();
    const job = await insertJob(backend);
    const none = { expected: 0, succeeded: 0, failed: 0, stored: 0 };
    expect(await backend.ports.store.childrenOf(job.jobId)).toEqual(none);
    expect(await backend.ports.store.childrenOf('01980000-0000-7000-8000-00000000ffff')).toEqual(none);
  });

  it('lists a parent as stranded while all its children have ended and its continuation was not sent', async () => {
    const backend = await make();
    const { store } = backend.ports;
    const { parent, children } = await parentWith(backend, 2);
    const [first, second] = children as [Job, Job];
    await parentWith(backend, 1);
    await end(backend, first);
    expect(await store.strandedParents(10)).toEqual([]);
    await end(backend, second);
    expect(await store.strandedParents(10)).toEqual([parent.jobId]);
    const counts = { expected: 2, succeeded: 2, failed: 0 };
    await store.save(resumeAfterChildren(parent, 1, counts));
    expect(await store.strandedParents(10)).toEqual([]);
  });

  it('lists at most as many stranded parents as asked for', async () => {
    const backend = await make();
    for (let index = 0; index < 3; index += 1) await parentWith(backend, 0);
    expect(await backend.ports.store.strandedParents(2)).toHaveLength(2);
    expect(await backend.ports.store.strandedParents(10)).toHaveLength(3);
  });

  it('lets one of two continuations win when the last children end in the same instant', async () => {
    const backend = await make();
    const other = await backend.another();
    const { parent, children } = await parentWith(backend, 2);
    await Promise.all(children.map((child) => end(backend, child)));
    const resume = resumeAfterChildren(parent, 1, { expected: 2, succeeded: 2, failed: 0 });
    const settled = await Promise.allSettled([backend.ports.store.save(resume), other.store.save(resume)]);
    expect(settled.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });
}

function describeOpenWork(make: MakeBackend, { sharesQueue }: StoreTraits): void {
  const none = { ready: 0, locked: 0, retries: 0, awaitingChildren: 0, delayed: 0 };

  if (sharesQueue) it('tells apart what is ready, held, to be retried, waiting for children, and due later', async () => {
    const backend = await make();
    const { ports, clock } = backend;
    const now = clock.now();
    const [queue] = backend.queues;
    expect(await ports.store.openWork(backend.queues)).toEqual(none);
    await insertJob(backend, { dueAt: now + 1_000 });
    await insertJob(backend, { dueAt: now + 2_000 });
    expect(await ports.store.openWork(backend.queues)).toEqual({ ...none, delayed: 2 });
    await insertJob(backend);
    const held = await insertJob(backend);
    expect(await ports.store.openWork(backend.queues)).toEqual({ ...none, delayed: 2, ready: 2 });
    const deliveries = await ports.queue.receive({ queue, max: 2, waitMs: 0 });
    expect(await ports.store.openWork(backend.queues)).toEqual({ ...none, delayed: 2, locked: 2 });
    const running = await begin(backend, held);
    await ports.store.save(scheduleRetry(running, now, { retryAt: now + 500, error: ERROR }));
    await Promise.all(deliveries.map((delivery) => delivery.complete()));
    expect(await ports.store.openWork(backend.queues)).toEqual({ ...none, delayed: 2, retries: 1 });
    await parentWith(backend, 0);
    expect(await ports.store.openWork([queue])).toMatchObject({ delayed: 2, retries: 1, awaitingChildren: 1 });
  });

  if (sharesQueue) it('counts a job that was given back before it could start as a retry, and a delayed replay as delayed', async () => {
    const backend = await make();
    const { ports, clock } = backend;
    const now = clock.now();
    const given = await runningJob(backend);
    const delivery = (await ports.queue.receive({ queue: backend.queues[0], max: 1, waitMs: 0 }))[0];
    await ports.store.save(giveBack(given, now, { dueAt: now + 1_000, reason: 'later', attemptDelta: -1 }));
    await delivery?.complete();
    expect(await ports.store.openWork(backend.queues)).toEqual({ ...none, retries: 1 });
    const cancelled = await ports.store.save(cancel(await insertJob(backend, { queue: backend.queues[1] }), now, 'me'));
    await ports.store.save(replay(cancelled, now, { ttlMs: HOUR_MS, dueAt: now + 1_000, by: 'me', operation: 'op' }));
    expect(await ports.store.openWork([backend.queues[1]])).toMatchObject({ retries: 0, delayed: 1 });
  });

  it('does not count a delayed job that was cancelled, nor the work of other queues', async () => {
    const backend = await make();
    const job = await insertJob(backend, { dueAt: backend.clock.now() + 1_000 });
    await insertJob(backend, { queue: backend.queues[1] });
    await backend.ports.store.save(cancel(job, 1, 'me'));
    expect(await backend.ports.store.openWork([backend.queues[0]])).toMatchObject({ ready: 0, delayed: 0 });
  });

  it('counts a delayed job as work once it is due', async () => {
    const backend = await make();
    await insertJob(backend, { dueAt: backend.clock.now() + 1_000 });
    backend.clock.advance(1_001);
    const { ready, retries, delayed } = await backend.ports.store.openWork(backend.queues);
    expect([ready + retries, delayed]).toEqual([1, 0]);
  });
}

function describePrune(make: MakeBackend): void {
  it('deletes ended jobs that were last changed before the time, oldest first, with all that was kept of them', async () => {
    const backend = await make();
    const { store, events, jobLog, checkpoints } = backend.ports;
    const old = await Promise.all([1, 2, 3].map((createdAt) => endedJob(backend, { createdAt }, 10)));
    const kept = await endedJob(backend, { createdAt: 4 }, 100);
    const waiting = await insertJob(backend, { createdAt: 1 });
    const [first, second, third] = old.map(({ jobId }) => jobId) as [string, string, string];
    expect((await store.prune({ before: 50, limit: 2 })).map(({ jobId }) => jobId)).toEqual([first, second]);
    expect((await store.prune({ before: 50, limit: 2 })).map(({ jobId }) => jobId)).toEqual([third]);
    expect(await store.prune({ before: 50, limit: 2 })).toEqual([]);
    expect((await store.list({ filter: {}, limit: 10 })).jobs.map(({ jobId }) => jobId).sort()).toEqual([kept.jobId, waiting.jobId].sort());
    expect((await events.read({ jobId: first, limit: 10 })).events).toEqual([]);
    expect(await jobLog.read({ jobId: first, limit: 10 })).toEqual([]);
    expect(await checkpoints.list({ jobId: first, prefix: '', limit: 10 })).toEqual([]);
    expect((await events.read({ limit: 100 })).events.map(({ jobId }) => jobId)).not.toContain(second);
  });

  it('deletes only the statuses asked for', async () => {
    const backend = await make();
    const good = await endedJob(backend, {}, 10);
    const bad = await backend.ports.store.save(deadLetter(await runningJob(backend, { createdAt: 1 }), 10, ERROR));
    const request = { before: backend.clock.now() + 1, limit: 10 };
    expect(await backend.ports.store.prune({ ...request, statuses: ['DeadLettered', 'Queued'] })).toEqual([{ jobId: bad.jobId, blobKeys: [] }]);
    expect(await backend.ports.store.get(good.jobId)).toBeDefined();
  });

  it('takes deleted jobs out of the totals', async () => {
    const backend = await make();
    await endedJob(backend, { createdAt: 1 }, 10);
    await backend.ports.store.prune({ before: 50, limit: 10 });
    expect(await backend.ports.counters.totals()).toEqual([]);
  });

  it('frees the idempotency key with its job', async () => {
    const backend = await make();
    const keyed = (requestHash: string) => ({ ...submit({ ...testJob(backend, { createdAt: 1 }), idempotencyKey: 'k' }), idempotency: { key: 'k', requestHash } });
    const [outcome] = await backend.ports.store.insert([keyed('h1')]);
    if (outcome?.kind !== 'inserted') throw new Error('expected an inserted job');
    await backend.ports.store.save(cancel(outcome.job, 2, 'me'));
    await backend.ports.store.prune({ before: 50, limit: 10 });
    expect((await backend.ports.store.insert([keyed('h2')]))[0]?.kind).toBe('inserted');
  });

  it('names the files that no other job names', async () => {
    const backend = await make();
    const shared = { key: 'payloads/shared', sha256: '0'.repeat(64), bytes: 1 };
    const outcome = { result: null, resultRef: { key: 'results/own', sha256: '1'.repeat(64), bytes: 1 }, artifacts: [{ name: 'a', key: 'artifacts/own', bytes: 1, contentType: 'x' }] };
    const make1 = async (createdAt: number) => {
      const running = await runningJob(backend, { createdAt, payload: null, payloadRef: shared });
      return backend.ports.store.save(succeed(running, 10, createdAt === 1 ? outcome : NO_RESULT));
    };
    const first = await make1(1);
    const second = await make1(2);
    expect(await backend.ports.store.prune({ before: 50, limit: 1 })).toEqual([{ jobId: first.jobId, blobKeys: expect.arrayContaining(['results/own', 'artifacts/own']) as string[] }]);
    expect(await backend.ports.store.prune({ before: 50, limit: 1 })).toEqual([{ jobId: second.jobId, blobKeys: ['payloads/shared'] }]);
  });

  it('keeps a reader that follows events from missing or repeating any when the newest job is deleted', async () => {
    const backend = await make();
    const { events, store } = backend.ports;
    await endedJob(backend, { createdAt: 1 }, 10);
    const cursor = await events.latestCursor();
    await store.prune({ before: 50, limit: 10 });
    const next = await insertJob(backend);
    const read = await events.read({ after: cursor, limit: 10 });
    expect(read.events.map(({ jobId }) => jobId)).toEqual([next.jobId]);
  });

  it('forgets a parent with its children in any order', async () => {
    const backend = await make();
    const { parent, children } = await parentWith(backend, 2);
    for (const child of children) await end(backend, child);
    await backend.ports.store.save(cancel(parent, 10, 'me'));
    await backend.ports.store.prune({ before: backend.clock.now() + 1, limit: 10 });
    expect(await backend.ports.store.childrenOf(parent.jobId)).toEqual({ expected: 0, succeeded: 0, failed: 0, stored: 0 });
  });
}

async function parentWith(backend: ContractBackend, expected: number): Promise<{ parent: Job; children: Job[] }> {
  const running = await runningJob(backend);
  const children = await Promise.all(Array.from({ length: expected }, () => insertJob(backend, { parentJobId: running.jobId, origin: 'child', queue: backend.queues[1] })));
  const parent = await backend.ports.store.save(awaitChildren(running, backend.clock.now(), expected));
  return { parent, children };
}

function begin(backend: ContractBackend, job: Job): Promise<Job> {
  return backend.ports.store.save(startOf(job, backend.clock.now()));
}

async function end(backend: ContractBackend, job: Job): Promise<Job> {
  return backend.ports.store.save(succeed(await begin(backend, job), backend.clock.now(), NO_RESULT));
}

/** Succeeded at `at`, with a log line and a checkpoint. */
async function endedJob(backend: ContractBackend, changes: Parameters<typeof insertJob>[1], at: number): Promise<Job> {
  const running = await runningJob(backend, changes);
  await backend.ports.jobLog.append(running.jobId, [{ at, attempt: 1, level: 'info', text: 'line' }]);
  await backend.ports.checkpoints.put(running, [{ key: 'k', value: 1 }]);
  return backend.ports.store.save(succeed(running, at, NO_RESULT));
}
