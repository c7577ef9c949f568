// One HTTP exchange without redirects: the address is checked where the connection is made, so a name that resolves
// differently a moment later leads nowhere else.

import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import { type IncomingMessage, request as requestHttp, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';

import { bareHost, isPublic, refused } from './address-rules.js';

export interface Exchange {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly publicOnly: boolean;
  readonly signal: AbortSignal;
  /** Bytes of the answer that are kept; the rest is read and dropped up to ten times as much, then cut off. */
  readonly maxBytes: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The body was longer than `maxBytes`. */
  readonly truncated: boolean;
}

/** Rejects with the error of the network, of the address rules, or with the signal's reason. */
export async function exchange(settings: Exchange): Promise<Answer> {
  const response = await send(settings);
  const { body, truncated } = await readBody(response, settings.maxBytes);
  return { status: response.statusCode ?? 0, headers: flatHeaders(response), body, truncated };
}

function send({ url, method, headers, body, publicOnly, signal }: Exchange): Promise<IncomingMessage> {
  const options: RequestOptions = {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }) },
    signal,
    // A fresh connection each time: a pooled one was checked under other rules.
    agent: false,
    ...(publicOnly ? { lookup: publicLookup(bareHost(url)) } : {}),
  };
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, options, resolve);
    request.on('error', (error) => reject(signal.aborted ? abortReason(signal) : error));
    request.end(body);
  });
}

type LookupCallback = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void;

/** Resolves a name and refuses it when any of its addresses is not public: the connection may be made to any of them. */
function publicLookup(host: string): (name: string, options: LookupOptions, callback: LookupCallback) => void {
  return (name, options, callback) => {
    lookup(name, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '');
      const inner = addresses.find(({ address }) => !isPublic(address));
      if (inner !== undefined) return callback(refused(`${host} resolves to ${inner.address}, which is not a public address`), '');
      const [first] = addresses;
      if (options.all === true) callback(null, addresses);
      else callback(null, first?.address ?? '', first?.family);
    });
  };
}

async function readBody(response: IncomingMessage, maxBytes: number): Promise<{ body: Buffer; truncated: boolean }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (bytes < maxBytes) chunks.push(chunk.subarray(0, maxBytes - bytes));
    bytes += chunk.byteLength;
    if (bytes > 10 * maxBytes) break;
  }
  return { body: Buffer.concat(chunks), truncated: bytes > maxBytes };
}

function flatHeaders({ headers }: IncomingMessage): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
  return flat;
}

function abortReason(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason));
}
