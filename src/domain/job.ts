// The job: the unit of work with one outcome. Transitions are in lifecycle.ts, the queue's message in message.ts.
// All instants are milliseconds since the epoch; output/ turns them into ISO 8601.

import type { Json } from './json.js';

export type JobId = string;

/**
 * Queued → Running → Succeeded | Failed | DeadLettered | Cancelled.
 * Between attempts a job is Queued with `nextAttemptAt` and the last `error`.
 */
export const JOB_STATUSES = ['Queued', 'Running', 'Succeeded', 'Failed', 'DeadLettered', 'Cancelled'] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

/** Lowest first; a queue that orders by priority hands out the last one first. */
export const PRIORITIES = ['low', 'normal', 'high', 'urgent'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** Where the job's newest message really is; `pending`: saved, not sent yet. */
export type QueueMode = 'service_bus' | 'local' | 'pending';
/** The brokers a message can come from. */
export type DeliveredBy = Exclude<QueueMode, 'pending'>;

/** `external`: another producer put the message on the queue and a worker stored the job. */
export type JobOrigin = 'submit' | 'child' | 'external';

export interface JobError {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly at: number;
}

export interface JobProgress {
  readonly completed: number;
  /** Null while the handler does not know how much there is. */
  readonly total: number | null;
  readonly message: string | null;
}

/** A stored file, checked by its hash when it is read. */
export interface BlobRef {
  readonly key: string;
  readonly sha256: string;
  readonly bytes: number;
}

export interface Artifact {
  readonly name: string;
  readonly key: string;
  readonly bytes: number;
  readonly contentType: string;
}

/** Counts over the set of a parent's child jobs; `failed` has every ended child that did not succeed. */
export interface JobChildren {
  readonly expected: number;
  readonly succeeded: number;
  readonly failed: number;
}

/** Which copy of the message the running attempt holds. */
export interface JobDelivery {
  readonly queue: string;
  /** The broker's number for the message, as text: 64 bits do not fit a JavaScript number. */
  readonly brokerSequence: string;
  /** Whose number that is; not said: the local broker's. */
  readonly queueMode?: DeliveredBy;
  /** As known at the start: renewals are not stored. */
  readonly lockedUntil: number;
}

export interface Job {
  readonly jobId: JobId;
  /** Canonical: an alias given at submit is stored under its real name. */
  readonly type: string;
  readonly status: JobStatus;
  readonly priority: Priority;
  readonly queue: string;
  readonly queueMode: QueueMode;
  readonly userId: string;
  readonly origin: JobOrigin;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** When the newest message became due: at submit, or the latest retry or replay. */
  readonly queuedAt: number;
  /** Start of the newest attempt. */
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  /** Due time plus the queue's time to live: no attempt starts after it. */
  readonly expiresAt: number | null;
  /** Attempts counted so far; lost locks, crashes and time-outs count, RetryLaterError and a shutdown do not. */
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly nextAttemptAt: number | null;
  readonly cancelRequestedAt: number | null;
  readonly replayCount: number;
  readonly progress: JobProgress | null;
  readonly payload: Json;
  readonly payloadRef: BlobRef | null;
  readonly selectedKnowledgeSource: string | null;
  readonly additionalInstructions: string | null;
  readonly callbackUrl: string | null;
  readonly result: Json;
  readonly resultRef: BlobRef | null;
  readonly error: JobError | null;
  readonly artifacts: readonly Artifact[];
  readonly parentJobId: JobId | null;
  readonly children: JobChildren | null;
  readonly idempotencyKey: string | null;
  readonly labels: Readonly<Record<string, string>>;
  /** The worker of the newest attempt. */
  readonly worker: string | null;
  /** Counts saves; the store refuses a save made from an older version. */
  readonly version: number;

  /** The fence: counts starts, never reset. A worker's saves hold only while it is the worker's own. */
  readonly runEpoch: number;
  /** Number of the newest message (1, 2, …); older messages are superseded. */
  readonly sequence: number;
  readonly delivery: JobDelivery | null;
  /** Starts that followed a lost lock; after one, the last permitted attempt runs alone. */
  readonly lostLocks: number;
  /** The handler waits for its child jobs: no message is out, the last child's end sends one. */
  readonly awaitsChildren: boolean;
}

/** True when the job has its outcome; `retry` and `dlq replay` can still queue it again. */
export function hasEnded(status: JobStatus): boolean {
  return status !== 'Queued' && status !== 'Running';
}
