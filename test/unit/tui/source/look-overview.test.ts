import { expect, test } from 'vitest';
import { AppError } from '../../../../src/domain/errors.js';
import { OverviewLooker } from '../../../../src/tui/source/look-overview.js';
import { pastDead, pastDepth, Trend, TREND_MS } from '../../../../src/tui/source/trend.js';
import { submitJob } from '../../../../src/services/submit-job.js';
import { endJob, retryLater, startJob, submitEcho } from '../../../support/move-jobs.js';
import { openServices } from '../../../support/open-services.js';
import { withMethods } from '../../../support/with-methods.js';

const MINUTE = 60_000;
const QUEUE = 'evaluation-jobs';

async function openLooker() {
  const services = await openServices();
  const operationFiles = (): Promise<never> => Promise.reject(new Error('the overview needs no journal'));
  const ports = { ...services, letterScope: services.store.storeId, fallback: 'relay' as const, operationFiles };
  return { services, ports };
}

test('counts, lifecycle and curve of a queue come from the counters', async () => {
  const { services, ports } = await openLooker();
  for (let job = 0; job < 3; job += 1) await submitJob(services, { type: 'echo', payload: {}, userId: 'ada' });
  const data = await new OverviewLooker(ports).look();
  expect(data.stats.queues.find(({ name }) => name === QUEUE)?.active).toBe(3);
  expect(data.lifecycle).toEqual({ accepted: 3, started: 0, succeeded: 0, failed: 0, deadLettered: 0, cancelled: 0, retrying: 0 });
  const trend = data.trends[QUEUE] ?? [];
  expect(trend[0]).toBe(0);
  expect(trend.at(-1)).toBe(3);
  expect(data.cost).toBeNull();
});

test('a job that waits for its next attempt is retrying, one that is due later for the first time is not', async () => {
  const { services, ports } = await openLooker();
  await submitEcho(services, { delayMs: 600_000 });
  const job = await submitEcho(services);
  await retryLater(services, await startJob(services, job), 60_000);
  const { lifecycle } = await new OverviewLooker(ports).look();
  expect(lifecycle).toMatchObject({ accepted: 2, started: 1, retrying: 1 });
});

test('where the queues are another system nobody asks the store how many wait for a retry', async () => {
  const { services, ports } = await openLooker();
  const store = withMethods(services.store, { openWork: () => Promise.reject(new Error('this looks at every job')) });
  const { lifecycle } = await new OverviewLooker({ ...ports, store, source: 'servicebus' }).look();
  expect(lifecycle.retrying).toBeNull();
});

test('queues that cannot be counted for a while stay on the screen as they were last', async () => {
  const { services, ports } = await openLooker();
  await submitJob(services, { type: 'echo', payload: {}, userId: 'ada' });
  let isDown = false;
  const admin = withMethods(services.admin, {
    list: (names) => (isDown ? Promise.reject(new AppError('BACKEND_UNAVAILABLE', 'no answer')) : services.admin.list(names)),
  });
  // As where the queues are another system and the store has queues of its own beside it.
  const both = { ...ports, admin, local: { admin: withMethods(services.admin, { list: () => Promise.resolve([]) }) } };
  const looker = new OverviewLooker(both);
  const before = await looker.look();
  isDown = true;
  const during = await looker.look();
  expect(during.stats.problem).toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
  expect(during.stats.queues).toEqual(before.stats.queues);
  expect(during.stats.countedAt).toBe(before.stats.countedAt);
  isDown = false;
  expect((await looker.look()).stats.problem).toBeNull();
});

test('why jobs fail is known at once, also where those that succeeded take long to find', async () => {
  const { services, ports } = await openLooker();
  let elapsed = 0;
  const store = withMethods(services.store, {
    list: (params) => {
      if (params.filter.statuses?.includes('Succeeded') === true) elapsed += 60_000;
      return services.store.list(params);
    },
  });
  const looker = new OverviewLooker({ ...ports, store, clock: { ...services.clock, monotonic: () => elapsed } });
  await endJob(services, await startJob(services, await submitEcho(services)), 'Succeeded');
  expect((await looker.look()).runTimes).not.toBeNull();
  await endJob(services, await startJob(services, await submitEcho(services)), 'DeadLettered');
  elapsed += 2_000;
  expect((await looker.look()).causes).toMatchObject([{ queue: QUEUE, count: 1, deadLettered: true }]);
});

test('the depth before anybody looked follows from what came and went', () => {
  const now = 100 * MINUTE + 30_000;
  const count = (minute: number, status: 'Queued' | 'Succeeded', value: number) => ({ minute, queue: QUEUE, type: 'echo', status, count: value });
  const past = pastDepth(50, [count(100 * MINUTE, 'Queued', 40), count(99 * MINUTE, 'Succeeded', 20)], now);
  const at = (instant: number): number | undefined => past.findLast((point) => point.at <= instant)?.value;
  expect(past.length).toBe(119);
  expect(at(100 * MINUTE)).toBe(10);
  expect(at(99 * MINUTE)).toBe(30);
  expect(at(now - TREND_MS + 5000)).toBe(30);
});

test('a trend keeps ten minutes, a point every five seconds, and ends with the present', () => {
  const trend = new Trend();
  for (let second = 0; second <= 1200; second += 1) trend.add(second, second * 1000);
  expect(trend.values()).toHaveLength(120);
  expect(trend.values().at(-1)).toBe(1200);
  expect(trend.growth()).toBeGreaterThan(590);
  expect(trend.growth()).toBeLessThan(610);
});

test('letters that came before anybody looked count as growth for as long as those that come meanwhile', () => {
  const now = 100 * MINUTE + 30_000;
  const count = (minute: number, value: number) => ({ minute: minute * MINUTE, queue: QUEUE, type: 'fail', status: 'DeadLettered' as const, count: value });
  const trend = new Trend(pastDead(12, [count(100, 5), count(97, 4)], now));
  const growth = (after: number): number => {
    trend.add(12, now + after);
    return trend.growth();
  };
  for (let second = 0; second <= 6 * 60; second += 5) expect(growth(second * 1000)).toBe(9);
  expect(growth(8 * MINUTE)).toBe(5);
  expect(growth(11 * MINUTE)).toBe(0);
});
