import { expect, test } from 'vitest';
import { lineWidth, plainText } from '../../../src/tui/text.js';
import { typedLine } from '../../../src/tui/view/typed-line.js';

test('the cursor is in sight, at its place, wherever it stands', () => {
  expect(plainText(typedLine('abc', 3, 20))).toBe('abc ');
  expect(plainText(typedLine('abcdefghij', 10, 6))).toBe('ghij ');
  expect(plainText(typedLine('abcdefghij', 0, 6))).toBe('abcde');
  for (let cursor = 0; cursor <= 10; cursor += 1) {
    const line = typedLine('abcdefghij', cursor, 6);
    expect(line.find(({ tone }) => tone === 'selected')?.text).toBe('abcdefghij'[cursor] ?? ' ');
    expect(lineWidth(line)).toBeLessThanOrEqual(6);
  }
});

test('wide characters are not cut in two, and what a terminal would act on is a blank', () => {
  expect(lineWidth(typedLine('漢字漢字漢字', 6, 7))).toBeLessThanOrEqual(7);
  expect(plainText(typedLine('a\u001bb', 3, 10))).not.toContain('\u001b');
});

test('a long paste costs what a short one does: only what is in sight is measured', () => {
  const text = 'ä'.repeat(5_000);
  const took = (cursor: number): number => {
    const from = performance.now();
    typedLine(text, cursor, 60);
    return performance.now() - from;
  };
  took(5_000);
  // The former walk from the first character on took minutes for a paste of 20 000.
  expect(Math.min(took(5_000), took(5_000), took(5_000))).toBeLessThan(500);
});
