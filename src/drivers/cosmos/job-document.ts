// How a job lies in its partition: one document `job`, one per event, its checkpoints and its log. The partition key is the
// job's id, so that a change, its event and its message are one transactional batch.

import type { Job, JobId } from '../../domain/job.js';
import { hasEnded } from '../../domain/job.js';
import type { NewJobEvent } from '../../domain/job-event.js';
import type { OutboxEntry } from '../../domain/message.js';
import { timeToLive } from './retention.js';

/** What was submitted: written again only when a replay changes it. */
type Submitted = Pick<Job, 'payload' | 'payloadRef' | 'selectedKnowledgeSource' | 'additionalInstructions' | 'callbackUrl'>;

/** The message that waits to be sent; its body is made from the job. */
export interface OutboxPart {
  readonly sequence: number;
  readonly queue: string;
  readonly notBefore: number | null;
  readonly savedAt: number;
  /** The process that created it, or a claim; empty when nobody holds it. */
  readonly holder: string;
  readonly freeAt: number;
  readonly tries: number;
  readonly problem: string | null;
}

export interface JobDocument {
  readonly id: typeof JOB_ID;
  readonly pk: JobId;
  readonly kind: 'job';
  readonly createdAt: number;
  /** Backwards, so that the ends people type are beginnings an index finds. */
  readonly reversedId: string;
  readonly state: Omit<Job, keyof Submitted>;
  readonly submitted: Submitted;
  readonly blobKeys: readonly string[];
  readonly outbox: OutboxPart | null;
  /** When the store should have heard of the job at the latest; null where nothing is to come. */
  readonly lookAt: number | null;
  /** First attempts due later than that are not work yet. */
  readonly delayedUntil: number | null;
  /** Drawn by each save, so that one whose answer was lost knows its own work. */
  readonly saveId: string;
  readonly ttl: number;
}

export interface EventDocument extends Omit<NewJobEvent, 'jobId'> {
  readonly id: string;
  readonly pk: JobId;
  readonly kind: 'event';
  /** The version of the job that it led to: 1, 2, … */
  readonly number: number;
  /** Start of its minute where it counts as a transition, else null. */
  readonly minute: number | null;
  readonly ttl: number;
}

export const JOB_ID = 'job';
const MINUTE_MS = 60_000;

export function eventId(number: number): string {
  return `event:${String(number).padStart(10, '0')}`;
}

export function documentOf(job: Job, parts: { outbox: OutboxPart | null; saveId: string; keep: number }): JobDocument {
  return {
    id: JOB_ID,
    pk: job.jobId,
    kind: 'job',
    createdAt: job.createdAt,
    reversedId: reversed(job.jobId),
    state: stateOf(job),
    submitted: submittedOf(job),
    blobKeys: blobKeysOf(job),
    outbox: parts.outbox,
    lookAt: lookAtOf(job),
    delayedUntil: delayedUntilOf(job),
    saveId: parts.saveId,
    ttl: timeToLive(job, parts.keep),
  };
}

export function jobOf({ state, submitted }: Pick<JobDocument, 'state' | 'submitted'>): Job {
  return { ...state, ...submitted };
}

export function submittedOf({ payload, payloadRef, selectedKnowledgeSource, additionalInstructions, callbackUrl }: Job): Submitted {
  return { payload, payloadRef, selectedKnowledgeSource, additionalInstructions, callbackUrl };
}

export function stateOf(job: Job): JobDocument['state'] {
  const { payload: _p, payloadRef: _r, selectedKnowledgeSource: _s, additionalInstructions: _a, callbackUrl: _c, ...state } = job;
  return state;
}

/**
 * `isTransition`: counted in its minute. It goes no later than its job, whose id could not be used again if it stayed, and so
 * before a job that is queued again after that long.
 */
export function eventDocumentOf({ jobId, ...event }: NewJobEvent, { number, isTransition, keep }: { number: number; isTransition: boolean; keep: number }): EventDocument {
  return { ...event, id: eventId(number), pk: jobId, kind: 'event', number, minute: isTransition ? event.at - (event.at % MINUTE_MS) : null, ttl: keep };
}

export function outboxPartOf(entry: OutboxEntry, hold: { readonly holder: string; readonly savedAt: number; readonly freeAt: number }): OutboxPart {
  return { sequence: entry.sequence, queue: entry.queue, notBefore: entry.notBefore, tries: 0, problem: null, ...hold };
}

function blobKeysOf(job: Job): string[] {
  const refs = [job.payloadRef, job.resultRef, ...job.artifacts];
  return [...new Set(refs.flatMap((ref) => (ref === null ? [] : [ref.key])))];
}

function lookAtOf(job: Job): number | null {
  if (hasEnded(job.status) || job.awaitsChildren) return null;
  return (job.status === 'Running' ? job.delivery?.lockedUntil : job.expiresAt) ?? Number.MAX_SAFE_INTEGER;
}

/** Only what was submitted or replayed for later: retries and jobs that were given back are work that waits. */
function delayedUntilOf(job: Job): number | null {
  return job.status === 'Queued' && job.attempt === 0 && job.startedAt === null ? job.nextAttemptAt : null;
}

export function reversed(text: string): string {
  return [...text].reverse().join('');
}
