import fc from 'fast-check';
import { expect, test } from 'vitest';
import { printable } from '../../../src/output/sanitize.js';

const ESC = '\u001B';

test.each([
  ['a colour', `${ESC}[31mred${ESC}[0m`, 'red'],
  ['a screen that is cleared', `${ESC}[2J${ESC}[Hhello`, 'hello'],
  ['a window title', `${ESC}]0;owned\u0007hello`, 'hello'],
  ['a link', `${ESC}]8;;https://example.com${ESC}\\click${ESC}]8;;${ESC}\\`, 'click'],
  ['a device string', `${ESC}Pq#0;2;0;0;0${ESC}\\after`, 'after'],
  ['a one-byte control sequence', '\u009B31mred', 'red'],
  ['a terminal reset', `${ESC}chello`, 'hello'],
  ['a backspace and a bell', 'a\bb\u0007c', 'abc'],
  ['a line that overwrites itself', 'safe\rEVIL', 'safe EVIL'],
  ['text that is turned around', 'user\u202Egnp.exe', 'usergnp.exe'],
  ['a zero byte', 'a\u0000b', 'ab'],
])('takes %s out', (_, text, expected) => {
  expect(printable(text)).toBe(expected);
});

test('keeps letters, symbols and emoji of every script', () => {
  const text = 'Ünïcødé 日本語 العربية 👩‍👩‍👧 ✓';
  expect(printable(text)).toBe(text);
});

test('keeps line breaks and tabs only when asked', () => {
  expect(printable('a\n\tb\r\nc')).toBe('a b c');
  expect(printable('a\n\tb\r\nc', { lines: true })).toBe('a\n\tb\nc');
});

test('nothing that a terminal acts on is left, whatever comes in', () => {
  const nasty = fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(ESC, `${ESC}[`, `${ESC}]`, '\u009B', '\r', '\n', '\u202E', '\u0007'))).map((parts) => parts.join(''));
  fc.assert(
    fc.property(nasty, (text) => {
      expect(printable(text)).not.toMatch(/[\u0000-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/);
      expect(printable(text, { lines: true })).not.toMatch(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202A-\u202E]/);
    }),
  );
});

// A pattern that backtracks would take minutes here, and the runner's time limit would end it.
test('a long hostile text costs time by its length alone', () => {
  expect(printable(`${ESC}]`.repeat(200_000))).toBe('');
  expect(printable(`${ESC}[0`.repeat(200_000))).toBe('0'.repeat(200_000));
  expect(printable(`${ESC}[${'0'.repeat(400_000)}`)).toBe('0'.repeat(400_000));
});
