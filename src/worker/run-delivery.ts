// Runs one delivery from lock to settlement: the spine of the worker. Read it top to bottom.
//
//   decode → load the job → decide → start → run the handler → save the outcome → fan-in of the parent → settle
//
// Save first, settle second: what is saved and not settled is met again by the next delivery of the message, and the
// stored job then says how to settle it. The other order would lose outcomes.

import { type DecodedMessage, type Decision, decide, type OwnMessage } from '../domain/decide.js';
import type { Job, JobId } from '../domain/job.js';
import { ownMessage } from '../domain/message-codec.js';
import type { BeginAttempt, Delivery } from '../ports/message-queue.js';
import { decodeDelivery, jobIdOf } from '../services/decode-delivery.js';
import { createExternalJob } from './create-external-job.js';
import type { HeldLock } from './lock-renewer.js';
import type { DeliveryReport } from './delivery-report.js';
import { endWithoutRun } from './end-without-run.js';
import { runAttempt, runBegun, startOf } from './run-attempt.js';
import { complete, deadLetter, release } from './settle.js';
import type { Slot } from './slots.js';
import type { WorkerParts } from './worker-parts.js';

/** A job changed under us this often in a row is left to a later delivery. */
const MAX_ROUNDS = 20;
const AGAIN_DELAY_MS = 1000;

/**
 * Rejects when store or queue fail before there is an outcome; the message is then not settled and comes again. Dying
 * before the start is saved repeats nothing: the message comes again when its lock ends, and no attempt is counted.
 */
export function runDelivery(taken: TakenDelivery, parts: WorkerParts): Promise<DeliveryReport> {
  const { begun } = taken.delivery;
  return begun === undefined ? decideAndRun(taken, parts) : runBegun({ ...taken, job: begun }, parts);
}

async function decideAndRun(taken: TakenDelivery, parts: WorkerParts): Promise<DeliveryReport> {
  const { delivery } = taken;
  const message = decodeDelivery(delivery);
  const jobId = jobIdOf(message);
  let staleReads = 0;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const job = jobId === undefined ? undefined : await parts.backend.store.get(jobId);
    const decision = decideDelivery(message, job, delivery, parts);
    if (decision.do === 'read-again' && staleReads++ > 0) break;
    const report = await carryOut(decision, { ...taken, message, job, parts });
    if (report !== 'decide-again') return report;
  }
  await release(delivery, AGAIN_DELAY_MS, parts);
  return { outcome: 'released' };
}

/**
 * For a queue that can save a job's start together with the lock of its message: begins what the decision table starts
 * and leaves everything else to runDelivery. Nothing is begun beside a job that is to run alone, nor without its handler at
 * hand: a job that has begun must run at once.
 */
export function beginAttempts(parts: WorkerParts): BeginAttempt {
  return (delivery, jobNamed) => {
    if (parts.gate.wantsQuiet) return undefined;
    // Its properties name the job, and the stored job has everything else: the body of a message of ours is not needed.
    const message = ownMessage(delivery.message.properties);
    if (message === undefined) return undefined;
    const job = jobNamed(message.jobId);
    const decision = decideDelivery(message, job, delivery, parts);
    if (job === undefined || decision.do !== 'start' || decision.alone || parts.handlers.loaded(job.type) === undefined) return undefined;
    return startOf(job, { delivery, lockedUntil: delivery.lockedUntil, afterLostLock: decision.afterLostLock }, parts);
  };
}

/** A delivery with its renewed lock and its slot. */
export interface TakenDelivery {
  readonly delivery: Delivery;
  readonly lock: HeldLock;
  readonly slot: Slot;
}

interface Carry extends TakenDelivery {
  readonly message: DecodedMessage;
  readonly job: Job | undefined;
  readonly parts: WorkerParts;
}

/** One branch per row of the decision table. `decide-again`: the job changed between reading and saving. */
async function carryOut(decision: Decision, carry: Carry): Promise<DeliveryReport | 'decide-again'> {
  const { delivery, parts } = carry;
  switch (decision.do) {
    case 'dead-letter-message':
      await deadLetter(delivery, { reason: decision.code, description: decision.problem }, parts);
      return { outcome: 'message-dead-lettered' };
    case 'stop-queue':
      // Not ours to settle. Let go, so that a worker of the other store can have it.
      await release(delivery, 0, parts);
      return { outcome: 'store-mismatch', otherStoreId: decision.otherStoreId };
    case 'read-again':
      return 'decide-again';
    case 'create-job':
      await createExternalJob(carry.message, delivery, parts);
      return 'decide-again';
    default:
      if (carry.job === undefined) throw new Error(`the decision ${decision.do} needs a stored job`);
      return carryOutForJob(decision, carry.job, carry);
  }
}

type JobDecision = Exclude<Decision, { do: 'dead-letter-message' | 'stop-queue' | 'read-again' | 'create-job' }>;

async function carryOutForJob(decision: JobDecision, job: Job, { delivery, lock, slot, parts }: Carry): Promise<DeliveryReport | 'decide-again'> {
  switch (decision.do) {
    case 'start':
      return runAttempt({ job, delivery, lock, slot, afterLostLock: decision.afterLostLock, alone: decision.alone }, parts);
    case 'complete':
      // The worker before us may have died between the child's outcome and the parent: look again, doing so twice is harmless.
      if (decision.because === 'ended') await checkParent(job.parentJobId, parts);
      await complete(delivery, parts);
      return { outcome: 'skipped' };
    case 'dead-letter-again':
      await checkParent(job.parentJobId, parts);
      await deadLetter(delivery, { reason: decision.code, description: decision.problem }, parts);
      return { outcome: 'skipped' };
    case 'check-children':
      // The worker before us saved that the job waits and died: the children may have ended before that.
      await parts.parents.check(job.jobId);
      await complete(delivery, parts);
      return { outcome: 'skipped' };
    case 'cancel':
    case 'expire':
    case 'exhaust':
    case 'no-handler':
      return endWithoutRun(decision, job, { delivery, lock }, parts);
  }
}

function decideDelivery(message: DecodedMessage | OwnMessage, job: Job | undefined, delivery: Delivery, parts: WorkerParts): Decision {
  return decide({
    message,
    job,
    storeId: parts.backend.store.storeId,
    brokerSequence: delivery.message.brokerSequence,
    queueMode: delivery.queueMode,
    hasHandler: job !== undefined && parts.handlers.has(job.type),
    now: parts.backend.clock.now(),
  });
}

async function checkParent(parentJobId: JobId | null, parts: WorkerParts): Promise<void> {
  if (parentJobId !== null) await parts.parents.check(parentJobId);
}
