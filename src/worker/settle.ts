// Settling a delivery. A lock that is gone is no error here: the message is another's by now, or comes again and is
// settled by what is stored.

import { hasCode } from '../domain/errors.js';
import { hasEnded, type Job } from '../domain/job.js';
import type { DeadLetterReason, Delivery } from '../ports/message-queue.js';
import { holdOn } from './hold-on.js';
import type { HeldLock } from './lock-renewer.js';
import type { WorkerParts } from './worker-parts.js';

type SettleParts = Pick<WorkerParts, 'backend' | 'log' | 'parents' | 'stopSignal'>;

export interface HeldDelivery {
  readonly delivery: Delivery;
  readonly lock: Pick<HeldLock, 'lost'>;
}

export async function complete(delivery: Delivery, parts: Pick<SettleParts, 'log'>): Promise<void> {
  await quietWhenLost(delivery.complete(), delivery, parts);
}

export async function deadLetter(delivery: Delivery, reason: DeadLetterReason, parts: Pick<SettleParts, 'log'>): Promise<void> {
  await quietWhenLost(delivery.deadLetter(reason), delivery, parts);
}

export async function release(delivery: Delivery, delayMs: number, parts: Pick<SettleParts, 'log'>): Promise<void> {
  await quietWhenLost(delivery.release(delayMs), delivery, parts);
}

/** Its lock is gone, and it comes again by itself. Another system's driver keeps a link open for what it believes to be held. */
export async function leave(delivery: Delivery, parts: Pick<SettleParts, 'log'>): Promise<void> {
  if (delivery.queueMode !== 'local') await release(delivery, 0, parts);
}

/**
 * Settles the message of a job that was just saved, the way its status says, after the parent had its look; holds on
 * while the queue is away. Never throws: the outcome stands. When this fails for good, or the process dies in here, the
 * message comes again when its lock ends, and the decision table does the same once more.
 */
export async function settleSaved(job: Job, { delivery, lock }: HeldDelivery, parts: SettleParts): Promise<void> {
  const { jobId, status } = job;
  try {
    await holdOn(() => settleAs(job, delivery, parts), { lock, problem: 'the message of a saved job could not be settled', jobId }, parts);
  } catch (error) {
    parts.log.warn({ err: error, jobId, status }, 'the message of a saved job could not be settled; it comes again');
  }
}

/** Nothing stands between this save and the completion of its message: no parent to look at, no children, no dead letter. */
export function onlyNeedsCompletion({ status, parentJobId, awaitsChildren }: Job): boolean {
  return status !== 'DeadLettered' && !awaitsChildren && (parentJobId === null || !hasEnded(status));
}

/** The save has completed the message, and there was nothing else to do. */
export function isSettled(job: Job, delivery: Delivery): boolean {
  return delivery.isCompleted && onlyNeedsCompletion(job);
}

async function settleAs(job: Job, delivery: Delivery, parts: SettleParts): Promise<void> {
  if (job.parentJobId !== null && hasEnded(job.status)) await parts.parents.check(job.parentJobId);
  if (job.awaitsChildren) await parts.parents.check(job.jobId);
  if (job.status === 'DeadLettered') await deadLetter(delivery, deadLetterReason(job), parts);
  else if (!delivery.isCompleted) await complete(delivery, parts);
}

function deadLetterReason({ error }: Job): DeadLetterReason {
  return { reason: error?.code ?? 'DEAD_LETTERED', description: error?.message ?? '' };
}

async function quietWhenLost(settling: Promise<void>, delivery: Delivery, { log }: Pick<SettleParts, 'log'>): Promise<void> {
  try {
    await settling;
  } catch (error) {
    if (!hasCode(error, 'LOCK_LOST')) throw error;
    log.debug({ messageId: delivery.message.messageId }, 'the lock was gone before the message was settled');
  }
}
