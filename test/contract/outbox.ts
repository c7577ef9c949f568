// The promises of Outbox: every entry is held by one claim at a time and leaves when its job needs it no longer; what is
// moved to the own queue supersedes what may have been sent.

import { describe, expect, it } from 'vitest';

import { cancel, deadLetter, retry, scheduleRetry, start } from '../../src/domain/lifecycle.js';
import type { Job } from '../../src/domain/job.js';
import { messageIdOf } from '../../src/domain/message.js';
import { type ClaimedEntry, CREATOR_HOLD_MS, SENT_NOTED_WITHIN_MS } from '../../src/ports/outbox.js';
import { HOUR_MS, insertJob, startOf } from './contract-backend.js';
import type { OutboxBackend, OutboxPorts } from './outbox-backend.js';

const ERROR = { code: 'X', message: 'no', retryable: true, at: 1 };
const LEASE = { leaseMs: 20_000, limit: 100 };
/** No longer than what a creator has anyway. */
const SHORT_LEASE = { leaseMs: 5_000, limit: 100 };

/** Fresh and empty; disposed when the test that called it has ended. */
export type MakeOutboxBackend = () => Promise<OutboxContractBackend>;

type OutboxContractBackend = Pick<OutboxBackend, 'ports' | 'clock' | 'queues' | 'another'>;

/** `hasOwnQueue`: the store can put messages on a queue of its own. */
export function describeOutboxContract(name: string, make: MakeOutboxBackend, { hasOwnQueue } = { hasOwnQueue: true }): void {
  describe(`Outbox on ${name}`, () => {
    describe('claim', () => describeClaim(make));
    describe('what becomes of an entry', () => describeEnds(make));
    if (hasOwnQueue) describe('the own queue', () => describeMoves(make));
  });
}

function describeClaim(make: MakeOutboxBackend): void {
  it('gives the entries of new jobs, oldest first, with what their messages say', async () => {
    const backend = await make();
    const jobs = [await insertJob(backend), await insertJob(backend, { dueAt: backend.clock.now() + 5_000, payload: { later: true } })];
    const claimed = await backend.ports.outbox.claim(LEASE);
    expect(claimed.map(({ entry, tries }) => [entry.messageId, entry.notBefore, tries])).toEqual([
      [messageIdOf(jobs[0]?.jobId ?? '', 1), null, 0],
      [messageIdOf(jobs[1]?.jobId ?? '', 1), backend.clock.now() + 5_000, 0],
    ]);
    expect(claimed[1]?.entry.message).toMatchObject({ jobId: jobs[1]?.jobId, payload: { later: true } });
    expect(jobs.map(({ queueMode }) => queueMode)).toEqual(['pending', 'pending']);
  });

  it('leaves an entry to its creator for a while, then gives it to anybody', async () => {
    const backend = await make();
    await insertJob(backend);
    const other = await backend.another();
    backend.clock.advance(CREATOR_HOLD_MS - 1);
    expect(await other.outbox.claim(LEASE)).toEqual([]);
    backend.clock.advance(1);
    expect(await other.outbox.claim(LEASE)).toHaveLength(1);
    expect(await backend.ports.outbox.claim(LEASE)).toEqual([]);
  });

  it('gives an entry again when the lease has ended, and not before', async () => {
    const backend = await make();
    await insertJob(backend);
    const other = await backend.another();
    await backend.ports.outbox.claim(LEASE);
    backend.clock.advance(LEASE.leaseMs - 1);
    expect([...(await backend.ports.outbox.claim(LEASE)), ...(await other.outbox.claim(LEASE))]).toEqual([]);
    backend.clock.advance(1);
    expect(await other.outbox.claim(LEASE)).toHaveLength(1);
  });

  it('gives only the entries of the jobs asked for, and at most as many', async () => {
    const backend = await make();
    const [first, second] = [await insertJob(backend), await insertJob(backend)];
    await insertJob(backend);
    const { outbox } = backend.ports;
    expect(idsOf(await outbox.claim({ ...LEASE, jobIds: [second.jobId] }))).toEqual([second.jobId]);
    expect(idsOf(await outbox.claim({ ...LEASE, limit: 1 }))).toEqual([first.jobId]);
    expect(await outbox.claim({ ...LEASE, jobIds: [] })).toEqual([]);
    expect(await outbox.claim({ ...LEASE, jobIds: ['01980000-0000-7000-8000-00000000ffff'] })).toEqual([]);
  });

  it('never gives one entry to two callers', async () => {
    const backend = await make();
    for (let index = 0; index < 30; index += 1) await insertJob(backend);
    const other = await backend.another();
    backend.clock.advance(CREATOR_HOLD_MS);
    const claims = await Promise.all(Array.from({ length: 12 }, (_, index) => (index % 2 === 0 ? backend.ports : other).outbox.claim({ ...LEASE, limit: 7 })));
    const ids = claims.flatMap(idsOf);
    expect(ids).toHaveLength(30);
    expect(new Set(ids).size).toBe(30);
  });

  it('gives an entry that seems to be held for longer than anything is: the clock was set back', async () => {
    const backend = await make();
    await insertJob(backend);
    backend.clock.advance(-2 * HOUR_MS);
    expect(await (await backend.another()).outbox.claim(LEASE)).toHaveLength(1);
  });
}

function describeEnds(make: MakeOutboxBackend): void {
  it('leaves when it is sent, and the job says where its message is', async () => {
    const backend = await make();
    const { jobId } = await insertJob(backend);
    const { outbox, store } = backend.ports;
    await outbox.sent(await outbox.claim(LEASE));
    expect(await store.get(jobId)).toMatchObject({ queueMode: 'service_bus', status: 'Queued', version: 1 });
    expect(await everything(backend)).toEqual([]);
    expect(await outbox.waiting()).toEqual([]);
  });

  it('leaves within seconds when its creator has sent it, who knows at once, and nobody gets it meanwhile', async () => {
    const backend = await make();
    const { jobId } = await insertJob(backend);
    const { outbox, store } = backend.ports;
    const other = await backend.another();
    await outbox.sent(await outbox.claim(SHORT_LEASE));
    expect(await store.get(jobId)).toMatchObject({ queueMode: 'service_bus', status: 'Queued', version: 1 });
    expect([await outbox.claim(SHORT_LEASE), await other.outbox.claim(SHORT_LEASE), await other.outbox.waiting()]).toEqual([[], [], []]);
    backend.clock.advance(SENT_NOTED_WITHIN_MS);
    expect(await outbox.claim(SHORT_LEASE)).toEqual([]);
    expect(await other.store.get(jobId)).toMatchObject({ queueMode: 'service_bus', version: 1 });
    expect(await everything(backend)).toEqual([]);
  });

  it('is dropped by a start that comes before the store was told of the send, and a retry has an entry of its own', async () => {
    const backend = await make();
    const job = await insertJob(backend);
    const { outbox } = backend.ports;
    const other = await backend.another();
    await outbox.sent(await outbox.claim(SHORT_LEASE));
    const running = await other.store.save(startOf(job, backend.clock.now()));
    await other.store.save(scheduleRetry(running, backend.clock.now(), { retryAt: backend.clock.now(), error: ERROR }));
    backend.clock.advance(SENT_NOTED_WITHIN_MS);
    expect(await outbox.claim(SHORT_LEASE)).toEqual([]);
    expect(await backend.ports.store.get(job.jobId)).toMatchObject({ queueMode: 'pending', sequence: 2 });
    expect((await other.outbox.claim(SHORT_LEASE)).map(({ entry }) => entry.messageId)).toEqual([messageIdOf(job.jobId, 2)]);
  });

  it('comes again when it was not sent, later, with the number of its tries', async () => {
    const backend = await make();
    await insertJob(backend);
    const { outbox } = backend.ports;
    const now = backend.clock.now();
    await outbox.notSent(await outbox.claim(LEASE), { problem: 'away', tryAgainAt: now + 3_000 });
    backend.clock.advance(2_999);
    expect(await outbox.claim(LEASE)).toEqual([]);
    expect(await outbox.waiting()).toEqual([{ queue: backend.queues[0], count: 1, oldestSavedAt: now, problem: 'away' }]);
    backend.clock.advance(1);
    expect((await (await backend.another()).outbox.claim(LEASE)).map(({ tries }) => tries)).toEqual([1]);
  });

  it('counts no try when there was none', async () => {
    const backend = await make();
    await insertJob(backend);
    const { outbox } = backend.ports;
    await outbox.notSent(await outbox.claim(LEASE), { problem: null, tryAgainAt: backend.clock.now() });
    expect(await outbox.waiting()).toMatchObject([{ problem: null }]);
    expect(await outbox.claim(LEASE)).toMatchObject([{ tries: 0 }]);
  });

  it('is left alone by who has lost it', async () => {
    const backend = await make();
    const { jobId } = await insertJob(backend);
    const { outbox, store } = backend.ports;
    const late = await outbox.claim(LEASE);
    backend.clock.advance(LEASE.leaseMs);
    const mine = await (await backend.another()).outbox.claim(LEASE);
    await outbox.sent(late);
    await outbox.notSent(late, { problem: 'late', tryAgainAt: 0 });
    expect((await outbox.moveToLocal?.(late, 'late')) ?? 0).toBe(0);
    expect(await store.get(jobId)).toMatchObject({ queueMode: 'pending', sequence: 1 });
    await outbox.sent(mine);
    expect(await store.get(jobId)).toMatchObject({ queueMode: 'service_bus' });
  });

  it('is replaced by a newer message of its job, and a send of the older one says nothing about the newer', async () => {
    const backend = await make();
    const job = await insertJob(backend);
    const { outbox, store } = backend.ports;
    const old = await outbox.claim(LEASE);
    const dead = await store.save(deadLetter(job, 1, ERROR));
    const again = await store.save(retry(dead, 2, { ttlMs: HOUR_MS, by: 'me' }));
    await outbox.sent(old);
    expect(await store.get(job.jobId)).toMatchObject({ queueMode: 'pending', sequence: 2 });
    expect((await outbox.claim(LEASE)).map(({ entry }) => entry.messageId)).toEqual([messageIdOf(again.jobId, 2)]);
  });

  it.each([
    ['cancelled', (job: Job) => cancel(job, 1, 'me')],
    ['started', (job: Job) => startOf(job, 1)],
    ['dead-lettered', (job: Job) => deadLetter(job, 1, ERROR)],
  ])('is dropped when its job is %s', async (_what, change) => {
    const backend = await make();
    const job = await insertJob(backend);
    await backend.ports.store.save(change(job));
    expect(await everything(backend)).toEqual([]);
    expect(await backend.ports.outbox.waiting()).toEqual([]);
  });

  it('is born with a retry', async () => {
    const backend = await make();
    const { store, outbox } = backend.ports;
    const running = await store.save(startOf(await insertJob(backend), 1));
    const retryAt = backend.clock.now() + 2_000;
    const waiting = await store.save(scheduleRetry(running, backend.clock.now(), { retryAt, error: ERROR }));
    expect(waiting.queueMode).toBe('pending');
    expect((await outbox.claim(LEASE)).map(({ entry }) => [entry.messageId, entry.notBefore])).toEqual([[messageIdOf(running.jobId, 2), retryAt]]);
  });

  it('says by queue what waits', async () => {
    const backend = await make();
    const now = backend.clock.now();
    await insertJob(backend);
    backend.clock.advance(500);
    await insertJob(backend);
    await insertJob(backend, { queue: backend.queues[1] });
    backend.clock.advance(CREATOR_HOLD_MS);
    expect(await backend.ports.outbox.waiting()).toEqual([
      { queue: backend.queues[0], count: 2, oldestSavedAt: now, problem: null },
      { queue: backend.queues[1], count: 1, oldestSavedAt: now + 500, problem: null },
    ]);
  });
}

function describeMoves(make: MakeOutboxBackend): void {
  it('gets what is moved, under the next number, with an event', async () => {
    const backend = await make();
    const { jobId } = await insertJob(backend);
    const { outbox, store, events, localQueue } = backend.ports;
    expect(await outbox.moveToLocal?.(await outbox.claim(LEASE), 'the other queue is away')).toBe(1);
    expect(await store.get(jobId)).toMatchObject({ queueMode: 'local', sequence: 2, status: 'Queued' });
    const read = await events.read({ jobId, limit: 10 });
    expect(read.events.map(({ type, detail }) => [type, detail])).toEqual([
      ['submitted', {}],
      ['moved-to-local', { reason: 'the other queue is away' }],
    ]);
    const received = await localQueue?.receive({ queue: backend.queues[0], max: 5, waitMs: 0 });
    expect(received?.map(({ message, queueMode }) => [message.messageId, queueMode])).toEqual([[messageIdOf(jobId, 2), 'local']]);
    expect(await everything(backend)).toEqual([]);
    expect(await outbox.waiting()).toEqual([]);
  });

  it('gets a delayed job when it is due, and a job that expires at its time', async () => {
    const backend = await make();
    const { jobId, expiresAt } = await insertJob(backend, { dueAt: backend.clock.now() + 5_000 });
    const { outbox, localQueue, store } = backend.ports;
    await outbox.moveToLocal?.(await outbox.claim(LEASE), 'away');
    expect(await store.openWork(backend.queues)).toMatchObject({ ready: 0, delayed: 1 });
    const take = () => localQueue?.receive({ queue: backend.queues[0], max: 5, waitMs: 0 });
    expect(await take()).toEqual([]);
    backend.clock.advance(5_001);
    expect(await take()).toMatchObject([{ message: { messageId: messageIdOf(jobId, 2), expiresAt } }]);
  });

  it('gets nothing of a job that has moved on', async () => {
    const backend = await make();
    const job = await insertJob(backend);
    const { outbox, store, localQueue } = backend.ports;
    const claimed = await outbox.claim(LEASE);
    await store.save(cancel(job, 1, 'me'));
    expect(await outbox.moveToLocal?.(claimed, 'away')).toBe(0);
    expect(await localQueue?.receive({ queue: backend.queues[0], max: 5, waitMs: 0 })).toEqual([]);
  });

  it('gets what is for a queue that it did not have', async () => {
    const backend = await make();
    const { jobId } = await insertJob(backend, { queue: 'made-by-hand' });
    const { outbox, localQueue } = backend.ports;
    expect(await outbox.moveToLocal?.(await outbox.claim(LEASE), 'away')).toBe(1);
    const received = await localQueue?.receive({ queue: 'made-by-hand', max: 5, waitMs: 0 });
    expect(received?.map(({ message }) => message.messageId)).toEqual([messageIdOf(jobId, 2)]);
  });

  it('takes the message back when the job is cancelled', async () => {
    const backend = await make();
    const { jobId } = await insertJob(backend);
    const { outbox, store, localQueue } = backend.ports;
    await outbox.moveToLocal?.(await outbox.claim(LEASE), 'away');
    const moved = await store.get(jobId);
    if (moved === undefined) throw new Error('the job is gone');
    await store.save(cancel(moved, 1, 'me'));
    expect(await localQueue?.receive({ queue: backend.queues[0], max: 5, waitMs: 0 })).toEqual([]);
  });

  it('completes a message of its own in the step that saves the outcome, and leaves the next one to the outbox', async () => {
    const backend = await make();
    const { jobId } = await insertJob(backend);
    const { outbox, store, localQueue } = backend.ports;
    await outbox.moveToLocal?.(await outbox.claim(LEASE), 'away');
    const [delivery] = (await localQueue?.receive({ queue: backend.queues[0], max: 1, waitMs: 0 })) ?? [];
    const moved = await store.get(jobId);
    if (moved === undefined || delivery === undefined) throw new Error('the job or its message is gone');
    const held = { queue: delivery.queue, brokerSequence: delivery.message.brokerSequence, queueMode: delivery.queueMode, lockedUntil: delivery.lockedUntil };
    const running = await store.save(start(moved, 1, { worker: 'w', delivery: held, afterLostLock: false }));
    expect(running.queueMode).toBe('local');
    const waiting = await store.save(scheduleRetry(running, 2, { retryAt: backend.clock.now(), error: ERROR }), delivery);
    expect([delivery.isCompleted, waiting.queueMode, waiting.sequence]).toEqual([true, 'pending', 3]);
    expect((await outbox.claim(LEASE)).map(({ entry }) => entry.sequence)).toEqual([3]);
  });
}

function idsOf(claimed: readonly ClaimedEntry[]): string[] {
  return claimed.map(({ entry }) => entry.jobId);
}

/** What anybody could take after any wait. */
async function everything(backend: OutboxContractBackend): Promise<readonly ClaimedEntry[]> {
  const other: OutboxPorts = await backend.another();
  backend.clock.advance(HOUR_MS);
  return other.outbox.claim(LEASE);
}
