// What separates an answer from the expected one, in words: terms that are missing or extra, and numbers that differ.

import { unmatchedNumbers } from '../evaluators/number.js';
import { findNumbers, type FoundNumber } from './find-numbers.js';
import { squadTokens } from './squad-normalize.js';

const SHOWN = 8;
/** Beyond this much text a list of terms tells nothing. */
const MAX_CHARACTERS = 20_000;

/** Words that carry no content by themselves; a missing "is" is not worth a line. */
const FILLERS = new Set('and or but of to in on at by for from with as is are was were be been it its this that these those you your we our they their i my he she his her not do does did can will would should may must have has had if then than so there here also please'.split(' '));

/** At most three lines; none for texts with the same terms. `expected` is the accepted answer to compare with. */
export function describeDifferences(expected: string, answer: string): string[] {
  if (answer.trim() === '') return expected.trim() === '' ? [] : ['the answer is empty'];
  // Terms of a JSON text would be its braces and quotes; json-equal names the place instead.
  if (expected.length + answer.length > MAX_CHARACTERS || /^\s*[{[]/.test(expected)) return [];
  const numbers = numberDifference(expected, answer);
  const wanted = contentTerms(expected);
  const given = contentTerms(answer);
  const missing = [...wanted].filter((term) => !given.has(term));
  const extra = [...given].filter((term) => !wanted.has(term));
  return [...numbers, ...termLine('missing', missing), ...termLine('extra', extra)];
}

/** Tokens with content, without those that hold numbers: they have a line of their own. */
function contentTerms(text: string): Set<string> {
  return new Set(squadTokens(text).filter((token) => !FILLERS.has(token) && !/\p{N}/u.test(token)));
}

function termLine(label: string, terms: readonly string[]): string[] {
  if (terms.length === 0) return [];
  const more = terms.length > SHOWN ? ` and ${terms.length - SHOWN} more` : '';
  return [`${label}: ${terms.slice(0, SHOWN).join(', ')}${more}`];
}

function numberDifference(expected: string, answer: string): string[] {
  const wanted = findNumbers(expected);
  const given = findNumbers(answer);
  const tolerance = { absolute: 0, relative: 1e-9 };
  const missing = unmatchedNumbers(wanted, given, tolerance);
  const extra = unmatchedNumbers(given, wanted, tolerance);
  if (missing.length === 0) return [];
  return [`numbers: expected ${numberList(missing)}, got ${extra.length === 0 ? 'none' : numberList(extra)}`];
}

function numberList(numbers: readonly FoundNumber[]): string {
  return numbers.slice(0, SHOWN).map((number) => number.text).join(', ');
}
