// Submits one job: checked, saved with its message, answered. From the moment this resolves the job cannot be lost.

import { AppError } from '../domain/errors.js';
import { shortId } from '../domain/ids.js';
import type { Job, JobId, JobStatus, QueueMode } from '../domain/job.js';
import type { InsertOutcome } from '../ports/job-store.js';
import { statusUrlOf } from './job-view.js';
import { SubmissionPreparer, type SubmitDeps } from './submit-prepare.js';
import type { SubmitRequest } from './submit-request.js';

export interface SubmitAnswer {
  readonly jobId: JobId;
  readonly statusUrl: string | null;
  readonly queue: string;
  readonly queueMode: QueueMode;
  readonly status: JobStatus;
}

export interface Submission {
  readonly answer: SubmitAnswer;
  readonly job: Job;
  /** The idempotency key was known: `job` is the one of the first request, nothing was stored. */
  readonly duplicate: boolean;
}

/**
 * Throws what SubmissionPreparer.prepare throws, and IDEMPOTENCY_CONFLICT. If the process dies before this resolves,
 * the job is stored whole or not at all; repeating the request under an idempotency key makes no second job.
 */
export async function submitJob(deps: SubmitDeps, request: SubmitRequest): Promise<Submission> {
  const entry = await new SubmissionPreparer(deps).prepare(request);
  const [outcome] = await deps.store.insert([entry]);
  if (outcome === undefined) throw new Error('the store answered nothing to an insert');
  if (outcome.kind === 'conflict') throw idempotencyConflict(request.idempotencyKey ?? '', outcome);
  const { job } = outcome;
  return {
    answer: {
      jobId: job.jobId,
      statusUrl: statusUrlOf(job.jobId, deps.publicBaseUrl),
      queue: job.queue,
      queueMode: job.queueMode,
      status: job.status,
    },
    job,
    duplicate: outcome.kind === 'duplicate',
  };
}

export function idempotencyConflict(key: string, outcome: Extract<InsertOutcome, { kind: 'conflict' }>): AppError {
  return new AppError('IDEMPOTENCY_CONFLICT', `the key ${JSON.stringify(key)} belongs to job ${outcome.jobId}, which was another request`, {
    hint: `see it with \`copiloteval status ${shortId(outcome.jobId)}\`, or use another key`,
    details: { jobId: outcome.jobId },
  });
}
