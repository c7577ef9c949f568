// Takes out of an error text what differs from one failure to the next of the same kind. Every pattern is bounded, so a
// hostile text costs no more than a long one.

/** As much as a broker keeps of a dead letter's description. */
const MAX_INPUT = 4096;

/**
 * The telling line of a text: ids, numbers, quoted texts, times, durations, paths, addresses become placeholders, while
 * error codes, exit codes and HTTP statuses stay, since they say what failed.
 */
export function normaliseReason(text: string): string {
  const line = tellingLine(text.slice(0, MAX_INPUT));
  const code = LEADING_CODE.exec(line)?.[0] ?? '';
  let rest = line.slice(code.length).replace(DOUBLE_QUOTED, replaceQuoted);
  for (const { pattern, by } of REPLACEMENTS) rest = rest.replace(pattern, by);
  rest = rest.replace(LONG_TOKEN, replaceToken).replace(IP_V6, replaceIpV6).replace(NUMBER_OR_CODE, replaceNumber);
  return `${code}${rest}`.replace(REPEATED, '$1').replace(/\s+/g, ' ').trim();
}

/** The first line with text; of a Python traceback the last, because its first is always the same. */
function tellingLine(text: string): string {
  const plain = text.replace(/\p{Cc}\[[\d;]{0,20}[A-Za-z]/gu, '');
  const lines = plain
    .split(/[\n\r\u2028\u2029]/)
    .map((line) => line.replace(/\p{Cc}/gu, ' ').trim())
    .filter((line) => line !== '');
  const first = lines[0] ?? '';
  return /^Traceback \(most recent call last\)/.test(first) ? (lines.at(-1) ?? first) : first;
}

/** `SQLITE_BUSY: …`, `ORA-00942: …`. */
const LEADING_CODE = /^[A-Z][A-Z\d_]{1,40}(?:-0\d{3,5})?(?=:|$)/;
const DOUBLE_QUOTED = /"(?:[^"\\]|\\.)*"/g;
const LONG_TOKEN = /(?<!\w)\w{16,}/g;
const IP_V6 = /(?<![\w:])\[?(?:[\da-f]{0,4}:){2,7}[\da-f]{0,4}\]?(?::\d{1,5})?(?![\w:])/gi;

interface Replacement {
  readonly pattern: RegExp;
  readonly by: string;
}

const MONTHS = 'Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec';

/** In this order: a URL has a path, a timestamp has numbers. */
const REPLACEMENTS: readonly Replacement[] = [
  { pattern: /`[^`]*`|“[^”]*”|‘[^’]*’|(?<!\w)'[^']*'(?!\w)/g, by: '<text>' },
  // The host stays: which service fails is what separates the groups.
  { pattern: /\b([a-z][a-z\d+.-]{1,20}:\/\/)(?:[^\s/@<>]{1,128}@)?([^\s/?#<>()]{1,255})[^\s<>()]*/gi, by: '$1$2/<path>' },
  { pattern: /(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}/g, by: '<email>' },
  { pattern: /(?<![\da-f])[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}(?![\da-f])/gi, by: '<id>' },
  { pattern: /(?<!\d)\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?)?(?!\d)/g, by: '<time>' },
  {
    pattern: new RegExp(`\\b(?:[A-Z][a-z]{2,8}, )?\\d{1,2} (?:${MONTHS})[a-z]{0,6} \\d{4}(?: \\d\\d:\\d\\d(?::\\d\\d)?(?: (?:GMT|UTC|[+-]\\d{4}))?)?`, 'g'),
    by: '<time>',
  },
  { pattern: /(?<![\w/])\d{1,2}\/\d{1,2}\/\d{2,4}(?:,? \d{1,2}:\d\d(?::\d\d)?(?: [AP]M)?)?(?![\w/])/g, by: '<time>' },
  { pattern: /(?<![\d:])\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?(?![\d:])/g, by: '<time>' },
  { pattern: /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?(?![\d.]\d)/g, by: '<ip>' },
  { pattern: /\b[A-Za-z]:\\[^\s<>|:*?]{1,255}/g, by: '<path>' },
  { pattern: /(?<![\w<>/.:~-])(?:~|\.{1,2})?(?:\/[\w.@%+~-]{1,128}){1,32}\/?/g, by: '<path>' },
  { pattern: /(?<![\w<>/.@-])[\w.@-]{1,128}(?:\/[\w.@-]{1,128}){1,32}\.[A-Za-z]\w{0,7}(?!\w)/g, by: '<path>' },
  {
    pattern: /(?<![\w.])(?:\d{1,15}(?:\.\d{1,9})? ?(?:ms|msecs?|milliseconds?|secs?|seconds?|mins?|minutes?|hrs?|hours?|days?|[smhd])){1,5}(?!\w)/g,
    by: '<duration>',
  },
  // As a number: an id of eight hexadecimal digits can happen to have no letter.
  { pattern: /(?<!\w)0x[\da-f]{1,64}(?!\w)|(?<!\w)(?=[a-f]{0,64}\d)[\da-f]{8,64}(?!\w)/gi, by: '<n>' },
];

/**
 * Codes come first and stay: `status code 404`, `exit code 137`, `HTTP 500`, `HTTP/1.1 503`, `E11000`, `TS2345`.
 * What the second part finds is a number.
 */
const NUMBER_OR_CODE =
  /(\b(?:HTTP(?:\/\d(?:\.\d)?)?|http|[Ss]tatus(?:[ _-]?[Cc]ode)?|[Cc]ode|CODE|errno|[Ee]rror|[Ss]ignal)["']?\s{0,2}[:=(#]?\s{0,2}-?\d{1,6}(?![\w.]*\w)|(?<!\w)[A-Z]{1,10}\d{3,7}(?!\w))|(?:(?<![\w>-])-)?\d+(?:[.,]\d+)*/g;

/** `<n>, <n>, <n>` is a list of any length. */
const REPEATED = /(<[a-z]+>)(?:(?:, ?| )\1)+/g;

/** In JSON the keys stay, and the values of keys that hold codes. */
function replaceQuoted(section: string, at: number, line: string): string {
  const before = line.slice(Math.max(0, at - 40), at);
  const inJson = line.slice(0, at).includes('{');
  const isKey = inJson && /^"[\w.-]{1,40}"$/.test(section) && /^\s{0,2}:/.test(line.slice(at + section.length));
  const isCode = /"(?:code|type|error|reason|status|kind)"\s{0,2}:\s{0,2}$/i.test(before) && /^"[A-Za-z][A-Za-z_.-]{0,60}"$/.test(section);
  return isKey || isCode ? section : '<text>';
}

/** Tokens such as ULIDs and request ids: long, with letters and at least three digits. */
function replaceToken(token: string): string {
  const digits = token.replace(/\D/g, '').length;
  return digits >= 3 && digits < token.length ? '<id>' : token;
}

/** `std::bad_alloc` has colons too. */
function replaceIpV6(found: string): string {
  return /\d/.test(found) ? '<ip>' : found;
}

function replaceNumber(_found: string, code: string | undefined): string {
  return code ?? '<n>';
}
