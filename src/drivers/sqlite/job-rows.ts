// The job as a row: which fields have columns, which are JSON, and back.

import { type Job, type JobStatus, PRIORITIES } from '../../domain/job.js';
import type { Json } from '../../domain/json.js';

/** All columns but `input`. */
export interface JobRow {
  readonly job: number;
  readonly id: string;
  readonly status: JobStatus;
  readonly type: string;
  readonly queue: string;
  readonly priority: number;
  readonly user_id: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly expires_at: number | null;
  readonly attempt: number;
  readonly run_epoch: number;
  readonly version: number;
  readonly parent_id: string | null;
  readonly cancel_requested_at: number | null;
  readonly awaits_children: 0 | 1;
  readonly labels: string | null;
  readonly progress: string | null;
  readonly state: string;
}

export interface FullJobRow extends JobRow {
  readonly input: string;
}

/** For SELECT from `jobs`; `JOB_COLUMNS` makes a JobRow, with `INPUT_COLUMN` a FullJobRow. */
export const JOB_COLUMNS = `jobs.job, id, status, type, queue, priority, user_id, created_at, updated_at, expires_at, attempt, run_epoch,
  version, parent_id, cancel_requested_at, awaits_children, labels, progress, state`;
export const INPUT_COLUMN = 'COALESCE(jobs.input, (SELECT input FROM job_inputs WHERE job_inputs.job = jobs.job)) AS input';

/** A longer input has a row of its own in job_inputs. Keeps a job's row, which every save writes, within one page. */
export const MAX_INLINE_INPUT_CHARS = 2000;

/** What is submitted and stays, apart from what has columns. */
type JobInput = Pick<
  Job,
  'payload' | 'payloadRef' | 'selectedKnowledgeSource' | 'additionalInstructions' | 'callbackUrl' | 'origin' | 'idempotencyKey'
>;

/** What transitions change, apart from what has columns. A field with its start value is left out. */
type JobState = Pick<
  Job,
  | 'queueMode'
  | 'queuedAt'
  | 'startedAt'
  | 'finishedAt'
  | 'maxAttempts'
  | 'nextAttemptAt'
  | 'replayCount'
  | 'result'
  | 'resultRef'
  | 'error'
  | 'artifacts'
  | 'children'
  | 'worker'
  | 'sequence'
  | 'delivery'
  | 'lostLocks'
>;

export function encodeInput(job: Job): string {
  const input: Partial<Record<keyof JobInput, Json>> = {
    payload: job.payload,
    origin: job.origin,
    ...(job.payloadRef === null ? {} : { payloadRef: { ...job.payloadRef } }),
    ...(job.selectedKnowledgeSource === null ? {} : { selectedKnowledgeSource: job.selectedKnowledgeSource }),
    ...(job.additionalInstructions === null ? {} : { additionalInstructions: job.additionalInstructions }),
    ...(job.callbackUrl === null ? {} : { callbackUrl: job.callbackUrl }),
    ...(job.idempotencyKey === null ? {} : { idempotencyKey: job.idempotencyKey }),
  };
  return JSON.stringify(input);
}

/** JSON leaves out what is undefined. */
export function encodeState(job: Job): string {
  return JSON.stringify({
    queueMode: job.queueMode,
    queuedAt: job.queuedAt,
    maxAttempts: job.maxAttempts,
    sequence: job.sequence,
    startedAt: job.startedAt ?? undefined,
    finishedAt: job.finishedAt ?? undefined,
    nextAttemptAt: job.nextAttemptAt ?? undefined,
    replayCount: job.replayCount === 0 ? undefined : job.replayCount,
    result: job.result ?? undefined,
    resultRef: job.resultRef ?? undefined,
    error: job.error ?? undefined,
    artifacts: job.artifacts.length === 0 ? undefined : job.artifacts,
    children: job.children ?? undefined,
    worker: job.worker ?? undefined,
    delivery: job.delivery ?? undefined,
    lostLocks: job.lostLocks === 0 ? undefined : job.lostLocks,
  });
}

export function encodeLabels(labels: Job['labels']): string | null {
  for (const key in labels) if (Object.hasOwn(labels, key)) return JSON.stringify(labels);
  return null;
}

export function encodeProgress(progress: Job['progress']): string | null {
  return progress === null ? null : JSON.stringify(progress);
}

/** 0 is the lowest. */
export function priorityNumber(priority: Job['priority']): number {
  return PRIORITIES.indexOf(priority);
}

export function priorityName(number: number): Job['priority'] {
  return PRIORITIES[number] ?? 'normal';
}

export function decodeInput(text: string): Partial<JobInput> {
  return JSON.parse(text) as Partial<JobInput>;
}

export function decodeState(text: string): Partial<JobState> {
  return JSON.parse(text) as Partial<JobState>;
}

export function decodeLabels(text: string | null): Job['labels'] {
  return text === null ? {} : (JSON.parse(text) as Job['labels']);
}

/** `delayed_until`: when the first attempt of this run is due; null when it is due at once, has begun, or is a retry. */
export function delayedUntil(job: Job): number | null {
  return job.status === 'Queued' && job.attempt === 0 && job.startedAt === null ? job.nextAttemptAt : null;
}

export function jobOf(row: FullJobRow): Job {
  return { ...fromColumns(row), ...fromState(decodeState(row.state), row), ...fromInput(decodeInput(row.input)) };
}

function fromColumns(row: JobRow): Omit<Job, keyof JobState | keyof JobInput> {
  return {
    jobId: row.id,
    type: row.type,
    status: row.status,
    priority: priorityName(row.priority),
    queue: row.queue,
    userId: row.user_id,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    expiresAt: row.expires_at,
    attempt: row.attempt,
    cancelRequestedAt: row.cancel_requested_at,
    progress: row.progress === null ? null : (JSON.parse(row.progress) as Job['progress']),
    parentJobId: row.parent_id,
    labels: decodeLabels(row.labels),
    version: row.version,
    runEpoch: row.run_epoch,
    awaitsChildren: row.awaits_children === 1,
  };
}

function fromState(state: Partial<JobState>, row: JobRow): JobState {
  return {
    queueMode: state.queueMode ?? 'pending',
    queuedAt: state.queuedAt ?? row.created_at,
    startedAt: state.startedAt ?? null,
    finishedAt: state.finishedAt ?? null,
    maxAttempts: state.maxAttempts ?? 1,
    nextAttemptAt: state.nextAttemptAt ?? null,
    replayCount: state.replayCount ?? 0,
    result: state.result ?? null,
    resultRef: state.resultRef ?? null,
    error: state.error ?? null,
    artifacts: state.artifacts ?? [],
    children: state.children ?? null,
    worker: state.worker ?? null,
    sequence: state.sequence ?? 1,
    delivery: state.delivery ?? null,
    lostLocks: state.lostLocks ?? 0,
  };
}

function fromInput(input: Partial<JobInput>): JobInput {
  return {
    payload: input.payload ?? null,
    payloadRef: input.payloadRef ?? null,
    selectedKnowledgeSource: input.selectedKnowledgeSource ?? null,
    additionalInstructions: input.additionalInstructions ?? null,
    callbackUrl: input.callbackUrl ?? null,
    origin: input.origin ?? 'submit',
    idempotencyKey: input.idempotencyKey ?? null,
  };
}
