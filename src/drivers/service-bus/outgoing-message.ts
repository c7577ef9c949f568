// A message of the port as the SDK sends it.

import type { ServiceBusMessage } from '@azure/service-bus';

import { AppError } from '../../domain/errors.js';
import type { OutgoingMessage } from '../../ports/message-queue.js';

/** AMQP carries a time to live as 32 bits of milliseconds. */
const MAX_TTL_MS = 2 ** 32 - 1;

/**
 * The priority is left out: Service Bus is first in, first out. The time to live counts from when the message is due, so
 * it ends at `expiresAt` by the clock of the one who sends; over 49 days, as long as the queue's.
 */
export function sdkMessage(message: OutgoingMessage, now: number): ServiceBusMessage {
  const { messageId, body, properties, expiresAt } = message;
  if (messageId.length > 128) {
    throw new AppError('INPUT_INVALID', `message ${messageId.slice(0, 40)}…: its id must have at most 128 characters for Service Bus, got ${messageId.length}`);
  }
  const dueAt = dueTime(message, now);
  const ttlMs = expiresAt === undefined || expiresAt === null ? null : Math.max(1, expiresAt - (dueAt ?? now));
  return {
    messageId,
    body: typeof body === 'string' ? Buffer.from(body, 'utf8') : Buffer.from(body.buffer, body.byteOffset, body.byteLength),
    ...(ttlMs === null || ttlMs > MAX_TTL_MS ? {} : { timeToLive: ttlMs }),
    ...(dueAt === null ? {} : { scheduledEnqueueTimeUtc: new Date(dueAt) }),
    ...(Object.keys(properties).length === 0 ? {} : { applicationProperties: checkedProperties(message) }),
  };
}

/** When a message is to appear; null: at once. */
export function dueTime({ notBefore }: OutgoingMessage, now: number): number | null {
  return notBefore === undefined || notBefore === null || notBefore <= now ? null : notBefore;
}

function checkedProperties({ messageId, properties }: OutgoingMessage): OutgoingMessage['properties'] {
  for (const [name, value] of Object.entries(properties)) {
    // What receives it could not read it as JSON.
    if (typeof value === 'number' && !Number.isFinite(value)) {
      throw new AppError('INPUT_INVALID', `message ${messageId}: property ${name} must be a finite number, got ${value}`);
    }
  }
  return properties;
}
