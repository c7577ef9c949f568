import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Json } from '../../../../src/domain/json.js';
import type { Judgement } from '../../../../src/evaluation/evaluators/evaluator.js';
import { levenshteinScore } from '../../../../src/evaluation/evaluators/levenshtein.js';
import { EVALUATOR_TYPES } from '../../../../src/evaluation/evaluators/registry.js';
import { containsWords } from '../../../../src/evaluation/evaluators/text-match.js';

export async function judge(type: string, answer: string, expected: readonly string[] | null, options: Json = {}): Promise<Judgement> {
  const definition = EVALUATOR_TYPES.get(type);
  if (definition === undefined) throw new Error(`no evaluator ${type}`);
  return (await definition.create(options)).judge({ answer, expected });
}

async function score(type: string, answer: string, expected: readonly string[] | null, options: Json = {}): Promise<number | null> {
  return (await judge(type, answer, expected, options)).score;
}

describe('exact', () => {
  it.each([
    ['none', 'Paris', 1],
    ['none', 'paris', 0],
    ['none', ' Paris', 0],
    ['trim', ' Paris\n', 1],
    ['trim', 'paris', 0],
    ['lower', ' PARIS ', 1],
    ['squad', 'the Paris!', 1],
    ['squad', 'Paris, France', 0],
  ])('with normalize %s gives %j the score %d', async (normalize, answer, expected) => {
    expect(await score('exact', answer, ['Paris'], { normalize })).toBe(expected);
  });

  it('takes the best of several references', async () => {
    expect(await score('exact', 'b', ['a', 'b'])).toBe(1);
    expect(await score('exact', 'c', ['a', 'b'])).toBe(0);
  });

  it('leaves out references that are empty after normalisation, and wants no answer when none is left', async () => {
    expect(await score('exact', '', ['the', 'Paris'], { normalize: 'squad' })).toBe(0);
    expect(await score('exact', '', ['the', '!'], { normalize: 'squad' })).toBe(1);
    expect(await score('exact', 'a', [''], { normalize: 'squad' })).toBe(1);
    expect(await score('exact', 'something', [''], { normalize: 'squad' })).toBe(0);
  });

  it('cannot judge a row without an expected answer', async () => {
    expect(await judge('exact', 'x', null)).toEqual({ score: null, reason: 'the row has no expected answer' });
  });

  it('refuses options it does not know', async () => {
    await expect(judge('exact', 'x', ['x'], { normalise: 'lower' })).rejects.toThrow();
  });
});

describe('token-f1', () => {
  it('is the best over all references', async () => {
    expect(await score('token-f1', 'Paris, France', ['London', 'Paris'])).toBe(0.6666666666666666);
  });

  it('counts an unanswerable question as right only without an answer', async () => {
    expect(await score('token-f1', '', [''])).toBe(1);
    expect(await score('token-f1', 'the', [''])).toBe(1);
    expect(await score('token-f1', 'Paris', [''])).toBe(0);
    expect(await score('token-f1', '', ['Paris'])).toBe(0);
  });
});

describe('text-match', () => {
  it('takes a short expected answer inside a sentence for right', async () => {
    expect(await score('text-match', 'The capital of France is Paris.', ['Paris'])).toBe(1);
    expect(await score('text-match', 'The party begins at nine', ['art'])).toBe(0);
  });

  it('finds a short answer inside text of a script without spaces', async () => {
    expect(await score('text-match', '日本の首都は東京です。', ['東京'])).toBe(1);
  });

  it('compares an expected answer of more than five words by token F1 alone', async () => {
    const long = 'one two three four five six';
    expect(await score('text-match', `${long} seven`, [long])).toBeCloseTo(12 / 13, 12);
  });

  it('finds whole words only, in any script', () => {
    expect(containsWords('xérès', 'x')).toBe(false);
    expect(containsWords('a 😀b', 'b')).toBe(true);
    expect(containsWords('𝒳b', 'b')).toBe(false);
    expect(containsWords('art party art', 'art')).toBe(true);
  });
});

describe('contains and its kin', () => {
  it('looks for the value of the options, or else for an expected answer', async () => {
    expect(await score('contains', 'see Paris', null, { value: 'Paris' })).toBe(1);
    expect(await score('contains', 'see Paris', ['Rome', 'Paris'])).toBe(1);
    expect(await score('contains', 'see paris', ['Paris'])).toBe(0);
    expect(await score('contains', 'see paris', ['Paris'], { normalize: 'lower' })).toBe(1);
    expect(await score('contains', 'anything', [''])).toBe(0);
  });

  it('starts-with looks at the start only', async () => {
    expect(await score('starts-with', 'Yes, you can', null, { value: 'Yes' })).toBe(1);
    expect(await score('starts-with', 'Oh yes', null, { value: 'yes' })).toBe(0);
  });

  it('contains-all gives the share that was found and names the rest', async () => {
    expect(await judge('contains-all', 'red and green', null, { values: ['red', 'green', 'blue'] })).toEqual({ score: 2 / 3, reason: 'not found: "blue"' });
    expect(await score('contains-all', 'a b', ['a', 'b'])).toBe(1);
  });

  it('contains-any needs one', async () => {
    expect(await score('contains-any', 'green', null, { values: ['red', 'green'] })).toBe(1);
    expect(await score('contains-any', 'black', null, { values: ['red', 'green'] })).toBe(0);
    expect(await score('contains-any', 'black', null)).toBe(null);
  });
});

describe('levenshtein', () => {
  it.each([
    ['kitten', 'sitting', 1 - 3 / 7],
    ['😀', 'a', 0],
    ['😀😀', '😀a', 0.5],
    ['', '', 1],
    ['', 'abc', 0],
    ['same', 'same', 1],
    ['\ue000😀', '\ue000\ue001', 0.5],
  ])('of %j and %j is %d', (a, b, expected) => {
    expect(levenshteinScore(a, b)).toBe(expected);
  });

  it('agrees with the textbook table over code points', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '日', '😀', '😁', '\ue000', '\ue001'), maxLength: 12 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        const longer = Math.max([...a].length, [...b].length);
        expect(levenshteinScore(a, b)).toBe(longer === 0 ? 1 : 1 - tableDistance([...a], [...b]) / longer);
      }),
      { numRuns: 500 },
    );
  });

  it('says so when texts are too long to compare', async () => {
    const judged = await judge('levenshtein', 'x'.repeat(30_000), ['y'.repeat(30_000)]);
    expect(judged.score).toBe(null);
    expect(judged.reason).toContain('too long');
  });
});

function tableDistance(a: readonly string[], b: readonly string[]): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (const [i, left] of a.entries()) {
    const next = [i + 1];
    for (const [j, right] of b.entries()) {
      next.push(Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, (row[j] ?? 0) + (left === right ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

describe('regex', () => {
  it('finds the pattern anywhere, with flags', async () => {
    expect(await score('regex', 'Order 12 shipped', null, { pattern: '\\d+ SHIPPED', flags: 'i' })).toBe(1);
    expect(await score('regex', 'Order 12', null, { pattern: '^\\d' })).toBe(0);
    expect(await score('regex', '日本', null, { pattern: '^\\p{Script=Han}+$', flags: 'u' })).toBe(1);
  });

  it('stops a pattern that would not end, and says so', async () => {
    const judged = await judge('regex', `${'a'.repeat(40)}!`, null, { pattern: '^(a+)+$' });
    expect(judged).toEqual({ score: null, reason: 'the pattern took longer than 250 ms' });
  });

  it('gives the same answer to the same text every time, also with a sticky past', async () => {
    const evaluator = await EVALUATOR_TYPES.get('regex')?.create({ pattern: 'a', flags: 's' });
    const answers = ['a', 'a', 'b', 'a'].map((answer) => evaluator?.judge({ answer, expected: null }));
    expect(answers.map((judged) => (judged as Judgement).score)).toEqual([1, 1, 0, 1]);
  });

  it('refuses patterns that do not compile, are too long, or have other flags', async () => {
    await expect(judge('regex', 'x', null, { pattern: '(' })).rejects.toThrow('compiles');
    await expect(judge('regex', 'x', null, { pattern: 'é'.repeat(513) })).rejects.toThrow('1024 bytes');
    await expect(judge('regex', 'x', null, { pattern: 'x', flags: 'g' })).rejects.toThrow('flags');
  });

  it('keeps a pattern from reaching the process', async () => {
    expect(await score('regex', 'x', null, { pattern: "constructor.constructor('return process')()" })).toBe(0);
  });
});
