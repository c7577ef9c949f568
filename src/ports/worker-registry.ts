// WorkerRegistry: live workers, by heartbeat.

import type { JobId } from '../domain/job.js';

/** A worker whose newest heartbeat is older than this counts as gone. */
export const WORKER_GONE_AFTER_MS = 15_000;

/** A record names at most this many running jobs, the longest running ones: long lists would make each heartbeat a large write. */
export const MAX_RUNNING_TOLD = 100;

export interface WorkerRecord {
  readonly workerId: string;
  readonly host: string;
  readonly pid: number;
  readonly version: string;
  readonly queues: readonly string[];
  readonly types: readonly string[];
  readonly concurrency: number;
  readonly startedAt: number;
  readonly heartbeatAt: number;
  readonly draining: boolean;
  readonly running: readonly { readonly jobId: JobId; readonly type: string; readonly startedAt: number }[];
  readonly processed: number;
  readonly failed: number;
}

export interface WorkerRegistry {
  /** Stores the record; answers whether somebody asked this worker to drain. */
  heartbeat(record: WorkerRecord): Promise<{ drainRequested: boolean }>;
  /** All records, also those of workers that are gone and not yet forgotten. */
  list(): Promise<readonly WorkerRecord[]>;
  /** False when no such worker is known. */
  requestDrain(workerId: string): Promise<boolean>;
  remove(workerId: string): Promise<void>;
}
