// Who may ask: the account's key (RFC 2104 over verb, type, link and date, as the service's REST reference has it), or a token.

import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

import { Refusal } from './documents.js';

export interface AccountAccess {
  /** Base64. */
  readonly key: string;
  readonly token?: string;
}

export function authorise(request: IncomingMessage, path: readonly string[], { key, token }: AccountAccess): void {
  const parts = new URLSearchParams(decodeURIComponent(request.headers.authorization ?? ''));
  const signature = (parts.get('sig') ?? '').replaceAll(' ', '+');
  if (parts.get('type') === 'aad') {
    if (token === undefined || signature !== token) throw new Refusal(401, 'the token is not one of this account');
    return;
  }
  const { type, link } = resourceOf(path);
  const date = String(request.headers['x-ms-date']).toLowerCase();
  const text = `${(request.method ?? '').toLowerCase()}\n${type}\n${link}\n${date}\n\n`;
  const expected = createHmac('sha256', Buffer.from(key, 'base64')).update(text).digest();
  const given = Buffer.from(signature, 'base64');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw new Refusal(401, "The input authorization token can't serve the request.");
}

/** `dbs/d/colls/c/docs` is about documents of `dbs/d/colls/c`; `dbs/d/colls/c/docs/1` about itself. */
function resourceOf(path: readonly string[]): { type: string; link: string } {
  if (path.length % 2 === 1) return { type: path.at(-1) ?? '', link: path.slice(0, -1).join('/') };
  return { type: path.at(-2) ?? '', link: path.join('/') };
}
