// The text normalisation of the SQuAD 2.0 evaluation script (evaluate-v2.0.py, https://rajpurkar.github.io/SQuAD-explorer/):
// lower case, drop ASCII punctuation, drop English articles, single spaces. JavaScript's own \b and \s differ from
// Python's, so both are written out: "Andréa an" must lose its last word only.

/** Python's string.punctuation. */
const PUNCTUATION = /[!-/:-@[-`{-~]/g;

/** Python's \w for str patterns: letters, anything numeric, underscore; combining marks are not among them. */
const ARTICLES = /(?<![\p{L}\p{N}_])(?:a|an|the)(?![\p{L}\p{N}_])/gu;

/** What Python's str.split() splits at. */
// eslint-disable-next-line no-control-regex -- U+001C to U+001F are white space to Python
const WHITESPACE = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;

/** The tokens of a normalised text; empty for a text of articles, punctuation and spaces only. */
export function squadTokens(text: string): string[] {
  return text
    .toLowerCase()
    .replace(PUNCTUATION, '')
    .replace(ARTICLES, ' ')
    .split(WHITESPACE)
    .filter((token) => token !== '');
}

export function squadNormalize(text: string): string {
  return squadTokens(text).join(' ');
}
