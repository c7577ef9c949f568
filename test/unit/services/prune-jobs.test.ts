import { describe, expect, test } from 'vitest';
import type { JobStatus } from '../../../src/domain/job.js';
import { BLOB_GRACE_MS } from '../../../src/services/prune-blobs.js';
import { planPrune, pruneJobs } from '../../../src/services/prune-jobs.js';
import { endJob, startJob, submitEcho } from '../../support/move-jobs.js';
import { openServices, type TestServices } from '../../support/open-services.js';

const DAY = 86_400_000;

describe('pruning', () => {
  test('deletes ended jobs that are old enough and no others', async () => {
    const services = await openServices();
    const old = [await endJob(services, await submitEcho(services), 'Succeeded'), await endJob(services, await submitEcho(services), 'Failed')];
    const running = await startJob(services, await submitEcho(services));
    const waiting = await submitEcho(services);
    services.step(10 * DAY);
    const young = await endJob(services, await submitEcho(services, { priority: 'urgent' }), 'Succeeded');
    expect(await planPrune(services, request(services))).toEqual({ jobs: 2, byStatus: { Succeeded: 1, Failed: 1 } });
    expect(await pruneJobs(services, request(services))).toMatchObject({ prunedJobs: 2 });
    for (const { jobId } of old) expect(await services.store.get(jobId)).toBeUndefined();
    for (const { jobId } of [running, waiting, young]) expect(await services.store.get(jobId)).toBeDefined();
  });

  test('takes only the statuses that were asked for', async () => {
    const services = await openServices();
    await endJob(services, await submitEcho(services), 'Succeeded');
    const failed = await endJob(services, await submitEcho(services), 'Failed');
    services.step(10 * DAY);
    expect(await pruneJobs(services, request(services, ['Succeeded']))).toMatchObject({ prunedJobs: 1 });
    expect(await services.store.get(failed.jobId)).toBeDefined();
  });

  test('plans by the last change and not by the creation', async () => {
    const services = await openServices();
    const { jobId } = await submitEcho(services);
    services.step(10 * DAY);
    const job = await services.store.get(jobId);
    if (job !== undefined) await endJob(services, job, 'Succeeded');
    expect((await planPrune(services, request(services))).jobs).toBe(0);
    expect((await pruneJobs(services, request(services))).prunedJobs).toBe(0);
  });

  test('deletes the files of the jobs it deletes', async () => {
    const services = await openServices();
    const large = await submitEcho(services, { payload: 'x'.repeat(60_000) });
    await endJob(services, large, 'Succeeded');
    const kept = await submitEcho(services, { payload: 'y'.repeat(60_000) });
    services.step(10 * DAY);
    expect(await pruneJobs(services, request(services))).toEqual({ prunedJobs: 1, deletedFiles: 1 });
    expect(await keys(services)).toEqual([kept.payloadRef?.key]);
  });

  test('deletes old files that no job names, and keeps named and young ones', async () => {
    const services = await openServices();
    const inPayload = await services.blobs.putByHash('datasets', 'rows');
    const inLargePayload = await services.blobs.putByHash('datasets', 'other rows');
    await services.blobs.put('payloads/of-a-submission-that-died.json', '{}');
    await submitEcho(services, { payload: { dataset: { ref: { ...inPayload } } } });
    const large = await submitEcho(services, { payload: { dataset: { ref: { ...inLargePayload } }, filler: 'x'.repeat(60_000) } });
    expect(await pruneJobs(services, request(services))).toMatchObject({ deletedFiles: 0 });
    services.step(BLOB_GRACE_MS + 60_000);
    expect(await pruneJobs(services, request(services))).toMatchObject({ deletedFiles: 1 });
    expect(await keys(services)).toEqual([inPayload.key, inLargePayload.key, large.payloadRef?.key].sort());
  });

  test('keeps a file that became young again while all jobs were looked at', async () => {
    const services = await openServices();
    await services.blobs.putByHash('datasets', 'rows');
    const blobs = Object.assign(Object.create(services.blobs) as typeof services.blobs, {
      list: (prefix: string) => aged(services, prefix, prefix === '' ? 0 : services.clock.now()),
    });
    expect(await pruneJobs({ ...services, blobs }, request(services))).toMatchObject({ deletedFiles: 0 });
    expect(await keys(services)).toHaveLength(1);
  });

  test('stops with what it has done when it is stopped', async () => {
    const services = await openServices();
    await endJob(services, await submitEcho(services), 'Succeeded');
    services.step(10 * DAY);
    expect(await pruneJobs(services, { ...request(services), signal: AbortSignal.abort() })).toEqual({ prunedJobs: 0, deletedFiles: 0 });
  });
});

function request(services: TestServices, statuses: readonly JobStatus[] = []) {
  return { before: services.clock.now() - DAY, statuses, signal: new AbortController().signal };
}

async function* aged(services: TestServices, prefix: string, modifiedAt: number) {
  for await (const blob of services.blobs.list(prefix)) yield { ...blob, modifiedAt };
}

async function keys(services: TestServices): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of services.blobs.list('')) found.push(key);
  return found.sort();
}
