// The state of the queues in numbers: what waits, what is stuck, how fast it moves, when it is done.

import { hasEnded, JOB_STATUSES, type JobStatus } from '../domain/job.js';
import type { Backend } from '../ports/backend.js';
import type { MinuteCount } from '../ports/job-counters.js';
import type { QueueInfo } from '../ports/queue-admin.js';
import { isoTime } from './job-view.js';
import { knownQueues } from './queue-settings.js';
import { liveWorkers } from './wait-hold-up.js';

export interface QueueStats {
  readonly at: string;
  /** What counted: `sqlite`, `service-bus`. */
  readonly source: string;
  readonly queues: readonly QueueStat[];
  readonly jobs: Readonly<Record<JobStatus, number>>;
  readonly workers: number;
}

export interface QueueStat {
  readonly name: string;
  readonly active: number;
  readonly scheduled: number;
  readonly locked: number;
  readonly deadLetter: number;
  /** How long the message that waits longest has been due; null when none waits. */
  readonly oldestAgeMs: number | null;
  readonly paused: boolean;
  readonly pausedAt: string | null;
  /** Jobs accepted, and jobs ended, per minute over the last five minutes. */
  readonly inPerMinute: number;
  readonly outPerMinute: number;
  /** Until nothing waits if both rates stay; null when it does not shrink. */
  readonly drainEtaMs: number | null;
}

const MINUTE = 60_000;
const RATE_MINUTES = 5;

/** Costs the same with a thousand jobs and with a million. Throws QUEUE_UNKNOWN for a name that does not exist. */
export async function queueStats(
  deps: Pick<Backend, 'admin' | 'counters' | 'workers' | 'clock'> & { readonly source: string },
  names: readonly string[] = [],
): Promise<QueueStats> {
  const chosen = await knownQueues(deps, names);
  const now = deps.clock.now();
  const [queues, totals, minutes, workers] = await Promise.all([
    deps.admin.list(chosen.length === 0 ? undefined : chosen),
    deps.counters.totals(),
    deps.counters.perMinute({ from: now - RATE_MINUTES * MINUTE, to: now + 1 }),
    liveWorkers(deps),
  ]);
  const jobs = Object.fromEntries(JOB_STATUSES.map((status) => [status, 0])) as Record<JobStatus, number>;
  for (const total of totals) if (chosen.length === 0 || chosen.includes(total.queue)) jobs[total.status] += total.count;
  const serving = workers.filter((worker) => chosen.length === 0 || worker.queues.some((queue) => chosen.includes(queue)));
  return {
    at: isoTime(now),
    source: deps.source,
    queues: queues.map((queue) => statOf(queue, minutes, now)),
    jobs,
    workers: serving.length,
  };
}

function statOf(queue: QueueInfo, minutes: readonly MinuteCount[], now: number): QueueStat {
  const own = minutes.filter((minute) => minute.queue === queue.name);
  const elapsedMinutes = spanMinutes(now);
  const inPerMinute = sum(own.filter((minute) => minute.status === 'Queued')) / elapsedMinutes;
  const outPerMinute = sum(own.filter((minute) => hasEnded(minute.status))) / elapsedMinutes;
  return {
    name: queue.name,
    active: queue.counts.active,
    scheduled: queue.counts.scheduled,
    locked: queue.counts.locked,
    deadLetter: queue.counts.deadLetter,
    oldestAgeMs: queue.oldestDueAt === null ? null : Math.max(0, now - queue.oldestDueAt),
    paused: queue.pausedAt !== null,
    pausedAt: queue.pausedAt === null ? null : isoTime(queue.pausedAt),
    inPerMinute: round(inPerMinute),
    outPerMinute: round(outPerMinute),
    drainEtaMs: drainEtaMs(queue.counts.active + queue.counts.locked, outPerMinute - inPerMinute),
  };
}

/** The counters' oldest minute began before the span did: the whole minutes and the part of the present one. */
function spanMinutes(now: number): number {
  const oldestMinute = Math.ceil((now - RATE_MINUTES * MINUTE) / MINUTE) * MINUTE;
  return Math.max(1, (now - oldestMinute) / MINUTE);
}

function drainEtaMs(waiting: number, netPerMinute: number): number | null {
  if (waiting === 0) return 0;
  return netPerMinute <= 0 ? null : Math.round((waiting / netPerMinute) * MINUTE);
}

function sum(counts: readonly MinuteCount[]): number {
  return counts.reduce((total, minute) => total + minute.count, 0);
}

function round(rate: number): number {
  return Math.round(rate * 100) / 100;
}
