// What a worker does with a delivery, as one pure function over the message and the stored job. Every row of the
// decision table has its test; run-delivery.ts carries the decision out.

import { type DeliveredBy, hasEnded, type Job } from './job.js';
import type { JobMessage } from './message.js';

/** A message as the worker decoded it. */
export type DecodedMessage =
  | { readonly kind: 'undecodable'; readonly problem: string }
  /** Another producer's: no `storeId`. */
  | { readonly kind: 'foreign'; readonly message: JobMessage }
  | (OwnMessage & { readonly message: JobMessage });

/** What the properties of a message of ours say. */
export interface OwnMessage {
  readonly kind: 'ours';
  readonly jobId: string;
  readonly sequence: number;
  readonly storeId: string;
}

export interface DecisionFacts {
  readonly message: DecodedMessage | OwnMessage;
  readonly job: Job | undefined;
  /** The store this worker saves to. */
  readonly storeId: string;
  /** The broker's number of the message at hand. */
  readonly brokerSequence: string;
  /** The broker that gave it that number. */
  readonly queueMode: DeliveredBy;
  readonly hasHandler: boolean;
  readonly now: number;
}

export type Decision =
  | { readonly do: 'dead-letter-message'; readonly code: 'INVALID_MESSAGE' | 'JOB_MISSING'; readonly problem: string }
  | { readonly do: 'stop-queue'; readonly otherStoreId: string }
  | { readonly do: 'create-job' }
  | { readonly do: 'complete'; readonly because: 'ended' | 'superseded' | 'second-copy' }
  /** The stored job is older than the message: read again, then let the message go with a delay; never complete it. */
  | { readonly do: 'read-again' }
  /** We died between saving DeadLettered and settling. */
  | { readonly do: 'dead-letter-again'; readonly code: string; readonly problem: string }
  | { readonly do: 'start'; readonly afterLostLock: boolean; readonly alone: boolean }
  | { readonly do: 'cancel' }
  | { readonly do: 'expire' }
  | { readonly do: 'exhaust' }
  /** Given back with backoff, for a worker that has the handler; `final`: its attempts are used up. */
  | { readonly do: 'no-handler'; readonly final: boolean }
  /** We died between saving that the parent waits and looking at its children. */
  | { readonly do: 'check-children' };

export function decide(facts: DecisionFacts): Decision {
  const { message, job, storeId } = facts;
  if (message.kind === 'undecodable') {
    return { do: 'dead-letter-message', code: 'INVALID_MESSAGE', problem: message.problem };
  }
  if (message.kind === 'ours' && message.storeId !== storeId) return { do: 'stop-queue', otherStoreId: message.storeId };
  if (job === undefined) {
    if (message.kind === 'foreign') return { do: 'create-job' };
    return { do: 'dead-letter-message', code: 'JOB_MISSING', problem: `no stored job has the id ${message.jobId}` };
  }
  // Another producer numbers nothing: its message is the first of its job.
  const sequence = message.kind === 'ours' ? message.sequence : 1;
  // Also of a job that has ended: it may have been queued again, and the message was quicker than the replica that was read.
  if (sequence > job.sequence) return { do: 'read-again' };
  if (hasEnded(job.status) && job.status !== 'DeadLettered') return { do: 'complete', because: 'ended' };
  if (sequence < job.sequence) return { do: 'complete', because: 'superseded' };
  if (job.status === 'DeadLettered') {
    return { do: 'dead-letter-again', code: job.error?.code ?? 'DEAD_LETTERED', problem: job.error?.message ?? 'recorded as dead-lettered' };
  }
  return job.status === 'Running' ? decideRunning(job, facts) : decideQueued(job, facts);
}

function decideQueued(job: Job, facts: DecisionFacts): Decision {
  if (job.awaitsChildren) return { do: 'check-children' };
  if (job.cancelRequestedAt !== null) return { do: 'cancel' };
  if (isExpired(job, facts.now)) return { do: 'expire' };
  // Its last attempt never reported back, and its message was replaced by a new one.
  if (job.attempt >= job.maxAttempts) return { do: 'exhaust' };
  if (!facts.hasHandler) return { do: 'no-handler', final: job.attempt + 1 >= job.maxAttempts };
  return { do: 'start', afterLostLock: false, alone: runsAlone(job, false) };
}

function decideRunning(job: Job, facts: DecisionFacts): Decision {
  if (!isHeldCopy(job, facts)) return { do: 'complete', because: 'second-copy' };
  if (job.cancelRequestedAt !== null) return { do: 'cancel' };
  if (job.attempt >= job.maxAttempts) return { do: 'exhaust' };
  if (isExpired(job, facts.now)) return { do: 'expire' };
  if (!facts.hasHandler) return { do: 'no-handler', final: false };
  return { do: 'start', afterLostLock: true, alone: runsAlone(job, true) };
}

/** Two brokers may give two copies the same number. */
function isHeldCopy({ delivery }: Job, { brokerSequence, queueMode }: DecisionFacts): boolean {
  return delivery?.brokerSequence === brokerSequence && (delivery.queueMode ?? 'local') === queueMode;
}

/** A job whose attempts lost their locks may be what kills its workers: its last attempt takes no neighbours along. */
function runsAlone(job: Job, afterLostLock: boolean): boolean {
  return (afterLostLock || job.lostLocks > 0) && job.attempt + 1 >= job.maxAttempts;
}

function isExpired(job: Job, now: number): boolean {
  return job.expiresAt !== null && job.expiresAt <= now;
}
