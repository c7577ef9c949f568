// The state of the queues in numbers: what waits, what is stuck, how fast it moves, when it is done, and how old and how
// sure these numbers are.

import { AppError } from '../domain/errors.js';
import { hasEnded, JOB_STATUSES, type JobStatus } from '../domain/job.js';
import { isLocalQueueName, localQueueName, withoutLocal } from '../domain/local-queue-name.js';
import type { Backend } from '../ports/backend.js';
import type { MinuteCount } from '../ports/job-counters.js';
import type { JobsElsewhere } from '../ports/jobs-elsewhere.js';
import type { QueueAdmin, QueueInfo, QueueStatus } from '../ports/queue-admin.js';
import { countElsewhere } from './count-elsewhere.js';
import { isoTime } from './job-view.js';
import { knownQueues } from './queue-settings.js';
import { liveWorkers } from './wait-hold-up.js';

export interface QueueStats {
  readonly at: string;
  /** What holds the queues: `sqlite`, `servicebus`. */
  readonly source: string;
  /** Why that is not what the settings asked for. */
  readonly degraded: string | null;
  /** Of when the oldest of the counts is; null when none could be had. */
  readonly countedAt: string | null;
  /** Why the queues could not be counted: then only those of the store are listed. */
  readonly problem: StatsProblem | null;
  readonly queues: readonly QueueStat[];
  /** Messages that are saved and not sent yet, by the queue they are for. */
  readonly outbox: readonly OutboxStat[];
  /** Jobs whose messages are on, or for, a Service Bus that is not in use. */
  readonly leftOnServiceBus: number;
  readonly jobs: Readonly<Record<JobStatus, number>>;
  readonly workers: number;
}

export interface StatsProblem {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
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
  /** Jobs accepted, and jobs ended, per minute over the last five minutes; of both queues where there is a local one too. */
  readonly inPerMinute: number;
  readonly outPerMinute: number;
  /** Until nothing waits if both rates stay; null when it does not shrink. */
  readonly drainEtaMs: number | null;
  /** The broker's own switch; null where it has none. */
  readonly status: QueueStatus | null;
  /** Why the counts are a lower bound; null when they are whole. */
  readonly partial: string | null;
}

export interface OutboxStat {
  readonly queue: string;
  readonly waiting: number;
  readonly oldestAgeMs: number;
  readonly problem: string | null;
}

const MINUTE = 60_000;
const RATE_MINUTES = 5;

export interface StatsPorts extends Pick<Backend, 'admin' | 'counters' | 'workers' | 'clock' | 'outbox'> {
  readonly source: string;
  readonly degraded?: string | null;
  readonly elsewhere?: JobsElsewhere;
  /** Beside another system: the store's own queues. */
  readonly local?: { readonly admin: QueueAdmin } | null;
}

/**
 * Costs the same with a thousand jobs and with a million. Throws QUEUE_UNKNOWN for a name that does not exist. Another
 * system that does not answer is a `problem` of the answer, beside all that is known without it.
 */
export async function queueStats(deps: StatsPorts, names: readonly string[] = []): Promise<QueueStats> {
  const { infos, problem } = await countQueues(deps, [...new Set(names)]);
  const now = deps.clock.now();
  const [totals, minutes, workers, outbox, leftOnServiceBus] = await Promise.all([
    deps.counters.totals(),
    deps.counters.perMinute({ from: now - RATE_MINUTES * MINUTE, to: now + 1 }),
    liveWorkers(deps),
    deps.outbox?.waiting() ?? [],
    deps.source === 'sqlite' && deps.elsewhere !== undefined ? countElsewhere(deps.elsewhere, names) : 0,
  ]);
  const isChosen = (queue: string): boolean => names.length === 0 || names.some((name) => withoutLocal(name) === queue);
  const jobs = Object.fromEntries(JOB_STATUSES.map((status) => [status, 0])) as Record<JobStatus, number>;
  for (const total of totals) if (isChosen(total.queue)) jobs[total.status] += total.count;
  return {
    at: isoTime(now),
    source: deps.source,
    degraded: deps.degraded ?? null,
    countedAt: infos.length === 0 ? null : isoTime(Math.min(...infos.map(({ countedAt }) => countedAt))),
    problem,
    queues: infos.map((queue) => statOf(queue, minutes, now)),
    outbox: outbox.filter(({ queue }) => isChosen(queue)).map(({ queue, count, oldestSavedAt, problem: why }) => ({ queue, waiting: count, oldestAgeMs: Math.max(0, now - oldestSavedAt), problem: why })),
    leftOnServiceBus,
    jobs,
    workers: workers.filter((worker) => worker.queues.some(isChosen)).length,
  };
}

interface Counted {
  readonly infos: readonly QueueInfo[];
  readonly problem: StatsProblem | null;
}

async function countQueues(deps: StatsPorts, names: readonly string[]): Promise<Counted> {
  try {
    const chosen = await knownQueues(deps, names);
    return { infos: await deps.admin.list(chosen.length === 0 ? undefined : chosen), problem: null };
  } catch (error) {
    if (deps.local === null || deps.local === undefined || !(error instanceof AppError) || error.code === 'QUEUE_UNKNOWN') throw error;
    const { code, message, hint } = error;
    return { infos: await localOnly(deps.local.admin, names), problem: { code, message, hint: hint ?? null } };
  }
}

async function localOnly(admin: QueueAdmin, names: readonly string[]): Promise<readonly QueueInfo[]> {
  const infos = (await admin.list()).map((info) => ({ ...info, name: localQueueName(info.name) }));
  if (names.length > 0) return infos.filter(({ name }) => names.includes(name));
  return infos.filter(({ counts: { active, locked, scheduled, deadLetter } }) => active + locked + scheduled + deadLetter > 0);
}

function statOf(queue: QueueInfo, minutes: readonly MinuteCount[], now: number): QueueStat {
  const own = isLocalQueueName(queue.name) ? [] : minutes.filter((minute) => minute.queue === queue.name);
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
    status: queue.status ?? null,
    partial: queue.partial ?? null,
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
