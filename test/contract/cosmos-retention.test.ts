// What the service deletes by itself: documents whose `ttl` is over.

import { expect, test } from 'vitest';

import type { Job } from '../../src/domain/job.js';
import { cancel, deadLetter, fail, retry, submit, succeed } from '../../src/domain/lifecycle.js';
import { keepSeconds } from '../../src/drivers/cosmos/retention.js';
import { HOUR_MS, insertJob, runningJob, startOf, testJob } from './contract-backend.js';
import { type CosmosContractBackend, makeCosmosBackend } from './cosmos-backend.js';

const DAY_MS = 24 * HOUR_MS;
/** Of the backend's settings. */
const RETENTION_MS = 90 * DAY_MS;
const ERROR = { code: 'E', message: 'no', retryable: false, at: 0 };
const NO_RESULT = { result: null, resultRef: null, artifacts: [] };

function documentsOf({ double }: CosmosContractBackend, partition: string): string[] {
  return [...double.documents('jobs').all(partition)].map(({ body }) => String(body['id'])).sort();
}

function keyed(backend: CosmosContractBackend): ReturnType<typeof submit> & { readonly idempotency: { readonly key: string; readonly requestHash: string } } {
  return { ...submit({ ...testJob(backend), idempotencyKey: 'k' }), idempotency: { key: 'k', requestHash: 'h' } };
}

async function cancelled(backend: CosmosContractBackend, jobId: Job['jobId']): Promise<Job> {
  const job = await backend.ports.store.get(jobId);
  if (job === undefined) throw new Error(`no job ${jobId}`);
  return backend.ports.store.save(cancel(job, backend.clock.now(), 'me'));
}

test('an ended job goes when its retention is over, with its history, its log and its checkpoints', async () => {
  const backend = await makeCosmosBackend();
  const { store, jobLog, checkpoints } = backend.ports;
  const job = await runningJob(backend);
  await checkpoints.put(job, [{ key: 'row', value: 1 }]);
  await jobLog.append(job.jobId, [{ at: 1, level: 'info', attempt: 1, text: 'a line' }]);
  await store.save(succeed(job, backend.clock.now(), NO_RESULT));
  backend.clock.advance(RETENTION_MS - 1_000);
  expect(await store.get(job.jobId)).toMatchObject({ status: 'Succeeded' });
  expect(documentsOf(backend, job.jobId)).toHaveLength(7);
  backend.clock.advance(1_000);
  expect(await store.get(job.jobId)).toBeUndefined();
  expect(documentsOf(backend, job.jobId)).toEqual([]);
  expect((await store.list({ filter: {}, limit: 10 })).jobs).toEqual([]);
});

test('each way to end has an end, but a job that can still run or be replayed stays', async () => {
  const backend = await makeCosmosBackend();
  const { store } = backend.ports;
  const now = backend.clock.now();
  const queued = await insertJob(backend);
  const running = await runningJob(backend);
  const dead = await store.save(deadLetter(await runningJob(backend), now, ERROR));
  await store.save(fail(await runningJob(backend), now, ERROR));
  await store.save(cancel(await insertJob(backend), now, 'me'));
  backend.clock.advance(10 * RETENTION_MS);
  const { jobs } = await store.list({ filter: {}, limit: 10 });
  expect(jobs.map(({ jobId }) => jobId).sort()).toEqual([queued, running, dead].map(({ jobId }) => jobId).sort());
});

test('an ended job that is queued again has no end until it ends again', async () => {
  const backend = await makeCosmosBackend();
  const { store } = backend.ports;
  const failed = await store.save(fail(await runningJob(backend), backend.clock.now(), ERROR));
  backend.clock.advance(RETENTION_MS - DAY_MS);
  const again = await store.save(retry(failed, backend.clock.now(), { ttlMs: HOUR_MS, by: 'me' }));
  backend.clock.advance(RETENTION_MS);
  expect(await store.get(failed.jobId)).toMatchObject({ status: 'Queued' });
  const started = await store.save(startOf(again, backend.clock.now()));
  await store.save(succeed(started, backend.clock.now(), NO_RESULT));
  backend.clock.advance(RETENTION_MS);
  expect(await store.get(failed.jobId)).toBeUndefined();
});

test('an idempotency key outlives its job by a day, in which it makes the job of that id again, and is then free', async () => {
  const backend = await makeCosmosBackend();
  const { store } = backend.ports;
  const first = keyed(backend);
  await store.insert([first]);
  await cancelled(backend, first.job.jobId);
  backend.clock.advance(RETENTION_MS - 1_000);
  expect(await store.insert([keyed(backend)])).toMatchObject([{ kind: 'duplicate', job: { jobId: first.job.jobId } }]);
  backend.clock.advance(HOUR_MS);
  expect(await store.get(first.job.jobId)).toBeUndefined();
  expect(await store.insert([keyed(backend)])).toMatchObject([{ kind: 'inserted', job: { jobId: first.job.jobId } }]);
  await cancelled(backend, first.job.jobId);
  backend.clock.advance(RETENTION_MS + DAY_MS);
  const next = keyed(backend);
  expect(await store.insert([next])).toMatchObject([{ kind: 'inserted', job: { jobId: next.job.jobId } }]);
});

test('the key of a job that is queued again stays with it', async () => {
  const backend = await makeCosmosBackend();
  const { store } = backend.ports;
  const entry = keyed(backend);
  await store.insert([entry]);
  const ended = await cancelled(backend, entry.job.jobId);
  await store.save(retry(ended, backend.clock.now(), { ttlMs: HOUR_MS, by: 'me' }));
  backend.clock.advance(10 * RETENTION_MS);
  expect(await store.insert([keyed(backend)])).toMatchObject([{ kind: 'duplicate', job: { jobId: entry.job.jobId } }]);
});

test('that the record of a key could not be given an end is no failure of the save', async () => {
  let isOn = false;
  const backend = await makeCosmosBackend({ fault: ({ kind, partition }) => (isOn && kind === 'document' && partition?.startsWith('key:') === true ? { status: 403 } : undefined) });
  const entry = keyed(backend);
  await backend.ports.store.insert([entry]);
  isOn = true;
  expect(await cancelled(backend, entry.job.jobId)).toMatchObject({ status: 'Cancelled' });
});

test('a retention of less than a day is one of a day: whoever waits for a job finds its outcome', () => {
  expect([0, 0.5, 1, 2.5, 36_500].map(keepSeconds)).toEqual([86_400, 86_400, 86_400, 216_000, 2 ** 31 - 1]);
});
