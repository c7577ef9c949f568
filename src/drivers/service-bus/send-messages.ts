// MessageQueue.send: messages in as few batches as they fit into, a batch for each queue and due time.

import type { ServiceBusMessageBatch } from '@azure/service-bus';

import { AppError, hasCode } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';
import type { OutgoingMessage, SendOptions } from '../../ports/message-queue.js';
import { dueTime, type SdkMessage, sdkMessage } from './outgoing-message.js';
import type { SenderLinks } from './sender-links.js';
import { withRetry } from './with-retry.js';

export interface SendParts {
  readonly senders: SenderLinks;
  readonly clock: Clock;
  readonly random: () => number;
  /** How long a batch is tried again: by a caller that can leave it in an outbox, and by one that is patient. */
  readonly sendBudgetMs: number;
  readonly takeBudgetMs: number;
}

/** Smaller than a queue takes: the next batch is made while this one travels. */
const BATCH_MESSAGES = 250;
const BATCH_BYTES = 128 * 1024;
const BATCHES_AT_ONCE = 4;

/** A body of so many characters or bytes fits into any queue. */
const SMALL = 16 * 1024;

type Patience = Pick<SendOptions, 'patient' | 'signal'>;

interface Parcel {
  readonly queue: string;
  readonly content: SdkMessage | ServiceBusMessageBatch;
}

/**
 * Resolves when all are stored. Nothing is sent when one of them cannot be (QUEUE_UNKNOWN, SB_MESSAGE_TOO_LARGE); after
 * any other failure some may have been, and sending all again, under the same ids, is what mends it.
 */
export async function sendMessages(parts: SendParts, messages: readonly OutgoingMessage[], options: SendOptions = {}): Promise<void> {
  const parcels: Parcel[] = [];
  for (const group of groupsOf(messages, parts.clock.now()).values()) parcels.push(...(await packed(parts, group, options)));
  const failures: unknown[] = [];
  const next = parcels.values();
  const sendNext = async (): Promise<void> => {
    for (const { queue, content } of next) {
      if (failures.length > 0) return;
      await retried(parts, queue, () => parts.senders.send(queue, content), options, options.onRepeat).catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: BATCHES_AT_ONCE }, sendNext));
  if (failures.length > 0) throw failures[0];
}

/**
 * One due time to a batch: the frame around it carries the annotations of its first message, the due time among them, and
 * a broker that went by it would move all the others.
 */
function groupsOf(messages: readonly OutgoingMessage[], now: number): ReadonlyMap<string, OutgoingMessage[]> {
  const groups = new Map<string, OutgoingMessage[]>();
  for (const message of messages) {
    const key = `${dueTime(message, now) ?? ''} ${message.queue}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [message]);
    else group.push(message);
  }
  return groups;
}

async function packed(parts: SendParts, group: readonly OutgoingMessage[], options: Patience): Promise<readonly Parcel[]> {
  const [first] = group;
  if (first === undefined) return [];
  const { queue } = first;
  const now = parts.clock.now();
  // Alone a message needs no frame around it, and its size no measuring.
  if (group.length === 1 && first.body.length < SMALL) return [{ queue, content: sdkMessage(first, now) }];
  const filled: Parcel[] = [];
  const newBatch = (): Promise<ServiceBusMessageBatch> => retried(parts, queue, () => parts.senders.newBatch(queue), options);
  let batch = await newBatch();
  for (const message of group) {
    const sent = sdkMessage(message, now);
    const isFull = batch.count >= BATCH_MESSAGES || (batch.count > 0 && batch.sizeInBytes >= BATCH_BYTES);
    if (!isFull && batch.tryAddMessage(sent)) continue;
    if (batch.count > 0) filled.push({ queue, content: batch });
    batch = await newBatch();
    if (!batch.tryAddMessage(sent)) throw tooLarge(message, batch.maxSizeInBytes);
  }
  filled.push({ queue, content: batch });
  return filled;
}

function retried<T>(parts: SendParts, queue: string, work: () => Promise<T>, { patient = false, signal }: Patience, onRepeat?: () => void): Promise<T> {
  const { clock, random, sendBudgetMs, takeBudgetMs } = parts;
  // A refusal is an answer: nothing of it was taken.
  const onRetry = (error: unknown): void => (hasCode(error, 'SB_THROTTLED') ? undefined : onRepeat?.());
  return withRetry(work, { clock, random, budgetMs: patient ? takeBudgetMs : sendBudgetMs, operation: 'send', queue, onRetry, ...(signal === undefined ? {} : { signal }) });
}

function tooLarge({ queue, messageId, body }: OutgoingMessage, maxBytes: number): AppError {
  const bytes = typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength;
  return new AppError('SB_MESSAGE_TOO_LARGE', `cannot send (queue ${queue}): message ${messageId} has a body of ${bytes} bytes, the queue takes ${maxBytes} with all properties`, {
    hint: 'Basic and Standard take 256 KB, Premium up to 100 MB if the queue says so; put large content into a file and name it',
  });
}
