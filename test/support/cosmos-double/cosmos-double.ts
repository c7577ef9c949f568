// A local counterpart of Cosmos DB's REST interface for tests: point operations with etags, transactional batches, patches,
// the driver's queries, the change feed, session tokens, time to live, request charges, throttling and faults before and
// after a write. Over http with a key, or over https with a key or a token. What it was not taught it refuses.

import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';

import { authorise } from './authorisation.js';
import { runBatch } from './batch.js';
import { Documents, Refusal, type Snapshot, type StoredDocument } from './documents.js';
import { patched } from './patch.js';
import { originalText, planOf, needsPlan, runForRange } from './query-plan.js';
import { partitionsAsked } from './partitions-asked.js';
import { partitionKeyRanges, rangeOf } from './ranges.js';
import { type Document, type QueryRules, runQuery } from './sql-evaluate.js';
import { parseQuery, QueryRefused } from './sql-parse.js';

export interface CosmosRequest {
  readonly verb: string;
  readonly kind: 'account' | 'container' | 'query' | 'batch' | 'feed' | 'document';
  readonly partition: string | undefined;
  readonly body: unknown;
}

/**
 * What a test makes happen to a request: nothing, a status instead of doing it, or its answer lost (`drop`: not done;
 * `drop-after`: done; `cut`: done, and half of the answer comes).
 */
export type CosmosFault = { readonly status: number; readonly substatus?: number; readonly retryAfterMs?: number } | 'drop' | 'drop-after' | 'cut' | undefined;

export interface CosmosDoubleOptions {
  readonly key: string;
  readonly token?: string;
  readonly tls?: { readonly key: string; readonly cert: string };
  readonly database: string;
  readonly containers: readonly { readonly id: string; readonly partitionPath: string; readonly rules: QueryRules; readonly definition?: object }[];
  readonly now?: () => number;
  readonly fault?: (request: CosmosRequest) => CosmosFault;
  /**
   * Replicas that lag: a read or a query may be answered as of so many milliseconds ago (at most `keepMs`; 0: as of now), but
   * never without what the session token of the request knows of. Writes and their conditions see what is there.
   */
  readonly staleness?: { readonly keepMs: number; readonly behindMs: (request: CosmosRequest) => number };
  /** Added to every answer. */
  readonly latencyMs?: number;
  /** Physical partitions, each with its own part of queries and of the change feed; 3 when not given. */
  readonly ranges?: number;
}

export interface CosmosDouble {
  readonly endpoint: string;
  /** Requests answered so far, by kind and verb: `batch POST`, `document GET` … */
  readonly requests: ReadonlyMap<string, number>;
  /** Request units charged so far, by the double's own tariff. */
  units(): number;
  documents(container: string): Documents;
  stop(): Promise<void>;
}

interface Container {
  readonly id: string;
  readonly partitionPath: string;
  readonly rules: QueryRules;
  /** What it says of itself beside its partition key. */
  readonly definition?: object;
  readonly documents: Documents;
  readonly ranges: number;
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export async function startCosmosDouble(options: CosmosDoubleOptions): Promise<CosmosDouble> {
  const now = options.now ?? Date.now;
  const containers = options.containers.map((container) => ({ ...container, ranges: options.ranges ?? 3, documents: new Documents(now, container.partitionPath, options.staleness?.keepMs) }));
  const requests = new Map<string, number>();
  const world: World = { options, containers, requests, bill: { units: 0 } };
  const listener = (request: IncomingMessage, response: ServerResponse): void => void answer(request, response, world);
  const server = options.tls === undefined ? createHttpServer(listener) : createHttpsServer(options.tls, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    endpoint: `${options.tls === undefined ? 'http' : 'https'}://localhost:${address.port}`,
    requests,
    units: () => world.bill.units,
    documents: (id) => required(containers.find((container) => container.id === id)).documents,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface World {
  readonly options: CosmosDoubleOptions;
  readonly containers: readonly Container[];
  readonly requests: Map<string, number>;
  readonly bill: { units: number };
}

async function answer(request: IncomingMessage, response: ServerResponse, world: World): Promise<void> {
  const path = decodeURIComponent(new URL(request.url ?? '/', 'http://double').pathname).split('/').filter((part) => part !== '');
  try {
    const body = await bodyOf(request);
    const seen = describe(request, path, body);
    const fault = world.options.fault?.(seen);
    if (fault === 'drop') return void request.socket.destroy();
    const counted = `${seen.kind} ${seen.verb}`;
    world.requests.set(counted, (world.requests.get(counted) ?? 0) + 1);
    if (typeof fault === 'object') throw faultOf(fault);
    authorise(request, path, world.options);
    const result = route(request, path, seen, world);
    world.bill.units += Number(result.headers?.['x-ms-request-charge'] ?? 1);
    if (fault === 'drop-after') return void request.socket.destroy();
    if (fault === 'cut') return void response.writeHead(result.status, { 'content-type': 'application/json' }).write('{"id":', () => request.socket.destroy());
    if (world.options.latencyMs !== undefined) await new Promise((resolve) => setTimeout(resolve, world.options.latencyMs));
    send(response, result);
  } catch (error) {
    if (error instanceof Refusal) send(response, { status: error.status, body: { code: String(error.status), message: error.message }, headers: error.headers });
    else if (error instanceof QueryRefused) send(response, { status: 400, body: { code: 'BadRequest', message: error.message } });
    else send(response, { status: 500, body: { code: 'InternalServerError', message: String(error) } });
  }
}

function faultOf({ status, substatus, retryAfterMs }: Extract<CosmosFault, object>): Refusal {
  const throttled = status === 429 ? { 'x-ms-substatus': '3200', 'x-ms-retry-after-ms': String(retryAfterMs ?? 1) } : {};
  return new Refusal(status, 'the test wanted this', { ...throttled, ...(substatus === undefined ? {} : { 'x-ms-substatus': String(substatus) }) });
}

function describe(request: IncomingMessage, path: readonly string[], body: unknown): CosmosRequest {
  const { headers } = request;
  const isCollection = path.length === 5 && path[4] === 'docs';
  const kind =
    path.length === 0 ? 'account'
    : headers['x-ms-cosmos-is-batch-request'] !== undefined ? 'batch'
    : isCollection && headers['content-type'] === 'application/query+json' ? 'query'
    : isCollection && headers['a-im'] !== undefined ? 'feed'
    : path[4] === 'docs' ? 'document'
    : 'container';
  return { verb: request.method ?? '', kind, partition: partitionOf(request), body };
}

function route(request: IncomingMessage, path: readonly string[], seen: CosmosRequest, world: World): Answer {
  if (seen.kind === 'account') return accountAnswer(request);
  const container = world.containers.find(({ id }) => id === path[3]);
  if (path[0] !== 'dbs' || path[1] !== world.options.database || (path.length > 2 && container === undefined)) throw new Refusal(404, 'Resource Not Found');
  if (container === undefined) return { status: 200, body: { id: world.options.database, _rid: 'db==' } };
  if (path.length === 4) return { status: 200, body: { ...container.definition, id: container.id, _rid: 'ZGIAAGNvbGw=', partitionKey: { paths: [container.partitionPath], kind: 'Hash', version: 2 } } };
  if (path[4] === 'pkranges') return { status: 200, body: { PartitionKeyRanges: partitionKeyRanges(container.ranges), _count: container.ranges }, headers: charge(0) };
  if (path[4] !== 'docs') throw new Refusal(501, `not taught: ${path.join('/')}`);
  const snapshot = snapshotFor(request, seen, container, world);
  // A replica tells how far it is itself, also when it has nothing to give.
  const session = (): Record<string, string> => sessionHeaders(container, snapshot.lsn, world.options.database);
  try {
    const result = documentAnswer(request, path[5], seen, { ...container, snapshot });
    return { ...result, headers: { ...session(), ...result.headers } };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Refusal(error.status, error.message, { ...session(), ...error.headers });
  }
}

/** What the request may read. */
function snapshotFor(request: IncomingMessage, seen: CosmosRequest, { documents }: Container, { options }: World): Snapshot {
  const known = Number(/#(\d+)/.exec(text(request.headers['x-ms-session-token']) ?? '')?.[1] ?? 0);
  const isRead = seen.kind === 'query' || (seen.kind === 'document' && seen.verb === 'GET');
  return isRead && options.staleness !== undefined ? documents.snapshot(options.staleness.behindMs(seen), known) : documents;
}

type Readable = Container & { readonly snapshot: Snapshot };

function documentAnswer(request: IncomingMessage, id: string | undefined, seen: CosmosRequest, container: Readable): Answer {
  if (seen.kind === 'query') return queryAnswer(request, seen, container);
  if (seen.kind === 'feed') return feedAnswer(request, seen, container);
  const partition = seen.partition;
  if (partition === undefined) throw new Refusal(400, 'no partition key');
  const { documents } = container;
  if (seen.kind === 'batch') {
    const { status, items } = runBatch(documents, partition, seen.body);
    return { status, body: items, headers: charge(5 * items.length) };
  }
  const ifMatch = text(request.headers['if-match']);
  if (id === undefined) {
    if (request.headers['x-ms-documentdb-is-upsert'] === undefined) return stored(201, documents.create(partition, seen.body as Document));
    const { stored: document, created } = documents.upsert(partition, seen.body as Document, ifMatch);
    return stored(created ? 201 : 200, document);
  }
  switch (seen.verb) {
    case 'GET': {
      const document = container.snapshot.find(partition, id);
      if (document === undefined) throw new Refusal(404, 'Resource Not Found');
      return request.headers['if-none-match'] === document.etag ? { status: 304, headers: charge(1) } : stored(200, document, 1);
    }
    case 'PUT':
      return stored(200, documents.replace(partition, id, seen.body as Document, ifMatch));
    case 'PATCH':
      return stored(200, documents.replace(partition, id, patched(documents.require(partition, id, ifMatch).body, seen.body), ifMatch));
    case 'DELETE':
      documents.delete(partition, id, ifMatch);
      return { status: 204, headers: charge(5) };
    default:
      throw new Refusal(405, `no verb ${seen.verb}`);
  }
}

/**
 * Over several physical partitions the service answers plain filters only, one partition after another; what has an order, an
 * aggregate or groups it refuses with a plan, by which the SDK asks each partition and puts the parts together.
 */
function queryAnswer(request: IncomingMessage, seen: CosmosRequest, { snapshot, rules, ranges, partitionPath }: Readable): Answer {
  const { query: given, parameters = [] } = seen.body as { query: string; parameters?: { name: string; value: unknown }[] };
  const query = parseQuery(originalText(given));
  if (request.headers['x-ms-cosmos-is-query-plan-request'] !== undefined) return { status: 200, body: planOf(given, query), headers: charge(0) };
  const range = text(request.headers['x-ms-documentdb-partitionkeyrangeid']);
  if (seen.partition === undefined && range === undefined && needsPlan(query)) {
    const additionalErrorInfo = JSON.stringify(planOf(given, query));
    return { status: 400, body: { code: 'BadRequest', message: 'The provided cross partition query can not be directly served by the gateway.', additionalErrorInfo }, headers: charge(0) };
  }
  const values = new Map(parameters.map(({ name, value }) => [name, value]));
  const isSimple = seen.partition === undefined && range === undefined;
  const [first = 0, from = 0] = (text(request.headers['x-ms-continuation']) ?? '').split(':').map(Number);
  const asked = range === undefined ? first : Number(range);
  const named = seen.partition === undefined ? partitionsAsked(query, values, partitionPath.slice(1)) : [seen.partition];
  const looked = named === undefined ? [...snapshot.all()] : named.flatMap((partition) => [...snapshot.all(partition)]);
  const documents = looked.filter(({ partition }) => seen.partition !== undefined || rangeOf(partition, ranges) === asked).map(({ body }) => body);
  const rows = originalText(given) === given ? runQuery(query, documents, values, rules) : runForRange(query, documents, values, rules);
  const size = Number(text(request.headers['x-ms-max-item-count']) ?? 100);
  const page = size < 0 ? rows.slice(from) : rows.slice(from, from + size);
  const isOver = from + page.length >= rows.length;
  const next = !isOver ? `${first}:${from + page.length}` : isSimple && first + 1 < ranges ? `${first + 1}:0` : undefined;
  return { status: 200, body: { Documents: page, _count: page.length }, headers: { ...charge(2.5 + page.length * 0.1), ...(next === undefined ? {} : { 'x-ms-continuation': next }) } };
}

function feedAnswer(request: IncomingMessage, seen: CosmosRequest, { documents, ranges }: Container): Answer {
  const cursor = text(request.headers['if-none-match']);
  const newest = `"${documents.lsn}"`;
  if (cursor === '*') return { status: 304, headers: { etag: newest, ...charge(1) } };
  const after = cursor === undefined ? 0 : Number(cursor.replaceAll('"', ''));
  const range = text(request.headers['x-ms-documentdb-partitionkeyrangeid']);
  const isAsked = (partition: string): boolean => (seen.partition === undefined ? range === undefined || rangeOf(partition, ranges) === Number(range) : partition === seen.partition);
  const changed = [...documents.changedAfter(after)].filter(({ partition }) => isAsked(partition));
  const size = Number(text(request.headers['x-ms-max-item-count']) ?? 100);
  const page = changed.slice(0, size);
  if (page.length === 0) return { status: 304, headers: { etag: newest, ...charge(1) } };
  const etag = page.length < changed.length ? `"${page.at(-1)?.lsn}"` : newest;
  return { status: 200, body: { Documents: page.map(({ body }) => body), _count: page.length }, headers: { etag, ...charge(1 + page.length) } };
}

function accountAnswer(request: IncomingMessage): Answer {
  const scheme = 'encrypted' in request.socket ? 'https' : 'http';
  const here = [{ name: 'Here', databaseAccountEndpoint: `${scheme}://${request.headers.host}/` }];
  return { status: 200, body: { id: 'double', _rid: 'double', writableLocations: here, readableLocations: here, enableMultipleWriteLocations: false, userConsistencyPolicy: { defaultConsistencyLevel: 'Session' } } };
}

function sessionHeaders({ id }: Container, lsn: number, database: string): Record<string, string> {
  return {
    'x-ms-session-token': `0:-1#${lsn}`,
    'x-ms-alt-content-path': `dbs/${database}/colls/${id}`,
    'x-ms-content-path': Buffer.from('dbcoll00').toString('base64'),
  };
}

function stored(status: number, { body, etag }: StoredDocument, requestCharge = 5): Answer {
  return { status, body, headers: { etag, ...charge(requestCharge) } };
}

function charge(units: number): Record<string, string> {
  return { 'x-ms-request-charge': String(units) };
}

function partitionOf(request: IncomingMessage): string | undefined {
  const header = text(request.headers['x-ms-documentdb-partitionkey']);
  const parsed = header === undefined ? undefined : (JSON.parse(header) as unknown[])[0];
  return typeof parsed === 'string' ? parsed : undefined;
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const whole = Buffer.concat(chunks).toString('utf8');
  return whole === '' ? undefined : JSON.parse(whole);
}

function send(response: ServerResponse, { status, body, headers }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json', ...charge(1), ...headers });
  response.end(body === undefined ? '' : JSON.stringify(body));
}

function text(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('no such container');
  return value;
}
