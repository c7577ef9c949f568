// JobMessage, the body of a queue message, its application properties, and the outbox entry that carries both.
// Its schema is message-schema.ts; encode-message.ts writes it, message-codec.ts reads what arrives.

import type { Job, JobId, Priority } from './job.js';
import type { Json } from './json.js';

export const MESSAGE_SCHEMA_VERSION = 1;
/** A payload over this many UTF-8 bytes goes to the BlobStore and the message carries a `payloadRef`. */
export const MAX_INLINE_PAYLOAD_BYTES = 48 * 1024;
export const MAX_INSTRUCTIONS_BYTES = 16 * 1024;
/** Whole body; under the 256 KB of a Basic or Standard Service Bus queue with room for properties. */
export const MAX_MESSAGE_BYTES = 192 * 1024;

export interface JobMessage {
  readonly schemaVersion: typeof MESSAGE_SCHEMA_VERSION;
  readonly jobId: JobId;
  readonly userId: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly type: string;
  readonly payload: Json;
  readonly payloadRef: Job['payloadRef'];
  readonly priority: Priority;
  readonly selectedKnowledgeSource: string | null;
  readonly additionalInstructions: string | null;
  readonly callbackUrl: string | null;
}

/** Application properties of our messages; another producer's message may have others or none. */
export interface MessageProperties {
  readonly jobId: JobId;
  readonly sequence: number;
  readonly storeId: string;
  readonly attempt: number;
  readonly replayOf?: string;
  readonly replayCount?: number;
  readonly traceparent?: string;
  readonly tracestate?: string;
}

/**
 * A message saved with its job and not yet sent. Where store and queue share a file the store puts it on the queue in
 * the same step; elsewhere the relay sends it and it is sent again, under the same id, when the relay dies in between.
 */
export interface OutboxEntry {
  readonly jobId: JobId;
  readonly sequence: number;
  /** `<jobId>:<sequence>`: one per entry, reused when the entry is sent again. */
  readonly messageId: string;
  readonly queue: string;
  readonly priority: Priority;
  /** Not delivered before this instant; null: at once. */
  readonly notBefore: number | null;
  readonly expiresAt: number | null;
  readonly message: JobMessage;
  readonly attempt: number;
  readonly replayCount: number;
}

export function messageIdOf(jobId: JobId, sequence: number): string {
  return `${jobId}:${sequence}`;
}

/** The sequence in an id of `messageIdOf`; 1 for the id of another producer, whose message is the first of its job. */
export function sequenceOfMessageId(messageId: string, jobId: JobId): number {
  const sequence = messageId.startsWith(`${jobId}:`) ? messageId.slice(jobId.length + 1) : '';
  return /^\d{1,9}$/.test(sequence) ? Number(sequence) : 1;
}

/** The outbox entry for the job's newest sequence, due at `notBefore`. */
export function outboxEntryFor(job: Job, notBefore: number | null): OutboxEntry {
  return {
    jobId: job.jobId,
    sequence: job.sequence,
    messageId: messageIdOf(job.jobId, job.sequence),
    queue: job.queue,
    priority: job.priority,
    notBefore,
    expiresAt: job.expiresAt,
    message: messageFor(job),
    attempt: job.attempt,
    replayCount: job.replayCount,
  };
}

function messageFor(job: Job): JobMessage {
  return {
    schemaVersion: MESSAGE_SCHEMA_VERSION,
    jobId: job.jobId,
    userId: job.userId,
    createdAt: new Date(job.createdAt).toISOString(),
    type: job.type,
    payload: job.payload,
    payloadRef: job.payloadRef,
    priority: job.priority,
    selectedKnowledgeSource: job.selectedKnowledgeSource,
    additionalInstructions: job.additionalInstructions,
    callbackUrl: job.callbackUrl,
  };
}
