// Another producer put a message on the queue: its job is stored before anything is done with it.

import { createJob } from '../domain/create-job.js';
import type { DecodedMessage } from '../domain/decide.js';
import type { BlobRef } from '../domain/job.js';
import { submit } from '../domain/lifecycle.js';
import { type JobMessage, MAX_INLINE_PAYLOAD_BYTES } from '../domain/message.js';
import { findJobType } from '../domain/queue-registry.js';
import type { Delivery } from '../ports/message-queue.js';
import { queueSettings } from '../services/queue-settings.js';
import { payloadKey } from '../services/submit-prepare.js';
import type { WorkerParts } from './worker-parts.js';

/**
 * The job has the message's id, so a copy of the message, or this one after a crash, finds the job and makes no second
 * one. Without an outbox entry: its message is the one at hand.
 */
export async function createExternalJob(decoded: DecodedMessage, delivery: Delivery, parts: WorkerParts): Promise<void> {
  if (decoded.kind !== 'foreign') throw new Error('only a message of another producer makes a job');
  const { message } = decoded;
  const { store, clock } = parts.backend;
  const settings = await queueSettings({ ...parts.backend, jobTypes: parts.jobTypes }, delivery.queue);
  const now = clock.now();
  const { enqueuedAt, expiresAt } = delivery.message;
  const payloadRef = await storeLargePayload(message, parts);
  const job = createJob({
    jobId: message.jobId,
    type: findJobType(message.type)?.type ?? message.type,
    queue: delivery.queue,
    userId: message.userId,
    priority: message.priority,
    origin: 'external',
    // A producer's clock may be ahead; a job of the future would confuse every listing.
    createdAt: Math.min(now, Date.parse(message.createdAt)),
    dueAt: Math.min(now, enqueuedAt),
    ttlMs: settings.ttlMs,
    maxAttempts: settings.maxAttempts,
    payload: payloadRef === null ? message.payload : null,
    payloadRef,
    selectedKnowledgeSource: message.selectedKnowledgeSource,
    additionalInstructions: message.additionalInstructions,
    callbackUrl: message.callbackUrl,
  });
  const received = { ...job, queueMode: delivery.queueMode, updatedAt: now, nextAttemptAt: null, expiresAt: expiresAt ?? job.expiresAt };
  const { event } = submit(received);
  await store.insert([{ job: received, event: { ...event, at: now, detail: { messageId: delivery.message.messageId } } }]);
}

/** The file is durable before the job names it. */
async function storeLargePayload(message: JobMessage, parts: WorkerParts): Promise<BlobRef | null> {
  if (message.payloadRef !== null) return message.payloadRef;
  const text = JSON.stringify(message.payload);
  return Buffer.byteLength(text) > MAX_INLINE_PAYLOAD_BYTES ? parts.backend.blobs.put(payloadKey(message.jobId), text) : null;
}
