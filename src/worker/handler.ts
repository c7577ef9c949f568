// What a handler is and what it gets: the contract with the code of a job type, built in or the user's own.

import type { Artifact, BlobRef, Job, JobError, JobId, JobStatus, Priority } from '../domain/job.js';
import type { Json } from '../domain/json.js';
import type { BlobContent } from '../ports/blob-store.js';
import type { ChildCounts } from '../ports/job-store.js';
import type { CheckpointEntry } from '../ports/checkpoints.js';

/**
 * The code for one job type. It may run more than once for one job (a crash, a lost lock, a retry), so its own effects
 * must bear repetition: `context.job.jobId` and checkpoints are there for that. Throw PermanentError for "never",
 * RetryLaterError for "not now"; everything else is retried by policy and then dead-lettered.
 */
export interface Handler<Payload = Json> {
  readonly type: string;
  /** Default: the product's default queue. */
  readonly queue?: string;
  /** Overrides the queue's. */
  readonly timeoutMs?: number;
  /** Checks a payload at submit and before each run; throws with the path and what was expected. */
  readonly parse?: (payload: Json) => Payload;
  run(context: HandlerContext, payload: Payload): Promise<HandlerResult | void>;
}

export interface HandlerResult {
  /** Stored with the job; over 48 KiB it is stored as a file and the job has `resultRef`. */
  readonly result?: Json;
}

export interface HandlerContext {
  /** As it was when the attempt started. `job.payload` is null when the payload was a file: use the `payload` argument. */
  readonly job: Job;
  /** 1 on the first try. */
  readonly attempt: number;
  /**
   * Fires on cancel, time-out, lost lock and the end of a drain; `signal.reason.kind` says which. Save a checkpoint if
   * that helps the next attempt, then throw; a handler that goes on is given up a few seconds later.
   */
  readonly signal: AbortSignal;
  readonly log: JobLogger;
  /** Cheap: saved at most a few times a second. */
  progress(completed: number, total?: number | null, message?: string | null): void;
  readonly checkpoint: HandlerCheckpoints;
  readonly artifacts: { put(name: string, content: BlobContent, options?: { contentType?: string }): Promise<Artifact> };
  readonly blobs: { read(ref: BlobRef): AsyncIterable<Uint8Array> };
  readonly children: HandlerChildren;
}

export interface JobLogger {
  debug(text: string): void;
  info(text: string): void;
  warn(text: string): void;
  error(text: string): void;
}

export interface HandlerCheckpoints {
  get(key: string): Promise<Json | undefined>;
  set(key: string, value: Json): Promise<void>;
  /** Stored together; throws when the attempt has lost the job. */
  setMany(entries: readonly CheckpointEntry[]): Promise<void>;
  /** By key. */
  entries(prefix: string): AsyncIterable<CheckpointEntry>;
}

export interface HandlerChildren {
  /**
   * Stores and queues child jobs. A key names the child within this job: sending the same key again, also in a later
   * attempt, changes nothing. Returns their ids in order.
   */
  send(children: readonly ChildSpec[]): Promise<JobId[]>;
  counts(): Promise<ChildCounts>;
  /** Children that ended without success, at most `limit`, newest first. */
  failures(limit: number): Promise<readonly ChildFailure[]>;
  /**
   * Ends this run without an outcome: `throw context.children.wait(n)`. When all `expected` children have ended the
   * handler runs again, exactly one continuation being sent; `counts()` then tells how they ended.
   */
  wait(expected: number): WaitForChildren;
}

export interface ChildFailure {
  readonly jobId: JobId;
  readonly type: string;
  readonly status: JobStatus;
  readonly error: JobError | null;
}

export interface ChildSpec {
  readonly key: string;
  readonly type: string;
  readonly payload: Json;
  readonly priority?: Priority;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Thrown by a handler that has sent its children out. */
export class WaitForChildren extends Error {
  override readonly name = 'WaitForChildren';
  readonly expected: number;

  constructor(expected: number) {
    super(`waits for ${expected} child jobs`);
    this.expected = expected;
  }
}

/** Gives a handler definition its type; the way a `--handlers` module declares its handlers (default export: one or an array). */
export function defineHandler<Payload = Json>(handler: Handler<Payload>): Handler<Payload> {
  return handler;
}
