// Checkpoints: what an attempt has done so far, so that the next one goes on from there.

import type { Json } from '../domain/json.js';
import type { JobId } from '../domain/job.js';
import type { AttemptRef } from './job-store.js';

export interface Checkpoints {
  /** Stores all entries together (a key again replaces its value); JOB_LOST, and nothing stored, when the attempt is not the job's any more. */
  put(attempt: AttemptRef, entries: readonly CheckpointEntry[]): Promise<void>;
  get(jobId: JobId, key: string): Promise<Json | undefined>;
  /** By key, pages of `limit`, after a key. */
  list(params: { jobId: JobId; prefix: string; afterKey?: string; limit: number }): Promise<readonly CheckpointEntry[]>;
}

export interface CheckpointEntry {
  readonly key: string;
  readonly value: Json;
}
