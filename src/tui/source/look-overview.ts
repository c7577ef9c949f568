// The overview: queues with their histories, throughput, and what failed lately and why.

import { hasEnded, type Job, type JobStatus } from '../../domain/job.js';
import { reasonFingerprint } from '../../domain/reason-fingerprint.js';
import type { Clock } from '../../ports/clock.js';
import type { MinuteCount } from '../../ports/job-counters.js';
import { queueStats, type QueueStat, type QueueStats } from '../../services/queue-stats.js';
import type { FailureCause, Lifecycle, OverviewData, RunTimes, ScreenCost, TypeThroughput } from '../data.js';
import { isCostly, type DashboardPorts } from './ports.js';
import { pastDead, pastDepth, Trend } from './trend.js';

const MINUTE = 60_000;
const CURVE_MINUTES = 30;
const LIFECYCLE_MINUTES = 15;
/** Reading whole jobs is the dear part; it is done this often at most. */
const SAMPLE_MS = 2_000;
const REST_PER_SAMPLE = 50;
const SAMPLED_JOBS = 100;
const SAMPLED_FAILURES = 60;
const MAX_CAUSES = 5;

export class OverviewLooker {
  readonly #ports: DashboardPorts;
  readonly #cost: () => ScreenCost | null;
  readonly #depths = new Map<string, Trend>();
  readonly #dead = new Map<string, Trend>();
  readonly #runTimes: Sample<RunTimes | null>;
  readonly #causes: Sample<readonly FailureCause[]>;
  #lastKnown: QueueStats | undefined;

  /** `cost`: what looking has cost in the last minute; null where it costs nothing. */
  constructor(ports: DashboardPorts, cost: () => ScreenCost | null = () => null) {
    this.#ports = ports;
    this.#cost = cost;
    this.#runTimes = new Sample<RunTimes | null>(ports.clock, null);
    this.#causes = new Sample<readonly FailureCause[]>(ports.clock, []);
  }

  async look(): Promise<OverviewData> {
    const { clock, counters } = this.#ports;
    const now = clock.now();
    const from = now - CURVE_MINUTES * MINUTE;
    const [counted, minutes] = await Promise.all([queueStats(this.#ports), counters.perMinute({ from, to: now + 1 })]);
    const stats = this.#withLastKnown(counted);
    for (const queue of stats.queues) this.#remember(queue, minutes, now);
    const lately = minutes.filter(({ minute }) => minute > now - LIFECYCLE_MINUTES * MINUTE);
    return {
      stats,
      trends: Object.fromEntries(stats.queues.map(({ name }) => [name, this.#depths.get(name)?.values() ?? []])),
      lastMinute: Object.fromEntries(stats.queues.map(({ name }) => [name, this.#depths.get(name)?.lastMinute(now) ?? 0])),
      deadGrowth: Object.fromEntries(stats.queues.map(({ name }) => [name, this.#dead.get(name)?.growth() ?? 0])),
      endedPerMinute: endedPerMinute(minutes, now),
      lifecycle: { ...lifecycleOf(lately), retrying: await this.#retrying(stats) },
      byType: throughputOf(lately),
      ...(await this.#sampled(stats, now)),
      cost: this.#cost(),
    };
  }

  /** Where the queues are another system the store would have to look at every job, and could not tell all the same. */
  async #retrying({ queues }: QueueStats): Promise<number | null> {
    if (isCostly(this.#ports)) return null;
    return (await this.#ports.store.openWork(queues.map(({ name }) => name))).retries;
  }

  /** Queues that cannot be counted now are shown as they were last; `problem` and `countedAt` say so. */
  #withLastKnown(stats: QueueStats): QueueStats {
    if (stats.problem === null) {
      this.#lastKnown = stats;
      return stats;
    }
    const { queues = [], countedAt = null } = this.#lastKnown ?? {};
    const missing = queues.filter(({ name }) => !stats.queues.some((queue) => queue.name === name));
    return { ...stats, countedAt: stats.countedAt ?? countedAt, queues: [...stats.queues, ...missing].sort((a, b) => (a.name < b.name ? -1 : 1)) };
  }

  #remember(queue: QueueStat, minutes: readonly MinuteCount[], now: number): void {
    const depth = queue.active + queue.locked + queue.scheduled;
    let trend = this.#depths.get(queue.name);
    if (trend === undefined) {
      const own = minutes.filter((minute) => minute.queue === queue.name);
      this.#depths.set(queue.name, (trend = new Trend(pastDepth(depth, own, now))));
      this.#dead.set(queue.name, new Trend(pastDead(queue.deadLetter, own, now)));
    }
    trend.add(depth, now);
    this.#dead.get(queue.name)?.add(queue.deadLetter, now);
  }

  /** Apart from each other: few that succeeded among very many can take long to find, and causes must not wait for that. */
  async #sampled({ jobs }: QueueStats, now: number): Promise<Pick<OverviewData, 'runTimes' | 'causes'>> {
    const { store } = this.#ports;
    const { Succeeded, Failed, DeadLettered } = jobs;
    const newest = async (statuses: readonly JobStatus[], limit: number): Promise<readonly Job[]> => (await store.list({ filter: { statuses }, limit })).jobs;
    // Causes age out of their window by the minute.
    const causes = await this.#causes.get(`${Failed} ${DeadLettered} ${Math.floor(now / MINUTE)}`, async () => (Failed + DeadLettered === 0 ? [] : causesOf(await newest(['Failed', 'DeadLettered'], SAMPLED_FAILURES), now - LIFECYCLE_MINUTES * MINUTE)));
    const runTimes = await this.#runTimes.get(`${Succeeded}`, async () => (Succeeded === 0 ? null : runTimesOf(await newest(['Succeeded'], SAMPLED_JOBS))));
    return { causes, runTimes };
  }
}

/** Something that is dear to look at: looked at when it may have changed, and for at most a fiftieth of the time. */
class Sample<T> {
  readonly #clock: Clock;
  #value: T;
  #key = '';
  #againAt = -Infinity;

  constructor(clock: Clock, value: T) {
    this.#clock = clock;
    this.#value = value;
  }

  /** `key`: another one means that it may have changed. */
  async get(key: string, look: () => Promise<T>): Promise<T> {
    const began = this.#clock.monotonic();
    if (key === this.#key || began < this.#againAt) return this.#value;
    this.#value = await look();
    this.#key = key;
    this.#againAt = this.#clock.monotonic() + Math.max(SAMPLE_MS, (this.#clock.monotonic() - began) * REST_PER_SAMPLE);
    return this.#value;
  }
}

function endedPerMinute(minutes: readonly MinuteCount[], now: number): readonly number[] {
  const present = Math.floor(now / MINUTE) * MINUTE;
  const curve = new Array<number>(CURVE_MINUTES).fill(0);
  for (const { minute, status, count } of minutes) {
    const index = CURVE_MINUTES - 1 - Math.round((present - minute) / MINUTE);
    if (hasEnded(status) && index >= 0 && index < CURVE_MINUTES) curve[index] = (curve[index] ?? 0) + count;
  }
  return curve;
}

function lifecycleOf(minutes: readonly MinuteCount[]): Omit<Lifecycle, 'retrying'> {
  const of = (wanted: MinuteCount['status']): number => minutes.reduce((sum, { status, count }) => (status === wanted ? sum + count : sum), 0);
  return {
    accepted: of('Queued'),
    started: of('Running'),
    succeeded: of('Succeeded'),
    failed: of('Failed'),
    deadLettered: of('DeadLettered'),
    cancelled: of('Cancelled'),
  };
}

function throughputOf(minutes: readonly MinuteCount[]): readonly TypeThroughput[] {
  const types = new Map<string, { succeeded: number; failed: number }>();
  for (const { type, status, count } of minutes) {
    if (status !== 'Succeeded' && status !== 'Failed' && status !== 'DeadLettered') continue;
    const sums = types.get(type) ?? { succeeded: 0, failed: 0 };
    if (status === 'Succeeded') sums.succeeded += count;
    else sums.failed += count;
    types.set(type, sums);
  }
  return [...types].map(([type, sums]) => ({ type, ...sums })).sort((a, b) => b.succeeded + b.failed - a.succeeded - a.failed);
}

function runTimesOf(jobs: readonly Job[]): RunTimes | null {
  const times = jobs.flatMap(({ startedAt, finishedAt }) => (startedAt === null || finishedAt === null ? [] : [finishedAt - startedAt])).sort((a, b) => a - b);
  if (times.length === 0) return null;
  const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), jobs: times.length };
}

/** What varies from failure to failure is left out of the texts, as in the groups of dead letters. */
function causesOf(jobs: readonly Job[], since: number): readonly FailureCause[] {
  const causes = new Map<string, { cause: string; queue: string; count: number; newestAt: number; deadLettered: boolean }>();
  for (const { error, queue, finishedAt, status } of jobs) {
    if (finishedAt === null || finishedAt < since) continue;
    const cause = reasonFingerprint({ reason: error?.code ?? null, description: error?.message ?? null }).pattern;
    const key = `${queue} ${cause}`;
    const known = causes.get(key) ?? { cause, queue, count: 0, newestAt: 0, deadLettered: false };
    causes.set(key, { ...known, count: known.count + 1, newestAt: Math.max(known.newestAt, finishedAt), deadLettered: known.deadLettered || status === 'DeadLettered' });
  }
  return [...causes.values()].sort((a, b) => b.count - a.count).slice(0, MAX_CAUSES);
}
