import { expect, test } from 'vitest';
import {
  choice,
  decimal,
  duration,
  instant,
  integer,
  keyValue,
  nonEmpty,
  readWith,
  resolveInstant,
  toRecord,
  type Parser,
} from '../../../src/commands/option-parsers.js';

const SECOND = 1000;

test.each([
  ['250ms', 250],
  ['30s', 30 * SECOND],
  ['5m', 300 * SECOND],
  ['2h', 7200 * SECOND],
  ['1d', 86_400 * SECOND],
  ['1h30m', 5400 * SECOND],
  ['1.5s', 1500],
  ['0', 0],
])('reads %s as a duration', (text, ms) => {
  expect(duration().read(text)).toBe(ms);
});

test.each(['', '5', '-5s', '5 minutes', '5x', 's', '1e3s', '999999999999d'])('%j is no duration', (text) => {
  expect(duration().read(text)).toBeUndefined();
});

test('bounds belong to what is expected', () => {
  const timeout = duration({ minMs: SECOND, maxMs: 60 * SECOND });
  expect(timeout.read('999ms')).toBeUndefined();
  expect(timeout.read('1s')).toBe(SECOND);
  expect(timeout.read('61s')).toBeUndefined();
  expect(timeout.expects).toContain('from 1s to 1m');
});

const REFUSED: readonly [string, Parser<unknown>, string, string][] = [
  ['--limit', integer({ min: 1 }), '0', '--limit must be a whole number of at least 1, got "0"'],
  ['--limit', integer({ min: 1, max: 10 }), '1.5', '--limit must be a whole number from 1 to 10, got "1.5"'],
  ['--limit', integer(), '0x10', '--limit must be a whole number, got "0x10"'],
  ['--limit', integer(), '', '--limit must be a whole number, got ""'],
  ['--share', decimal({ min: 0, max: 1 }), '1.01', '--share must be a number from 0 to 1, got "1.01"'],
  ['--share', decimal(), 'NaN', '--share must be a number, got "NaN"'],
  ['--user', nonEmpty(), ' ', '--user must be a text that is not empty, got " "'],
  ['--label', keyValue(), 'nokey', '--label must be key=value, got "nokey"'],
  ['--label', keyValue(), '=v', '--label must be key=value, got "=v"'],
];

test.each(REFUSED)('%s: says what was expected and what came', (where, parser, text, message) => {
  expect(() => readWith(parser, text, where)).toThrow(expect.objectContaining({ code: 'USAGE_INVALID', message }));
});

test('suggests the nearest choice', () => {
  const priority = choice(['low', 'normal', 'high', 'urgent']);
  expect(() => readWith(priority, 'hihg', 'line 3: priority', 'INPUT_INVALID')).toThrow(
    expect.objectContaining({
      code: 'INPUT_INVALID',
      message: 'line 3: priority must be low, normal, high or urgent, got "hihg"',
      hint: 'did you mean `high`?',
    }),
  );
});

test('a time is ISO 8601 or counts from now', () => {
  const now = Date.UTC(2026, 0, 10);
  const past = (text: string): number => resolveInstant(readWith(instant('past'), text, '--since'), now);
  const future = (text: string): number => resolveInstant(readWith(instant('future'), text, '--at'), now);
  expect(past('2h')).toBe(now - 7200 * SECOND);
  expect(future('10m')).toBe(now + 600 * SECOND);
  expect(past('2026-01-09T12:00:00Z')).toBe(Date.UTC(2026, 0, 9, 12));
  expect(past('2026-01-09T12:00:00+02:00')).toBe(Date.UTC(2026, 0, 9, 10));
  expect(past('2026-01-09')).toBe(Date.UTC(2026, 0, 9));
  expect(past('2026-01-09 12:00')).toBe(new Date(2026, 0, 9, 12).getTime());
});

test.each(['yesterday', '2026-02-30', '2026-13-01', '2026-01-09T25:00', '09.01.2026', '-2h', '1767225600'])('%j is no time', (text) => {
  expect(instant('past').read(text)).toBeUndefined();
});

test('pairs keep equals signs in their value, and the later of two wins', () => {
  const pairs = ['a=1', 'b=x=y', 'a=2', 'empty='].map((text) => readWith(keyValue(), text, '--label'));
  expect(toRecord(pairs)).toEqual({ a: '2', b: 'x=y', empty: '' });
});
