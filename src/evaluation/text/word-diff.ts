// A short word diff for a terminal: `Refunds take [-14-] {+30+} days`.

import { oneLine } from './one-line.js';

const MAX_WORDS = 150;

/** What was expected stands in `[-…-]`, what was given instead in `{+…+}`. One line of at most `maxCharacters`. */
export function wordDiff(expected: string, given: string, maxCharacters = 200): string {
  const a = words(expected);
  const b = words(given);
  return oneLine(joined(align(a, b)), maxCharacters);
}

interface Piece {
  readonly kind: 'same' | 'missing' | 'extra';
  readonly word: string;
}

function words(text: string): string[] {
  const all = oneLine(text, 2000).split(' ').filter((word) => word !== '');
  return all.length > MAX_WORDS ? [...all.slice(0, MAX_WORDS), '…'] : all;
}

/** The longest common subsequence, by the table of its lengths from every pair of positions to the ends. */
function align(a: readonly string[], b: readonly string[]): Piece[] {
  const lengths = commonLengths(a, b);
  const pieces: Piece[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const left = a[i];
    const right = b[j];
    if (left !== undefined && left === right) {
      pieces.push({ kind: 'same', word: left });
      i += 1;
      j += 1;
    } else if (left !== undefined && (right === undefined || (lengths[i + 1]?.[j] ?? 0) >= (lengths[i]?.[j + 1] ?? 0))) {
      pieces.push({ kind: 'missing', word: left });
      i += 1;
    } else {
      pieces.push({ kind: 'extra', word: right ?? '' });
      j += 1;
    }
  }
  return pieces;
}

function commonLengths(a: readonly string[], b: readonly string[]): number[][] {
  const table = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    const row = table[i];
    const below = table[i + 1];
    if (row === undefined || below === undefined) continue;
    for (let j = b.length - 1; j >= 0; j -= 1) {
      row[j] = a[i] === b[j] ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, row[j + 1] ?? 0);
    }
  }
  return table;
}

function joined(pieces: readonly Piece[]): string {
  const runs: { kind: Piece['kind']; words: string[] }[] = [];
  for (const { kind, word } of pieces) {
    const last = runs.at(-1);
    if (last?.kind === kind) last.words.push(word);
    else runs.push({ kind, words: [word] });
  }
  const marks = { same: ['', ''], missing: ['[-', '-]'], extra: ['{+', '+}'] } as const;
  return runs.map(({ kind, words: run }) => `${marks[kind][0]}${run.join(' ')}${marks[kind][1]}`).join(' ');
}
