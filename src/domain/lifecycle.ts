// Every way a job changes, as pure functions: job in, changed job with its event and, when a message must go out, its
// outbox entry. Callers check that the transition is allowed (decide.ts for workers, services for commands).
//
//   Queued ──start──▶ Running ──succeed──▶ Succeeded
//     ▲  ▲              │ │ └────fail─────▶ Failed
//     │  └──requeue─────┘ └──deadLetter──▶ DeadLettered
//     └──retry, replay── Failed, DeadLettered, Cancelled        Queued | Running ──cancel──▶ Cancelled

import type { Artifact, Job, JobChildren, JobDelivery, JobError } from './job.js';
import type { JobEventType, NewJobEvent } from './job-event.js';
import type { BlobRef } from './job.js';
import type { Json, JsonObject } from './json.js';
import { type OutboxEntry, outboxEntryFor } from './message.js';

/** What one save stores, all of it or nothing. `job.version` is the version that was read. */
export interface Change {
  readonly job: Job;
  readonly event: NewJobEvent;
  readonly outbox?: OutboxEntry;
  /** The entry goes on the store's own queue, also where the store sends its messages to another system. */
  readonly toLocalQueue?: true;
  /** The job's waiting message is not needed any more; a store that shares its file with the queue drops it in the same step. */
  readonly withdrawMessage?: boolean;
}

export interface JobOutcome {
  readonly result: Json;
  readonly resultRef: BlobRef | null;
  readonly artifacts: readonly Artifact[];
}

/** The first change of a job: stored with its message. `job` comes from create-job.ts. */
export function submit(job: Job): Change {
  const notBefore = job.queuedAt > job.createdAt ? job.queuedAt : null;
  return {
    job,
    event: eventOf(job, 'submitted', job.createdAt, notBefore === null ? {} : { dueAt: notBefore }),
    outbox: outboxEntryFor(job, notBefore),
  };
}

/** A worker begins an attempt. `afterLostLock`: the attempt before never reported back. */
export function start(job: Job, at: number, by: { worker: string; delivery: JobDelivery; afterLostLock: boolean }): Change {
  const next: Job = {
    ...job,
    status: 'Running',
    updatedAt: at,
    startedAt: at,
    finishedAt: null,
    nextAttemptAt: null,
    attempt: job.attempt + 1,
    runEpoch: job.runEpoch + 1,
    lostLocks: job.lostLocks + (by.afterLostLock ? 1 : 0),
    worker: by.worker,
    delivery: by.delivery,
    // The message is at hand, so it was sent, whoever was to write that down and did not live to do it.
    queueMode: by.delivery.queueMode ?? job.queueMode,
  };
  return { job: next, event: eventOf(next, 'started', at, by.afterLostLock ? { afterLostLock: true } : {}) };
}

export function succeed(job: Job, at: number, outcome: JobOutcome): Change {
  const { result, resultRef, artifacts } = outcome;
  // In one piece: every copy of a job costs.
  const next: Job = { ...job, status: 'Succeeded', updatedAt: at, finishedAt: at, nextAttemptAt: null, delivery: null, result, resultRef, artifacts, error: null };
  return { job: next, event: eventOf(next, 'succeeded', at) };
}

/** The job can never work: its message is completed, `retry` can queue it again. */
export function fail(job: Job, at: number, error: JobError, artifacts: readonly Artifact[] = job.artifacts): Change {
  const next: Job = { ...ended(job, 'Failed', at), error, artifacts };
  return { job: next, event: eventOf(next, 'failed', at, errorDetail(error)) };
}

/** Attempts used up, message expired or moved by the broker: the message is, or goes, in the dead-letter queue. */
export function deadLetter(job: Job, at: number, error: JobError): Change {
  const next: Job = { ...ended(job, 'DeadLettered', at), error };
  return { job: next, event: eventOf(next, 'dead-lettered', at, errorDetail(error)) };
}

/** After a failed attempt: queued again for `retryAt` with a new message; the old one is completed afterwards. */
export function scheduleRetry(job: Job, at: number, retry: { retryAt: number; error: JobError }): Change {
  const next: Job = { ...requeued(job, at, retry.retryAt), error: retry.error, nextAttemptAt: retry.retryAt };
  return {
    job: next,
    event: eventOf(next, 'retry-scheduled', at, { ...errorDetail(retry.error), retryAt: retry.retryAt }),
    outbox: outboxEntryFor(next, retry.retryAt),
  };
}

export interface GiveBack {
  readonly dueAt: number;
  readonly reason: string;
  /** -1 takes back an attempt that was started and is not the job's fault; +1 counts one that could not start. */
  readonly attemptDelta: -1 | 0 | 1;
}

/** Drain, RetryLaterError, no handler here: queued again without the retry policy. */
export function giveBack(job: Job, at: number, back: GiveBack): Change {
  const counted = { ...job, attempt: Math.max(0, job.attempt + back.attemptDelta) };
  const next: Job = { ...requeued(counted, at, back.dueAt), nextAttemptAt: back.dueAt };
  return {
    job: next,
    event: eventOf(next, 'given-back', at, { reason: back.reason, retryAt: back.dueAt }),
    outbox: outboxEntryFor(next, back.dueAt > at ? back.dueAt : null),
  };
}

/** The handler has sent its children out and waits: no message is out until `resumeAfterChildren`. */
export function awaitChildren(job: Job, at: number, expected: number): Change {
  const next: Job = {
    ...job,
    status: 'Queued',
    updatedAt: at,
    attempt: Math.max(0, job.attempt - 1),
    worker: null,
    delivery: null,
    awaitsChildren: true,
    children: { expected, succeeded: job.children?.succeeded ?? 0, failed: job.children?.failed ?? 0 },
  };
  return { job: next, event: eventOf(next, 'awaits-children', at, { expected }) };
}

/** Every child has ended: the parent's continuation goes out. The version check lets exactly one caller win. */
export function resumeAfterChildren(job: Job, at: number, children: JobChildren): Change {
  const next: Job = { ...requeued(job, at, at), awaitsChildren: false, children };
  return {
    job: next,
    event: eventOf(next, 'children-ended', at, { ...children }),
    outbox: outboxEntryFor(next, null),
  };
}

/** A running job keeps running until its worker sees this; a success saved first wins. */
export function requestCancel(job: Job, at: number, by: string): Change {
  const next: Job = { ...job, updatedAt: at, cancelRequestedAt: at };
  return { job: next, event: eventOf(next, 'cancel-requested', at, { by }) };
}

export function cancel(job: Job, at: number, by: string): Change {
  const next: Job = { ...ended(job, 'Cancelled', at), cancelRequestedAt: job.cancelRequestedAt ?? at, awaitsChildren: false };
  return { job: next, event: eventOf(next, 'cancelled', at, { by }), withdrawMessage: job.status === 'Queued' };
}

/** `retry`: a job that ended without success runs again with all its attempts. `ttlMs` is its queue's. */
export function retry(job: Job, at: number, by: { ttlMs: number; by: string }): Change {
  const next = freshRun(job, at, { dueAt: at, ttlMs: by.ttlMs });
  return { job: next, event: eventOf(next, 'retried', at, { by: by.by }), outbox: outboxEntryFor(next, null) };
}

/**
 * The job's message goes on the store's own queue: the queue it was for refused it, or is switched off. The next sequence,
 * so that a copy that did reach the other queue is superseded. A Running job is one whose attempt never reported back.
 */
export function moveToLocal(job: Job, at: number, reason: string): Change {
  const { next, notBefore } = sentAgain(job, at);
  return { job: next, event: eventOf(next, 'moved-to-local', at, { reason }), outbox: outboxEntryFor(next, notBefore), toLocalQueue: true };
}

/** The broker put the message aside, or lost it, although the job has attempts left: a new message goes out. */
export function recover(job: Job, at: number, reason: string): Change {
  const { next, notBefore } = sentAgain(job, at);
  return { job: next, event: eventOf(next, 'recovered', at, { reason }), outbox: outboxEntryFor(next, notBefore) };
}

/** Keeps its attempts, its due time and its place in time. */
function sentAgain(job: Job, at: number): { next: Job; notBefore: number | null } {
  const wasLost = job.status === 'Running';
  const queued = requeued(job, at, wasLost ? at : job.queuedAt);
  const next: Job = { ...queued, lostLocks: job.lostLocks + (wasLost ? 1 : 0) };
  return { next, notBefore: next.nextAttemptAt !== null && next.nextAttemptAt > at ? next.nextAttemptAt : null };
}

export interface ReplayOptions {
  readonly ttlMs: number;
  readonly dueAt: number;
  readonly by: string;
  readonly operation: string;
  /** Another queue than the job's. */
  readonly queue?: string;
  /** The changed payload (or the file it is kept in) with the hashes of both, for the event. */
  readonly edit?: { readonly payload: Json; readonly payloadRef: BlobRef | null; readonly fromSha256: string; readonly toSha256: string };
}

/** `dlq replay`: as retry, counted, under the name of the operation that did it. */
export function replay(job: Job, at: number, options: ReplayOptions): Change {
  const fresh = freshRun(job, at, options);
  const next: Job = {
    ...fresh,
    replayCount: job.replayCount + 1,
    queue: options.queue ?? job.queue,
    ...(options.edit === undefined ? {} : { payload: options.edit.payload, payloadRef: options.edit.payloadRef }),
  };
  const edited = options.edit === undefined ? {} : { fromSha256: options.edit.fromSha256, toSha256: options.edit.toSha256 };
  return {
    job: next,
    event: eventOf(next, 'replayed', at, { by: options.by, operation: options.operation, sequence: job.sequence, ...edited }),
    outbox: outboxEntryFor(next, options.dueAt > at ? options.dueAt : null),
  };
}

function freshRun(job: Job, at: number, due: { dueAt: number; ttlMs: number }): Job {
  return {
    ...requeued(job, at, due.dueAt),
    attempt: 0,
    lostLocks: 0,
    startedAt: null,
    finishedAt: null,
    cancelRequestedAt: null,
    nextAttemptAt: due.dueAt > at ? due.dueAt : null,
    expiresAt: due.dueAt + due.ttlMs,
    progress: null,
  };
}

function requeued(job: Job, at: number, dueAt: number): Job {
  return {
    ...job,
    status: 'Queued',
    queueMode: 'pending',
    updatedAt: at,
    queuedAt: dueAt,
    sequence: job.sequence + 1,
    worker: null,
    delivery: null,
  };
}

function ended(job: Job, status: Job['status'], at: number): Job {
  return { ...job, status, updatedAt: at, finishedAt: at, nextAttemptAt: null, delivery: null };
}

function errorDetail(error: JobError): JsonObject {
  return { code: error.code, message: error.message, retryable: error.retryable };
}

function eventOf(job: Job, type: JobEventType, at: number, detail: JsonObject = {}): NewJobEvent {
  return {
    jobId: job.jobId,
    at,
    type,
    status: job.status,
    jobType: job.type,
    queue: job.queue,
    attempt: job.attempt,
    worker: job.worker,
    detail,
  };
}
