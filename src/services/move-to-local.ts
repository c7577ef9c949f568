// Moves one message that was taken from another system's queue to the store's own queue: what switching that system off
// is made of. Decides as a worker does; instead of running a job it queues it here.

import { type DecodedMessage, type Decision, decide } from '../domain/decide.js';
import { hasCode } from '../domain/errors.js';
import type { Job } from '../domain/job.js';
import { moveToLocal } from '../domain/lifecycle.js';
import type { Backend } from '../ports/backend.js';
import type { Delivery, MessageQueue, OutgoingMessage } from '../ports/message-queue.js';
import { decodeDelivery, jobIdOf } from './decode-delivery.js';

export type MovedDelivery =
  /** Its job waits on the store's own queue now, under a new message. */
  | 'moved'
  /** No job is stored for it yet: the message itself was sent to the own queue. */
  | 'forwarded'
  /** There was nothing left to do for it: its job has ended, or has a newer message. */
  | 'completed'
  | 'dead-lettered'
  /** Not ours, or not to be understood: it is where it was, and comes again when its lock ends. */
  | 'left';

export interface MoveDeps extends Pick<Backend, 'store' | 'clock'> {
  /** The store's own queue. */
  readonly localQueue: MessageQueue;
}

const REASON = 'the other queue is being emptied';
/** A job changed under us this often in a row is left to a later try. */
const MAX_ROUNDS = 20;

/**
 * Saves first, settles second: dying in between leaves a message that is superseded, or, for another producer's, a copy
 * on each queue, of which one runs. LOCK_LOST when the message was not settled in time; the move stands all the same.
 */
export async function moveDeliveryToLocal(delivery: Delivery, deps: MoveDeps): Promise<MovedDelivery> {
  const message = decodeDelivery(delivery);
  const jobId = jobIdOf(message);
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const job = jobId === undefined ? undefined : await deps.store.get(jobId);
    const moved = await carryOut(decideMove(message, job, delivery, deps), job, delivery, deps);
    if (moved !== 'decide-again') return moved;
  }
  await delivery.release(0);
  return 'left';
}

function decideMove(message: DecodedMessage, job: Job | undefined, delivery: Delivery, { store, clock }: MoveDeps): Decision {
  const { brokerSequence } = delivery.message;
  return decide({ message, job, storeId: store.storeId, brokerSequence, queueMode: delivery.queueMode, hasHandler: true, now: clock.now() });
}

async function carryOut(decision: Decision, job: Job | undefined, delivery: Delivery, deps: MoveDeps): Promise<MovedDelivery | 'decide-again'> {
  switch (decision.do) {
    case 'dead-letter-message':
    case 'stop-queue':
      await delivery.release(0);
      return 'left';
    case 'read-again':
      return 'decide-again';
    case 'create-job':
      await deps.localQueue.send([copyOf(delivery)]);
      await delivery.complete();
      return 'forwarded';
    case 'complete':
    case 'check-children':
      await delivery.complete();
      return 'completed';
    case 'dead-letter-again':
      await delivery.deadLetter({ reason: decision.code, description: decision.problem });
      return 'dead-lettered';
    case 'start':
    case 'cancel':
    case 'expire':
    case 'exhaust':
    case 'no-handler':
      // What is to become of the job, the worker that meets it here decides by the same table.
      if (!(await saveMoved(job, deps))) return 'decide-again';
      await delivery.complete();
      return 'moved';
  }
}

function copyOf({ queue, message: { messageId, body, properties, expiresAt } }: Delivery): OutgoingMessage {
  return { queue, messageId, body, properties, expiresAt };
}

/** False when somebody changed the job since it was read. */
async function saveMoved(job: Job | undefined, { store, clock }: MoveDeps): Promise<boolean> {
  if (job === undefined) throw new Error('only the message of a stored job is moved');
  try {
    await store.save(moveToLocal(job, clock.now(), REASON));
    return true;
  } catch (error) {
    if (hasCode(error, 'JOB_CONFLICT')) return false;
    throw error;
  }
}
