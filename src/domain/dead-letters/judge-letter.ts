// What a dead letter says about its job where the broker keeps no books for us: the watcher of another system's
// dead letters finds it there and asks what it means. One pure function; every row has its test.
//
//   letter of                     stored job                     do
//   another store, no job         any, none                      nothing
//   a job, delivered too often    newer than the letter          remove: it is superseded
//   a job, delivered too often    ended, not DeadLettered        remove: its outcome is stored, completing it was lost
//   a job                         newer or older than the letter nothing: it is superseded, or the read is stale
//   a job                         has ended                      nothing
//   a job, expired                Queued, Running                record EXPIRED
//   a job, delivered too often    attempts left                  recover, at most MAX_RECOVERIES times
//   a job, delivered too often    none left                      record
//   a job, any other reason       Queued, Running                record what the letter says

import { hasEnded, type Job, type JobError } from '../job.js';
import type { LetterFacts } from './letter-facts.js';

/** How often one run of a job is queued again because the broker put its message aside or lost it. */
export const MAX_RECOVERIES = 3;

export type LetterVerdict =
  | { readonly do: 'nothing' }
  /** The letter has no meaning: as a message it would have been completed. */
  | { readonly do: 'remove' }
  | { readonly do: 'record'; readonly job: Job; readonly error: JobError }
  | { readonly do: 'recover'; readonly job: Job; readonly reason: string };

export interface LetterJudgement {
  readonly letter: LetterFacts;
  readonly reason: string | null;
  readonly description: string | null;
  readonly job: Job | undefined;
  readonly storeId: string;
  /** Recoveries of the job's present run. */
  readonly recoveries: number;
  readonly now: number;
}

/** By Service Bus and by our own broker. */
const EXPIRY: ReadonlySet<string> = new Set(['TTLExpiredException', 'EXPIRED']);
const TOO_MANY_DELIVERIES: ReadonlySet<string> = new Set(['MaxDeliveryCountExceeded', 'DELIVERY_LIMIT']);

export function judgeLetter({ letter, reason, description, job, storeId, recoveries, now }: LetterJudgement): LetterVerdict {
  const { origin } = letter;
  if (job === undefined || origin.kind === 'none' || (origin.kind === 'ours' && origin.storeId !== storeId)) return { do: 'nothing' };
  // Another producer numbers nothing: its message is the first of its job.
  const sequence = origin.kind === 'ours' ? origin.sequence : 1;
  const why = reason ?? '';
  if (sequence !== job.sequence || hasEnded(job.status)) return isOver(job, sequence) && TOO_MANY_DELIVERIES.has(why) ? { do: 'remove' } : { do: 'nothing' };
  if (EXPIRY.has(why)) return record(job, now, { code: 'EXPIRED', message: description ?? 'the message expired', retryable: false });
  if (!TOO_MANY_DELIVERIES.has(why)) return record(job, now, { code: codeOf(why), message: description ?? why, retryable: true });
  if (mayRecover(job, recoveries, now)) return { do: 'recover', job, reason: 'its message was handed out too often and never settled' };
  if (job.status === 'Running' && job.attempt >= job.maxAttempts) return record(job, now, workerLost(job));
  return record(job, now, { code: 'DELIVERY_LIMIT', message: description ?? 'the message was handed out too often and never settled', retryable: true });
}

/** A message that a worker would complete without a run. A job never goes back to an earlier message. */
function isOver({ sequence, status }: Job, ofLetter: number): boolean {
  return ofLetter < sequence || (ofLetter === sequence && hasEnded(status) && status !== 'DeadLettered');
}

/** Whether another message for the job is worth sending. */
export function mayRecover(job: Job, recoveries: number, now: number): boolean {
  return job.attempt < job.maxAttempts && (job.expiresAt === null || job.expiresAt > now) && recoveries < MAX_RECOVERIES;
}

function workerLost(job: Job): Omit<JobError, 'at'> {
  return { code: 'WORKER_LOST', message: `attempt ${job.attempt} of ${job.maxAttempts} never reported back: its worker died or lost the lock`, retryable: true };
}

function record(job: Job, at: number, error: Omit<JobError, 'at'>): LetterVerdict {
  return { do: 'record', job, error: { ...error, at } };
}

/** Any program may have put any text there. */
function codeOf(reason: string): string {
  return /^[A-Z][A-Z0-9_]{0,63}$/.test(reason) ? reason : 'DEAD_LETTERED';
}
