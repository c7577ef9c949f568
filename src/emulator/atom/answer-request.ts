// What each administration request does: create, read, change, list and delete queues. The addresses and statuses are those of
// https://learn.microsoft.com/rest/api/servicebus/queues

import type { QueueCatalog, QueueDescription, QueueRuntime } from '../queue-catalog.js';
import { MAX_NAME_LENGTH } from '../queue-rules.js';
import { AtomError, notFound } from './atom-error.js';
import { namespaceEntry, queueEntry, queueFeed } from './queue-entry.js';
import { readQueueEntry } from './read-queue-entry.js';

export interface AtomRequest {
  readonly method: string;
  /** Decoded, without the leading slash and without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** `If-Match` was sent: a PUT changes what is there instead of creating. */
  readonly replaces: boolean;
  /** Where the client reached us, `host[:port]`. */
  readonly host: string;
  readonly body: string;
  readonly now: number;
}

export interface AtomAnswer {
  readonly status: number;
  readonly body: string;
}

const PAGE = 100;

/** Throws AtomError. What a PUT or DELETE did is durable before it is answered. */
export async function answerRequest(request: AtomRequest, catalog: QueueCatalog): Promise<AtomAnswer> {
  const path = request.path.toLowerCase();
  if (path === '$namespaceinfo') return onlyGet(request, () => describeNamespace(request, catalog));
  if (path === '$resources/queues') return onlyGet(request, () => listQueues(request, catalog));
  // There are none of these, which is a true answer to a client that lists everything.
  if (path === '$resources/topics') return onlyGet(request, async () => ({ status: 200, body: queueFeed({ queues: [], skip: 0, top: PAGE, more: false, at: request.now }, request) }));
  if (path === '' || path.startsWith('$') || path.length > MAX_NAME_LENGTH) throw notFound(request.path.slice(0, MAX_NAME_LENGTH));
  switch (request.method) {
    case 'GET':
      return answerWith(200, await requireQueue(request.path, catalog), request);
    case 'PUT':
      return request.replaces ? updateQueue(request, catalog) : createQueue(request, catalog);
    case 'DELETE':
      if (!(await catalog.delete(request.path))) throw notFound(request.path);
      return { status: 200, body: '' };
    default:
      throw wrongMethod(request);
  }
}

async function createQueue(request: AtomRequest, catalog: QueueCatalog): Promise<AtomAnswer> {
  const definition = readQueueEntry(request.path, request.body);
  if ((await catalog.create(definition)) === 'exists') {
    throw new AtomError(409, `The messaging entity '${request.path}' exists already.`);
  }
  return answerWith(201, await requireQueue(request.path, catalog), request);
}

async function updateQueue(request: AtomRequest, catalog: QueueCatalog): Promise<AtomAnswer> {
  const definition = readQueueEntry(request.path, request.body);
  const { queue } = await requireQueue(request.path, catalog);
  if (definition.requiresDuplicateDetection !== undefined && definition.requiresDuplicateDetection !== queue.requiresDuplicateDetection) {
    throw new AtomError(400, 'RequiresDuplicateDetection is fixed when a queue is made.');
  }
  if (!(await catalog.update(definition))) throw notFound(request.path);
  return answerWith(200, await requireQueue(request.path, catalog), request);
}

async function listQueues(request: AtomRequest, catalog: QueueCatalog): Promise<AtomAnswer> {
  const skip = countOf(request.query, '$skip', 0);
  const top = Math.min(countOf(request.query, '$top', PAGE), PAGE);
  const all = await catalog.list();
  const page = all.slice(skip, skip + top);
  const queues = await Promise.all(page.map(async (queue) => ({ queue, runtime: await catalog.runtime(queue.name) })));
  // One that was deleted between the two reads is left out.
  const there = queues.flatMap(({ queue, runtime }) => (runtime === undefined ? [] : [{ queue, runtime }]));
  const more = top > 0 && all.length > skip + top;
  return { status: 200, body: queueFeed({ queues: there, skip, top, more, at: request.now }, request) };
}

async function describeNamespace(request: AtomRequest, catalog: QueueCatalog): Promise<AtomAnswer> {
  const queues = await catalog.list();
  const createdAt = Math.min(request.now, ...queues.map((queue) => queue.createdAt));
  const name = request.host.replace(/:\d+$/, '').split('.')[0] ?? '';
  return { status: 200, body: namespaceEntry({ name, createdAt }, request) };
}

interface Found {
  readonly queue: QueueDescription;
  readonly runtime: QueueRuntime;
}

async function requireQueue(name: string, catalog: QueueCatalog): Promise<Found> {
  const [queue, runtime] = await Promise.all([catalog.get(name), catalog.runtime(name)]);
  if (queue === undefined || runtime === undefined) throw notFound(name);
  return { queue, runtime };
}

function answerWith(status: number, { queue, runtime }: Found, request: AtomRequest): AtomAnswer {
  return { status, body: queueEntry(queue, runtime, request) };
}

async function onlyGet(request: AtomRequest, answer: () => Promise<AtomAnswer>): Promise<AtomAnswer> {
  if (request.method !== 'GET') throw wrongMethod(request);
  return answer();
}

function wrongMethod({ method, path }: AtomRequest): AtomError {
  return new AtomError(405, `${method} is not possible on /${path}.`);
}

function countOf(query: URLSearchParams, name: string, fallback: number): number {
  const text = query.get(name);
  if (text === null) return fallback;
  if (!/^\d{1,9}$/.test(text)) throw new AtomError(400, `${name} must be a whole number, got ${JSON.stringify(text)}.`);
  return Number(text);
}
