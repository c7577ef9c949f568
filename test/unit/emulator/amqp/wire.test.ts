import fc from 'fast-check';
import { expect, test } from 'vitest';

import { readTransfer } from '../../../../src/emulator/amqp/incoming-message.js';
import { message, types } from '../../../../src/emulator/amqp/rhea.js';
import { endOfSoundValue } from '../../../../src/emulator/amqp/sound-value.js';
import { DecodeError, endOfValue } from '../../../../src/emulator/amqp/wire.js';

const values = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.string(),
    fc.integer(),
    fc.double({ noNaN: true, max: 1e15, min: -1e15 }),
    fc.boolean(),
    fc.constant(null),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
    fc.array(tie('value'), { maxLength: 6 }),
    fc.dictionary(fc.string(), tie('value'), { maxKeys: 6 }),
    fc.array(fc.integer({ min: 0, max: 1e9 }), { maxLength: 4 }).map((longs) => types.wrap_array(longs, types.Long.typecode)),
  ),
})).value;

test('every value that can be written is walked to its end', () => {
  fc.assert(
    fc.property(values, (value) => {
      const writer = new types.Writer();
      writer.write(types.wrap(value));
      const bytes = writer.toBuffer();
      expect(endOfValue(bytes, 0)).toBe(bytes.length);
      expect(endOfSoundValue(bytes, 0)).toBe(bytes.length);
    }),
  );
});

test('what is sound can be read by a client, and random bytes are refused or sound, never anything else', () => {
  const codes = [0x00, 0x40, 0x43, 0x45, 0x53, 0x56, 0x70, 0x80, 0x98, 0xa0, 0xa1, 0xa3, 0xb0, 0xc0, 0xc1, 0xd0, 0xd1, 0xe0, 0xf0, 0x72, 0x73, 0x75, 0x77];
  const bytes = fc.array(fc.oneof(fc.constantFrom(...codes), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(bytes, (array) => {
      const junk = Buffer.from(array);
      try {
        endOfSoundValue(junk, 0);
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
        return;
      }
      expect(() => new types.Reader(junk).read()).not.toThrow();
    }),
    { numRuns: 5_000 },
  );
});

test('a broken message is refused whatever is broken in it', () => {
  const good = message.encode({ message_id: 'id', application_properties: { a: 1, b: 'two' }, body: { c: [1, 2, 3] } });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: good.length - 1 }), fc.integer({ min: 0, max: 255 }), fc.boolean(), (at, byte, cut) => {
      const broken = cut ? good.subarray(0, at) : Buffer.from(good);
      if (!cut) broken[at] = byte;
      try {
        const [read] = readTransfer(broken, 0);
        if (read !== undefined) endOfSoundValue(read.body, 0);
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }),
    { numRuns: 3_000 },
  );
});

test('attacks on the stack and on memory are refused', () => {
  expect(() => endOfSoundValue(Buffer.alloc(100_000, 0), 0)).toThrow(DecodeError);
  // An array of 2^32 - 1 nulls in ten bytes.
  expect(() => endOfSoundValue(Buffer.from('f000000005ffffffff40', 'hex'), 0)).toThrow(DecodeError);
  expect(() => endOfSoundValue(Buffer.from('d000000004ffffffff', 'hex'), 0)).toThrow(DecodeError);
  let nested = Buffer.from([0x45]);
  for (let depth = 0; depth < 100; depth += 1) nested = Buffer.concat([Buffer.from([0xd0, 0, 0, (nested.length + 4) >> 8, (nested.length + 4) & 255, 0, 0, 0, 1]), nested]);
  expect(() => endOfSoundValue(nested, 0)).toThrow(DecodeError);
});
