// `http`: sends one request and keeps the answer. The setting httpAllowHosts says whom it may call.

import { PermanentError, RetryLaterError } from '../../domain/errors.js';
import type { Json } from '../../domain/json.js';
import { defineHandler, type Handler, type HandlerContext } from '../handler.js';
import { AddressRules } from './http/address-rules.js';
import { type Answer, exchange } from './http/exchange.js';
import { type HttpPayload, parseHttpPayload } from './payloads/http.js';

const MAX_REDIRECTS = 5;
const MAX_BODY_BYTES = 1024 * 1024;
const MAX_RETRY_AFTER_MS = 24 * 3_600_000;
/** Besides 5xx: statuses after which the same request may work later. */
const PASSING_STATUSES: readonly number[] = [408, 425, 429];

export function createHttpHandler(settings: { readonly allowHosts: readonly string[] }): Handler<HttpPayload> {
  const rules = new AddressRules(settings.allowHosts);
  return defineHandler<HttpPayload>({
    type: 'http',
    parse: parseHttpPayload,
    async run(context, payload) {
      const { answer, url } = await follow(payload, context, rules);
      judge(answer, payload);
      return { result: resultOf(answer, url) };
    },
  });
}

interface Hop {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** Follows redirects itself, so that each new address is held against the rules. */
async function follow(payload: HttpPayload, context: HandlerContext, rules: AddressRules): Promise<{ answer: Answer; url: URL }> {
  const timeOut = AbortSignal.timeout(payload.timeoutMs);
  const signal = AbortSignal.any([context.signal, timeOut]);
  let hop = firstHop(payload, context);
  for (let redirects = 0; ; redirects += 1) {
    const { publicOnly } = rules.check(hop.url);
    context.log.info(`${hop.method} ${hop.url.origin}${hop.url.pathname}`);
    const answer = await exchange({ ...hop, publicOnly, signal, maxBytes: MAX_BODY_BYTES }).catch((error: unknown) => {
      throw timeOut.aborted && !context.signal.aborted ? timedOut(payload) : error;
    });
    context.log.info(`status ${answer.status}, ${answer.body.byteLength} bytes${answer.truncated ? ' (cut)' : ''}`);
    const next = nextHop(hop, answer);
    if (next === undefined) return { answer, url: hop.url };
    if (redirects >= MAX_REDIRECTS) throw new PermanentError(`more than ${MAX_REDIRECTS} redirects`, { code: 'HTTP_REDIRECTS' });
    hop = next;
  }
}

function firstHop({ url, method, headers, body }: HttpPayload, context: HandlerContext): Hop {
  const given = lowerCased(headers);
  const json = body !== undefined && typeof body !== 'string';
  const own: Record<string, string> = {
    'user-agent': 'copiloteval',
    accept: '*/*',
    // Bodies are kept as they come, so none is asked for in another encoding.
    'accept-encoding': 'identity',
    ...(json ? { 'content-type': 'application/json' } : {}),
    // A repeated attempt can be told from a second request.
    ...(method === 'GET' || method === 'HEAD' ? {} : { 'idempotency-key': context.job.jobId }),
  };
  return { url: new URL(url), method, headers: { ...own, ...given }, body: json ? JSON.stringify(body) : body };
}

/** The next request of a redirect, by RFC 9110 section 15.4; undefined when the answer is none. */
function nextHop(hop: Hop, { status, headers }: Answer): Hop | undefined {
  const { location } = headers;
  if (location === undefined || ![301, 302, 303, 307, 308].includes(status) || !URL.canParse(location, hop.url.href)) return undefined;
  const url = new URL(location, hop.url);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new PermanentError(`a redirect to ${url.protocol} is not followed`, { code: 'HTTP_REDIRECTS' });
  }
  const toGet = status === 303 ? hop.method !== 'HEAD' : (status === 301 || status === 302) && hop.method === 'POST';
  const kept = url.origin === hop.url.origin ? hop.headers : without(hop.headers, 'authorization', 'cookie', 'proxy-authorization');
  if (!toGet) return { ...hop, url, headers: kept };
  return { url, method: 'GET', headers: without(kept, 'content-type', 'content-length', 'idempotency-key'), body: undefined };
}

/** Throws for a status that was not expected: to retry when it may pass, for good otherwise. */
function judge({ status, headers }: Answer, { expectStatus }: HttpPayload): void {
  const expected = typeof expectStatus === 'number' ? [expectStatus] : expectStatus;
  if (expected?.includes(status) ?? (status >= 200 && status <= 299)) return;
  const text = `expected status ${expected?.join(' or ') ?? '2xx'}, got ${status}`;
  if (status < 500 && !PASSING_STATUSES.includes(status)) throw new PermanentError(text, { code: `HTTP_${status}` });
  const afterMs = retryAfterMs(headers);
  if (afterMs !== undefined) throw new RetryLaterError(text, { afterMs });
  throw Object.assign(new Error(text), { code: `HTTP_${status}` });
}

/** Seconds or a date (RFC 9110 section 10.2.3; the date is held against the server's own clock), bounded. */
function retryAfterMs({ 'retry-after': text, date }: Readonly<Record<string, string>>): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Math.min(Number(text) * 1000, MAX_RETRY_AFTER_MS);
  const ms = Date.parse(text) - Date.parse(date ?? '');
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), MAX_RETRY_AFTER_MS) : undefined;
}

function resultOf({ status, headers, body, truncated }: Answer, url: URL): Json {
  return { status, url: url.href, headers, ...bodyOf(body, headers['content-type'] ?? '', truncated), truncated };
}

/** JSON as a value, other text as text, anything else in base64. */
function bodyOf(body: Buffer, contentType: string, truncated: boolean): { body: Json; bodyKind: 'json' | 'text' | 'base64' } {
  const text = body.toString('utf8');
  // A text that was cut inside a character may differ in its last one.
  if (!truncated && !Buffer.from(text, 'utf8').equals(body)) return { body: body.toString('base64'), bodyKind: 'base64' };
  if (/[/+]json\b/i.test(contentType) && !truncated) {
    try {
      return { body: JSON.parse(text) as Json, bodyKind: 'json' };
    } catch {
      return { body: text, bodyKind: 'text' };
    }
  }
  return { body: text, bodyKind: 'text' };
}

function timedOut({ timeoutMs }: HttpPayload): Error {
  return Object.assign(new Error(`no answer within ${timeoutMs} ms`), { code: 'HTTP_TIMEOUT' });
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function without(headers: Readonly<Record<string, string>>, ...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
}
