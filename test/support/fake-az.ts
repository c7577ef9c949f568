// A program named `az` that signs somebody in: tokens by the resource they are asked for.

import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Writes it into the directory, which is to be first in PATH. What no pattern fits is refused as by somebody not signed in. */
export function writeFakeAz(directory: string, tokens: Readonly<Record<string, string>>): void {
  const expires = Math.floor(Date.now() / 1000) + 3_600;
  const answer = (token: string): string => JSON.stringify({ accessToken: token, expires_on: expires, tokenType: 'Bearer' });
  const cases = Object.entries(tokens).map(([pattern, token]) => `  *${pattern}*) echo '${answer(token)}';;`);
  const script = ['#!/bin/sh', 'case "$*" in', ...cases, "  *) echo 'Please run az login' >&2; exit 1;;", 'esac', ''].join('\n');
  writeFileSync(join(directory, 'az'), script);
  chmodSync(join(directory, 'az'), 0o755);
}

/** Claims for whoever reads them; the signature is none. */
export function unsignedToken(claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none', typ: 'JWT' })}.${part(claims)}.c2ln`;
}
