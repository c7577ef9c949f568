// The items to look at first: errors, then the lowest scores that did not pass.

import type { ItemResult } from './item-result.js';
import { oneLine } from './text/one-line.js';
import { wordDiff } from './text/word-diff.js';

/** At most `count` items that did not pass, worst first; equal ones in file order. Holds no more than `count` items. */
export async function worstItems(items: AsyncIterable<ItemResult>, count: number): Promise<ItemResult[]> {
  const worst: ItemResult[] = [];
  for await (const item of items) {
    if (item.passed) continue;
    const at = worst.findLastIndex((other) => badness(other) >= badness(item)) + 1;
    if (at >= count) continue;
    worst.splice(at, 0, item);
    worst.length = Math.min(worst.length, count);
  }
  return worst;
}

/** Three lines of plain text for one item: what it is, why it did not pass, what differs. */
export function itemLines(item: ItemResult, width = 100): string[] {
  const title = oneLine([item.itemKey, item.input ?? ''].filter((part) => part !== '').join('  '), width);
  const difference = differenceLine(item, width - 4);
  return [title, `    ${oneLine(item.reasoning, width - 4)}`, ...(difference === null ? [] : [`    ${difference}`])];
}

function differenceLine(item: ItemResult, width: number): string | null {
  if (item.answer === null) return null;
  const expected = item.expected?.[0];
  if (item.answer.trim() === '') return expected === undefined || expected === '' ? '(empty answer)' : `(empty answer, expected: ${oneLine(expected, Math.max(10, width - 30))})`;
  return expected === undefined ? oneLine(item.answer, width) : wordDiff(expected, item.answer, width);
}

function badness(item: ItemResult): number {
  return item.outcome === 'error' ? 2 : 1 - (item.score ?? 0);
}
