// The keys a client may sign its tokens with, each with what it allows: the shared access policies of a namespace.

import { AppError } from '../../domain/errors.js';
import { nearest } from '../../domain/nearest.js';

export const ACCESS_RIGHTS = ['Send', 'Listen', 'Manage'] as const;
export type AccessRight = (typeof ACCESS_RIGHTS)[number];

export interface AccessKey {
  /** What clients give as SharedAccessKeyName. Compared as written. */
  readonly name: string;
  /** What clients give as SharedAccessKey; its text is the secret, whatever it encodes. */
  readonly key: string;
  /** With Manage the other two are always in it too, as in the service. */
  readonly rights: ReadonlySet<AccessRight>;
}

export const ALL_RIGHTS: ReadonlySet<AccessRight> = new Set(ACCESS_RIGHTS);

/** Letters that stand in a connection string and in a token without escapes. */
const KEY_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,255}$/;
const KEY_TEXT = /^[\x21-\x7e]+$/;

/**
 * Reads `NAME=KEY` (all rights) or `NAME=KEY:Listen,Send`. Throws USAGE_INVALID, without the key in the message: messages
 * end up in logs.
 */
export function parseAccessKey(text: string): AccessKey {
  const equals = text.indexOf('=');
  const name = text.slice(0, Math.max(equals, 0));
  const [key, rights] = splitRights(text.slice(equals + 1));
  if (!KEY_NAME.test(name)) throw invalid(`expected a name of letters, digits, dots, dashes and underscores before the first "="${equals < 1 ? '' : `, got ${JSON.stringify(name)}`}`);
  if (!KEY_TEXT.test(key) || key.includes(';')) throw invalid(`the key of ${name} must be printable characters without spaces and semicolons, at least one`);
  return { name, key, rights: rights === undefined ? ALL_RIGHTS : parseRights(rights, name) };
}

/** `Endpoint=sb://…` as the official clients read it. `flags` are added at the end. */
export function connectionStringOf(endpoint: string, { name, key }: AccessKey, flags: readonly string[] = []): string {
  return [`Endpoint=${endpoint}`, `SharedAccessKeyName=${name}`, `SharedAccessKey=${key}`, ...flags].join(';');
}

/** The rights stand behind the last colon; no key that a service makes has one. */
function splitRights(rest: string): [key: string, rights: string | undefined] {
  const colon = rest.lastIndexOf(':');
  return colon === -1 ? [rest, undefined] : [rest.slice(0, colon), rest.slice(colon + 1)];
}

function parseRights(text: string, name: string): ReadonlySet<AccessRight> {
  const rights = text.split(',').map((word) => parseRight(word.trim(), name));
  return rights.includes('Manage') ? ALL_RIGHTS : new Set(rights);
}

function parseRight(word: string, name: string): AccessRight {
  const found = ACCESS_RIGHTS.find((right) => right.toLowerCase() === word.toLowerCase());
  if (found !== undefined) return found;
  const near = nearest(word, ACCESS_RIGHTS);
  // A key with a colon in it would be shown here: only what looks like a word is repeated.
  const got = /^[A-Za-z]{0,12}$/.test(word) ? `, got ${JSON.stringify(word)}` : '';
  throw invalid(`the rights of ${name} must be Send, Listen or Manage, with commas between them${got}`, near);
}

function invalid(problem: string, near?: string): AppError {
  return new AppError('USAGE_INVALID', `an access key is NAME=KEY or NAME=KEY:RIGHTS; ${problem}`, {
    hint: near === undefined ? 'for example `--key worker=c2VjcmV0:Listen,Send`' : `did you mean \`${near}\`?`,
  });
}
