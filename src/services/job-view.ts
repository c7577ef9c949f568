// The Job as programs see it: `status -o json`, `list`, the API. docs/json-output.md describes it; field order is kept.

import type { Job } from '../domain/job.js';

/** A Job with ISO 8601 instants and its address, without what only the engine needs. */
export interface JobView
  extends Omit<Job, EngineField | 'error' | InstantField> {
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly queuedAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly expiresAt: string | null;
  readonly nextAttemptAt: string | null;
  readonly cancelRequestedAt: string | null;
  readonly error: (Omit<NonNullable<Job['error']>, 'at'> & { readonly at: string }) | null;
  /** Null while no public address is configured. */
  readonly statusUrl: string | null;
}

type EngineField = 'runEpoch' | 'sequence' | 'delivery' | 'lostLocks' | 'awaitsChildren';
type InstantField =
  | 'createdAt'
  | 'updatedAt'
  | 'queuedAt'
  | 'startedAt'
  | 'finishedAt'
  | 'expiresAt'
  | 'nextAttemptAt'
  | 'cancelRequestedAt';

export function viewJob(job: Job, publicBaseUrl: string | null): JobView {
  return {
    jobId: job.jobId,
    type: job.type,
    status: job.status,
    priority: job.priority,
    queue: job.queue,
    queueMode: job.queueMode,
    userId: job.userId,
    origin: job.origin,
    createdAt: isoTime(job.createdAt),
    updatedAt: isoTime(job.updatedAt),
    queuedAt: isoTime(job.queuedAt),
    startedAt: isoTimeOrNull(job.startedAt),
    finishedAt: isoTimeOrNull(job.finishedAt),
    expiresAt: isoTimeOrNull(job.expiresAt),
    attempt: job.attempt,
    maxAttempts: job.maxAttempts,
    nextAttemptAt: isoTimeOrNull(job.nextAttemptAt),
    cancelRequestedAt: isoTimeOrNull(job.cancelRequestedAt),
    replayCount: job.replayCount,
    progress: job.progress,
    payload: job.payload,
    payloadRef: job.payloadRef,
    selectedKnowledgeSource: job.selectedKnowledgeSource,
    additionalInstructions: job.additionalInstructions,
    callbackUrl: job.callbackUrl,
    result: job.result,
    resultRef: job.resultRef,
    error: job.error === null ? null : { ...job.error, at: isoTime(job.error.at) },
    artifacts: job.artifacts,
    parentJobId: job.parentJobId,
    children: job.children,
    idempotencyKey: job.idempotencyKey,
    labels: job.labels,
    worker: job.worker,
    statusUrl: statusUrlOf(job.jobId, publicBaseUrl),
    version: job.version,
  };
}

/** Where others can ask for the job; null while no public address is configured. */
export function statusUrlOf(jobId: string, publicBaseUrl: string | null): string | null {
  return publicBaseUrl === null ? null : `${publicBaseUrl.replace(/\/+$/, '')}/api/jobs/${jobId}`;
}

/** UTC with milliseconds: `2026-08-01T09:30:05.120Z`. */
export function isoTime(at: number): string {
  return new Date(at).toISOString();
}

export function isoTimeOrNull(at: number | null): string | null {
  return at === null ? null : isoTime(at);
}
