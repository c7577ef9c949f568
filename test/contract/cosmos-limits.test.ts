// Cosmos DB only: what is over the limits of a document or a batch.

import { expect, test } from 'vitest';

import { succeed } from '../../src/domain/lifecycle.js';
import { insertJob, runningJob } from './contract-backend.js';
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
