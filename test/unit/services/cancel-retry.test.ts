import { describe, expect, test } from 'vitest';
import { cancelJobs } from '../../../src/services/cancel-jobs.js';
import { retryJobs } from '../../../src/services/retry-jobs.js';
import { selectJobs } from '../../../src/services/select-jobs.js';
import { parseWhere } from '../../../src/domain/where/parser.js';
import { endJob, startJob, submitEcho, waitForChildren } from '../../support/move-jobs.js';
import { openServices, type TestServices } from '../../support/open-services.js';

const by = 'ada';

describe('cancelling', () => {
  test('ends a waiting job at once and takes its message off the queue', async () => {
    const services = await openServices();
    const { jobId } = await submitEcho(services);
    expect(await cancelJobs(services, { jobIds: [jobId], by })).toEqual([{ jobId, status: 'Cancelled' }]);
    expect(await services.queue.receive({ queue: 'evaluation-jobs', max: 1, waitMs: 0 })).toEqual([]);
    const { events } = await services.events.read({ jobId, limit: 10 });
    expect(events.at(-1)).toMatchObject({ type: 'cancelled', detail: { by } });
  });

  test('asks a running job to stop, once', async () => {
    const services = await openServices();
    const { jobId } = await startJob(services, await submitEcho(services));
    expect(await cancelJobs(services, { jobIds: [jobId], by })).toEqual([{ jobId, status: 'Running' }]);
    const asked = await services.store.get(jobId);
    expect(asked?.cancelRequestedAt).not.toBeNull();
    await cancelJobs(services, { jobIds: [jobId], by });
    expect((await services.store.get(jobId))?.version).toBe(asked?.version);
  });

  test('is done already for a cancelled job, and an error of its own for an ended or unknown one', async () => {
    const services = await openServices();
    const cancelled = await submitEcho(services);
    await cancelJobs(services, { jobIds: [cancelled.jobId], by });
    const ended = await endJob(services, await submitEcho(services), 'Succeeded');
    const unknown = '01a00000-0000-7000-8000-000000000000';
    expect(await cancelJobs(services, { jobIds: [cancelled.jobId, ended.jobId, unknown], by })).toEqual([
      { jobId: cancelled.jobId, status: 'Cancelled' },
      { jobId: ended.jobId, status: 'Succeeded', error: { code: 'JOB_STATE', message: expect.stringContaining('Succeeded') as string } },
      { jobId: unknown, status: null, error: { code: 'JOB_NOT_FOUND', message: expect.any(String) as string } },
    ]);
  });

  test('takes the children of a waiting parent along, however many', async () => {
    const services = await openServices();
    const parent = await submitEcho(services, { type: 'batch' });
    await waitForChildren(services, parent, 1203);
    const children = await manyChildren(services, parent.jobId, 1203);
    await cancelJobs(services, { jobIds: [parent.jobId], by });
    for (const jobId of [parent.jobId, ...children]) expect((await services.store.get(jobId))?.status).toBe('Cancelled');
  });

  test('lets a parent go on whose last child it was', async () => {
    const services = await openServices();
    const parent = await waitForChildren(services, await submitEcho(services, { type: 'batch' }), 1);
    const child = await submitEcho(services, { parentJobId: parent.jobId });
    await cancelJobs(services, { jobIds: [child.jobId], by });
    expect(await services.store.get(parent.jobId)).toMatchObject({ awaitsChildren: false, status: 'Queued', children: { expected: 1, failed: 1 } });
  });

  test('begins again when somebody saves the job in between', async () => {
    const services = await openServices();
    const job = await submitEcho(services);
    let meddled = false;
    const store = new Proxy(services.store, {
      get: (target, name: 'get') => {
        if (name !== 'get' || meddled) return bound(target, name);
        return async (jobId: string) => {
          const read = await target.get(jobId);
          meddled = true;
          await startJob(services, job);
          return read;
        };
      },
    });
    expect(await cancelJobs({ ...services, store }, { jobIds: [job.jobId], by })).toEqual([{ jobId: job.jobId, status: 'Running' }]);
    expect((await services.store.get(job.jobId))?.cancelRequestedAt).not.toBeNull();
  });

  test('leaves out what was not begun when it is stopped', async () => {
    const services = await openServices();
    const jobIds = await many(services, 1100);
    const stop = new AbortController();
    const results = await cancelJobs(services, { jobIds, by, signal: stop.signal, onProgress: (done) => done >= 500 && stop.abort() });
    expect(results).toHaveLength(500);
    expect((await services.store.get(jobIds[500] ?? ''))?.status).toBe('Queued');
  });
});

describe('retrying', () => {
  test.each(['Failed', 'DeadLettered'] as const)('queues a %s job again with all its attempts', async (status) => {
    const services = await openServices();
    const { jobId } = await endJob(services, await submitEcho(services), status);
    expect(await retryJobs(services, { jobIds: [jobId], by })).toEqual([{ jobId, status: 'Queued' }]);
    expect(await services.store.get(jobId)).toMatchObject({ attempt: 0, sequence: 2, error: { code: 'BOOM' } });
    const [delivery] = await services.queue.receive({ queue: 'evaluation-jobs', max: 1, waitMs: 0 });
    expect(delivery?.message.messageId).toBe(`${jobId}:2`);
  });

  test('queues a cancelled job again, which can then be cancelled again', async () => {
    const services = await openServices();
    const { jobId } = await submitEcho(services);
    await cancelJobs(services, { jobIds: [jobId], by });
    await retryJobs(services, { jobIds: [jobId], by });
    expect(await services.store.get(jobId)).toMatchObject({ status: 'Queued', cancelRequestedAt: null });
    expect(await cancelJobs(services, { jobIds: [jobId], by })).toEqual([{ jobId, status: 'Cancelled' }]);
  });

  test('refuses jobs that wait, run or succeeded', async () => {
    const services = await openServices();
    const succeeded = await endJob(services, await submitEcho(services), 'Succeeded');
    const running = await startJob(services, await submitEcho(services));
    const waiting = await submitEcho(services);
    const results = await retryJobs(services, { jobIds: [succeeded.jobId, running.jobId, waiting.jobId], by });
    expect(results.map(({ status, error }) => [status, error?.code])).toEqual([
      ['Succeeded', 'JOB_STATE'],
      ['Running', 'JOB_STATE'],
      ['Queued', 'JOB_STATE'],
    ]);
  });
});

describe('a selection', () => {
  test('answers each reference once, also those that name no job', async () => {
    const services = await openServices();
    const { jobId } = await submitEcho(services);
    const selection = await selectJobs(services, { references: [jobId, jobId.slice(-8), '0badc0de'] });
    expect(selection.jobIds).toEqual([jobId]);
    expect(selection.unknown.map(({ reference, error }) => [reference, error.code])).toEqual([['0badc0de', 'JOB_NOT_FOUND']]);
  });

  test('finds every job that an expression fits, over many pages', async () => {
    const services = await openServices();
    await many(services, 1500);
    await submitEcho(services, { type: 'http', payload: { url: 'http://a.example' } });
    const selection = await selectJobs(services, { references: [], filter: { where: parseWhere('type = echo') } });
    expect(new Set(selection.jobIds).size).toBe(1500);
    expect(selection).toMatchObject({ byStatus: { Queued: 1500 }, byType: { echo: 1500 } });
  });
});

async function many(services: TestServices, count: number): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, async () => (await submitEcho(services)).jobId));
}

async function manyChildren(services: TestServices, parentJobId: string, count: number): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, async () => (await submitEcho(services, { parentJobId })).jobId));
}

function bound(target: object, name: string): unknown {
  const value: unknown = Reflect.get(target, name);
  return typeof value === 'function' ? (value.bind(target) as unknown) : value;
}
