// What the SDK hands out, as the ports show it.

import type { ServiceBusReceivedMessage } from '@azure/service-bus';

import type { MessageHeaders } from '../../domain/message-headers.js';
import type { DeadLetter } from '../../ports/dead-letter-queue.js';
import type { ReceivedMessage } from '../../ports/message-queue.js';
import { bodyBytes } from './body-bytes.js';
import { plainProperties, plainValue } from './plain-value.js';

export function receivedMessage(message: ServiceBusReceivedMessage): ReceivedMessage {
  return {
    messageId: messageIdOf(message),
    body: bodyBytes(message),
    properties: plainProperties(message.applicationProperties),
    brokerSequence: sequenceOf(message),
    enqueuedAt: enqueuedAtOf(message),
    // Without a time to live the SDK tells a date in the year 31197.
    expiresAt: message.timeToLive === undefined ? null : (message.expiresAtUtc?.getTime() ?? null),
    deliveryCount: message.deliveryCount ?? 0,
  };
}

/** Service Bus does not tell when it moved a message. Reason and description travel as properties of the message. */
export function deadLetterOf(message: ServiceBusReceivedMessage, queue: string): DeadLetter {
  const { DeadLetterReason: reason, DeadLetterErrorDescription: description, ...properties } = plainProperties(message.applicationProperties);
  return {
    queue,
    sequenceNumber: sequenceOf(message),
    messageId: messageIdOf(message),
    body: bodyBytes(message),
    properties,
    reason: reason === undefined || reason === null ? null : String(reason),
    description: description === undefined || description === null ? null : String(description),
    enqueuedAt: enqueuedAtOf(message),
    deadLetteredAt: null,
    deliveryCount: message.deliveryCount ?? 0,
    ...headersOf(message),
  };
}

function headersOf(message: ServiceBusReceivedMessage): { readonly headers?: MessageHeaders } {
  const { contentType, subject, to, replyTo, replyToSessionId, sessionId, partitionKey, correlationId } = message;
  const said = Object.entries({ contentType, subject, to, replyTo, replyToSessionId, sessionId, partitionKey, correlationId });
  const headers = said.flatMap(([name, value]) => (typeof value === 'string' || typeof value === 'number' ? [[name, String(value)] as const] : []));
  const isText = message._rawAmqpMessage.bodyType === 'value' && typeof message.body === 'string';
  const all = isText ? [...headers, ['bodyType', 'value'] as const] : headers;
  return all.length === 0 ? {} : { headers: Object.fromEntries(all) };
}

export function sequenceOf({ sequenceNumber }: ServiceBusReceivedMessage): string {
  return sequenceNumber?.toString() ?? '0';
}

function enqueuedAtOf({ enqueuedTimeUtc }: ServiceBusReceivedMessage): number {
  return enqueuedTimeUtc?.getTime() ?? 0;
}

function messageIdOf({ messageId }: ServiceBusReceivedMessage): string {
  const plain = plainValue(messageId);
  return typeof plain === 'string' || typeof plain === 'number' ? String(plain) : '';
}
