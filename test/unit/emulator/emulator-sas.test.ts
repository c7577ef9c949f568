import { createHmac } from 'node:crypto';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { type AccessKey, connectionStringOf, parseAccessKey } from '../../../src/emulator/sas/access-key.js';
import { verifySasToken } from '../../../src/emulator/sas/sas-token.js';

const NOW = Date.UTC(2026, 7, 1, 12);
const IN_AN_HOUR = NOW / 1000 + 3600;
const ROOT: AccessKey = { name: 'root', key: 'c2VjcmV0', rights: new Set(['Send', 'Listen', 'Manage']) };
const READER: AccessKey = { name: 'reader', key: 'b3RoZXI=', rights: new Set(['Listen']) };

interface Signed {
  readonly resource?: string;
  readonly key?: string;
  readonly name?: string;
  readonly expiry?: number | string;
  readonly encode?: (text: string) => string;
}

/** Signs the way the service's documentation describes it. */
function sign({ resource = 'sb://localhost/q1', key = ROOT.key, name = 'root', expiry = IN_AN_HOUR, encode = encodeURIComponent }: Signed = {}) {
  const sr = encode(resource);
  const sig = createHmac('sha256', key).update(`${sr}\n${expiry}`, 'utf8').digest('base64');
  return { sr, sig: encodeURIComponent(sig), se: String(expiry), skn: encodeURIComponent(name) };
}

function tokenOf(fields: Readonly<Record<string, string>>): string {
  return `SharedAccessSignature ${Object.entries(fields)
    .map(([name, value]) => `${name}=${value}`)
    .join('&')}`;
}

function verify(signed: Signed = {}, audience = 'sb://localhost/q1', keys: readonly AccessKey[] = [READER, ROOT]) {
  return verifySasToken({ token: tokenOf(sign(signed)), audience, keys, now: NOW });
}

describe('a shared access signature', () => {
  test('is accepted with the rights of its key until it expires', () => {
    expect(verify()).toEqual({ ok: true, keyName: 'root', rights: ROOT.rights, expiresAt: IN_AN_HOUR * 1000 });
    expect(verify({ name: 'reader', key: READER.key })).toMatchObject({ ok: true, rights: READER.rights });
  });

  test('may have its fields in any order', () => {
    const { sr, sig, se, skn } = sign();
    expect(verifySasToken({ token: tokenOf({ sig, se, skn, sr }), audience: 'sb://localhost/q1', keys: [ROOT], now: NOW })).toMatchObject({ ok: true });
  });

  test('is signed over the resource as it is written in the token, whatever its escapes look like', () => {
    const lower = (text: string): string => encodeURIComponent(text).toLowerCase();
    expect(verify({ resource: 'https://localhost:5300/q1?api-version=2021-05', encode: lower })).toMatchObject({ ok: true });
    expect(verify({ encode: (text) => text })).toMatchObject({ ok: true });
    const { sig, se, skn } = sign();
    const token = tokenOf({ sr: lower('sb://localhost/q1'), sig, se, skn });
    expect(verifySasToken({ token, audience: 'sb://localhost/q1', keys: [ROOT], now: NOW })).toMatchObject({ ok: false, reason: 'wrong-signature' });
  });

  test.each([
    ['another key under the same name', { key: 'wrong' }, 'wrong-signature'],
    ['the bytes that the key text encodes', { key: Buffer.from(ROOT.key, 'base64').toString('latin1') }, 'wrong-signature'],
    ['a name that no key has', { name: 'nobody' }, 'unknown-key'],
    ['the name in another case', { name: 'ROOT' }, 'unknown-key'],
    ['an expiry in the past', { expiry: NOW / 1000 - 1 }, 'expired'],
    ['an expiry that is now', { expiry: NOW / 1000 }, 'expired'],
    ['an expiry that is no number', { expiry: '2026-08-01' }, 'malformed'],
    ['an expiry beyond all calendars', { expiry: '999999999999999' }, 'malformed'],
    ['another queue', { resource: 'sb://localhost/q2' }, 'wrong-audience'],
    ['a queue whose name begins like this one', { resource: 'sb://localhost/q' }, 'wrong-audience'],
    ['something below the queue', { resource: 'sb://localhost/q1/$management' }, 'wrong-audience'],
    ['another host', { resource: 'sb://elsewhere/q1' }, 'wrong-audience'],
    ['no address at all', { resource: 'q1' }, 'wrong-audience'],
  ] as const)('is refused with %s', (_what, signed, reason) => {
    expect(verify(signed)).toMatchObject({ ok: false, reason });
  });

  test.each([
    ['sb://localhost:5673/q1', 'sb://localhost:5673/Q1/$DeadLetterQueue'],
    ['sb://localhost:5673/q1/', 'amqps://localhost/q1'],
    ['http://LOCALHOST/', 'sb://localhost/any/queue'],
    ['https://localhost:5300/q1?api-version=2021-05', 'https://localhost:5300/Q1?api-version=2021-05'],
    ['sb://127.0.0.1:5672/q1', 'sb://localhost/q1'],
    ['sb://[::1]:5672/q1', 'sb://localhost/q1'],
  ])('for %s is good for %s', (resource, audience) => {
    expect(verify({ resource }, audience)).toMatchObject({ ok: true });
  });

  test.each([
    [''],
    ['Bearer abc'],
    ['SharedAccessSignature'],
    ['SharedAccessSignature sr=a'],
    ['SharedAccessSignature sr=%zz&sig=a&se=1&skn=root'],
    [`${tokenOf(sign())}&skn=root`],
    [`${tokenOf(sign())}&`],
  ])('that reads %j is refused as malformed', (token) => {
    expect(verifySasToken({ token, audience: 'sb://localhost/q1', keys: [ROOT], now: NOW })).toMatchObject({ ok: false, reason: 'malformed' });
  });

  test('with one character changed is refused, and no text makes the check throw', () => {
    const valid = tokenOf(sign());
    fc.assert(
      fc.property(fc.nat(valid.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, replacement) => {
        const token = valid.slice(0, at) + replacement + valid.slice(at + 1);
        // Letter case of the prefix and of field names, and spaces after the prefix, are free.
        fc.pre(token.toLowerCase() !== valid.toLowerCase());
        const signature = /sig=([^&]*)/.exec(token)?.[1];
        fc.pre(signature === undefined || !sameBytes(signature, sign().sig));
        expect(verifySasToken({ token, audience: 'sb://localhost/q1', keys: [ROOT, READER], now: NOW }).ok).toBe(false);
      }),
    );
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, audience) => {
        expect(verifySasToken({ token: `SharedAccessSignature ${text}`, audience, keys: [ROOT], now: NOW }).ok).toBe(false);
      }),
    );
  });

  test('never shows the key in a refusal', () => {
    for (const refused of [verify({ key: 'wrong' }), verify({ resource: 'sb://localhost/q2' }), verify({ expiry: 1 })]) {
      expect(JSON.stringify(refused)).not.toContain(ROOT.key);
    }
  });
});

/** The last character of a base64 text has bits that no byte uses. */
function sameBytes(left: string, right: string): boolean {
  try {
    return Buffer.from(decodeURIComponent(left), 'base64').equals(Buffer.from(decodeURIComponent(right), 'base64')) && left !== right;
  } catch {
    return false;
  }
}

describe('an access key on the command line', () => {
  test('has all rights unless it names some; Manage brings the others along', () => {
    expect(parseAccessKey('root=YWJj=')).toEqual({ name: 'root', key: 'YWJj=', rights: new Set(['Send', 'Listen', 'Manage']) });
    expect(parseAccessKey('w=YWJj:listen, Send').rights).toEqual(new Set(['Listen', 'Send']));
    expect(parseAccessKey('w=YWJj:Manage').rights).toEqual(new Set(['Send', 'Listen', 'Manage']));
  });

  test.each([
    ['', /before the first "="/],
    ['name-without-key', /before the first "="/],
    ['=key', /before the first "="/],
    ['bad name=key', /got "bad name"/],
    ['name=', /the key of name must be/],
    ['name=:Send', /the key of name must be/],
    ['name=a b', /the key of name must be/],
    ['name=a;b', /the key of name must be/],
    ['name=abc:', /rights of name must be/],
    ['name=abc:Sned', /got "Sned"/],
  ])('%j is refused', (text, message) => {
    expect(() => parseAccessKey(text)).toThrow(message);
  });

  test('is never repeated in the message', () => {
    for (const text of ['name=topsecretkey:Sned', 'name=topsecretkey;x', 'name=x:topsecretkey0123456789']) {
      expect(() => parseAccessKey(text)).toThrow(/^(?!.*topsecret)/);
    }
  });

  test('makes a connection string', () => {
    const key = parseAccessKey('dev=YWJj=');
    expect(connectionStringOf('sb://localhost:5673', key, ['UseDevelopmentEmulator=true'])).toBe(
      'Endpoint=sb://localhost:5673;SharedAccessKeyName=dev;SharedAccessKey=YWJj=;UseDevelopmentEmulator=true',
    );
  });
});
