// What an attempt's end means for its job and its message: the second half of the decision table, pure as the first.

import type { Artifact, BlobRef, Job, JobError, JobProgress } from '../domain/job.js';
import type { Json } from '../domain/json.js';
import { awaitChildren, cancel, type Change, deadLetter, fail, giveBack, scheduleRetry, succeed } from '../domain/lifecycle.js';
import { nextAttempt, type RetryPolicy } from '../domain/retry-policy.js';
import type { AbortKind } from './attempt.js';
import { isPermanent, jobErrorOf, retryLaterMs } from './job-error.js';

/** How a handler's run ended. */
export type HandlerEnd =
  | { readonly kind: 'result'; readonly result: Json; readonly resultRef: BlobRef | null }
  | { readonly kind: 'waits'; readonly expected: number }
  | { readonly kind: 'threw'; readonly error: unknown }
  /** It did not stop when it was asked to, and is not waited for any longer. */
  | { readonly kind: 'abandoned' };

export interface AttemptEnd {
  readonly end: HandlerEnd;
  readonly abortedBy: AbortKind | undefined;
  readonly artifacts: readonly Artifact[];
  readonly progress: JobProgress | undefined;
}

export interface ConcludeFacts {
  readonly now: number;
  readonly worker: string;
  readonly timeoutMs: number;
  readonly policy: RetryPolicy;
  readonly random: () => number;
}

export type AttemptOutcome = 'succeeded' | 'failed' | 'dead-lettered' | 'cancelled' | 'retried' | 'given-back' | 'awaits-children';

export interface Conclusion {
  readonly outcome: AttemptOutcome;
  readonly change: Change;
}

/** `job` is Running as it is stored now. Not for attempts that lost their lock or were stopped: those store nothing, unless they succeeded. */
export function conclude(job: Job, attempt: AttemptEnd, facts: ConcludeFacts): Conclusion {
  const { end, abortedBy } = attempt;
  const progress = attempt.progress ?? job.progress;
  const isKnown = job.artifacts === attempt.artifacts && job.progress === progress;
  const known: Job = isKnown ? job : { ...job, artifacts: attempt.artifacts, progress };
  // Before everything else: work that is done stays done, also when somebody asked to stop it meanwhile.
  if (end.kind === 'result') {
    const { result, resultRef } = end;
    return { outcome: 'succeeded', change: succeed(known, facts.now, { result, resultRef, artifacts: attempt.artifacts }) };
  }
  if (job.cancelRequestedAt !== null || abortedBy === 'cancelled') {
    return { outcome: 'cancelled', change: cancel(known, facts.now, facts.worker) };
  }
  if (end.kind === 'waits') return { outcome: 'awaits-children', change: awaitChildren(known, facts.now, end.expected) };
  if (abortedBy === 'draining') return shutDown(known, facts);
  if (abortedBy === 'timed-out' || end.kind === 'abandoned') return retryOrDeadLetter(known, timeOut(facts), facts);
  return concludeError(known, end.error, facts);
}

function concludeError(job: Job, error: unknown, facts: ConcludeFacts): Conclusion {
  const { now } = facts;
  if (isPermanent(error)) {
    return { outcome: 'failed', change: fail(job, now, jobErrorOf(error, { at: now, retryable: false, fallbackCode: 'PERMANENT' })) };
  }
  const afterMs = retryLaterMs(error);
  if (afterMs !== undefined) return later(job, error, now + Math.round(afterMs), facts);
  // An error without a kind of its own is grouped by what became of it.
  const fallbackCode = job.attempt >= job.maxAttempts ? 'ATTEMPTS_EXHAUSTED' : 'HANDLER_ERROR';
  return retryOrDeadLetter(job, jobErrorOf(error, { at: now, retryable: true, fallbackCode }), facts);
}

/** Not now: no attempt is used up, so only the job's age can end this. */
function later(job: Job, error: unknown, dueAt: number, facts: ConcludeFacts): Conclusion {
  const told = jobErrorOf(error, { at: facts.now, retryable: true, fallbackCode: 'RETRY_LATER' });
  if (job.expiresAt !== null && dueAt >= job.expiresAt) return expired(job, told, facts);
  return { outcome: 'given-back', change: giveBack(job, facts.now, { dueAt, reason: told.message, attemptDelta: -1 }) };
}

function shutDown(job: Job, facts: ConcludeFacts): Conclusion {
  const back = { dueAt: facts.now, reason: 'the worker was shut down', attemptDelta: -1 } as const;
  return { outcome: 'given-back', change: giveBack(job, facts.now, back) };
}

function timeOut({ now, timeoutMs }: ConcludeFacts): JobError {
  return { code: 'TIMED_OUT', message: `the attempt took longer than ${timeoutMs} ms`, retryable: true, at: now };
}

function retryOrDeadLetter(job: Job, error: JobError, facts: ConcludeFacts): Conclusion {
  const next = nextAttempt({ attempt: job.attempt, maxAttempts: job.maxAttempts, expiresAt: job.expiresAt, ...facts });
  if (next === 'exhausted') return { outcome: 'dead-lettered', change: deadLetter(job, facts.now, error) };
  if (next === 'expired') return expired(job, error, facts);
  return { outcome: 'retried', change: scheduleRetry(job, facts.now, { retryAt: next.retryAt, error }) };
}

function expired(job: Job, last: JobError, { now }: ConcludeFacts): Conclusion {
  const message = `the job expires before its next attempt could start; last error: [${last.code}] ${last.message}`;
  return { outcome: 'dead-lettered', change: deadLetter(job, now, { code: 'EXPIRED', message, retryable: false, at: now }) };
}
