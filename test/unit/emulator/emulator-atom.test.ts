import { createHmac } from 'node:crypto';

import type { ServiceBusAdministrationClient } from '@azure/service-bus';
import { describe, expect, onTestFinished, test } from 'vitest';

import { type AtomServer, type ServeAtom, serveAtom } from '../../../src/emulator/atom/serve-atom.js';
import { Faults } from '../../../src/emulator/faults.js';
import { type AccessKey, connectionStringOf, parseAccessKey } from '../../../src/emulator/sas/access-key.js';
import { systemClock } from '../../../src/ports/clock.js';
import { openAdminClient } from '../../support/admin-client.js';
import { MemoryCatalog } from './memory-catalog.js';

const ROOT = parseAccessKey('root=c2VjcmV0');
const WORKER = parseAccessKey('worker=b3RoZXI=:Send,Listen');
const NEVER = 'P10675199DT2H48M5.4775807S';

interface World {
  readonly server: AtomServer;
  readonly catalog: MemoryCatalog;
  readonly client: ServiceBusAdministrationClient;
  clientOf(key: AccessKey): ServiceBusAdministrationClient;
}

async function open(options: Partial<ServeAtom> = {}): Promise<World> {
  const catalog = new MemoryCatalog(() => systemClock.now());
  const server = await serveAtom({ host: '127.0.0.1', port: 0, catalog, keys: [ROOT, WORKER], clock: systemClock, ...options });
  onTestFinished(() => server.close());
  const clientOf = (key: AccessKey): ServiceBusAdministrationClient =>
    openAdminClient(`http://localhost:${server.port}`, connectionStringOf('sb://localhost', key));
  return { server, catalog, clientOf, client: clientOf(ROOT) };
}

interface Raw {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly key?: AccessKey;
}

/** A request that no official client would send. */
async function ask({ server }: World, path: string, { key = ROOT, headers = {}, ...init }: Raw = {}): Promise<{ status: number; text: string; headers: Headers }> {
  const resource = encodeURIComponent(`http://127.0.0.1:${server.port}/`);
  const expiry = Math.floor(Date.now() / 1000) + 60;
  const signature = createHmac('sha256', key.key).update(`${resource}\n${expiry}`).digest('base64');
  const authorization = `SharedAccessSignature sr=${resource}&sig=${encodeURIComponent(signature)}&se=${expiry}&skn=${key.name}`;
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { ...init, headers: { authorization, ...headers } });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

const description = (fields: string): string =>
  `<entry xmlns="http://www.w3.org/2005/Atom"><content type="application/xml"><QueueDescription xmlns="http://schemas.microsoft.com/netservices/2010/10/servicebus/connect">${fields}</QueueDescription></content></entry>`;

describe('queues through the official administration client', () => {
  test('are made with the defaults of the service', async () => {
    const { client } = await open();
    const made = await client.createQueue('plain');
    expect(made).toMatchObject({
      name: 'plain',
      lockDuration: 'PT1M',
      maxDeliveryCount: 10,
      defaultMessageTimeToLive: NEVER,
      maxSizeInMegabytes: 1024,
      requiresDuplicateDetection: false,
      duplicateDetectionHistoryTimeWindow: 'PT10M',
      deadLetteringOnMessageExpiration: false,
      requiresSession: false,
      enablePartitioning: false,
      enableBatchedOperations: true,
      autoDeleteOnIdle: NEVER,
      status: 'Active',
      availabilityStatus: 'Available',
      maxMessageSizeInKilobytes: 256,
    });
    expect(made.authorizationRules).toBeUndefined();
    expect(made.userMetadata).toBeUndefined();
    expect(await client.getQueue('plain')).toMatchObject({ name: 'plain', lockDuration: 'PT1M' });
  });

  test('are made as asked, with every field that can be chosen', async () => {
    const { client, catalog } = await open();
    const asked = {
      lockDuration: 'PT1M30S',
      maxDeliveryCount: 3,
      defaultMessageTimeToLive: 'P14D',
      maxSizeInMegabytes: 5120,
      requiresDuplicateDetection: true,
      duplicateDetectionHistoryTimeWindow: 'PT20M',
      deadLetteringOnMessageExpiration: true,
      status: 'SendDisabled' as const,
      userMetadata: 'a <b> & "c" é',
      maxMessageSizeInKilobytes: 1024,
    };
    expect(await client.createQueue('team/orders-1.v2', asked)).toMatchObject({ name: 'team/orders-1.v2', ...asked });
    expect(await catalog.get('team/orders-1.v2')).toMatchObject({
      lockMs: 90_000,
      ttlMs: 14 * 86_400_000,
      duplicateWindowMs: 1_200_000,
      maxMessageBytes: 1024 * 1024,
      userMetadata: 'a <b> & "c" é',
    });
  });

  test('are found whatever the case of their name, and keep the case they were made with', async () => {
    const { client } = await open();
    await client.createQueue('MixedCase');
    expect(await client.getQueue('mixedcase')).toMatchObject({ name: 'MixedCase' });
    await expect(client.createQueue('MIXEDCASE')).rejects.toMatchObject({ code: 'MessageEntityAlreadyExistsError', statusCode: 409 });
  });

  test('are changed by sending back what was read', async () => {
    const { client } = await open();
    await client.createQueue('q', { userMetadata: 'old' });
    const queue = await client.getQueue('q');
    expect(await client.updateQueue({ ...queue, maxDeliveryCount: 5, status: 'Disabled', userMetadata: '' })).toMatchObject({ maxDeliveryCount: 5, status: 'Disabled' });
    const after = await client.getQueue('q');
    expect(after).toMatchObject({ maxDeliveryCount: 5, lockDuration: 'PT1M', defaultMessageTimeToLive: NEVER });
    expect(after.userMetadata).toBeUndefined();
  });

  test('that are not there cannot be read, changed or deleted', async () => {
    const { client } = await open();
    await client.createQueue('here');
    const missing = { code: 'MessageEntityNotFoundError', statusCode: 404 };
    await expect(client.getQueue('gone')).rejects.toMatchObject(missing);
    await expect(client.getQueueRuntimeProperties('gone')).rejects.toMatchObject(missing);
    await expect(client.deleteQueue('gone')).rejects.toMatchObject(missing);
    await expect(client.updateQueue({ ...(await client.getQueue('here')), name: 'gone' })).rejects.toMatchObject(missing);
    expect(await client.queueExists('gone')).toBe(false);
    expect(await client.queueExists('here')).toBe(true);
  });

  test('are gone when deleted', async () => {
    const { client } = await open();
    await client.createQueue('q');
    await client.deleteQueue('q');
    expect(await client.queueExists('q')).toBe(false);
  });

  test('show their counts and times', async () => {
    const { client, catalog } = await open();
    await client.createQueue('busy');
    catalog.counts.set('busy', { active: 7, deadLetter: 2, scheduled: 3, transfer: 0, sizeInBytes: 4096 });
    const runtime = await client.getQueueRuntimeProperties('busy');
    expect(runtime).toMatchObject({
      name: 'busy',
      activeMessageCount: 7,
      deadLetterMessageCount: 2,
      scheduledMessageCount: 3,
      transferMessageCount: 0,
      transferDeadLetterMessageCount: 0,
      totalMessageCount: 12,
      sizeInBytes: 4096,
    });
    const { createdAt } = (await catalog.get('busy')) ?? {};
    expect(runtime.createdAt.getTime()).toBe(createdAt);
    expect(runtime.modifiedAt.getTime()).toBe(createdAt);
    expect(runtime.accessedAt.getTime()).toBe(createdAt);
  });

  test('are listed page by page until none is left, each once', async () => {
    const { client } = await open();
    const names = Array.from({ length: 7 }, (_, index) => `queue-${index}`);
    for (const name of names) await client.createQueue(name);
    const pages: string[][] = [];
    for await (const page of client.listQueues().byPage({ maxPageSize: 3 })) pages.push(page.map(({ name }) => name));
    expect(pages).toEqual([names.slice(0, 3), names.slice(3, 6), names.slice(6)]);
    const withCounts: string[] = [];
    for await (const { name, activeMessageCount } of client.listQueuesRuntimeProperties()) withCounts.push(`${name}:${activeMessageCount}`);
    expect(withCounts).toEqual(names.map((name) => `${name}:0`));
  });

  test('are listed in pages of a hundred when no size is asked for', async () => {
    const { client, catalog } = await open();
    for (let index = 0; index < 201; index += 1) await catalog.create({ name: `q${index}` });
    const sizes: number[] = [];
    for await (const page of client.listQueues().byPage()) sizes.push(page.length);
    expect(sizes).toEqual([100, 100, 1]);
  });

  test('are an empty list when there are none, as topics always are', async () => {
    const { client } = await open();
    const names: string[] = [];
    for await (const { name } of client.listQueues()) names.push(name);
    for await (const { name } of client.listTopics()) names.push(name);
    expect(names).toEqual([]);
  });

  test('have a namespace with a tier and a name', async () => {
    const { client } = await open();
    const properties = await client.getNamespaceProperties();
    expect(properties).toMatchObject({ name: 'localhost', messagingSku: 'Standard' });
    expect(Number.isNaN(properties.createdAt.getTime())).toBe(false);
  });
});

describe('a queue is refused', () => {
  test.each([
    ['sessions', { requiresSession: true }, /RequiresSession is not available/],
    ['partitions', { enablePartitioning: true }, /EnablePartitioning is not available/],
    ['forwarding', { forwardTo: 'other' }, /ForwardTo is not available/],
    ['forwarding of dead letters', { forwardDeadLetteredMessagesTo: 'other' }, /ForwardDeadLetteredMessagesTo is not available/],
    ['deletion when idle', { autoDeleteOnIdle: 'P1D' }, /AutoDeleteOnIdle is not available/],
    ['rules of its own', { authorizationRules: [{ claimType: 'SharedAccessKey', accessRights: ['Send' as const], keyName: 'k', primaryKey: 'p', secondaryKey: 's' }] }, /AuthorizationRules is not available/],
    ['a lock over five minutes', { lockDuration: 'PT5M0.001S' }, /LockDuration must be from PT0.1S to PT5M, got PT5M0.001S/],
    ['an endless lock', { lockDuration: NEVER }, /LockDuration must have an end/],
    ['a lock that is no duration', { lockDuration: '5 minutes' }, /LockDuration must be an ISO 8601 duration/],
    ['no deliveries', { maxDeliveryCount: 0 }, /MaxDeliveryCount must be from 1 to 2000, got 0/],
    ['too many deliveries', { maxDeliveryCount: 2001 }, /MaxDeliveryCount must be/],
    ['half a delivery', { maxDeliveryCount: 1.5 }, /MaxDeliveryCount must be a whole number/],
    ['a short memory for duplicates', { duplicateDetectionHistoryTimeWindow: 'PT19S' }, /must be from PT20S to P7D/],
    ['an unknown status', { status: 'Sleeping' as 'Active' }, /Status must be one of/],
    ['a long remark', { userMetadata: 'x'.repeat(1025) }, /UserMetadata must be at most 1024/],
  ])('that asks for %s', async (_what, options, message) => {
    const { client } = await open();
    await expect(client.createQueue('q', options)).rejects.toMatchObject({ code: 'ServiceError', statusCode: 400, message: expect.stringMatching(message) as string });
    expect(await client.queueExists('q')).toBe(false);
  });

  test.each(['-q', 'q-', 'a b', 'q!', 'x'.repeat(261)])('that is named %j', async (name) => {
    const world = await open();
    expect((await ask(world, `/${encodeURIComponent(name)}`, { method: 'PUT', body: description('') })).status).toBeGreaterThanOrEqual(400);
    expect(await world.catalog.list()).toEqual([]);
  });

  test('that changes whether duplicates are found', async () => {
    const { client } = await open();
    const queue = await client.createQueue('q');
    await expect(client.updateQueue({ ...queue, requiresDuplicateDetection: true })).rejects.toMatchObject({ statusCode: 400 });
  });

  test('when it is a topic, a subscription or a rule', async () => {
    const { client } = await open();
    await expect(client.createTopic('t')).rejects.toMatchObject({ code: 'ServiceError', message: expect.stringContaining('topics') as string });
    await expect(client.createSubscription('t', 's')).rejects.toMatchObject({ code: 'ServiceError' });
    await expect(client.getSubscription('t', 's')).rejects.toMatchObject({ code: 'MessageEntityNotFoundError' });
  });
});

describe('a request is refused', () => {
  test('with a wrong key, an unknown key or one without the Manage right', async () => {
    const { clientOf } = await open();
    for (const key of [{ ...ROOT, key: 'wrong' }, { ...ROOT, name: 'nobody' }, WORKER]) {
      const refused = { code: 'UnauthorizedRequestError', statusCode: 401 };
      await expect(clientOf(key).createQueue('q')).rejects.toMatchObject(refused);
      await expect(clientOf(key).getNamespaceProperties()).rejects.toMatchObject(refused);
      await expect(clientOf(key).listQueues().next()).rejects.toMatchObject(refused);
    }
    await expect(clientOf(WORKER).getQueue('q')).rejects.toThrow(/Manage claim is required/);
  });

  test('without a token, with an old one, and with one for another address', async () => {
    const world = await open({ clock: { ...systemClock, now: () => systemClock.now() + 3_600_000 } });
    expect((await ask(world, '/$namespaceinfo', { headers: { authorization: '' } })).status).toBe(401);
    expect(await ask(world, '/$namespaceinfo')).toMatchObject({ status: 401, text: expect.stringContaining('expired') as string });
    const other = await open();
    expect((await ask(other, '/q', { headers: { host: 'elsewhere' } })).status).toBe(404);
    const foreign = await fetch(`http://127.0.0.1:${other.server.port}/q`, { headers: { authorization: 'SharedAccessSignature sr=a&sig=b&se=1&skn=root' } });
    expect(foreign.status).toBe(401);
  });

  test.each([
    ['that is no XML', '<entry><content>', 400],
    ['that is empty', '', 400],
    ['with a document type', `<!DOCTYPE x [<!ENTITY a "b">]>${description('')}`, 400],
    ['that is something else', '<feed/>', 400],
    ['with a field inside a field', description('<LockDuration><x>1</x></LockDuration>'), 400],
    ['with a field twice', description('<LockDuration>PT1M</LockDuration><LockDuration>PT2M</LockDuration>'), 400],
    ['over a megabyte', description(`<UserMetadata>${'x'.repeat(1024 * 1024)}</UserMetadata>`), 413],
  ])('with a body %s', async (_what, body, status) => {
    const world = await open();
    const answer = await ask(world, '/q', { method: 'PUT', body });
    expect(answer).toMatchObject({ status, text: expect.stringMatching(new RegExp(`<Error><Code>${status}</Code><Detail>SubCode=${status}00\\. `)) as string });
    expect((await ask(world, '/$namespaceinfo')).status).toBe(200);
  });

  test('when its address or its counts cannot be read', async () => {
    const world = await open();
    expect((await ask(world, '/%zz')).status).toBe(400);
    expect((await ask(world, '/$Resources/Queues?$skip=-1')).status).toBe(400);
    expect((await ask(world, '/$Resources/Queues?$top=x')).status).toBe(400);
    expect((await ask(world, '/$Resources/Rules')).status).toBe(404);
    expect((await ask(world, '/')).status).toBe(404);
    expect((await ask(world, '/q', { method: 'POST', body: '' })).status).toBe(405);
    expect((await ask(world, '/$namespaceinfo', { method: 'DELETE' })).status).toBe(405);
  });
});

describe('clients of other languages', () => {
  test('may write their elements with prefixes, in any order, and with more of them than can be chosen', async () => {
    const world = await open();
    const body =
      '<?xml version="1.0"?><ns0:entry xmlns:ns0="http://www.w3.org/2005/Atom" xmlns:ns1="urn:x" xmlns:d2p1="urn:y"><ns0:content type="application/xml">' +
      '<ns1:QueueDescription><ns1:MaxDeliveryCount> 4 </ns1:MaxDeliveryCount><ns1:ForwardTo nil="true" /><ns1:LockDuration>PT30S</ns1:LockDuration><ns1:Unknown>1</ns1:Unknown><ns1:CountDetails><d2p1:ActiveMessageCount>0</d2p1:ActiveMessageCount></ns1:CountDetails></ns1:QueueDescription></ns0:content></ns0:entry>';
    expect((await ask(world, '/q?api-version=2017-04', { method: 'PUT', body })).status).toBe(201);
    expect(await world.catalog.get('q')).toMatchObject({ maxDeliveryCount: 4, lockMs: 30_000 });
  });

  test('get well-formed XML with the type of what it is', async () => {
    const world = await open();
    await world.catalog.create({ name: 'q', userMetadata: '<&>' });
    expect((await ask(world, '/q')).headers.get('content-type')).toBe('application/atom+xml;type=entry;charset=utf-8');
    const feed = await ask(world, '/$resources/queues?$skip=0&$top=1');
    expect(feed.headers.get('content-type')).toBe('application/atom+xml;type=feed;charset=utf-8');
    expect(feed.text).toContain('<UserMetadata>&lt;&amp;&gt;</UserMetadata>');
    expect(feed.text).not.toContain('rel="next"');
  });
});

describe('faults', () => {
  const always = (kind: 'server-busy' | 'drop-connection' | 'lost-reply'): Faults => new Faults({ [kind]: 1 }, () => 0);

  test('throttle with the answer that clients know', async () => {
    const { client } = await open({ faults: always('server-busy') });
    await expect(client.createQueue('q')).rejects.toMatchObject({ code: 'ServerBusyError', statusCode: 503 });
  });

  test('lose the reply after the work is done, or the request before it', async () => {
    const lost = await open({ faults: always('lost-reply') });
    await expect(lost.client.createQueue('q')).rejects.toThrow();
    expect(await lost.catalog.get('q')).toBeDefined();
    const dropped = await open({ faults: always('drop-connection') });
    await expect(dropped.client.createQueue('q')).rejects.toThrow();
    expect(await dropped.catalog.get('q')).toBeUndefined();
  });
});

describe('the server', () => {
  test('answers a failure of ours with 500 and tells of it, and goes on', async () => {
    const failures: unknown[] = [];
    const catalog = new MemoryCatalog(() => systemClock.now());
    const broken = new Error('disk on fire');
    const failing = Object.assign(Object.create(catalog) as MemoryCatalog, { list: () => Promise.reject(broken), get: () => catalog.get('x'), runtime: () => catalog.runtime('x') });
    const world = await open({ catalog: failing, onFailure: (error) => failures.push(error) });
    const answer = await ask(world, '/$Resources/Queues');
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('fire');
    expect(failures).toEqual([broken]);
    expect((await ask(world, '/x')).status).toBe(404);
  });

  test('says in one line that its port is taken', async () => {
    const { server } = await open();
    await expect(open({ port: server.port })).rejects.toMatchObject({
      code: 'PORT_UNUSABLE',
      message: `cannot listen on 127.0.0.1:${server.port}: another program listens there`,
      hint: 'choose another port with `--admin-port`, or 0 for any free one',
    });
  });

  test('frees its port when it is closed, also under a client that keeps its connection', async () => {
    const { server, client } = await open();
    await client.createQueue('q');
    await server.close();
    const again = await open({ port: server.port });
    expect(again.server.port).toBe(server.port);
  });
});
