// The promises of JobStore about single jobs: insert, save, progress, cancel requests, ids. Lists are in
// job-store-list.ts, counts over many jobs in job-store-sets.ts.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { deadLetter, replay, requestCancel, scheduleRetry, submit, succeed } from '../../src/domain/lifecycle.js';
import type { Job } from '../../src/domain/job.js';
import type { Json } from '../../src/domain/json.js';
import { messageIdOf } from '../../src/domain/message.js';
import type { NewJobEntry } from '../../src/ports/job-store.js';
import { HOUR_MS, insertJob, type MakeBackend, type Ports, runningJob, SHARED_FILE, startOf, type StoreTraits, testJob } from './contract-backend.js';

const NO_RESULT = { result: null, resultRef: null, artifacts: [] };

export function describeJobStoreContract(name: string, make: MakeBackend, traits: StoreTraits = SHARED_FILE): void {
  describe(`JobStore on ${name}`, () => {
    describe('insert', () => describeInsert(make, traits));
    describe('idempotency keys', () => describeIdempotency(make));
    describe('save', () => describeSave(make, traits));
    describe('progress and cancel requests', () => describeProgress(make));
    describe('ids', () => describeIds(make));
  });
}

function describeInsert(make: MakeBackend, { sharesQueue }: StoreTraits): void {
  it('stores the job, its first event and its message', async () => {
    const backend = await make();
    const entry = submit(testJob(backend, { priority: 'high', labels: { team: 'blue' } }));
    const [outcome] = await backend.ports.store.insert([entry]);
    expect(outcome).toEqual({ kind: 'inserted', job: { ...entry.job, version: 1, queueMode: outcome?.kind === 'inserted' ? outcome.job.queueMode : '' } });
    expect(await backend.ports.store.get(entry.job.jobId)).toEqual(outcome?.kind === 'inserted' ? outcome.job : undefined);
    const { events } = await backend.ports.events.read({ jobId: entry.job.jobId, limit: 10 });
    expect(events).toEqual([{ ...entry.event, cursor: events[0]?.cursor }]);
    const [delivery] = await receiveAll(backend.ports, backend.queues[0]);
    expect(delivery?.messageId).toBe(messageIdOf(entry.job.jobId, 1));
    expect(JSON.parse(delivery?.body ?? '')).toEqual(entry.outbox?.message);
    expect(delivery?.properties).toMatchObject({ jobId: entry.job.jobId, sequence: 1, storeId: backend.ports.store.storeId });
  });

  it('answers for each entry in order, and what it stored can be read from another opening at once', async () => {
    const backend = await make();
    const entries = Array.from({ length: 120 }, () => submit(testJob(backend)));
    const outcomes = await backend.ports.store.insert(entries);
    expect(outcomes.map((outcome) => outcome.kind === 'inserted' && outcome.job.jobId)).toEqual(entries.map(({ job }) => job.jobId));
    const other = await backend.another();
    expect((await other.store.list({ filter: {}, limit: 500 })).jobs).toHaveLength(120);
  });

  it('changes nothing when the id exists, and answers with the stored job', async () => {
    const backend = await make();
    const first = await insertJob(backend);
    const outcomes = await backend.ports.store.insert([submit({ ...testJob(backend), jobId: first.jobId, payload: 'other' })]);
    expect(outcomes).toEqual([{ kind: 'duplicate', job: first }]);
    expect((await backend.ports.events.read({ limit: 10 })).events).toHaveLength(1);
    expect(await receiveAll(backend.ports, backend.queues[0])).toHaveLength(1);
  });

  it('finds an id that is twice in one array', async () => {
    const backend = await make();
    const entry = submit(testJob(backend));
    const outcomes = await backend.ports.store.insert([entry, entry]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['inserted', 'duplicate']);
  });

  if (sharesQueue) it('stores nothing of the array when a queue does not exist', async () => {
    const backend = await make();
    const good = submit(testJob(backend));
    const bad = submit(testJob(backend, { queue: 'nowhere' }));
    await expect(backend.ports.store.insert([good, bad])).rejects.toMatchObject({ code: 'QUEUE_UNKNOWN' });
    expect(await backend.ports.store.get(good.job.jobId)).toBeUndefined();
    expect((await backend.ports.events.read({ limit: 10 })).events).toEqual([]);
  });

  it('sends no message for a job without an outbox entry', async () => {
    const backend = await make();
    const { job, event } = submit(testJob(backend, { origin: 'external' }));
    await backend.ports.store.insert([{ job, event }]);
    expect(await receiveAll(backend.ports, backend.queues[0])).toEqual([]);
  });

  it('gives every field back as it was', async () => {
    const backend = await make();
    await fc.assert(
      fc.asyncProperty(anyPayload, fc.dictionary(fc.string({ minLength: 1, maxLength: 12 }), fc.string({ maxLength: 12 }), { maxKeys: 4 }), async (payload, labels) => {
        const job = {
          ...testJob(backend, { payload, labels, selectedKnowledgeSource: 'docs', additionalInstructions: 'be brief', callbackUrl: 'http://localhost/x' }),
          payloadRef: { key: 'payloads/a', sha256: '0'.repeat(64), bytes: 7 },
          parentJobId: '01980000-0000-7000-8000-ffffffffffff',
          idempotencyKey: 'key',
        };
        const [outcome] = await backend.ports.store.insert([submit(job)]);
        const stored = await backend.ports.store.get(job.jobId);
        expect(stored).toEqual({ ...job, version: 1, queueMode: stored?.queueMode });
        expect(outcome).toEqual({ kind: 'inserted', job: stored });
      }),
      { numRuns: 60 },
    );
  });
}

function describeIdempotency(make: MakeBackend): void {
  const withKey = (job: Job, requestHash: string): NewJobEntry => ({ ...submit({ ...job, idempotencyKey: 'k' }), idempotency: { key: 'k', requestHash } });

  it('answers the same request under the same key with the stored job', async () => {
    const backend = await make();
    const [first] = await backend.ports.store.insert([withKey(testJob(backend), 'h1')]);
    const outcomes = await backend.ports.store.insert([withKey(testJob(backend), 'h1')]);
    expect(outcomes).toEqual([{ kind: 'duplicate', job: first?.kind === 'inserted' ? first.job : undefined }]);
    expect(await receiveAll(backend.ports, backend.queues[0])).toHaveLength(1);
  });

  it('refuses another request under the same key and names the job that has it', async () => {
    const backend = await make();
    const first = testJob(backend);
    const outcomes = await backend.ports.store.insert([withKey(first, 'h1'), withKey(testJob(backend), 'h2')]);
    expect(outcomes[1]).toEqual({ kind: 'conflict', jobId: first.jobId });
  });

  it('keeps keys apart by user and type', async () => {
    const backend = await make();
    const outcomes = await backend.ports.store.insert([
      withKey(testJob(backend), 'h1'),
      withKey(testJob(backend, { userId: 'another' }), 'h2'),
      withKey(testJob(backend, { type: 'sleep' }), 'h3'),
    ]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['inserted', 'inserted', 'inserted']);
  });

  it('lets one of two openings win that submit at once', async () => {
    const backend = await make();
    const other = await backend.another();
    const [a, b] = await Promise.all([
      backend.ports.store.insert([withKey(testJob(backend), 'h1')]),
      other.store.insert([withKey(testJob(backend), 'h1')]),
    ]);
    expect([a[0]?.kind, b[0]?.kind].sort()).toEqual(['duplicate', 'inserted']);
  });
}

function describeSave(make: MakeBackend, { sharesQueue }: StoreTraits): void {
  it('stores the changed job with the next version and its event', async () => {
    const backend = await make();
    const job = await insertJob(backend);
    const change = startOf(job, backend.clock.now());
    const saved = await backend.ports.store.save(change);
    expect(saved).toEqual({ ...change.job, version: 2 });
    expect(await backend.ports.store.get(job.jobId)).toEqual(saved);
    const { events } = await backend.ports.events.read({ jobId: job.jobId, limit: 10 });
    expect(events.map(({ type, status }) => [type, status])).toEqual([['submitted', 'Queued'], ['started', 'Running']]);
  });

  it('keeps the outcome with everything that belongs to it', async () => {
    const backend = await make();
    const running = await runningJob(backend);
    const outcome = {
      result: { score: 0.5, text: 'naïve 🎯' },
      resultRef: { key: 'results/1', sha256: 'f'.repeat(64), bytes: 12 },
      artifacts: [{ name: 'a.csv', key: 'artifacts/1', bytes: 3, contentType: 'text/csv' }],
    };
    const saved = await backend.ports.store.save(succeed(running, backend.clock.now(), outcome));
    expect(await backend.ports.store.get(running.jobId)).toEqual(saved);
    expect(saved).toMatchObject({ ...outcome, status: 'Succeeded', error: null });
  });

  it('sends the outbox entry with the change, and nothing of either on a conflict', async () => {
    const backend = await make();
    const running = await runningJob(backend);
    const retryError = { code: 'X', message: 'no', retryable: true, at: 1 };
    const change = scheduleRetry(running, backend.clock.now(), { retryAt: backend.clock.now(), error: retryError });
    await backend.ports.store.save(change);
    await expect(backend.ports.store.save(change)).rejects.toMatchObject({ code: 'JOB_CONFLICT' });
    const messages = await receiveAll(backend.ports, backend.queues[0]);
    // A start without a delivery: a store that had not sent the first message yet has no reason left to send it.
    const sent = sharesQueue ? [1, 2] : [2];
    expect(messages.map(({ messageId }) => messageId)).toEqual(sent.map((sequence) => messageIdOf(running.jobId, sequence)));
    expect((await backend.ports.events.read({ jobId: running.jobId, limit: 10 })).events).toHaveLength(3);
  });

  it('lets exactly one of many saves of the same version win, also from two openings', async () => {
    const backend = await make();
    const other = await backend.another();
    const job = await insertJob(backend);
    const saves = Array.from({ length: 10 }, (_, index) =>
      (index % 2 === 0 ? backend.ports : other).store.save(startOf(job, backend.clock.now(), { worker: `worker-${index}` })),
    );
    const settled = await Promise.allSettled(saves);
    const winner = settled.find((result) => result.status === 'fulfilled')?.value;
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of settled) if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'JOB_CONFLICT' });
    expect(await backend.ports.store.get(job.jobId)).toEqual(winner);
    expect((await backend.ports.events.read({ jobId: job.jobId, limit: 20 })).events).toHaveLength(2);
  });

  it('refuses a job that is not stored', async () => {
    const backend = await make();
    await expect(backend.ports.store.save(startOf(testJob(backend), 1))).rejects.toMatchObject({ code: 'JOB_CONFLICT' });
  });

  if (sharesQueue) it('refuses a message for a queue that does not exist, and stores nothing', async () => {
    const backend = await make();
    const running = await runningJob(backend);
    const dead = await backend.ports.store.save(deadLetter(running, 1, { code: 'X', message: 'no', retryable: false, at: 1 }));
    const change = replay(dead, 2, { ttlMs: HOUR_MS, dueAt: 2, by: 'me', operation: 'op', queue: 'nowhere' });
    await expect(backend.ports.store.save(change)).rejects.toMatchObject({ code: 'QUEUE_UNKNOWN' });
    expect(await backend.ports.store.get(dead.jobId)).toEqual(dead);
  });

  it.each([10, 5_000])('stores the payload that a replay changed (%i characters) and moves the job to another queue', async (length) => {
    const backend = await make();
    const running = await runningJob(backend, { payload: 'p'.repeat(5_010 - length) });
    const dead = await backend.ports.store.save(deadLetter(running, 1, { code: 'X', message: 'no', retryable: false, at: 1 }));
    const edit = { payload: { text: 'q'.repeat(length) }, payloadRef: null, fromSha256: 'a', toSha256: 'b' };
    const change = replay(dead, 2, { ttlMs: HOUR_MS, dueAt: 2, by: 'me', operation: 'op', queue: backend.queues[1], edit });
    const saved = await backend.ports.store.save(change);
    expect(saved).toMatchObject({ payload: edit.payload, queue: backend.queues[1], replayCount: 1, status: 'Queued' });
    expect(await backend.ports.store.get(dead.jobId)).toEqual(saved);
  });
}

function describeProgress(make: MakeBackend): void {
  const progress = { completed: 3, total: 10, message: 'three' };

  it('stores the progress of the running attempt without an event', async () => {
    const backend = await make();
    const running = await runningJob(backend);
    expect(await backend.ports.store.saveProgress(running, progress)).toBe(true);
    expect(await backend.ports.store.get(running.jobId)).toMatchObject({ progress, status: 'Running' });
    expect((await backend.ports.events.read({ jobId: running.jobId, limit: 10 })).events).toHaveLength(2);
  });

  it('stores no progress of an attempt that is over', async () => {
    const backend = await make();
    const first = await runningJob(backend);
    const second = await backend.ports.store.save(startOf(first, backend.clock.now(), { afterLostLock: true }));
    expect(await backend.ports.store.saveProgress(first, progress)).toBe(false);
    await backend.ports.store.save(succeed(second, backend.clock.now(), NO_RESULT));
    expect(await backend.ports.store.saveProgress(second, progress)).toBe(false);
    expect(await backend.ports.store.get(first.jobId)).toMatchObject({ progress: null });
  });

  it('is never overwritten by a save that was made from what was read before it', async () => {
    const backend = await make();
    const running = await runningJob(backend);
    await backend.ports.store.saveProgress(running, progress);
    const stale = requestCancel(running, backend.clock.now(), 'me');
    await backend.ports.store.save(stale).catch(() => undefined);
    expect(await backend.ports.store.get(running.jobId)).toMatchObject({ progress });
  });

  it('names the running jobs with a cancel request', async () => {
    const backend = await make();
    const [asked, other, ended] = await Promise.all([runningJob(backend), runningJob(backend), runningJob(backend)]);
    await backend.ports.store.save(requestCancel(asked, backend.clock.now(), 'me'));
    const endedAsked = await backend.ports.store.save(requestCancel(ended, backend.clock.now(), 'me'));
    await backend.ports.store.save(succeed(endedAsked, backend.clock.now(), NO_RESULT));
    expect(await backend.ports.store.cancelRequested([other.jobId, asked.jobId, ended.jobId, 'none'])).toEqual([asked.jobId]);
    expect(await backend.ports.store.cancelRequested([])).toEqual([]);
  });
}

function describeIds(make: MakeBackend): void {
  it('answers undefined for an unknown id', async () => {
    const { ports } = await make();
    expect(await ports.store.get('01980000-0000-7000-8000-00000000ffff')).toBeUndefined();
  });

  it('finds ids by their end, newest first, at most as many as asked for', async () => {
    const backend = await make();
    const ids = ['1', '2', '3'].map((digit) => `0198000${digit}-0000-7000-8000-0000abcdef12`);
    for (const [index, jobId] of ids.entries()) await insertJob(backend, { jobId, createdAt: backend.clock.now() + index });
    await insertJob(backend);
    expect(await backend.ports.store.findBySuffix('abcdef12', 10)).toEqual([...ids].reverse());
    expect(await backend.ports.store.findBySuffix('abcdef12', 2)).toEqual([ids[2], ids[1]]);
    expect(await backend.ports.store.findBySuffix('99999999', 10)).toEqual([]);
  });
}

const anyPayload: fc.Arbitrary<Json> = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }).map((value): Json => JSON.parse(JSON.stringify(value)) as Json),
  fc.constantFrom<Json>({ text: 'x'.repeat(3_000) }, 'naïve 日本語 🎯 \u0000 \u2028', ''),
);

interface SeenMessage {
  readonly messageId: string;
  readonly body: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** Every message that is ready now; they stay locked. */
async function receiveAll(ports: Ports, queue: string): Promise<SeenMessage[]> {
  const deliveries = await ports.queue.receive({ queue, max: 100, waitMs: 0 });
  return deliveries.map(({ message }) => ({ ...message, body: Buffer.from(message.body).toString('utf8') }));
}

