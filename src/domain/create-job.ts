// Makes the Job record of a new submission with every start value in one place.

import type { Job, JobId, JobOrigin, Priority } from './job.js';
import type { BlobRef } from './job.js';
import type { Json } from './json.js';

export interface NewJob {
  readonly jobId: JobId;
  readonly type: string;
  readonly queue: string;
  readonly userId: string;
  readonly priority: Priority;
  readonly origin: JobOrigin;
  readonly createdAt: number;
  /** When its first message is due; `createdAt` for at once. */
  readonly dueAt: number;
  readonly ttlMs: number;
  readonly maxAttempts: number;
  readonly payload: Json;
  readonly payloadRef?: BlobRef | null;
  readonly selectedKnowledgeSource?: string | null;
  readonly additionalInstructions?: string | null;
  readonly callbackUrl?: string | null;
  readonly idempotencyKey?: string | null;
  readonly labels?: Readonly<Record<string, string>>;
  readonly parentJobId?: JobId | null;
}

/**
 * What every job starts with. It names every field, because a job is copied at each of its transitions: a spread that
 * is only overwritten keeps a shape V8 copies in one go; one that gains fields becomes slow for life (17 µs a copy).
 */
const BLANK: Job = {
  jobId: '',
  type: '',
  status: 'Queued',
  priority: 'normal',
  queue: '',
  queueMode: 'pending',
  userId: '',
  origin: 'submit',
  createdAt: 0,
  updatedAt: 0,
  queuedAt: 0,
  startedAt: null,
  finishedAt: null,
  expiresAt: null,
  attempt: 0,
  maxAttempts: 1,
  nextAttemptAt: null,
  cancelRequestedAt: null,
  replayCount: 0,
  progress: null,
  payload: null,
  payloadRef: null,
  selectedKnowledgeSource: null,
  additionalInstructions: null,
  callbackUrl: null,
  result: null,
  resultRef: null,
  error: null,
  artifacts: [],
  parentJobId: null,
  children: null,
  idempotencyKey: null,
  labels: {},
  worker: null,
  version: 0,
  runEpoch: 0,
  sequence: 1,
  delivery: null,
  lostLocks: 0,
  awaitsChildren: false,
};

/** A Queued job before its first save (`version` 0, `queueMode` pending). */
export function createJob(input: NewJob): Job {
  return {
    ...BLANK,
    jobId: input.jobId,
    type: input.type,
    priority: input.priority,
    queue: input.queue,
    userId: input.userId,
    origin: input.origin,
    createdAt: input.createdAt,
    updatedAt: input.createdAt,
    queuedAt: input.dueAt,
    expiresAt: input.dueAt + input.ttlMs,
    maxAttempts: input.maxAttempts,
    nextAttemptAt: input.dueAt > input.createdAt ? input.dueAt : null,
    payload: input.payload,
    payloadRef: input.payloadRef ?? null,
    selectedKnowledgeSource: input.selectedKnowledgeSource ?? null,
    additionalInstructions: input.additionalInstructions ?? null,
    callbackUrl: input.callbackUrl ?? null,
    parentJobId: input.parentJobId ?? null,
    idempotencyKey: input.idempotencyKey ?? null,
    labels: input.labels ?? {},
  };
}
