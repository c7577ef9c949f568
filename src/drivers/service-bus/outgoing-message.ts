// A message of the port as the SDK sends it.

import type { ServiceBusMessage, ServiceBusMessageBatch } from '@azure/service-bus';

import { AppError } from '../../domain/errors.js';
import type { OutgoingMessage } from '../../ports/message-queue.js';

/** What the SDK sends: its own message, or one in AMQP's terms. */
export type SdkMessage = Parameters<ServiceBusMessageBatch['tryAddMessage']>[0];

/** AMQP carries a time to live as 32 bits of milliseconds. */
const MAX_TTL_MS = 2 ** 32 - 1;

/**
 * The priority is left out: Service Bus is first in, first out. The time to live counts from when the message is due, so
 * it ends at `expiresAt` by the clock of the one who sends; over 49 days, as long as the queue's.
 */
export function sdkMessage(message: OutgoingMessage, now: number): SdkMessage {
  const { messageId, body, expiresAt, headers = {} } = message;
  if (messageId.length > 128) {
    throw new AppError('INPUT_INVALID', `message ${messageId.slice(0, 40)}…: its id must have at most 128 characters for Service Bus, got ${messageId.length}`);
  }
  const { bodyType, ...said } = headers;
  const dueAt = dueTime(message, now);
  const ttlMs = expiresAt === undefined || expiresAt === null ? null : Math.max(1, expiresAt - (dueAt ?? now));
  const sent: ServiceBusMessage = {
    ...said,
    messageId,
    body: bytesOf(body),
    applicationProperties: checkedProperties(message),
    ...(ttlMs === null || ttlMs > MAX_TTL_MS ? {} : { timeToLive: ttlMs }),
    ...(dueAt === null ? {} : { scheduledEnqueueTimeUtc: new Date(dueAt) }),
  };
  return bodyType === 'value' ? asValue(sent, new TextDecoder().decode(bytesOf(body))) : sent;
}

/** When a message is to appear; null: at once. */
export function dueTime({ notBefore }: OutgoingMessage, now: number): number | null {
  return notBefore === undefined || notBefore === null || notBefore <= now ? null : notBefore;
}

/** The SDK sends its own messages as data only. */
function asValue(sent: ServiceBusMessage, text: string): SdkMessage {
  const { messageId, contentType, subject, correlationId, to, replyTo, replyToSessionId, sessionId, partitionKey } = sent;
  const properties = { messageId, contentType, subject, correlationId, to, replyTo, replyToGroupId: replyToSessionId, groupId: sessionId };
  const annotations = { 'x-opt-partition-key': partitionKey, 'x-opt-scheduled-enqueue-time': sent.scheduledEnqueueTimeUtc };
  return {
    body: text,
    bodyType: 'value',
    properties: given(properties),
    messageAnnotations: given(annotations),
    applicationProperties: sent.applicationProperties ?? {},
    ...(sent.timeToLive === undefined ? {} : { header: { timeToLive: sent.timeToLive } }),
  };
}

function given<T extends object>(fields: T): { [Name in keyof T]?: NonNullable<T[Name]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as { [Name in keyof T]?: NonNullable<T[Name]> };
}

function bytesOf(body: string | Uint8Array): Buffer {
  return typeof body === 'string' ? Buffer.from(body, 'utf8') : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
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
