import { expect, test } from 'vitest';
import { counted, formatBytes, formatCount, formatDuration, localTime, relativeTime } from '../../../src/output/quantities.js';

test.each([
  [0, '0 ms'],
  [850.4, '850 ms'],
  [3200, '3.2 s'],
  [9949, '9.9 s'],
  [9960, '10 s'],
  [59_600, '1 min'],
  [310_000, '5 min 10 s'],
  [3_600_000, '1 h'],
  [7_500_000, '2 h 5 min'],
  [273_600_000, '3 d 4 h'],
  [-3200, '-3.2 s'],
  [Infinity, '?'],
])('%d ms is %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test.each([
  [-500, 'now'],
  [-3000, '3 s ago'],
  [300_000, 'in 5 min'],
  [-7_200_000, '2 h ago'],
  [-100 * 3_600_000, '4 d ago'],
])('%d ms from now is %s', (offset, text) => {
  expect(relativeTime(1_000_000_000_000 + offset, 1_000_000_000_000)).toBe(text);
});

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [20 * 1024 * 1024, '20 MiB'],
  [1024 * 1024 - 1, '1.0 MiB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test('counts have separators and agree with their noun', () => {
  expect(formatCount(1_234_567)).toBe('1,234,567');
  expect(counted(1, 'job')).toBe('1 job');
  expect(counted(0, 'job')).toBe('0 jobs');
  expect(counted(1200, 'entry', 'entries')).toBe('1,200 entries');
});

test('a local time carries its offset, so it can be read back', () => {
  const at = Date.UTC(2026, 7, 1, 12, 30, 5);
  expect(localTime(at)).toMatch(/^2026-0[78]-\d\d \d\d:\d\d:05 [+-]\d\d:\d\d$/);
  expect(Date.parse(localTime(at).replace(' ', 'T').replace(' ', ''))).toBe(at);
});
