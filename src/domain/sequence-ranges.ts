// Selections of messages by broker sequence number, as typed after --sequence: `1,3-9`. Numbers are bigint because a
// broker's are 64 bits wide.

import { AppError } from './errors.js';

/** Both ends belong to the range. */
export interface SequenceRange {
  readonly first: bigint;
  readonly last: bigint;
}

export const MAX_SEQUENCE_RANGES = 10_000;
const MAX_TEXT_LENGTH = 256 * 1024;
const MAX_SEQUENCE = 2n ** 63n - 1n;
const ITEM = /^(\d{1,19})(?:\s*-\s*(\d{1,19}))?$/;

/** Sorted, without overlaps or neighbours that touch. INPUT_INVALID names the item that cannot be read. */
export function parseSequenceRanges(text: string): readonly SequenceRange[] {
  if (text.length > MAX_TEXT_LENGTH) {
    throw new AppError('INPUT_INVALID', `sequence numbers: expected at most ${MAX_TEXT_LENGTH} characters, got ${text.length}`);
  }
  const items = text.split(',');
  if (items.length > MAX_SEQUENCE_RANGES) {
    throw new AppError('INPUT_INVALID', `sequence numbers: expected at most ${MAX_SEQUENCE_RANGES} ranges, got ${items.length}`, {
      hint: 'select with `--where`, `--group` or `--all` instead',
    });
  }
  return merge(items.map((item, index) => parseItem(item.trim(), index + 1)));
}

/** Whether the number is in one of the ranges of parseSequenceRanges. Takes the text form that stored records carry too. */
export function inSequenceRanges(ranges: readonly SequenceRange[], sequence: bigint | number | string): boolean {
  const wanted = BigInt(sequence);
  let low = 0;
  let high = ranges.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const range = ranges[middle];
    if (range === undefined) return false;
    if (wanted < range.first) high = middle - 1;
    else if (wanted > range.last) low = middle + 1;
    else return true;
  }
  return false;
}

/** How many numbers the ranges name. */
export function countSequences(ranges: readonly SequenceRange[]): bigint {
  return ranges.reduce((sum, range) => sum + (range.last - range.first + 1n), 0n);
}

/** The text that parseSequenceRanges reads back to the same ranges. */
export function printSequenceRanges(ranges: readonly SequenceRange[]): string {
  return ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}

function parseItem(item: string, position: number): SequenceRange {
  const match = ITEM.exec(item);
  if (match?.[1] === undefined) throw refused(item, position);
  const first = BigInt(match[1]);
  const last = match[2] === undefined ? first : BigInt(match[2]);
  if (first < 1n) throw refused(item, position, 'sequence numbers start at 1');
  if (last > MAX_SEQUENCE || first > MAX_SEQUENCE) throw refused(item, position, `the largest sequence number is ${MAX_SEQUENCE}`);
  if (last < first) throw refused(item, position, `did you mean \`${last}-${first}\`?`);
  return { first, last };
}

function merge(ranges: readonly SequenceRange[]): readonly SequenceRange[] {
  const sorted = [...ranges].sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  const merged: SequenceRange[] = [];
  for (const range of sorted) {
    const before = merged.at(-1);
    if (before === undefined || range.first > before.last + 1n) merged.push(range);
    else if (range.last > before.last) merged[merged.length - 1] = { first: before.first, last: range.last };
  }
  return merged;
}

function refused(item: string, position: number, hint = 'write it like `1,3-9`'): AppError {
  const got = item === '' ? 'nothing' : JSON.stringify(item.length > 40 ? `${item.slice(0, 39)}…` : item);
  return new AppError('INPUT_INVALID', `sequence numbers, item ${position}: expected a number or a range such as 3-9, got ${got}`, { hint });
}
