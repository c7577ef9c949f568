// What the emulator keeps of a message beside its bytes, and a message on its way out. The bytes are AMQP sections, which
// this layer does not read.

import type { SubQueue } from './entity.js';

/** JSON in the core's `properties`. What is absent is not written: most messages have `{}`. */
export interface Envelope {
  /** From the sender's header. */
  readonly durable?: boolean;
  readonly priority?: number;
  /** Of a dead letter, whose time no longer runs. */
  readonly ttlMs?: number;
  /** The number under which a scheduled message was accepted; it got another one when it became due. */
  readonly firstNumber?: number;
  /** Once set aside, a message goes back there whenever its lock ends. */
  readonly deferred?: boolean;
  /** Why it is a dead letter. */
  readonly reason?: string;
  readonly description?: string;
  /** Application properties that receivers changed: AMQP maps in base64, the newest last. */
  readonly changes?: readonly string[];
}

/** A message as it is accepted. */
export interface IncomingMessage {
  /** Text, whatever its type on the wire. */
  readonly messageId: string;
  readonly envelope: Envelope;
  readonly body: Buffer;
  /** Null: the queue's. A longer one than the queue's is cut to it. */
  readonly ttlMs: number | null;
  /** Null or past: at once. */
  readonly dueAt: number | null;
}

export type StoredState = 'active' | 'locked' | 'deferred' | 'scheduled';

export interface StoredMessage {
  readonly number: number;
  readonly state: StoredState;
  readonly messageId: string;
  readonly envelope: Envelope;
  readonly body: Uint8Array;
  readonly enqueuedAt: number;
  readonly expiresAt: number | null;
  /** Earlier deliveries that ended without success. */
  readonly deliveryCount: number;
}

export interface TakenMessage extends StoredMessage {
  /** Null: it was deleted as it was taken. */
  readonly lock: HeldLock | null;
}

/** A hand-out. Any of its ways of being settled ends it; afterwards they all fail. */
export interface HeldLock {
  readonly queue: SubQueue;
  readonly number: number;
  /** A UUID, which is the delivery's tag on the wire. */
  readonly token: string;
  readonly bytes: number;
  readonly deliveryCount: number;
  readonly envelope: Envelope;
  readonly expiresAt: number | null;
  /** Moves with each renewal. */
  lockedUntil: number;
}

export function readEnvelope(properties: string): Envelope {
  return properties === '{}' ? NO_ENVELOPE : (JSON.parse(properties) as Envelope);
}

export function envelopeText(envelope: Envelope): string {
  return JSON.stringify(envelope);
}

const NO_ENVELOPE: Envelope = {};
