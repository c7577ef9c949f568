import type { ServiceBusReceivedMessage } from '@azure/service-bus';
import Long from 'long';
import { describe, expect, test } from 'vitest';

import { bodyBytes } from '../../../../src/drivers/service-bus/body-bytes.js';
import { deadLetterOf, receivedMessage } from '../../../../src/drivers/service-bus/incoming-message.js';
import { sdkMessage } from '../../../../src/drivers/service-bus/outgoing-message.js';
import { plainProperties } from '../../../../src/drivers/service-bus/plain-value.js';
import { restoredMessage } from '../../../../src/drivers/service-bus/restore-letters.js';
import type { DeadLetter } from '../../../../src/ports/dead-letter-queue.js';
import type { OutgoingMessage } from '../../../../src/ports/message-queue.js';

const NOW = Date.UTC(2026, 7, 1);

function outgoing(more: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return { queue: 'q', messageId: 'm', body: 'text', properties: {}, ...more };
}

function received(more: Partial<ServiceBusReceivedMessage> = {}): ServiceBusReceivedMessage {
  return {
    body: Buffer.from('body'),
    messageId: 'm',
    sequenceNumber: Long.fromNumber(7),
    enqueuedTimeUtc: new Date(NOW),
    deliveryCount: 2,
    state: 'active',
    _rawAmqpMessage: { body: undefined, bodyType: 'data' },
    ...more,
  };
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}

describe('sending', () => {
  test('carries text as UTF-8 and only the bytes of a view', () => {
    expect(sdkMessage(outgoing({ body: 'ä' }), NOW).body).toEqual(Buffer.from('ä', 'utf8'));
    const bytes = Uint8Array.from([1, 2, 3, 4]).subarray(1, 3);
    expect([...(sdkMessage(outgoing({ body: bytes }), NOW).body as Buffer)]).toEqual([2, 3]);
  });

  test('counts the time to live from when the message is due', () => {
    expect(sdkMessage(outgoing({ expiresAt: NOW + 5_000 }), NOW)).toMatchObject({ timeToLive: 5_000 });
    const later = sdkMessage(outgoing({ notBefore: NOW + 2_000, expiresAt: NOW + 5_000 }), NOW);
    expect(later).toMatchObject({ timeToLive: 3_000, scheduledEnqueueTimeUtc: new Date(NOW + 2_000) });
  });

  test('leaves the time to live to the queue when none is given or AMQP cannot carry it', () => {
    expect(sdkMessage(outgoing(), NOW)).not.toHaveProperty('timeToLive');
    expect(sdkMessage(outgoing({ expiresAt: NOW + 60 * 86_400_000 }), NOW)).not.toHaveProperty('timeToLive');
  });

  test('lets a message that is over its time expire at once: none would mean for ever', () => {
    expect(sdkMessage(outgoing({ expiresAt: NOW - 5_000 }), NOW)).toMatchObject({ timeToLive: 1 });
  });

  test('sends at once what was due before', () => {
    expect(sdkMessage(outgoing({ notBefore: NOW - 1 }), NOW)).not.toHaveProperty('scheduledEnqueueTimeUtc');
  });

  test('says what the producer of a copied message said, and sends a text of AMQP’s own type as one', () => {
    const headers = { contentType: 'text/plain', subject: 's', correlationId: 'c', replyTo: 'r', sessionId: 'x', partitionKey: 'x' };
    expect(sdkMessage(outgoing({ headers }), NOW)).toMatchObject(headers);
    const text = outgoing({ body: Buffer.from('ä'), headers: { ...headers, bodyType: 'value' }, notBefore: NOW + 1_000, expiresAt: NOW + 3_000 });
    expect(sdkMessage(text, NOW)).toEqual({
      body: 'ä',
      bodyType: 'value',
      properties: { messageId: 'm', contentType: 'text/plain', subject: 's', correlationId: 'c', replyTo: 'r', groupId: 'x' },
      messageAnnotations: { 'x-opt-partition-key': 'x', 'x-opt-scheduled-enqueue-time': new Date(NOW + 1_000) },
      applicationProperties: {},
      header: { timeToLive: 2_000 },
    });
  });

  test('refuses what Service Bus cannot carry, naming the message', () => {
    expect(() => sdkMessage(outgoing({ properties: { n: Number.NaN } }), NOW)).toThrow(/message m: property n/);
    expect(() => sdkMessage(outgoing({ messageId: 'x'.repeat(129) }), NOW)).toThrow(/128 characters/);
  });
});

describe('receiving', () => {
  test('shows what came, with the broker’s number as text', () => {
    const big = Long.fromString('9007199254740993');
    const message = received({ sequenceNumber: big, timeToLive: 1_000, expiresAtUtc: new Date(NOW + 1_000), applicationProperties: { a: 1 } });
    expect(receivedMessage(message)).toEqual({
      messageId: 'm',
      body: Buffer.from('body'),
      properties: { a: 1 },
      brokerSequence: '9007199254740993',
      enqueuedAt: NOW,
      expiresAt: NOW + 1_000,
      deliveryCount: 2,
    });
  });

  test('knows no end of a message without a time to live', () => {
    expect(receivedMessage(received({ expiresAtUtc: new Date(8.64e15) })).expiresAt).toBeNull();
  });

  test('shows ids that are no text', () => {
    expect(receivedMessage(received({ messageId: 5 })).messageId).toBe('5');
    expect(receivedMessage(received({ messageId: Buffer.from('0123456789abcdef0123456789abcdef', 'hex') })).messageId).toBe('01234567-89ab-cdef-0123-456789abcdef');
    const { messageId: _, ...nameless } = received();
    expect(receivedMessage(nameless).messageId).toBe('');
  });

  test.each<[string, Partial<ServiceBusReceivedMessage>, string]>([
    ['bytes', { body: Buffer.from([1, 255]) }, '\u0001�'],
    ['bytes in pieces', { body: [Buffer.from('ab'), Buffer.from('cd')] }, 'abcd'],
    ['a text value', { body: 'ä', _rawAmqpMessage: { body: 'ä', bodyType: 'value' } }, 'ä'],
    ['a map', { body: { a: 1, when: new Date(NOW) }, _rawAmqpMessage: { body: undefined, bodyType: 'value' } }, '{"a":1,"when":"2026-08-01T00:00:00.000Z"}'],
    ['a sequence', { body: [1, 'two', null], _rawAmqpMessage: { body: undefined, bodyType: 'sequence' } }, '[1,"two",null]'],
    ['a number', { body: 5, _rawAmqpMessage: { body: 5, bodyType: 'value' } }, '5'],
    ['nothing', { body: undefined }, ''],
  ])('shows a body of %s as bytes', (_what, more, shown) => {
    expect(text(bodyBytes(received(more)))).toBe(shown);
  });

  test('shows properties of types that JSON lacks as text', () => {
    const properties = {
      date: new Date(NOW),
      uuid: Buffer.from('0123456789abcdef0123456789abcdef', 'hex'),
      big: Buffer.from('0020000000000001', 'hex'),
      bytes: Buffer.from([1, 2, 3]),
      infinite: Infinity,
      long: Long.fromString('9007199254740993'),
      plain: 'x',
      nothing: null,
    };
    expect(plainProperties(properties)).toEqual({
      date: '2026-08-01T00:00:00.000Z',
      uuid: '01234567-89ab-cdef-0123-456789abcdef',
      big: '9007199254740993',
      bytes: 'AQID',
      infinite: 'Infinity',
      long: '9007199254740993',
      plain: 'x',
      nothing: null,
    });
  });
});

describe('dead letters', () => {
  test('take reason and description out of the properties, where they travel', () => {
    const message = received({ applicationProperties: { a: 1, DeadLetterReason: 'BAD', DeadLetterErrorDescription: 'it was bad' } });
    expect(deadLetterOf(message, 'q')).toEqual({
      queue: 'q',
      sequenceNumber: '7',
      messageId: 'm',
      body: Buffer.from('body'),
      properties: { a: 1 },
      reason: 'BAD',
      description: 'it was bad',
      enqueuedAt: NOW,
      deadLetteredAt: null,
      deliveryCount: 2,
    });
    expect(deadLetterOf(received(), 'q')).toMatchObject({ reason: null, description: null });
  });

  test('keep what their producers said', () => {
    expect(deadLetterOf(received({ contentType: 'a/b', subject: 's', correlationId: 5 }), 'q').headers).toEqual({ contentType: 'a/b', subject: 's', correlationId: '5' });
    expect(deadLetterOf(received({ body: 'text', _rawAmqpMessage: { body: 'text', bodyType: 'value' } }), 'q').headers).toEqual({ bodyType: 'value' });
    expect(deadLetterOf(received(), 'q')).not.toHaveProperty('headers');
  });

  const letter: DeadLetter = { ...deadLetterOf(received(), 'q'), properties: { a: 1 } };

  test('come back as messages of their own, that say what they were', () => {
    expect(restoredMessage(letter)).toMatchObject({ queue: 'q', messageId: 'restored:7:m', properties: { a: 1, replayOf: 'm', replayCount: 1 } });
    expect(restoredMessage({ ...letter, messageId: 'x'.repeat(128) }).messageId).toHaveLength(128);
    expect(restoredMessage({ ...letter, headers: { subject: 's' } }).headers).toEqual({ subject: 's' });
  });

  test('of our jobs come back as they were', () => {
    const properties = { jobId: 'j', sequence: 2, storeId: 's', attempt: 1 };
    expect(restoredMessage({ ...letter, properties }).properties).toEqual(properties);
  });
});
