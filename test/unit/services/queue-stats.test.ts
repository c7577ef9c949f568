import { describe, expect, test } from 'vitest';
import { checkStats, parseStatsConditions } from '../../../src/services/queue-stats-check.js';
import { queueStats, type QueueStats } from '../../../src/services/queue-stats.js';
import { endJob, startJob, submitEcho } from '../../support/move-jobs.js';
import { openServices } from '../../support/open-services.js';

describe('the numbers of the queues', () => {
  test('count messages by state, jobs by status and rates by minute', async () => {
    const services = await openServices();
    await endJob(services, await submitEcho(services), 'Succeeded');
    await endJob(services, await submitEcho(services), 'DeadLettered');
    await startJob(services, await submitEcho(services));
    await submitEcho(services, { delayMs: 60_000 });
    await submitEcho(services);
    services.step(30_000);
    const stats = await queueStats(services);
    expect(stats).toMatchObject({ source: 'sqlite', workers: 0, jobs: { Queued: 2, Running: 1, Succeeded: 1, Failed: 0, DeadLettered: 1, Cancelled: 0 } });
    expect(stats.queues).toEqual([
      expect.objectContaining({ name: 'evaluation-jobs', active: 1, scheduled: 1, locked: 1, deadLetter: 1, paused: false, drainEtaMs: null }),
    ]);
    const [queue] = stats.queues;
    expect(queue?.oldestAgeMs).toBeGreaterThanOrEqual(30_000);
    // Five came and two ended within the span that the counters' whole minutes make of the last five.
    expect((queue?.inPerMinute ?? 0) / (queue?.outPerMinute ?? 1)).toBeCloseTo(2.5, 1);
  });

  test('say when a queue is empty at the present rates', async () => {
    const services = await openServices();
    for (let index = 0; index < 6; index += 1) await submitEcho(services);
    services.step(6 * 60_000);
    const jobs = (await services.store.list({ filter: {}, limit: 10 })).jobs;
    for (const job of jobs.slice(-4)) await endJob(services, job, 'Succeeded');
    const [queue] = (await queueStats(services)).queues;
    expect(queue).toMatchObject({ active: 2, inPerMinute: 0 });
    // The rate is printed with two digits.
    expect((queue?.drainEtaMs ?? 0) / ((2 / (queue?.outPerMinute ?? 0)) * 60_000)).toBeCloseTo(1, 1);
  });

  test('are of the queues that were asked for', async () => {
    const services = await openServices();
    await services.admin.create({ name: 'other', lockMs: 1000, ttlMs: 60_000, maxAttempts: 1 });
    await submitEcho(services);
    await submitEcho(services, { queue: 'other' });
    const stats = await queueStats(services, ['other']);
    expect(stats.queues.map(({ name }) => name)).toEqual(['other']);
    expect(stats.jobs.Queued).toBe(1);
    await expect(queueStats(services, ['othr'])).rejects.toMatchObject({ code: 'QUEUE_UNKNOWN', hint: 'did you mean `other`?' });
  });
});

describe('conditions on them', () => {
  const queue = { paused: false, pausedAt: null, status: null, partial: null, drainEtaMs: null, inPerMinute: 2, outPerMinute: 3 };
  const stats: QueueStats = {
    at: '2026-08-01T00:00:00.000Z',
    source: 'sqlite',
    degraded: null,
    countedAt: '2026-08-01T00:00:00.000Z',
    problem: null,
    outbox: [],
    leftOnServiceBus: 0,
    queues: [
      { ...queue, name: 'a', active: 1, scheduled: 2, locked: 3, deadLetter: 4, oldestAgeMs: 90_000 },
      { ...queue, name: 'b', active: 10, scheduled: 20, locked: 30, deadLetter: 1, oldestAgeMs: null },
    ],
    jobs: { Queued: 0, Running: 0, Succeeded: 0, Failed: 2, DeadLettered: 5, Cancelled: 0 },
    workers: 2,
  };

  test.each([
    ['depth=66', true],
    ['active<11', false],
    ['active<=11', true],
    ['scheduled>21', true],
    ['locked!=33', false],
    ['dlq<=5', true],
    ['dlq<5', false],
    ['age<90s', false],
    ['age <= 1m30s', true],
    ['workers>=2', true],
    ['in=4', true],
    ['out=6', true],
    ['failed=7', true],
  ])('%s holds: %s', (text, holds) => {
    expect(checkStats(stats, parseStatsConditions(text))).toMatchObject([{ check: text, holds }]);
  });

  test('are several, with commas', () => {
    expect(checkStats(stats, parseStatsConditions('dlq<=5, age<1m')).map(({ holds }) => holds)).toEqual([true, false]);
  });

  test.each(['', 'dlq', 'dlq<=', 'dlq<=x', 'age<5', 'dqq<=5', 'dlq=<5', 'dlq<=5,', 'active<-1'])('are refused when they cannot be read: %j', (text) => {
    expect(() => parseStatsConditions(text)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }) as Error);
  });
});
