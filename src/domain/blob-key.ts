// Which keys a blob store takes: relative paths that name a file on every system, and nothing else.

import { AppError } from './errors.js';

/** Files that are being written start like this; no key may. */
export const UNFINISHED_PREFIX = '.unfinished-';
/** Files beside others that say something of them start like this; no key may. */
export const TERMS_PREFIX = '.terms-';

const MAX_KEY_LENGTH = 1_024;
/** What common file systems allow for one name. */
const MAX_SEGMENT_BYTES = 255;

/** INPUT_INVALID for a key that is absolute, leaves the directory, or cannot be a file's name. */
export function checkKey(key: string): void {
  const problem = key === '' ? 'it is empty' : (keyProblem(key) ?? key.split('/').map(segmentProblem).find((found) => found !== undefined));
  if (problem !== undefined) throw invalid('blob key', key, problem);
}

/** As checkKey, for the beginning of keys: it may be empty and may end in the middle of a name. */
export function checkKeyPrefix(prefix: string): void {
  if (prefix === '') return;
  const whole = prefix.split('/').slice(0, -1);
  const problem = keyProblem(prefix) ?? whole.map(segmentProblem).find((found) => found !== undefined);
  if (problem !== undefined) throw invalid('prefix of blob keys', prefix, problem);
}

/** The key for content of this hash below a prefix. */
export function keyOfHash(prefix: string, sha256: string): string {
  return `${prefix}/${sha256}`;
}

function keyProblem(key: string): string | undefined {
  if (key.length > MAX_KEY_LENGTH) return `it has more than ${MAX_KEY_LENGTH} characters`;
  if (/[\p{Cc}\p{Cs}]/u.test(key)) return 'it has control characters';
  if (key.includes('\\')) return 'it has a backslash';
  return undefined;
}

function segmentProblem(segment: string): string | undefined {
  if (segment === '') return 'it has an empty part between slashes, or starts or ends with one';
  if (segment === '.' || segment === '..') return `it has the part ${segment}`;
  const reserved = [UNFINISHED_PREFIX, TERMS_PREFIX].find((prefix) => segment.startsWith(prefix));
  if (reserved !== undefined) return `a part of it starts with ${reserved}`;
  if (Buffer.byteLength(segment) > MAX_SEGMENT_BYTES) return `a part of it has more than ${MAX_SEGMENT_BYTES} bytes`;
  return undefined;
}

function invalid(what: string, key: string, problem: string): AppError {
  const shown = JSON.stringify(key.length > 80 ? `${key.slice(0, 79)}…` : key);
  return new AppError('INPUT_INVALID', `${what}: expected a relative path with slashes, got ${shown}: ${problem}`);
}
