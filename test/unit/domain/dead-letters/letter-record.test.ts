import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { hexPreview, viewBody } from '../../../../src/domain/dead-letters/body-view.js';
import { parseLetterLine, printLetterLine, type LetterRecord } from '../../../../src/domain/dead-letters/letter-record.js';
import { letter } from './letters.js';

const anyLetter = fc.record({
  queue: fc.string(),
  sequenceNumber: fc.bigInt({ min: 1n, max: 2n ** 63n }).map(String),
  messageId: fc.string(),
  body: fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.string().map((text) => new Uint8Array(Buffer.from(text)))),
  properties: fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.boolean(), fc.integer(), fc.constant(null))),
  reason: fc.option(fc.string()),
  description: fc.option(fc.string({ unit: 'binary' })),
  enqueuedAt: fc.integer({ min: 0, max: 4e12 }),
  deadLetteredAt: fc.option(fc.integer({ min: 0, max: 4e12 })),
  deliveryCount: fc.nat(),
  headers: fc.record({ contentType: fc.string(), subject: fc.string(), bodyType: fc.constant('value') }, { requiredKeys: [] }),
}, { requiredKeys: ['queue', 'sequenceNumber', 'messageId', 'body', 'properties', 'reason', 'description', 'enqueuedAt', 'deadLetteredAt', 'deliveryCount'] });

test('a letter written as a line reads back as the same letter, whatever its bytes', () => {
  fc.assert(
    fc.property(anyLetter, (made) => {
      const line = printLetterLine(made);
      expect(line).not.toContain('\n');
      const back = parseLetterLine(line);
      expect(Buffer.from(back.body).equals(Buffer.from(made.body))).toBe(true);
      // JSON has no prototype-less objects; the values are compared.
      expect({ ...back, body: 0, properties: { ...back.properties } }).toEqual({ ...made, body: 0, properties: { ...made.properties } });
    }),
  );
});

describe('a line that is no letter is refused with what is wrong', () => {
  test.each([
    ['{', 'a line of JSON'],
    ['[]', 'a JSON object'],
    ['{}', 'body must be a text, got nothing'],
    [printLetterLine(letter()).replace('"deliveryCount":3', '"deliveryCount":"3"'), 'deliveryCount must be a number, got "3"'],
    [printLetterLine(letter()).replace('"properties":{}', '"properties":{"a":[]}'), 'properties.a must be a text, number, boolean or null, got []'],
    [printLetterLine(letter()).replace(/"enqueuedAt":"[^"]*"/, '"enqueuedAt":"soon"'), 'enqueuedAt must be an ISO 8601 time, got "soon"'],
  ])('%s', (line, problem) => {
    expect(() => parseLetterLine(line)).toThrow(problem);
  });
});

describe('a body is shown', () => {
  const view = (body: Uint8Array | string): ReturnType<typeof viewBody> => viewBody(typeof body === 'string' ? new Uint8Array(Buffer.from(body)) : body);

  test('as JSON when it is JSON', () => {
    expect(view('{"a":[1,2.5,"x"]}')).toMatchObject({ encoding: 'json', value: { a: [1, 2.5, 'x'] } });
  });

  test('as text when a number in it would lose digits', () => {
    expect(view('{"id":12345678901234567890}')).toEqual({ encoding: 'text', text: '{"id":12345678901234567890}' });
    expect(view('{"id":1234567890123456}').encoding).toBe('json');
  });

  test('as text when it is readable and no JSON, also with line breaks and escapes of a terminal', () => {
    expect(view('two\nlines\u001b[31m').encoding).toBe('text');
    expect(view('{"a":').encoding).toBe('text');
  });

  test('as bytes when it is not UTF-8 or has control characters', () => {
    expect(view(new Uint8Array([0xff, 0xfe, 0])).encoding).toBe('base64');
    expect(view('a\u0000b').encoding).toBe('base64');
  });

  test('never throws', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (body) => void viewBody(body)));
  });

  test('as hexadecimal digits, cut where there are too many', () => {
    expect(hexPreview(new Uint8Array([1, 2, 255]), 8)).toBe('01 02 ff');
    expect(hexPreview(new Uint8Array([1, 2, 255]), 2)).toBe('01 02 …');
    expect(hexPreview(new Uint8Array(), 2)).toBe('');
  });
});

test('a letter has the shape of the port', () => {
  const made: LetterRecord = letter();
  expect(Object.keys(made).sort()).toEqual(Object.keys(parseLetterLine(printLetterLine(made))).sort());
});
