// The job as a row: which fields have columns, which are JSON, and back.

import { type Job, type JobStatus, PRIORITIES } from '../../domain/job.js';
import type { Json } from '../../domain/json.js';

/** What JOB_COLUMNS selects. */
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

/** For SELECT from `jobs`, in the order of JobValues. */
export const JOB_COLUMNS = `jobs.job, id, status, type, queue, priority, user_id, created_at, updated_at, expires_at, attempt, run_epoch,
  version, parent_id, cancel_requested_at, awaits_children, labels, progress, state`;
/** Behind them, for the job as a whole. */
export const INPUT_COLUMN = 'COALESCE(jobs.input, (SELECT input FROM job_inputs WHERE job_inputs.job = jobs.job)) AS input';

/** A row as `preparedRaw` gives it: building an object per row in the binding costs a third of reading it. */
export type JobValues = readonly [
  ...ids: [job: number, id: string, status: JobStatus, type: string, queue: string, priority: number, userId: string],
  ...times: [createdAt: number, updatedAt: number, expiresAt: number | null],
  ...counts: [attempt: number, runEpoch: number, version: number],
  ...family: [parentId: string | null, cancelRequestedAt: number | null, awaitsChildren: 0 | 1],
  ...json: [labels: string | null, progress: string | null, state: string],
];

/** With INPUT_COLUMN behind. */
export type FullJobValues = readonly [...columns: JobValues, input: string];

export function rowOf(values: JobValues | readonly [...columns: FullJobValues, ...more: unknown[]]): JobRow {
  return {
    job: values[0],
    id: values[1],
    status: values[2],
    type: values[3],
    queue: values[4],
    priority: values[5],
    user_id: values[6],
    created_at: values[7],
    updated_at: values[8],
    expires_at: values[9],
    attempt: values[10],
    run_epoch: values[11],
    version: values[12],
    parent_id: values[13],
    cancel_requested_at: values[14],
    awaits_children: values[15],
    labels: values[16],
    progress: values[17],
    state: values[18],
  };
}

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

/**
 * The JSON of JobState, put together by hand: twice as quick as having it written from an object, and every save needs
 * it. What is not a number or a known word goes through JSON.stringify.
 */
export function encodeState(job: Job): string {
  let text = `{"queueMode":"${job.queueMode}","queuedAt":${job.queuedAt},"maxAttempts":${job.maxAttempts},"sequence":${job.sequence}`;
  if (job.startedAt !== null) text += `,"startedAt":${job.startedAt}`;
  if (job.finishedAt !== null) text += `,"finishedAt":${job.finishedAt}`;
  if (job.nextAttemptAt !== null) text += `,"nextAttemptAt":${job.nextAttemptAt}`;
  if (job.replayCount !== 0) text += `,"replayCount":${job.replayCount}`;
  if (job.lostLocks !== 0) text += `,"lostLocks":${job.lostLocks}`;
  if (job.artifacts.length > 0) text += `,"artifacts":${JSON.stringify(job.artifacts)}`;
  return text + member('result', job.result) + member('resultRef', job.resultRef) + member('error', job.error) + member('children', job.children) + member('worker', job.worker) + member('delivery', job.delivery) + '}';
}

function member(name: keyof JobState, value: unknown): string {
  return value === null || value === undefined ? '' : `,"${name}":${JSON.stringify(value)}`;
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

/**
 * One literal on purpose, as in `storedJob`: V8 gives every place that spreads an object a hidden class of its own, so
 * jobs put together by spreads soon have more classes than its caches hold, and each copy of a job then costs several
 * microseconds. These two name the same fields in the same order: all stored jobs have one class.
 */
export function jobOf(row: JobRow, inputText: string): Job {
  const state = decodeState(row.state);
  const input = decodeInput(inputText);
  return {
    jobId: row.id, type: row.type, status: row.status, priority: priorityName(row.priority),
    queue: row.queue, queueMode: state.queueMode ?? 'pending', userId: row.user_id, origin: input.origin ?? 'submit',
    createdAt: row.created_at, updatedAt: row.updated_at, queuedAt: state.queuedAt ?? row.created_at,
    startedAt: state.startedAt ?? null, finishedAt: state.finishedAt ?? null, expiresAt: row.expires_at,
    attempt: row.attempt, maxAttempts: state.maxAttempts ?? 1, nextAttemptAt: state.nextAttemptAt ?? null,
    cancelRequestedAt: row.cancel_requested_at, replayCount: state.replayCount ?? 0,
    progress: row.progress === null ? null : (JSON.parse(row.progress) as Job['progress']),
    payload: input.payload ?? null, payloadRef: input.payloadRef ?? null,
    selectedKnowledgeSource: input.selectedKnowledgeSource ?? null,
    additionalInstructions: input.additionalInstructions ?? null, callbackUrl: input.callbackUrl ?? null,
    result: state.result ?? null, resultRef: state.resultRef ?? null, error: state.error ?? null, artifacts: state.artifacts ?? [],
    parentJobId: row.parent_id, children: state.children ?? null, idempotencyKey: input.idempotencyKey ?? null,
    labels: decodeLabels(row.labels), worker: state.worker ?? null, version: row.version, runEpoch: row.run_epoch,
    sequence: state.sequence ?? 1, delivery: state.delivery ?? null, lostLocks: state.lostLocks ?? 0,
    awaitsChildren: row.awaits_children === 1,
  };
}

/** The job as it is after its save: `version` saves, its newest message on the queue when `isSent`. */
export function storedJob(job: Job, version: number, isSent: boolean): Job {
  return {
    jobId: job.jobId, type: job.type, status: job.status, priority: job.priority,
    queue: job.queue, queueMode: isSent ? 'local' : job.queueMode, userId: job.userId, origin: job.origin,
    createdAt: job.createdAt, updatedAt: job.updatedAt, queuedAt: job.queuedAt,
    startedAt: job.startedAt, finishedAt: job.finishedAt, expiresAt: job.expiresAt,
    attempt: job.attempt, maxAttempts: job.maxAttempts, nextAttemptAt: job.nextAttemptAt,
    cancelRequestedAt: job.cancelRequestedAt, replayCount: job.replayCount,
    progress: job.progress,
    payload: job.payload, payloadRef: job.payloadRef,
    selectedKnowledgeSource: job.selectedKnowledgeSource,
    additionalInstructions: job.additionalInstructions, callbackUrl: job.callbackUrl,
    result: job.result, resultRef: job.resultRef, error: job.error, artifacts: job.artifacts,
    parentJobId: job.parentJobId, children: job.children, idempotencyKey: job.idempotencyKey,
    labels: job.labels, worker: job.worker, version, runEpoch: job.runEpoch,
    sequence: job.sequence, delivery: job.delivery, lostLocks: job.lostLocks,
    awaitsChildren: job.awaitsChildren,
  };
}
