// Groups dead letters by why they are there: the reason and description with everything that varies replaced
// (normalise-reason.ts), and a short name that an operator can type.

import { createHash } from 'node:crypto';
import { normaliseReason } from './normalise-reason.js';

export interface ReasonFingerprint {
  /** `G` and six characters, equal for equal patterns on every machine and in every run. */
  readonly name: string;
  /** What people read: `ATTEMPTS_EXHAUSTED: connect ECONNREFUSED <ip>`. */
  readonly pattern: string;
}

/** Texts that differ only behind this many characters of their pattern are one group. */
const MAX_PATTERN = 240;
/** Crockford's base 32: no I, L, O, U, which are mistaken for digits and each other. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const NAME_OR_START = /^G[0-9A-HJKMNP-TV-Z]{0,6}$/;

/** Either part may be missing; letter case does not separate groups. */
export function reasonFingerprint(letter: { reason?: string | null; description?: string | null }): ReasonFingerprint {
  const reason = normaliseReason(letter.reason ?? '');
  const description = normaliseReason(letter.description ?? '');
  const repeated = reason === '' || description === reason || description.startsWith(`${reason}:`);
  const whole = repeated ? description : description === '' ? reason : `${reason}: ${description}`;
  const pattern = whole === '' ? '(no reason)' : Array.from(whole).slice(0, MAX_PATTERN).join('');
  return { name: nameOf(pattern), pattern };
}

/** True when `typed` is the group's name or its beginning (`g3k` for G3KQ7T2). Callers refuse one that fits several groups. */
export function isGroupNamed(typed: string, name: string): boolean {
  const wanted = typed.trim().toUpperCase();
  return NAME_OR_START.test(wanted) && name.startsWith(wanted);
}

/** 30 bits: among 1 000 different reasons two share a name once in some 2 000 queues. */
function nameOf(pattern: string): string {
  let bits = createHash('sha256').update(pattern.toLowerCase(), 'utf8').digest().readUInt32BE(0);
  let name = '';
  for (let index = 0; index < 6; index += 1) {
    name = ALPHABET.charAt(bits % 32) + name;
    bits = Math.floor(bits / 32);
  }
  return `G${name}`;
}
