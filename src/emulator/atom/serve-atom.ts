// The administration side over plain HTTP: authorises each request by its token, answers it, turns failures into XML.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import type { Clock } from '../../ports/clock.js';
import type { Faults } from '../faults.js';
import { portError } from '../port-error.js';
import type { QueueCatalog } from '../queue-catalog.js';
import type { AccessKey } from '../sas/access-key.js';
import { verifySasToken } from '../sas/sas-token.js';
import { answerRequest, type AtomAnswer } from './answer-request.js';
import { AtomError, unauthorized } from './atom-error.js';

export interface ServeAtom {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly catalog: QueueCatalog;
  readonly keys: readonly AccessKey[];
  readonly clock: Clock;
  /** `server-busy`, `drop-connection` and `lost-reply` strike here too. */
  readonly faults?: Faults;
  /** Told of each request that failed by a bug or a broken file, never of refused ones. */
  readonly onFailure?: (error: unknown) => void;
}

export interface AtomServer {
  /** The real one, also when 0 was asked for. */
  readonly port: number;
  /** Lets requests in progress end, then closes all connections. */
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 1024 * 1024;
/** A client that stopped in the middle of its request does not hold the end up. */
const CLOSE_WITHIN_MS = 1000;

/** Throws PORT_UNUSABLE. */
export async function serveAtom(options: ServeAtom): Promise<AtomServer> {
  const running = new Set<Promise<void>>();
  const server = createServer((request, response) => {
    const work = serveRequest(request, response, options).finally(() => running.delete(work));
    running.add(work);
  });
  const port = await listen(server, options);
  return {
    port,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await ended(running, options.clock);
      server.closeAllConnections();
      await closed;
    },
  };
}

/** When all of it has ended, or it took too long. */
async function ended(work: Iterable<Promise<void>>, clock: Clock): Promise<void> {
  const enough = new AbortController();
  await Promise.race([Promise.all(work), clock.sleep(CLOSE_WITHIN_MS, enough.signal)]);
  enough.abort();
}

/** Never rejects. */
async function serveRequest(request: IncomingMessage, response: ServerResponse, options: ServeAtom): Promise<void> {
  const { faults } = options;
  if (faults?.draw('drop-connection') === true) return void request.socket.destroy();
  try {
    const answer = await authorisedAnswer(request, options);
    if (faults?.draw('lost-reply') === true) return void request.socket.destroy();
    send(response, answer.status, answer.body, answer.body.startsWith('<feed') ? 'feed' : 'entry');
  } catch (error) {
    // The client went away while it sent.
    if (request.destroyed && !request.complete) return;
    if (!(error instanceof AtomError)) options.onFailure?.(error);
    const refusal = error instanceof AtomError ? error : new AtomError(500, 'The emulator failed; its log says why.');
    send(response, refusal.status, refusal.body(), undefined);
  }
}

async function authorisedAnswer(request: IncomingMessage, options: ServeAtom): Promise<AtomAnswer> {
  const { catalog, clock, faults } = options;
  const host = request.headers.host ?? `${options.host}:${options.port}`;
  const target = targetOf(request.url ?? '/', host);
  requireManage(request, target.audience, options);
  // As the service throttles: after it knows who asks, before it does anything.
  if (faults?.draw('server-busy') === true) {
    throw new AtomError(503, 'The request was terminated because the namespace is being throttled. Error code: 50009. Please wait 2 seconds and try again.', 50_009);
  }
  const body = await readBody(request);
  const replaces = request.headers['if-match'] !== undefined;
  return answerRequest({ method: request.method ?? 'GET', path: target.path, query: target.query, replaces, host, body, now: clock.now() }, catalog);
}

function targetOf(target: string, host: string): { audience: string; path: string; query: URLSearchParams } {
  const audience = target.startsWith('/') ? `https://${host}${target}` : target;
  const [, path = '', query = ''] = /^[a-z]+:\/\/[^/?]*\/?([^?]*)\??(.*)$/i.exec(audience) ?? [];
  try {
    return { audience, path: decodeURIComponent(path).replace(/\/+$/, ''), query: new URLSearchParams(query) };
  } catch {
    throw new AtomError(400, `The address cannot be read: ${target.slice(0, 300)}`);
  }
}

function requireManage({ headers }: IncomingMessage, audience: string, { keys, clock }: ServeAtom): void {
  const token = headers.authorization;
  if (token === undefined) throw unauthorized('MissingToken: The authorization header was not found.');
  const result = verifySasToken({ token, audience, keys, now: clock.now() });
  if (!result.ok) throw unauthorized(`InvalidSignature: ${result.problem}.`);
  if (!result.rights.has('Manage')) throw unauthorized(`Manage claim is required for this operation; the key ${result.keyName} does not have it.`);
}

/** What is over the limit is read and forgotten: a client that is still sending does not look at an answer. */
async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (bytes > MAX_BODY_BYTES) throw new AtomError(413, `The body is over ${MAX_BODY_BYTES} bytes.`);
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, status: number, body: string, type: 'entry' | 'feed' | undefined): void {
  const contentType = type === undefined ? 'application/xml; charset=utf-8' : `application/atom+xml;type=${type};charset=utf-8`;
  const text = body === '' ? '' : `<?xml version="1.0" encoding="utf-8"?>${body}`;
  response.writeHead(status, { ...(text === '' ? {} : { 'content-type': contentType }), 'content-length': Buffer.byteLength(text) }).end(text);
}

function listen(server: Server, { host, port }: ServeAtom): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(portError(error, { host, port, flag: '--admin-port' })));
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}
