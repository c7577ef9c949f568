import fc from 'fast-check';
import rhea from 'rhea';
import { describe, expect, it } from 'vitest';

import { keepChanges } from '../../../../src/emulator/amqp/application-properties.js';
import { BATCH_FORMAT, readMessage, readTransfer } from '../../../../src/emulator/amqp/incoming-message.js';
import { deliveryTag, tokenOfTag, uuidBytes, uuidText } from '../../../../src/emulator/amqp/lock-tokens.js';
import { writeMessage } from '../../../../src/emulator/amqp/outgoing-message.js';
import { encoded, types } from '../../../../src/emulator/amqp/rhea.js';
import { SECTIONS, sectionsOf } from '../../../../src/emulator/amqp/sections.js';
import { DecodeError } from '../../../../src/emulator/amqp/wire.js';
import type { IncomingMessage, StoredMessage } from '../../../../src/emulator/broker/stored-message.js';

const { message } = rhea;
const NUMBER = 41;
const ENQUEUED_AT = 1_700_000_000_000;

const simple = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
const key = fc.string({ minLength: 1, maxLength: 12 }).filter((text) => !text.startsWith('x-opt') && text !== '__proto__');
const messages = fc.record(
  {
    message_id: fc.string({ minLength: 1, maxLength: 40 }),
    durable: fc.boolean(),
    priority: fc.integer({ min: 0, max: 9 }),
    ttl: fc.integer({ min: 1, max: 0xffff_ffff }),
    subject: fc.string(),
    group_id: fc.string(),
    creation_time: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }),
    message_annotations: fc.dictionary(fc.stringMatching(/^[a-z][a-z-]{0,10}$/), simple, { maxKeys: 3 }),
    application_properties: fc.dictionary(key, simple, { maxKeys: 4 }),
    footer: fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), simple, { maxKeys: 2 }),
    body: fc.oneof(
      simple,
      fc.array(simple),
      fc.dictionary(key, simple),
      fc.uint8Array().map((bytes) => message.data_section(Buffer.from(bytes)) as unknown),
      fc.constant(message.sequence_section([1, 'two']) as unknown),
    ),
  },
  { requiredKeys: [] },
);

function stored({ messageId, envelope, body }: IncomingMessage, more: Partial<StoredMessage> = {}): StoredMessage {
  return { number: NUMBER, state: 'active', messageId, envelope, body, enqueuedAt: ENQUEUED_AT, expiresAt: null, deliveryCount: 0, ...more };
}

/** From the properties on, which no broker may touch. */
function bare(bytes: Buffer): Buffer {
  return bytes.subarray(sectionsOf(bytes).find(({ code }) => code >= SECTIONS.properties)?.from ?? bytes.length);
}

describe('a message through the broker', () => {
  it('keeps every byte from its properties on, and every annotation of its sender', () => {
    fc.assert(
      fc.property(messages, (sent) => {
        const bytes = message.encode(sent);
        const out = writeMessage(stored(readMessage(bytes)), ENQUEUED_AT + 5);
        if (sent.message_id !== undefined) expect(bare(out).equals(bare(bytes))).toBe(true);
        const got = message.decode(out);
        expect(got.message_annotations).toEqual({
          ...(message.decode(bytes).message_annotations as object | undefined),
          'x-opt-sequence-number': NUMBER,
          'x-opt-enqueue-sequence-number': NUMBER,
          'x-opt-enqueued-time': new Date(ENQUEUED_AT),
          'x-opt-message-state': 0,
          'x-opt-locked-until': new Date(ENQUEUED_AT + 5),
        });
        expect([got.durable, got.priority, got.delivery_count]).toEqual([sent.durable ?? false, sent.priority ?? 4, 0]);
        expect(got.application_properties).toEqual(message.decode(bytes).application_properties);
      }),
    );
  });

  it('comes out of a batch as it would have come alone', () => {
    fc.assert(
      fc.property(fc.array(messages, { minLength: 1, maxLength: 5 }), (list) => {
        const each = list.map((sent) => message.encode({ message_id: 'id', ...sent }));
        const batch = message.encode({ ...list[0], body: message.data_sections(each) as unknown });
        expect(readTransfer(batch, BATCH_FORMAT)).toEqual(each.map((bytes) => readMessage(bytes)));
      }),
    );
  });

  it('has the id of its sender as text, or one of its own', () => {
    const idOf = (id: unknown): string => readMessage(message.encode({ message_id: id, body: 1 })).messageId;
    expect([idOf('text'), idOf(7), idOf(Buffer.alloc(16, 1))]).toEqual(['text', '7', '01'.repeat(16)]);
    for (const sent of [{ body: 1 }, { subject: 's', body: 1 }, { to: 't', application_properties: { a: 1 }, body: 1 }]) {
      const read = readMessage(message.encode(sent));
      expect(read.messageId).toMatch(/^[0-9a-f]{32}$/);
      expect(message.decode(writeMessage(stored(read), null))).toMatchObject({ ...sent, message_id: read.messageId });
    }
    expect(() => idOf('x'.repeat(129))).toThrow(DecodeError);
  });

  it('drops what a broker said of the message it is a copy of', () => {
    const copy = message.encode({ message_id: 'm', body: 1, message_annotations: { 'x-opt-sequence-number': 9, 'x-opt-locked-until': new Date(5), 'x-opt-partition-key': 'p' } });
    expect(message.decode(writeMessage(stored(readMessage(copy)), null)).message_annotations).toMatchObject({ 'x-opt-sequence-number': NUMBER, 'x-opt-partition-key': 'p' });
    expect(message.decode(writeMessage(stored(readMessage(copy)), null)).message_annotations).not.toHaveProperty('x-opt-locked-until');
  });

  it('takes annotations whose keys are strings, and writes symbols', () => {
    const annotations = Buffer.from([0x00, 0x53, 0x72, 0xc1, 7, 2, 0xa1, 1, 0x6b, 0xa1, 1, 0x76]);
    const out = writeMessage(stored(readMessage(annotations)), null);
    expect(out.includes(Buffer.from([0xa3, 1, 0x6b, 0xa1, 1, 0x76]))).toBe(true);
  });

  it('has the time to live that counts, and the number it was accepted under', () => {
    const read = readMessage(message.encode({ message_id: 'm', ttl: 5_000, body: 1 }));
    expect(read.ttlMs).toBe(5_000);
    const out = message.decode(writeMessage(stored(read, { expiresAt: ENQUEUED_AT + 3_000, deliveryCount: 300, envelope: { firstNumber: 7 } }), null));
    expect([out.ttl, out.delivery_count, (out.message_annotations as Record<string, unknown>)['x-opt-enqueue-sequence-number']]).toEqual([3_000, 300, 7]);
  });

  it('has changed application properties among the others, which keep their bytes', () => {
    const sent = message.encode({ message_id: 'm', application_properties: { keep: types.wrap_long(5), change: 1 }, body: 'b' });
    const changes = keepChanges(encoded(types.wrap_map({ change: 'new', added: true, skipped: null })));
    const envelope = { changes: [changes ?? ''], reason: 'R', description: 'D' };
    const out = writeMessage(stored(readMessage(sent), { envelope }), null);
    expect(message.decode(out)).toMatchObject({ body: 'b', application_properties: { keep: 5, change: 'new', added: true, DeadLetterReason: 'R', DeadLetterErrorDescription: 'D' } });
    expect(message.decode(out).application_properties).not.toHaveProperty('skipped');
    expect(out.includes(Buffer.from([0x55, 5]))).toBe(true);
    const without = readMessage(message.encode({ message_id: 'm', body: 'b' }));
    expect(message.decode(writeMessage(stored(without, { envelope }), null))).toMatchObject({ body: 'b', application_properties: { change: 'new' } });
  });
});

it('a lock token is its own way back, in the order of a Guid', () => {
  const token = '00112233-4455-6677-8899-aabbccddeeff';
  expect(deliveryTag(token).toString('hex')).toBe('33221100554477668899aabbccddeeff');
  expect(tokenOfTag(deliveryTag(token))).toBe(token);
  expect(tokenOfTag(Buffer.alloc(4))).toBeUndefined();
  expect(uuidText(uuidBytes(token))).toBe(token);
});
