// Which jobs live workers run, as far as their heartbeats tell.

import type { Job } from '../domain/job.js';
import { MAX_RUNNING_TOLD, type WorkerRecord } from '../ports/worker-registry.js';

export type IsHeld = (job: Job) => boolean;

/** A heartbeat is put together while jobs begin: it may leave out one that began so shortly before it. */
const JUST_BEGUN_MS = 1000;

/**
 * Whether the job's worker lives and may still end it. What a heartbeat cannot tell is left to the worker: a list that was
 * cut short, and a job that began after it.
 */
export function heldBy(live: readonly WorkerRecord[]): IsHeld {
  const byId = new Map(live.map((worker) => [worker.workerId, worker]));
  return (job) => {
    const worker = job.status === 'Running' && job.worker !== null ? byId.get(job.worker) : undefined;
    if (worker === undefined) return false;
    const mayBeUntold = worker.running.length >= MAX_RUNNING_TOLD || (job.startedAt ?? 0) > worker.heartbeatAt - JUST_BEGUN_MS;
    return mayBeUntold || worker.running.some(({ jobId }) => jobId === job.jobId);
  };
}
