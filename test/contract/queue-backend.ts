// What a backend brings to the contract suites of the three queue ports.

import type { DeadLetterQueue } from '../../src/ports/dead-letter-queue.js';
import type { Delivery, MessageQueue, OutgoingMessage } from '../../src/ports/message-queue.js';
import type { QueueAdmin, QueueSettings } from '../../src/ports/queue-admin.js';

export interface QueuePorts {
  readonly queue: MessageQueue;
  readonly deadLetters: DeadLetterQueue;
  readonly admin: QueueAdmin;
}

/** Where backends may differ; everything else is the same for all. */
export interface QueueCapabilities {
  /** Higher priorities are handed out first; otherwise first in, first out. */
  readonly priorityOrder: boolean;
  /** `release` keeps a message back for its delay; otherwise it comes when its lock ends. */
  readonly releaseDelay: boolean;
  /** A dead letter that is released, or locked ahead and not handed on, can be taken again at once; otherwise when its lock ends. */
  readonly lettersGivenBack: boolean;
  /** A receiver may ask for a shorter lock than the queue's. */
  readonly shorterLocks: boolean;
  /** Purged letters go back where they were, under their numbers. */
  readonly restoreInPlace: boolean;
  /** Counts tell locked messages from waiting ones. */
  readonly lockedCounted: boolean;
  /** The reason of a message that expired, in the broker's own word. */
  readonly expiredReason: string;
}

export interface QueueBackend extends QueuePorts {
  readonly capabilities: QueueCapabilities;
  /** A second, separate access to the same queues, as another process has. */
  readonly other: QueuePorts;
  /** Lets this time pass for the backend: for one on a clock of its own by waiting. */
  advance(ms: number): Promise<void>;
  now(): number;
}

/** Fresh for each test, with the queues of QUEUE_SETTINGS, empty; gone when the test has ended. */
export type MakeQueueBackend = () => Promise<QueueBackend>;

export const LOCK_MS = 30_000;
export const TTL_MS = 3_600_000;
export const QUEUE = 'contract-a';
export const OTHER_QUEUE = 'contract-b';
export const QUEUE_SETTINGS: readonly QueueSettings[] = [QUEUE, OTHER_QUEUE].map((name) => ({ name, lockMs: LOCK_MS, ttlMs: TTL_MS, maxAttempts: 3 }));

export function message(messageId: string, more: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return { queue: QUEUE, messageId, body: `body of ${messageId}`, properties: { name: messageId }, ...more };
}

/** What is there at once. */
export function receiveNow(ports: QueuePorts, max = 10, queue = QUEUE): Promise<Delivery[]> {
  return ports.queue.receive({ queue, max, waitMs: 0 });
}

/** The one message that is there; fails when there is none or another one. */
export async function receiveOne(ports: QueuePorts, queue = QUEUE): Promise<Delivery> {
  const [delivery, ...more] = await receiveNow(ports, 10, queue);
  if (delivery === undefined || more.length > 0) throw new Error(`expected one message on ${queue}, got ${delivery === undefined ? 0 : more.length + 1}`);
  return delivery;
}

export function idsOf(deliveries: readonly Delivery[]): string[] {
  return deliveries.map((delivery) => delivery.message.messageId);
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Puts messages with these ids into the dead-letter queue. */
export async function deadLetterAll(ports: QueuePorts, ids: readonly string[], reason = { reason: 'TEST', description: 'put there' }): Promise<void> {
  await ports.queue.send(ids.map((id) => message(id)));
  for (let left = ids.length; left > 0; ) {
    const deliveries = await receiveNow(ports, left);
    if (deliveries.length === 0) throw new Error(`${left} messages did not come`);
    for (const delivery of deliveries) await delivery.deadLetter(reason);
    left -= deliveries.length;
  }
}
