// Cosmos DB only: what is over the limits of a document or a batch, and each kind of request when it fails at first.

import { expect, test } from 'vitest';

import { succeed } from '../../src/domain/lifecycle.js';
import { insertJob, runningJob } from './contract-backend.js';
import type { CosmosFault } from '../support/cosmos-double/cosmos-double.js';
import { makeCosmosBackend } from './cosmos-backend.js';

test('checkpoints of several megabytes together are stored', async () => {
  const backend = await makeCosmosBackend();
  const running = await runningJob(backend);
  const entries = Array.from({ length: 90 }, (_, index) => ({ key: `k${String(index).padStart(2, '0')}`, value: `${index} ${'x'.repeat(60_000)}` }));
  await backend.ports.checkpoints.put(running, entries);
  expect(await backend.ports.checkpoints.list({ jobId: running.jobId, prefix: 'k', limit: 100 })).toEqual(entries);
});

test('a checkpoint that is too large for a document is refused with its reason, and at once', async () => {
  const backend = await makeCosmosBackend();
  const running = await runningJob(backend);
  const batches = (): number => backend.double.requests.get('batch POST') ?? 0;
  const before = batches();
  await expect(backend.ports.checkpoints.put(running, [{ key: 'k', value: 'x'.repeat(3_000_000) }])).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE', message: expect.stringContaining('2 MB') });
  expect(batches() - before).toBe(1);
});

test('a job that names more files than a document takes is refused with its reason, and stays as it was', async () => {
  const backend = await makeCosmosBackend();
  const running = await runningJob(backend);
  const artifacts = Array.from({ length: 8_000 }, (_, index) => ({ name: `file-${index}`, key: `artifacts/${running.jobId}/1/${'n'.repeat(150)}${index}`, bytes: 1, contentType: 'text/plain' }));
  const { store, events } = backend.ports;
  await expect(store.save(succeed(running, 5, { result: null, resultRef: null, artifacts }))).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
  expect(await store.get(running.jobId)).toMatchObject({ status: 'Running', version: running.version });
  expect((await events.read({ jobId: running.jobId, limit: 10 })).events).toHaveLength(2);
});

test('lines whose answer was lost are in the log once', async () => {
  let lost = 0;
  const backend = await makeCosmosBackend({ fault: ({ kind, body }) => (kind === 'batch' && JSON.stringify(body).includes('a line') && lost++ === 0 ? 'drop-after' : undefined) });
  const { jobId } = await insertJob(backend);
  const { jobLog } = backend.ports;
  const line = (text: string) => ({ at: 1, level: 'info' as const, attempt: 1, text });
  await jobLog.append(jobId, [line('a line'), line('another')]);
  await jobLog.append(jobId, [line('the last')]);
  expect(lost).toBe(2);
  expect((await jobLog.read({ jobId, limit: 10 })).map(({ text }) => text)).toEqual(['a line', 'another', 'the last']);
});

test.each<[string, CosmosFault]>([
  ['408', { status: 408 }],
  ['429', { status: 429, retryAfterMs: 2 }],
  ['449', { status: 449 }],
  ['503', { status: 503 }],
  ['404 of a replica that is behind', { status: 404, substatus: 1002 }],
  ['a lost request', 'drop'],
  ['a lost answer', 'drop-after'],
  ['half an answer', 'cut'],
])('every kind of request goes on after %s', async (what, fault) => {
  const met = new Set<string>();
  let isOn = false;
  const backend = await makeCosmosBackend({
    fault: ({ kind, verb }) => {
      const isRead = kind === 'query' || kind === 'feed' || verb === 'GET';
      // Who takes the writes is never behind.
      if (!isOn || kind === 'container' || met.has(`${kind} ${verb}`) || (typeof fault === 'object' && fault.status === 404 && !isRead)) return undefined;
      met.add(`${kind} ${verb}`);
      return fault;
    },
  });
  const running = await runningJob(backend);
  const { store, checkpoints, jobLog, workers, events } = backend.ports;
  const { pauses } = await backend.open();
  const record = { workerId: 'w', host: 'h', pid: 1, queues: [], startedAt: 1, heartbeatAt: 1, slots: 1, running: [], counts: {} } as unknown as Parameters<typeof workers.heartbeat>[0];
  /** Each of them meets the fault by itself. */
  const each = async <T>(act: () => Promise<T>): Promise<T> => {
    met.clear();
    isOn = true;
    const result = await act();
    isOn = false;
    expect(met.size === 0 && what !== '404 of a replica that is behind').toBe(false);
    return result;
  };
  await each(() => pauses.pause('q', 'me'));
  expect([...(await each(() => pauses.list())).keys()]).toEqual(['q']);
  await each(() => pauses.resume('q'));
  expect(await pauses.list()).toEqual(new Map());
  await each(() => workers.heartbeat(record));
  expect(await each(() => workers.requestDrain('w'))).toBe(true);
  expect(await each(() => workers.heartbeat(record))).toEqual({ drainRequested: true });
  expect(await each(() => store.saveProgress(running, { completed: 1, total: 2, message: null }))).toBe(true);
  await each(() => checkpoints.put(running, [{ key: 'k', value: 1 }]));
  await each(() => jobLog.append(running.jobId, [{ at: 1, level: 'info', attempt: 1, text: 'once' }]));
  expect(await each(() => jobLog.read({ jobId: running.jobId, limit: 10 }))).toHaveLength(1);
  const job = await each(() => store.get(running.jobId));
  expect(job).toMatchObject({ progress: { completed: 1 } });
  if (job === undefined) throw new Error('no job');
  await each(() => store.save(succeed(job, 5, { result: null, resultRef: null, artifacts: [] })));
  expect((await each(() => store.list({ filter: {}, limit: 10 }))).jobs).toMatchObject([{ status: 'Succeeded' }]);
  expect((await each(() => events.read({ limit: 10 }))).events).toHaveLength(3);
  await each(() => workers.remove('w'));
  expect(await workers.list()).toEqual([]);
  expect(await each(() => store.prune({ before: backend.clock.now() + 1, limit: 10 }))).toHaveLength(1);
  expect(backend.double.documents('jobs').all(running.jobId)[Symbol.iterator]().next().done).toBe(true);
});
