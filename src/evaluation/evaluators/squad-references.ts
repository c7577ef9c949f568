// Which references the SQuAD 2.0 script scores against.

import { squadTokens } from '../text/squad-normalize.js';

/**
 * References that are empty after normalisation are left out, as in the script; when none is left the question counts
 * as unanswerable and only an empty answer is right (`['']`). Null stays null: the row names no expected answer.
 */
export function squadReferences(expected: readonly string[] | null): readonly string[] | null {
  if (expected === null) return null;
  const usable = expected.filter((reference) => squadTokens(reference).length > 0);
  return usable.length === 0 ? [''] : usable;
}
