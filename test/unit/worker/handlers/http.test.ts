// http: one request, whom it may go to, and what an answer means.

import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';

import type { Json } from '../../../../src/domain/json.js';
import { createHttpHandler } from '../../../../src/worker/handlers/http.js';
import { AddressRules, isPublic } from '../../../../src/worker/handlers/http/address-rules.js';
import { parseHttpPayload } from '../../../../src/worker/handlers/payloads/http.js';
import { TestContext } from '../../../support/handler-context.js';

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A server on the loopback address; what it was asked is kept. */
async function serve(listener: RequestListener): Promise<{ origin: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
      listener(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

function call(payload: Json, allowHosts: readonly string[] = ['127.0.0.1'], context = new TestContext()): Promise<unknown> {
  return Promise.resolve(createHttpHandler({ allowHosts }).run(context, parseHttpPayload(payload)));
}

describe('the exchange', () => {
  test('sends method, headers and a JSON body, and keeps a JSON answer as a value', async () => {
    const { origin, seen } = await serve((_request, response) => response.writeHead(201, { 'content-type': 'application/json' }).end('{"ok":true}'));
    const result = await call({ url: `${origin}/jobs?x=1`, method: 'POST', headers: { 'X-Own': 'yes', 'User-Agent': 'me' }, body: { a: 1 }, expectStatus: 201 });
    expect(result).toMatchObject({ result: { status: 201, url: `${origin}/jobs?x=1`, body: { ok: true }, bodyKind: 'json', truncated: false } });
    expect(seen).toMatchObject([{ method: 'POST', url: '/jobs?x=1', body: '{"a":1}', headers: { 'x-own': 'yes', 'user-agent': 'me', 'content-type': 'application/json' } }]);
    expect(seen[0]?.headers['idempotency-key']).toBe(new TestContext().job.jobId);
  });

  test('keeps text as text and other bytes in base64', async () => {
    const { origin } = await serve((request, response) => response.end(request.url === '/text' ? 'grüße' : Buffer.from([0xff, 0xfe])));
    expect(await call({ url: `${origin}/text` })).toMatchObject({ result: { body: 'grüße', bodyKind: 'text' } });
    expect(await call({ url: `${origin}/bytes` })).toMatchObject({ result: { body: '//4=', bodyKind: 'base64' } });
  });

  test('cuts a large answer', async () => {
    const { origin } = await serve((_request, response) => response.end('x'.repeat(2_000_000)));
    const { result } = (await call({ url: origin })) as { result: { body: string; truncated: boolean } };
    expect({ length: result.body.length, truncated: result.truncated }).toEqual({ length: 1024 * 1024, truncated: true });
  });

  test('ends when the attempt is aborted, with its reason', async () => {
    const context = new TestContext();
    const { origin } = await serve(() => context.abort.abort(new Error('cancelled')));
    await expect(call({ url: origin }, ['127.0.0.1'], context)).rejects.toThrow('cancelled');
  });

  test('ends at its own time-out, to be tried again', async () => {
    const { origin } = await serve(() => undefined);
    await expect(call({ url: origin, timeoutMs: 50 })).rejects.toMatchObject({ name: 'Error', code: 'HTTP_TIMEOUT' });
  });

  test('a connection that is refused is tried again under its own code', async () => {
    await expect(call({ url: 'http://127.0.0.1:1' })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('an answer that breaks off is tried again', async () => {
    const { origin } = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('part');
      setImmediate(() => response.destroy());
    });
    await expect(call({ url: origin })).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});

describe('what a status means', () => {
  async function answering(status: number, headers: Record<string, string> = {}, payload: object = {}): Promise<unknown> {
    const { origin } = await serve((_request, response) => response.writeHead(status, headers).end());
    return call({ url: origin, ...payload });
  }

  test.each([400, 401, 404, 410, 422])('%i never works', async (status) => {
    await expect(answering(status)).rejects.toMatchObject({ name: 'PermanentError', code: `HTTP_${status}`, message: `expected status 2xx, got ${status}` });
  });

  test.each([408, 425, 429, 500, 502, 503, 504])('%i may work another time', async (status) => {
    await expect(answering(status)).rejects.toMatchObject({ name: 'Error', code: `HTTP_${status}` });
  });

  test('Retry-After says when, in seconds or as a date of the server', async () => {
    await expect(answering(503, { 'retry-after': '120' })).rejects.toMatchObject({ name: 'RetryLaterError', afterMs: 120_000 });
    const date = new Date(Date.UTC(2020, 0, 1)).toUTCString();
    const later = new Date(Date.UTC(2020, 0, 1, 0, 1)).toUTCString();
    await expect(answering(429, { 'retry-after': later, date })).rejects.toMatchObject({ name: 'RetryLaterError', afterMs: 60_000 });
    await expect(answering(503, { 'retry-after': '999999999' })).rejects.toMatchObject({ afterMs: 86_400_000 });
    await expect(answering(503, { 'retry-after': 'soon' })).rejects.toMatchObject({ name: 'Error', code: 'HTTP_503' });
  });

  test('expectStatus decides when it is given', async () => {
    expect(await answering(404, {}, { expectStatus: [200, 404] })).toMatchObject({ result: { status: 404 } });
    await expect(answering(200, {}, { expectStatus: 204 })).rejects.toMatchObject({ code: 'HTTP_200', message: 'expected status 204, got 200' });
  });
});

describe('redirects', () => {
  test('are followed, and a POST becomes a GET where the status says so', async () => {
    const { origin, seen } = await serve((request, response) => (request.url === '/a' ? response.writeHead(303, { location: '/b' }).end() : response.end('there')));
    expect(await call({ url: `${origin}/a`, method: 'POST', body: 'x' })).toMatchObject({ result: { body: 'there', url: `${origin}/b` } });
    expect(seen.map(({ method, url, body }) => `${method} ${url} ${body}`)).toEqual(['POST /a x', 'GET /b ']);
  });

  test('keep method and body with 307', async () => {
    const { origin, seen } = await serve((request, response) => (request.url === '/a' ? response.writeHead(307, { location: '/b' }).end() : response.end()));
    await call({ url: `${origin}/a`, method: 'PUT', body: { a: 1 } });
    expect(seen[1]).toMatchObject({ method: 'PUT', url: '/b', body: '{"a":1}' });
  });

  test('to another origin take no credentials along', async () => {
    const other = await serve((_request, response) => response.end());
    const { origin } = await serve((_request, response) => response.writeHead(302, { location: other.origin }).end());
    await call({ url: origin, headers: { Authorization: 'Bearer x', Cookie: 'a=b', 'X-Kept': 'yes' } });
    expect(other.seen[0]?.headers).toMatchObject({ 'x-kept': 'yes' });
    expect(other.seen[0]?.headers).not.toHaveProperty('authorization');
    expect(other.seen[0]?.headers).not.toHaveProperty('cookie');
  });

  test('to a host that is not allowed are refused', async () => {
    const { origin } = await serve((_request, response) => response.writeHead(302, { location: 'http://10.0.0.1/' }).end());
    await expect(call({ url: origin })).rejects.toMatchObject({ name: 'PermanentError', code: 'ADDRESS_REFUSED' });
    const toFile = await serve((_request, response) => response.writeHead(302, { location: 'file:///etc/hosts' }).end());
    await expect(call({ url: toFile.origin })).rejects.toMatchObject({ name: 'PermanentError', code: 'HTTP_REDIRECTS' });
  });

  test('end after a few', async () => {
    const { origin, seen } = await serve((_request, response) => response.writeHead(302, { location: '/again' }).end());
    await expect(call({ url: origin })).rejects.toMatchObject({ name: 'PermanentError', code: 'HTTP_REDIRECTS' });
    expect(seen).toHaveLength(6);
  });
});

describe('whom it may call', () => {
  test.each(['127.0.0.1', '10.1.2.3', '172.16.0.1', '192.168.1.1', '169.254.169.254', '100.64.0.1', '0.0.0.0', '224.0.0.1', '255.255.255.255'])('%s is not public', (address) =>
    expect(isPublic(address)).toBe(false),
  );
  test.each(['::1', '::', 'fe80::1', 'fc00::1', 'fd12::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '::7f00:1', '64:ff9b::a00:1', '2002:7f00:1::', 'ff02::1', 'not an address'])(
    '%s is not public',
    (address) => expect(isPublic(address)).toBe(false),
  );
  test.each(['93.184.216.34', '8.8.8.8', '172.32.0.1', '2606:2800:220:1::1', '::ffff:8.8.8.8'])('%s is public', (address) => expect(isPublic(address)).toBe(true));

  test.each(['http://127.0.0.1/', 'http://[::1]/', 'http://2130706433/', 'http://0x7f.1/', 'http://[::ffff:127.0.0.1]/'])('without a list, %s is refused however it is written', (url) => {
    expect(() => new AddressRules([]).check(new URL(url))).toThrow(expect.objectContaining({ code: 'ADDRESS_REFUSED' }) as Error);
  });

  test('a name that resolves to a private address is refused where the connection is made', async () => {
    const { origin, seen } = await serve((_request, response) => response.end());
    await expect(call({ url: origin.replace('127.0.0.1', 'localhost') }, [])).rejects.toMatchObject({ code: 'ADDRESS_REFUSED', message: expect.stringContaining('localhost resolves to') as string });
    expect(seen).toEqual([]);
  });

  test('a list allows its hosts wherever they are, and nobody else', () => {
    const rules = new AddressRules(['api.internal', 'other.internal:8080', '*.example.com', '[::1]:9000']);
    const check = (url: string): { publicOnly: boolean } => rules.check(new URL(url));
    expect(check('http://api.internal:1234/')).toEqual({ publicOnly: false });
    expect(check('http://API.internal./')).toEqual({ publicOnly: false });
    expect(check('http://other.internal:8080/')).toEqual({ publicOnly: false });
    expect(check('https://a.b.example.com/')).toEqual({ publicOnly: false });
    expect(check('http://[::1]:9000/')).toEqual({ publicOnly: false });
    for (const url of ['http://other.internal/', 'https://example.com/', 'https://badexample.com/', 'http://[::1]:9001/', 'https://example.com.evil.org/', 'https://8.8.8.8/']) {
      expect(() => check(url), url).toThrow(expect.objectContaining({ code: 'ADDRESS_REFUSED' }) as Error);
    }
  });
});

describe('the payload', () => {
  test.each<[Json]>([
    [{}],
    [{ url: 'ftp://example.com' }],
    [{ url: 'http://user:secret@example.com' }],
    [{ url: 'nonsense' }],
    [{ url: 'http://example.com', method: 'BREW' }],
    [{ url: 'http://example.com', headers: { 'bad header': 'x' } }],
    [{ url: 'http://example.com', headers: { a: 'x\r\ny: z' } }],
    [{ url: 'http://example.com', expectStatus: 42 }],
    [{ url: 'http://example.com', timeoutMs: 0 }],
  ])('%j is refused', (payload) => {
    expect(() => parseHttpPayload(payload)).toThrow(expect.objectContaining({ code: 'PAYLOAD_INVALID' }) as Error);
  });
});
