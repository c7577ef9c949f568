// Verifies shared access signature tokens: what a client shows to prove that it holds a key.
// Format: https://learn.microsoft.com/azure/service-bus-messaging/service-bus-sas

import { createHmac, timingSafeEqual } from 'node:crypto';

import type { AccessKey, AccessRight } from './access-key.js';

export interface SasCheck {
  /** `SharedAccessSignature sr=…&sig=…&se=…&skn=…`, the fields in any order. */
  readonly token: string;
  /** The address the token is shown for, as the client wrote it: `sb://host[:port]/queue`, `https://host/queue?…`. */
  readonly audience: string;
  readonly keys: readonly AccessKey[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export type SasRefusal = 'malformed' | 'unknown-key' | 'wrong-signature' | 'expired' | 'wrong-audience';

export type SasResult =
  | {
      readonly ok: true;
      readonly keyName: string;
      readonly rights: ReadonlySet<AccessRight>;
      /** Milliseconds since the epoch. */
      readonly expiresAt: number;
    }
  | {
      readonly ok: false;
      readonly reason: SasRefusal;
      /** A sentence for the client; no secrets in it. */
      readonly problem: string;
    };

/**
 * The token is good for its resource and everything below it. Schemes, ports, queries, letter case and a last slash are not
 * compared: clients of different languages write one address as `sb:`, `amqps:` and `https:`, with and without a port. The
 * names of the local machine are one host.
 */
export function verifySasToken({ token, audience, keys, now }: SasCheck): SasResult {
  const fields = parseToken(token);
  if (fields === undefined) return refused('malformed', 'the token is not "SharedAccessSignature sr=…&sig=…&se=…&skn=…"');
  const key = keys.find(({ name }) => name === fields.keyName);
  if (key === undefined) return refused('unknown-key', `there is no key named ${JSON.stringify(fields.keyName)}`);
  if (!signatureHolds(fields, key)) return refused('wrong-signature', `the signature was not made with the key ${key.name}`);
  const expiresAt = fields.expirySeconds * 1000;
  if (expiresAt <= now) return refused('expired', `the token expired at ${new Date(expiresAt).toISOString()}`);
  if (!covers(fields.resource, audience)) return refused('wrong-audience', `the token is for ${fields.resource}, not for ${audience}`);
  return { ok: true, keyName: key.name, rights: key.rights, expiresAt };
}

interface TokenFields {
  /** As it appears in the token, which is what was signed. */
  readonly signedResource: string;
  readonly resource: string;
  readonly signature: string;
  readonly signedExpiry: string;
  readonly expirySeconds: number;
  readonly keyName: string;
}

const PREFIX = /^SharedAccessSignature\s+/i;
/** Ends in the year 5138, within what a Date can hold. */
const EXPIRY = /^\d{1,11}$/;

function parseToken(token: string): TokenFields | undefined {
  const prefix = PREFIX.exec(token)?.[0];
  if (prefix === undefined) return undefined;
  const fields = new Map<string, string>();
  for (const part of token.slice(prefix.length).trim().split('&')) {
    const equals = part.indexOf('=');
    const name = part.slice(0, Math.max(equals, 0)).toLowerCase();
    // Of two fields with one name, which one counts would be a guess.
    if (name === '' || fields.has(name)) return undefined;
    fields.set(name, part.slice(equals + 1));
  }
  const signedResource = fields.get('sr');
  const signedExpiry = fields.get('se');
  const resource = decoded(signedResource);
  const signature = decoded(fields.get('sig'));
  const keyName = decoded(fields.get('skn'));
  if (signedResource === undefined || resource === undefined || signature === undefined || keyName === undefined) return undefined;
  if (signedExpiry === undefined || !EXPIRY.test(signedExpiry)) return undefined;
  return { signedResource, resource, signature, signedExpiry, expirySeconds: Number(signedExpiry), keyName };
}

function decoded(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** HMAC-SHA256 under the key's text as UTF-8 (it is not decoded, although it looks like base64). */
function signatureHolds({ signedResource, signedExpiry, signature }: TokenFields, { key }: AccessKey): boolean {
  const expected = createHmac('sha256', key).update(`${signedResource}\n${signedExpiry}`).digest();
  const given = Buffer.from(signature, 'base64');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function covers(resource: string, audience: string): boolean {
  const granted = addressOf(resource);
  const asked = addressOf(audience);
  if (granted === undefined || asked === undefined || granted.host !== asked.host) return false;
  return granted.path.every((segment, index) => segment === asked.path[index]);
}

const ADDRESS = /^[a-z][a-z0-9+.-]*:\/\/(\[[^\]/]*\]|[^/:?#]+)(?::\d*)?([^?#]*)/;
const LOCAL_NAMES = new Set(['localhost', '127.0.0.1', '[::1]']);

function addressOf(text: string): { host: string; path: readonly string[] } | undefined {
  const match = ADDRESS.exec(text.toLowerCase());
  const host = match?.[1];
  if (host === undefined) return undefined;
  const path = (match?.[2] ?? '').split('/').filter((segment) => segment !== '');
  return { host: LOCAL_NAMES.has(host) ? 'localhost' : host, path };
}

function refused(reason: SasRefusal, problem: string): SasResult {
  return { ok: false, reason, problem };
}
