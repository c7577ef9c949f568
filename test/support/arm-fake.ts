// Azure Resource Manager as far as @azure/arm-servicebus asks it, over https with a certificate made for the test and over
// the emulator's catalog. Refuses what was not taught, so that a new call is noticed.

import { type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';

import { onTestFinished } from 'vitest';

import { printIsoDuration, readIsoDuration } from '../../src/domain/iso-duration.js';
import type { QueueCatalog, QueueDefinition, QueueDescription, QueueRuntime } from '../../src/emulator/queue-catalog.js';
import { type Certificate, localCertificate } from './certificate.js';

export const ARM_PLACE = { subscriptionId: '00000000-0000-0000-0000-000000000001', resourceGroup: 'shop-group' };
export const ARM_NAMESPACE = 'shop-namespace';
export const ARM_TOKEN = 'good-token';

export interface ArmFake {
  readonly endpoint: string;
  readonly certificateAuthority: string;
  /** `GET /queues`, `PUT /queues/jobs`, … in the order they came. */
  readonly calls: string[];
  /** Bodies of PUT requests, as sent. */
  readonly bodies: unknown[];
  /** Answers the next requests instead, one each. */
  readonly next: { readonly status: number; readonly code: string; readonly retryAfter?: number }[];
  /** Requests stay without an answer while it is true. */
  isSilent: boolean;
  tier: string;
  /** Queues on a page of a list. */
  pageSize: number;
}

/** Made once a process: it takes a third of a second. */
let made: Promise<Certificate> | undefined;

export async function openArmFake(catalog: QueueCatalog): Promise<ArmFake> {
  const certificate = await (made ??= localCertificate());
  const server = createServer(certificate, (request, response) => {
    answer(request, response).catch((error: unknown) => send(response, 500, problem('InternalError', String(error))));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const fake: ArmFake = {
    endpoint: `https://localhost:${(server.address() as AddressInfo).port}`,
    certificateAuthority: certificate.cert,
    calls: [],
    bodies: [],
    next: [],
    isSilent: false,
    tier: 'Basic',
    pageSize: 100,
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (fake.isSilent) return;
    const url = new URL(request.url ?? '/', fake.endpoint);
    const body = await bodyOf(request);
    const prefix = `/subscriptions/${ARM_PLACE.subscriptionId}/resourceGroups/${ARM_PLACE.resourceGroup}/providers/Microsoft.ServiceBus/namespaces/`;
    fake.calls.push(`${request.method ?? ''} ${decodeURIComponent(url.pathname).replace(prefix, '').replace(/^[^/]*/, '') || '/'}`);
    if (body !== undefined) fake.bodies.push(body);
    const instead = fake.next.shift();
    if (instead !== undefined) {
      if (instead.retryAfter !== undefined) response.setHeader('retry-after', String(instead.retryAfter));
      return send(response, instead.status, problem(instead.code, `refused with ${instead.code}`));
    }
    if (request.headers.authorization !== `Bearer ${ARM_TOKEN}`) return send(response, 401, problem('InvalidAuthenticationToken', 'the token is not good'));
    if (url.searchParams.get('api-version') !== '2021-11-01') return send(response, 400, problem('InvalidApiVersion', 'not this version'));
    const path = decodeURIComponent(url.pathname);
    if (!path.startsWith(`${prefix}${ARM_NAMESPACE}`)) return send(response, 404, problem('ResourceNotFound', 'no such namespace'));
    await answerNamespace(request.method ?? 'GET', path.slice(prefix.length + ARM_NAMESPACE.length), { url, body, response });
  }

  async function answerNamespace(method: string, path: string, { url, body, response }: { url: URL; body: unknown; response: ServerResponse }): Promise<void> {
    if (path === '') return send(response, 200, { id: url.pathname, name: ARM_NAMESPACE, location: 'West Europe', sku: { name: fake.tier, tier: fake.tier }, properties: {} });
    if (path === '/queues') return sendPage(url, response);
    const name = /^\/queues\/(.+)$/.exec(path)?.[1];
    if (name === undefined) return send(response, 501, problem('NotTaught', `${method} ${path}`));
    if (method === 'PUT') await put(name, (body as { properties: Record<string, unknown> }).properties);
    else if (method !== 'GET') return send(response, 501, problem('NotTaught', `${method} ${path}`));
    const queue = await queueOf(name, url.pathname);
    return queue === undefined ? send(response, 404, problem('ResourceNotFound', `no queue ${name}`)) : send(response, 200, queue);
  }

  async function sendPage(url: URL, response: ServerResponse): Promise<void> {
    const skip = Number(url.searchParams.get('$skip') ?? 0);
    const all = await catalog.list();
    const value = await Promise.all(all.slice(skip, skip + fake.pageSize).map(({ name }) => queueOf(name, `${url.pathname}/${name}`)));
    const next = new URL(url);
    next.searchParams.set('$skip', String(skip + fake.pageSize));
    send(response, 200, { value, ...(skip + fake.pageSize < all.length ? { nextLink: next.href } : {}) });
  }

  async function put(name: string, properties: Record<string, unknown>): Promise<void> {
    const queue: QueueDefinition = { ...FRESH, name, ...definitionOf(properties) };
    if ((await catalog.create(queue)) === 'exists') await catalog.update(queue);
  }

  async function queueOf(name: string, id: string): Promise<object | undefined> {
    const [queue, runtime] = [await catalog.get(name), await catalog.runtime(name)];
    return queue === undefined || runtime === undefined ? undefined : resourceOf(queue, runtime, id);
  }

  return fake;
}

/** A PUT replaces the whole: what is not sent falls back. */
const FRESH = { lockMs: 60_000, ttlMs: null, maxDeliveryCount: 10, deadLetterOnExpiration: false, status: 'Active' } as const;

function definitionOf(properties: Record<string, unknown>): Partial<QueueDefinition> {
  const { lockDuration, defaultMessageTimeToLive, maxDeliveryCount, deadLetteringOnMessageExpiration, status, maxSizeInMegabytes } = properties;
  return {
    ...(typeof lockDuration === 'string' ? { lockMs: readIsoDuration(lockDuration) ?? 0 } : {}),
    ...(typeof defaultMessageTimeToLive === 'string' ? { ttlMs: readIsoDuration(defaultMessageTimeToLive) ?? null } : {}),
    ...(typeof maxDeliveryCount === 'number' ? { maxDeliveryCount } : {}),
    ...(typeof deadLetteringOnMessageExpiration === 'boolean' ? { deadLetterOnExpiration: deadLetteringOnMessageExpiration } : {}),
    ...(typeof status === 'string' ? { status: status as QueueDescription['status'] } : {}),
    ...(typeof maxSizeInMegabytes === 'number' ? { maxSizeMb: maxSizeInMegabytes } : {}),
  };
}

function resourceOf(queue: QueueDescription, runtime: QueueRuntime, id: string): object {
  return {
    id,
    name: queue.name,
    type: 'Microsoft.ServiceBus/namespaces/queues',
    location: 'West Europe',
    properties: {
      countDetails: {
        activeMessageCount: runtime.active,
        deadLetterMessageCount: runtime.deadLetter,
        scheduledMessageCount: runtime.scheduled,
        transferMessageCount: 0,
        transferDeadLetterMessageCount: 0,
      },
      messageCount: runtime.active + runtime.deadLetter + runtime.scheduled,
      sizeInBytes: runtime.sizeInBytes,
      createdAt: new Date(queue.createdAt).toISOString(),
      updatedAt: new Date(queue.updatedAt).toISOString(),
      accessedAt: '0001-01-01T00:00:00Z',
      lockDuration: printIsoDuration(queue.lockMs),
      maxSizeInMegabytes: queue.maxSizeMb,
      maxMessageSizeInKilobytes: queue.maxMessageBytes / 1024,
      requiresDuplicateDetection: queue.requiresDuplicateDetection,
      requiresSession: false,
      defaultMessageTimeToLive: printIsoDuration(queue.ttlMs),
      deadLetteringOnMessageExpiration: queue.deadLetterOnExpiration,
      duplicateDetectionHistoryTimeWindow: printIsoDuration(queue.duplicateWindowMs),
      maxDeliveryCount: queue.maxDeliveryCount,
      status: queue.status,
      enableBatchedOperations: true,
      autoDeleteOnIdle: printIsoDuration(null),
      enablePartitioning: false,
      enableExpress: false,
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

function problem(code: string, message: string): object {
  return { error: { code, message } };
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}
