import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isGroupNamed, reasonFingerprint } from '../../../src/domain/reason-fingerprint.js';

const group = (description: string, reason = '') => reasonFingerprint({ reason, description }).name;

describe('reasonFingerprint', () => {
  it.each([
    ['job ids', 'no job with id 0198f0a1-2b3c-7d4e-8f90-a1b2c3d4e5f6', 'no job with id 0198F0A2-0000-7d4e-8f90-000000000001'],
    ['message ids', 'superseded 0198f0a1-2b3c-7d4e-8f90-a1b2c3d4e5f6:1', 'superseded 0198f0a2-2b3c-7d4e-8f90-a1b2c3d4e5f7:12'],
    ['counts', 'expected 24 columns, got 23', 'expected 8 columns, got 1,024'],
    ['names in quotes', 'unknown model "gpt-x"', 'unknown model "claude y, z"'],
    ['names in single quotes', "Cannot read properties of undefined (reading 'id')", "Cannot read properties of undefined (reading 'rows')"],
    ['times', 'expired at 2026-08-04T10:11:12.345Z', 'expired at 2026-07-01 01:02:03+02:00'],
    ['dates of logs', 'token expired Tue, 04 Aug 2026 10:00:00 GMT', 'token expired Wed, 05 Aug 2026 11:00:00 GMT'],
    ['lock times of .NET', 'lock held for 00:05:00.1230000', 'lock held for 01:00:00'],
    ['durations of any unit', 'timed out after 30000ms', 'timed out after 5 minutes'],
    ['durations of several units', 'timed out after 1h30m', 'timed out after 45s'],
    ['paths', 'ENOENT: no such file or directory, open /var/lib/a.csv', 'ENOENT: no such file or directory, open ./data/b.csv'],
    ['Windows paths', 'cannot open C:\\data\\a.csv', 'cannot open D:\\jobs\\2026\\b.csv'],
    ['relative paths', 'cannot load handlers/a.mjs', 'cannot load src/handlers/deep/b.mjs'],
    ['addresses', 'connect ECONNREFUSED 10.0.0.7:5432', 'connect ECONNREFUSED 192.168.1.20:5433'],
    ['IPv6 addresses', 'connect ECONNREFUSED ::1:5432', 'connect ECONNREFUSED fe80::1ff:fe23:4567:890a'],
    ['hexadecimal numbers', 'checksum 1a2b3c4d5e6f does not match', 'checksum 99887766 does not match'],
    ['pointers', 'segfault at 0x7fff5fbff8c8', 'segfault at 0x0'],
    ['request ids', 'upstream failed, request req_01HXYZ8M3N4P5Q6R7S', 'upstream failed, request req_01HABCDEF9G8H7J6K5'],
    ['mail addresses', 'no mailbox ada@example.com', 'no mailbox grace.h+x@mail.example.org'],
    ['queries of one address', 'GET https://api.example.com/v1/a?id=1 failed', 'GET https://api.example.com/v2/b/7 failed'],
    ['lists of any length', 'missing rows 1, 2, 3', 'missing rows 17'],
    ['letter case', 'Request Timeout', 'request timeout'],
    ['stacks behind the same first line', 'Error: boom\n    at a (x.js:1:2)', 'Error: boom\n    at b (y.js:3:4)'],
    ['colours', '\u001b[31mError: boom\u001b[0m', 'Error: boom'],
    ['tracking of Service Bus', 'The lock expired. Reference:3a1b2c3d-0000-4000-8000-000000000001_G12_B3, Timestamp:2026-08-04T10:00:00', 'The lock expired. Reference:99999999-0000-4000-8000-00000000000f_G3_B41, Timestamp:2026-01-01T00:00:00'],
    ['line and column', 'SyntaxError at src/rows/a.ts:10:5', 'SyntaxError at src/rows/b.ts:200:17'],
  ])('groups texts that differ in %s', (_what, a, b) => {
    expect(reasonFingerprint({ description: a })).toEqual({ ...reasonFingerprint({ description: b }), pattern: expect.any(String) });
    expect(group(a, 'ATTEMPTS_EXHAUSTED')).toBe(group(b, 'ATTEMPTS_EXHAUSTED'));
  });

  it.each([
    ['HTTP statuses', 'Request failed with status code 404', 'Request failed with status code 500'],
    ['HTTP statuses, short', 'HTTP 429 from the judge', 'HTTP 503 from the judge'],
    ['HTTP versions', 'HTTP/1.1 404 Not Found', 'HTTP/1.1 500 Internal Server Error'],
    ['exit codes', 'program ended with exit code 1', 'program ended with exit code 137'],
    ['error numbers', 'AADSTS700016: application not found', 'AADSTS50011: application not found'],
    ['error numbers of a database', 'E11000 write failed', 'E11600 write failed'],
    ['leading codes', 'ORA-00942: failed', 'ORA-01017: failed'],
    ['system errors', 'connect ECONNREFUSED 10.0.0.7:80', 'connect ECONNRESET 10.0.0.7:80'],
    ['hosts', 'GET https://a.example.com/x failed', 'GET https://b.example.com/x failed'],
    ['codes in JSON', '{"error":{"code":"rate_limited","message":"a"}}', '{"error":{"code":"invalid_model","message":"a"}}'],
    ['keys in JSON', '{"detail":"x"}', '{"errors":"x"}'],
    ['errors of Python', 'Traceback (most recent call last):\n  File "a.py", line 3\nKeyError: 1', 'Traceback (most recent call last):\n  File "a.py", line 3\nValueError: 1'],
    ['words', 'payload is too large', 'payload is not JSON'],
  ])('keeps apart what differs in %s', (_what, a, b) => {
    expect(group(a)).not.toBe(group(b));
  });

  it('keeps reasons apart and reads the same with and without the reason repeated', () => {
    expect(group('boom', 'EXPIRED')).not.toBe(group('boom', 'NO_HANDLER'));
    expect(reasonFingerprint({ reason: 'NO_HANDLER', description: 'NO_HANDLER: none for x' }).pattern).toBe('NO_HANDLER: none for x');
    expect(reasonFingerprint({ reason: 'MaxDeliveryCountExceeded', description: null }).pattern).toBe('MaxDeliveryCountExceeded');
    expect(reasonFingerprint({}).pattern).toBe('(no reason)');
  });

  it('shows the text with placeholders', () => {
    expect(
      reasonFingerprint({
        reason: 'ATTEMPTS_EXHAUSTED',
        description: 'TimeoutError: POST https://judge.example.com:8443/v1/score took 30000ms for row 17 of "a.csv" (request 5f0c1a2b9d)',
      }).pattern,
    ).toBe('ATTEMPTS_EXHAUSTED: TimeoutError: POST https://judge.example.com:<n>/<path> took <duration> for row <n> of <text> (request <n>)');
    expect(reasonFingerprint({ description: "user can't and won't; std::bad_alloc, text/html and/or n/a" }).pattern).toBe(
      "user can't and won't; std::bad_alloc, text/html and/or n/a",
    );
  });

  it('gives names that stay the same from run to run', () => {
    expect(reasonFingerprint({ reason: 'EXPIRED', description: 'not started within 14d' }).name).toBe('GTJE2EK');
  });

  it('has one line of at most 240 characters, without control characters, in a name that can be typed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 3_000 }), fc.string(), (description, reason) => {
        const { name, pattern } = reasonFingerprint({ reason, description });
        expect(name).toMatch(/^G[0-9A-HJKMNP-TV-Z]{6}$/);
        expect(Array.from(pattern).length).toBeLessThanOrEqual(240);
        expect(pattern).not.toMatch(/\p{Cc}/u);
        expect(pattern).not.toBe('');
      }),
    );
  });

  it('groups any two numbers in any place of a sentence', () => {
    const numbers = fc.integer({ min: 0, max: 999_999_999 });
    fc.assert(
      fc.property(fc.constantFrom('row {} is bad', 'worker-{} died', 'got {} of many', 'item#{}', '{}% full', 'v{}'), numbers, numbers, (text, a, b) => {
        expect(group(text.replace('{}', String(a)))).toBe(group(text.replace('{}', String(b))));
      }),
    );
  });
});

describe('isGroupNamed', () => {
  it('takes the whole name or its beginning, in either case', () => {
    for (const typed of ['G3KQ7T2', 'g3kq', 'G3', ' g ']) expect(isGroupNamed(typed, 'G3KQ7T2')).toBe(true);
    for (const typed of ['', '3KQ', 'G4', 'G3KQ7T2X', 'G3KQ*', 'GU']) expect(isGroupNamed(typed, 'G3KQ7T2')).toBe(false);
  });
});
