import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { f1 } from '../../../../src/evaluation/evaluators/token-f1.js';
import { squadNormalize, squadTokens } from '../../../../src/evaluation/text/squad-normalize.js';

describe('squadNormalize', () => {
  // The right side was printed by Python 3.11 running the definition of the script.
  it.each([
    ['Andréa an', 'andréa'],
    ['The  cat, a dog and AN owl.', 'cat dog and owl'],
    ['a', ''],
    ['the the a', ''],
    ['a_an the_x', 'aan thex'],
    ['x\u001cthe\u001dy', 'x y'],
    ['A-the', 'athe'],
    ['über-a-the', 'überathe'],
    ['the\u0301 a\u0301', '\u0301 \u0301'],
    ['a1 1a a² ²a', 'a1 1a a² ²a'],
    ['Ⅷa aⅧ', 'ⅷa aⅷ'],
    ['İstanbul THE', 'i\u0307stanbul'],
    ['ΟΔΟΣ a', 'οδος'],
    ['日本 the 本', '日本 本'],
    ["“a” 'an' `the`", '“ ”'],
    ['\ufeffthe end', '\ufeff end'],
    ['an\u00a0apple', 'apple'],
    ['½a', '½a'],
    ["don't", 'dont'],
    ['$2.5 million', '25 million'],
  ])('normalises %j as the script does', (text, expected) => {
    expect(squadNormalize(text)).toBe(expected);
  });

  it('agrees with a slow reading of the definition on any text', () => {
    fc.assert(
      fc.property(trickyText, (text) => {
        expect(squadTokens(text)).toEqual(referenceTokens(text));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('f1', () => {
  // Printed by Python 3.11 running the definition of the script.
  it.each([
    ['Paris', 'Paris, France', 0.6666666666666666],
    ['twenty-one', 'twenty one', 0],
    ['Beyoncé', 'beyonce', 0],
    ['the cat sat on the mat', 'a cat on a mat sat', 1],
    ['', 'the', 1],
    ['a', 'the an', 1],
    ['a a b b b', 'b a', 0.5],
    ['Denver Broncos', 'The Denver Broncos won', 0.8],
    ['1066', 'in 1066 AD', 0.5],
    ['', 'abc', 0],
    ['abc', '', 0],
  ])('of %j and %j is %d to the last bit', (gold, given, expected) => {
    expect(f1(squadTokens(gold), squadTokens(given))).toBe(expected);
  });

  it('agrees with a slow reading of the definition on any two texts', () => {
    fc.assert(
      fc.property(trickyText, trickyText, (gold, given) => {
        expect(f1(squadTokens(gold), squadTokens(given))).toBe(referenceF1(referenceTokens(gold), referenceTokens(given)));
      }),
      { numRuns: 2000 },
    );
  });
});

const WORDS = ['a', 'an', 'the', 'The', 'cat', 'Äpfel', 'naïve', '2.5', '日本', 'é', 'e\u0301', '😀', 'Σ', 'ΑΣ', 'x_y', '½', 'ⅷ', '“', '-', '!', '$', '_'];
const GAPS = ['', ' ', '  ', '\t', '\n', '\u00a0', '\u2003', '\u0085', '\u001c', '\ufeff', '\u200b', "'", ',', '-'];

const trickyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.array(fc.tuple(fc.constantFrom(...WORDS), fc.constantFrom(...GAPS)), { maxLength: 12 }).map((parts) => parts.flat().join('')),
);

/** string.punctuation of Python, written out. */
const PUNCTUATION = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';
/** The code points for which Python's str.isspace() holds. */
const SPACES = [9, 10, 11, 12, 13, 28, 29, 30, 31, 32, 133, 160, 5760, 8192, 8193, 8194, 8195, 8196, 8197, 8198, 8199, 8200, 8201, 8202, 8232, 8233, 8239, 8287, 12288];

/** Character by character: no pattern does more than classify one code point. */
function referenceTokens(text: string): string[] {
  const characters = [...text.toLowerCase()].filter((character) => !PUNCTUATION.includes(character));
  const runs: { word: boolean; text: string }[] = [];
  for (const character of characters) {
    const word = /^[\p{L}\p{N}]$/u.test(character);
    const last = runs.at(-1);
    if (last?.word === word) last.text += character;
    else runs.push({ word, text: character });
  }
  const withoutArticles = runs.map((run) => (run.word && ['a', 'an', 'the'].includes(run.text) ? ' ' : run.text)).join('');
  const tokens: string[] = [];
  let token = '';
  for (const character of [...withoutArticles, ' ']) {
    if (!SPACES.includes(character.codePointAt(0) ?? 0)) token += character;
    else if (token !== '') {
      tokens.push(token);
      token = '';
    }
  }
  return tokens;
}

function referenceF1(gold: readonly string[], given: readonly string[]): number {
  if (gold.length === 0 || given.length === 0) return gold.join() === given.join() ? 1 : 0;
  const left = [...gold];
  let same = 0;
  for (const token of given) {
    const at = left.indexOf(token);
    if (at === -1) continue;
    left.splice(at, 1);
    same += 1;
  }
  if (same === 0) return 0;
  const precision = (1 * same) / given.length;
  const recall = (1 * same) / gold.length;
  return (2 * precision * recall) / (precision + recall);
}
