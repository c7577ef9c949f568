import { describe, expect, test } from 'vitest';
import type { JobEvent } from '../../../src/domain/job-event.js';
import { parseWhere } from '../../../src/domain/where/parser.js';
import { cancelJobs } from '../../../src/services/cancel-jobs.js';
import { retryJobs } from '../../../src/services/retry-jobs.js';
import { tailEvents } from '../../../src/services/tail-events.js';
import { eventFilter } from '../../../src/services/tail-filter.js';
import { tailLog } from '../../../src/services/tail-log.js';
import { waitForJob } from '../../../src/services/wait-for-job.js';
import type { HoldUp } from '../../../src/services/wait-hold-up.js';
import { endJob, startJob, submitEcho } from '../../support/move-jobs.js';
import { openServices, type TestServices } from '../../support/open-services.js';

const never = new AbortController().signal;

describe('tail of one job', () => {
  test('shows its history and ends when it has ended', async () => {
    const services = await openServices();
    const { jobId } = await endJob(services, await submitEcho(services), 'Failed');
    await submitEcho(services);
    expect(await types(tailEvents(services, { jobId, signal: never }))).toEqual(['submitted', 'started', 'failed']);
  });

  test('goes on with what happens and ends with the job', async () => {
    const services = await openServices();
    const job = await submitEcho(services);
    const seen: string[] = [];
    for await (const event of tailEvents(services, { jobId: job.jobId, signal: never })) {
      seen.push(event.type);
      if (event.type === 'submitted') await startJob(services, job);
      if (event.type === 'started') await cancelJobs(services, { jobIds: [job.jobId], by: 'ada' });
      if (event.type === 'cancel-requested') break;
    }
    expect(seen).toEqual(['submitted', 'started', 'cancel-requested']);
  });

  test('does not take the older end of a retried job for its end', async () => {
    const services = await openServices();
    const { jobId } = await endJob(services, await submitEcho(services), 'Failed');
    await retryJobs(services, { jobIds: [jobId], by: 'ada' });
    const seen: string[] = [];
    for await (const event of tailEvents(services, { jobId, signal: never })) {
      seen.push(event.type);
      if (event.type === 'retried') await cancelJobs(services, { jobIds: [jobId], by: 'ada' });
    }
    expect(seen).toEqual(['submitted', 'started', 'failed', 'retried', 'cancelled']);
  });
});

describe('tail of all jobs', () => {
  test('begins with what comes and ends with the signal', async () => {
    const services = await openServices();
    await submitEcho(services);
    const stop = new AbortController();
    const tail = tailEvents(services, { signal: stop.signal });
    const first = tail.next();
    await services.events.latestCursor();
    const { jobId } = await submitEcho(services);
    const { value } = await first;
    expect(value).toMatchObject({ jobId, type: 'submitted' });
    stop.abort();
    expect((await tail.next()).done).toBe(true);
  });

  test('misses nothing and repeats nothing when much happens at once', async () => {
    const services = await openServices();
    const stop = new AbortController();
    const seen: string[] = [];
    const tail = (async () => {
      for await (const event of tailEvents(services, { signal: stop.signal })) if (seen.push(event.jobId) === 1300) stop.abort();
    })();
    await services.events.latestCursor();
    const jobs = await Promise.all(Array.from({ length: 1300 }, () => submitEcho(services)));
    await tail;
    expect([...seen].sort()).toEqual(jobs.map(({ jobId }) => jobId).sort());
  });

  test('lets through what a filter fits, asking the job for what the event does not know', async () => {
    const services = await openServices();
    const accepts = eventFilter(services, { statuses: ['Queued'], labels: { team: 'a' }, where: parseWhere('priority > normal') });
    const fits = await submitEcho(services, { labels: { team: 'a' }, priority: 'high' });
    const others = [await submitEcho(services, { labels: { team: 'b' }, priority: 'high' }), await submitEcho(services, { labels: { team: 'a' } })];
    const answers = new Map<string, boolean>();
    for (const job of [fits, ...others]) {
      for (const event of (await services.events.read({ jobId: job.jobId, limit: 10 })).events) answers.set(event.jobId, (await accepts?.(event)) ?? true);
    }
    expect([...answers.values()]).toEqual([true, false, false]);
    expect(eventFilter(services, {})).toBeUndefined();
  });
});

describe('waiting for a job', () => {
  test('ends with its outcome, whatever it is', async () => {
    const services = await openServices();
    for (const status of ['Succeeded', 'Failed', 'DeadLettered'] as const) {
      const { jobId } = await endJob(services, await submitEcho(services), status);
      expect((await waitForJob(services, { jobId, signal: never })).status).toBe(status);
    }
  });

  test('notices an end that is saved while it waits', async () => {
    const services = await openServices();
    const job = await submitEcho(services);
    let looks = 0;
    const waiting = waitForJob(services, {
      jobId: job.jobId,
      signal: never,
      onJob: () => {
        looks += 1;
        if (looks === 1) void cancelJobs(services, { jobIds: [job.jobId], by: 'ada' });
      },
    });
    expect((await waiting).status).toBe('Cancelled');
  });

  test('gives up after its time-out and says that the job goes on', async () => {
    const services = await openServices();
    const { jobId } = await submitEcho(services);
    await expect(waitForJob(services, { jobId, signal: never, timeoutMs: 20 })).rejects.toMatchObject({ code: 'WAIT_TIMEOUT', details: { status: 'Queued' } });
  });

  test('ends with the reason of its signal', async () => {
    const services = await openServices();
    const { jobId } = await submitEcho(services);
    const reason = new Error('stopped');
    await expect(waitForJob(services, { jobId, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test('says once that no worker is alive, and with which command one is started', async () => {
    const services = await openServices();
    expect(await holdUps(services, async () => undefined)).toEqual([
      { kind: 'no-worker', reason: 'no worker is alive for the queue evaluation-jobs', command: 'copiloteval worker start --queue evaluation-jobs' },
    ]);
  });

  test('says that the queue is paused, or that no worker has the handler', async () => {
    const services = await openServices();
    await services.workers.heartbeat(workerRecord(services, { types: ['http'] }));
    expect((await holdUps(services, async () => undefined)).map(({ kind }) => kind)).toEqual(['no-handler']);
    expect((await holdUps(services, () => services.admin.pause('evaluation-jobs', 'ada'))).map(({ kind }) => kind)).toEqual(['paused']);
  });

  test('says nothing while a worker is alive that can run it', async () => {
    const services = await openServices();
    await services.workers.heartbeat(workerRecord(services, { types: ['echo'] }));
    expect(await holdUps(services, async () => undefined)).toEqual([]);
  });

  test('does not count a worker whose heartbeat is old', async () => {
    const services = await openServices();
    await services.workers.heartbeat(workerRecord(services, { types: ['echo'] }));
    services.step(16_000);
    expect((await holdUps(services, async () => undefined)).map(({ kind }) => kind)).toEqual(['no-worker']);
  });
});

test('follows the log of a job until the job has ended', async () => {
  const services = await openServices();
  const job = await submitEcho(services);
  const texts: string[] = [];
  const line = (text: string) => ({ at: 1, attempt: 1, level: 'info' as const, text });
  await services.jobLog.append(job.jobId, [line('one')]);
  for await (const { text } of tailLog(services, { jobId: job.jobId, follow: true, signal: never })) {
    texts.push(text);
    if (text !== 'one') continue;
    await services.jobLog.append(job.jobId, [line('two')]);
    await cancelJobs(services, { jobIds: [job.jobId], by: 'ada' });
  }
  expect(texts).toEqual(['one', 'two']);
});

async function holdUps(services: TestServices, before: () => Promise<void>): Promise<HoldUp[]> {
  const { jobId } = await submitEcho(services);
  await before();
  const told: HoldUp[] = [];
  await waitForJob(services, { jobId, signal: never, timeoutMs: 300, onHoldUp: (holdUp) => told.push(holdUp) }).catch(() => undefined);
  return told;
}

function workerRecord(services: TestServices, { types }: { types: readonly string[] }) {
  const now = services.clock.now();
  return {
    workerId: 'w-1',
    host: 'host',
    pid: 1,
    version: '0.0.0',
    queues: ['evaluation-jobs'],
    types,
    concurrency: 1,
    startedAt: now,
    heartbeatAt: now,
    draining: false,
    running: [],
    processed: 0,
    failed: 0,
  };
}

async function types(events: AsyncIterable<JobEvent>): Promise<string[]> {
  const seen: string[] = [];
  for await (const event of events) seen.push(event.type);
  return seen;
}
