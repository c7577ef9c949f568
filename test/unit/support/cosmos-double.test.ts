// The local counterpart of Cosmos DB, asked by the official SDK: it must say what the service is documented to say, or what
// passes on it proves nothing.

import { randomBytes } from 'node:crypto';

import { type Container, CosmosClient } from '@azure/cosmos';
import { onTestFinished, describe, expect, test } from 'vitest';

import { type CosmosDouble, type CosmosDoubleOptions, startCosmosDouble } from '../../support/cosmos-double/cosmos-double.js';

const RULES = { compositeIndexes: [[{ path: '/createdAt', descending: true }, { path: '/id', descending: true }]] };

async function open(options: Partial<CosmosDoubleOptions> = {}): Promise<{ double: CosmosDouble; container: Container; key: string }> {
  const key = randomBytes(32).toString('base64');
  const double = await startCosmosDouble({ key, database: 'copiloteval', containers: [{ id: 'jobs', partitionPath: '/pk', rules: RULES }], ...options });
  onTestFinished(() => double.stop());
  const client = new CosmosClient({ endpoint: double.endpoint, key: options.key ?? key, consistencyLevel: 'Session', connectionPolicy: { enableEndpointDiscovery: false } });
  onTestFinished(() => client.dispose());
  return { double, container: client.database('copiloteval').container('jobs'), key };
}

describe('points', () => {
  test('creates, reads, replaces by etag and deletes', async () => {
    const { container } = await open();
    const { etag } = await container.items.create({ id: 'a', pk: 'p', n: 1 });
    expect((await container.item('a', 'p').read()).resource).toMatchObject({ n: 1 });
    await container.item('a', 'p').replace({ id: 'a', pk: 'p', n: 2 }, { accessCondition: { type: 'IfMatch', condition: etag } });
    await expect(container.item('a', 'p').replace({ id: 'a', pk: 'p', n: 3 }, { accessCondition: { type: 'IfMatch', condition: etag } })).rejects.toMatchObject({ code: 412 });
    await container.item('a', 'p').delete();
    expect(await container.item('a', 'p').read()).toMatchObject({ statusCode: 404, resource: undefined });
  });

  test('an id exists once per partition', async () => {
    const { container } = await open();
    await container.items.create({ id: 'a', pk: 'p' });
    await container.items.create({ id: 'a', pk: 'q' });
    await expect(container.items.create({ id: 'a', pk: 'p' })).rejects.toMatchObject({ code: 409 });
  });

  test('a patch changes what it names when its condition holds', async () => {
    const { container } = await open();
    await container.items.create({ id: 'a', pk: 'p', n: 1, status: 'queued' });
    await container.item('a', 'p').patch({ condition: "from c where c.status = 'queued'", operations: [{ op: 'incr', path: '/n', value: 2 }, { op: 'set', path: '/status', value: 'running' }] });
    expect((await container.item('a', 'p').read()).resource).toMatchObject({ n: 3, status: 'running' });
    await expect(container.item('a', 'p').patch({ condition: "from c where c.status = 'queued'", operations: [{ op: 'incr', path: '/n', value: 2 }] })).rejects.toMatchObject({ code: 412 });
    await expect(container.item('a', 'p').patch([{ op: 'set', path: '/x/y', value: 1 }])).rejects.toMatchObject({ code: 400 });
  });

  test('what has outlived its time to live is gone', async () => {
    let time = 1_000_000;
    const { container } = await open({ now: () => time });
    await container.items.create({ id: 'a', pk: 'p', ttl: 60 });
    time += 59_000;
    expect((await container.item('a', 'p').read()).statusCode).toBe(200);
    time += 2_000;
    expect((await container.item('a', 'p').read()).statusCode).toBe(404);
  });
});

describe('replicas that lag', () => {
  const LAG = { keepMs: 1_000, behindMs: () => 1_000 };

  async function twoClients(now: () => number): Promise<{ writer: Container; reader: Container }> {
    const { double, container, key } = await open({ now, staleness: LAG });
    const other = new CosmosClient({ endpoint: double.endpoint, key, consistencyLevel: 'Session', connectionPolicy: { enableEndpointDiscovery: false } });
    onTestFinished(() => other.dispose());
    return { writer: container, reader: other.database('copiloteval').container('jobs') };
  }

  test('who wrote reads what it wrote, and others what was there a while ago, until it is older than that', async () => {
    let time = 1_000_000;
    const { writer, reader } = await twoClients(() => time);
    await writer.items.create({ id: 'a', pk: 'p', n: 1 });
    expect((await reader.item('a', 'p').read()).statusCode).toBe(404);
    time += 1_000;
    expect((await reader.item('a', 'p').read()).resource).toMatchObject({ n: 1 });
    await writer.item('a', 'p').patch([{ op: 'set', path: '/n', value: 2 }]);
    await writer.item('a', 'p').patch([{ op: 'set', path: '/n', value: 3 }]);
    expect((await writer.item('a', 'p').read()).resource).toMatchObject({ n: 3 });
    expect((await reader.item('a', 'p').read()).resource).toMatchObject({ n: 1 });
    const rows = async (): Promise<unknown[]> => (await reader.items.query<number>({ query: 'SELECT VALUE c.n FROM c WHERE c.pk = @pk', parameters: [{ name: '@pk', value: 'p' }] }, { partitionKey: 'p' }).fetchAll()).resources;
    expect(await rows()).toEqual([1]);
    time += 1_001;
    expect(await rows()).toEqual([3]);
    await writer.item('a', 'p').delete();
    expect(await rows()).toEqual([3]);
    time += 1_001;
    expect(await rows()).toEqual([]);
  });

  test('who is refused knows from then on what is there', async () => {
    const { writer, reader } = await twoClients(() => 1_000_000);
    await writer.items.create({ id: 'a', pk: 'p', n: 1 });
    await expect(reader.items.create({ id: 'a', pk: 'p' })).rejects.toMatchObject({ code: 409 });
    expect((await reader.item('a', 'p').read()).resource).toMatchObject({ n: 1 });
    await writer.item('a', 'p').patch([{ op: 'set', path: '/n', value: 2 }]);
    expect((await reader.item('a', 'p').read()).resource).toMatchObject({ n: 1 });
    const refused = await reader.items.batch([{ operationType: 'Patch', id: 'a', resourceBody: { condition: 'from c where c.n = 1', operations: [{ op: 'set', path: '/n', value: 5 }] } }], 'p');
    expect(refused.code).toBe(207);
    expect((await reader.item('a', 'p').read()).resource).toMatchObject({ n: 2 });
  });

  test('a batch that was refused leaves no versions behind', async () => {
    const { writer, reader } = await twoClients(() => 1_000_000);
    await writer.items.create({ id: 'a', pk: 'p', n: 1 });
    await writer.items.batch([{ operationType: 'Create', resourceBody: { id: 'b', pk: 'p' } }, { operationType: 'Create', resourceBody: { id: 'a', pk: 'p' } }], 'p');
    expect((await writer.item('b', 'p').read()).statusCode).toBe(404);
    expect((await reader.item('a', 'p').read()).statusCode).toBe(404);
    expect((await writer.item('a', 'p').read()).resource).toMatchObject({ n: 1 });
  });
});

describe('batches', () => {
  test('are all or nothing', async () => {
    const { container } = await open();
    await container.items.create({ id: 'b', pk: 'p' });
    const refused = await container.items.batch([{ operationType: 'Create', resourceBody: { id: 'a', pk: 'p' } }, { operationType: 'Create', resourceBody: { id: 'b', pk: 'p' } }, { operationType: 'Create', resourceBody: { id: 'c', pk: 'p' } }], 'p');
    expect(refused.code).toBe(207);
    expect(refused.result?.map(({ statusCode }) => statusCode)).toEqual([424, 409, 424]);
    expect((await container.item('a', 'p').read()).statusCode).toBe(404);
    const done = await container.items.batch([{ operationType: 'Create', resourceBody: { id: 'a', pk: 'p' } }, { operationType: 'Patch', id: 'b', resourceBody: { operations: [{ op: 'set', path: '/x', value: 1 }] } }, { operationType: 'Delete', id: 'b' }], 'p');
    expect(done.code).toBe(200);
    expect(done.result?.map(({ statusCode }) => statusCode)).toEqual([201, 200, 204]);
  });
});

describe('queries', () => {
  test('filter, order, page and count as the service does', async () => {
    const { container } = await open();
    for (let i = 0; i < 5; i += 1) await container.items.create({ id: `j${i}`, pk: `p${i}`, kind: 'job', createdAt: i % 2, status: i < 3 ? 'Queued' : 'Running', error: i === 1 ? { code: 'X' } : null });
    await container.items.create({ id: 'e', pk: 'p1', kind: 'event' });
    const ask = async (query: string): Promise<unknown[]> => (await container.items.query<unknown>(query).fetchAll()).resources;
    expect((await ask("SELECT c.id FROM c WHERE c.kind = 'job' ORDER BY c.createdAt DESC, c.id DESC")).map((row) => (row as { id: string }).id)).toEqual(['j3', 'j1', 'j4', 'j2', 'j0']);
    expect(await ask("SELECT VALUE COUNT(1) FROM c WHERE c.kind = 'job' AND c.status = 'Queued'")).toEqual([3]);
    expect(await ask("SELECT c.status, COUNT(1) AS n FROM c WHERE c.kind = 'job' GROUP BY c.status")).toEqual([{ status: 'Queued', n: 3 }, { status: 'Running', n: 2 }]);
    expect(await ask("SELECT VALUE c.id FROM c WHERE c.kind = 'job' AND NOT (c.createdAt > 0 OR c.status IN ('Running', 'Failed'))")).toEqual(expect.arrayContaining(['j0', 'j2']));
    expect(await ask("SELECT VALUE c.id FROM c WHERE c.error.code = 'X'")).toEqual(['j1']);
    await expect(ask('SELECT * FROM c ORDER BY c.status, c.id')).rejects.toMatchObject({ code: 400 });
    await expect(ask('SELECT c.by FROM c')).rejects.toMatchObject({ code: 400 });
    await expect(ask('SELECT * FROM c WHERE SQRT(c.n) = 2')).rejects.toMatchObject({ code: 400 });
  });

  test('over several physical partitions are put together by the SDK, which has a page of nothing where one of them has nothing', async () => {
    const { container, double } = await open({ ranges: 5 });
    for (let i = 0; i < 9; i += 1) await container.items.create({ id: `j${i}`, pk: `p${i}`, n: i, s: 'x' });
    const ask = async (query: string): Promise<unknown[]> => (await container.items.query<unknown>(query).fetchAll()).resources;
    const before = double.requests.get('query POST') ?? 0;
    expect(await ask('SELECT VALUE c.id FROM c WHERE c.n > 1 ORDER BY c.n DESC')).toEqual(['j8', 'j7', 'j6', 'j5', 'j4', 'j3', 'j2']);
    // The plan, the refusal, and each of them.
    expect((double.requests.get('query POST') ?? 0) - before).toBeGreaterThanOrEqual(7);
    expect(await ask('SELECT VALUE COUNT(1) FROM c WHERE c.n > 1')).toEqual([7]);
    expect(await ask('SELECT c.s, COUNT(1) AS many, MIN(c.n) AS least FROM c WHERE c.n > 1 GROUP BY c.s')).toEqual([{ s: 'x', many: 7, least: 2 }]);
    expect(await ask('SELECT VALUE c.id FROM c WHERE c.n > 1')).toHaveLength(7);
    const none = await container.items.query('SELECT * FROM c WHERE c.n > 100 ORDER BY c.n').fetchNext();
    expect(none.resources).toBeUndefined();
  });

  test('stay within the partition they are asked of, page by page', async () => {
    const { container } = await open();
    for (let i = 0; i < 5; i += 1) await container.items.create({ id: `e${i}`, pk: i < 4 ? 'p' : 'q' });
    const pages = container.items.query('SELECT VALUE c.id FROM c', { partitionKey: 'p', maxItemCount: 3 });
    expect((await pages.fetchNext()).resources).toEqual(['e0', 'e1', 'e2']);
    expect((await pages.fetchNext()).resources).toEqual(['e3']);
    expect(pages.hasMoreResults()).toBe(false);
  });
});

describe('the change feed', () => {
  test('tells what changed since its cursor, in order', async () => {
    const { container } = await open();
    await container.items.create({ id: 'a', pk: 'p' });
    const feed = container.items.getChangeFeedIterator({ maxItemCount: 2, changeFeedStartFrom: (await import('@azure/cosmos')).ChangeFeedStartFrom.Beginning() });
    const first = await feed.readNext();
    expect(first.result.map(({ id }: { id: string }) => id)).toEqual(['a']);
    expect((await feed.readNext()).statusCode).toBe(304);
    for (const id of ['b', 'c', 'd']) await container.items.create({ id, pk: 'q' });
    expect((await feed.readNext()).result.map(({ id }: { id: string }) => id)).toEqual(['b', 'c']);
    expect((await feed.readNext()).result.map(({ id }: { id: string }) => id)).toEqual(['d']);
  });
});

describe('failures', () => {
  test('another key is refused', async () => {
    const double = await startCosmosDouble({ key: randomBytes(32).toString('base64'), database: 'd', containers: [] });
    onTestFinished(() => double.stop());
    const client = new CosmosClient({ endpoint: double.endpoint, key: randomBytes(32).toString('base64'), connectionPolicy: { enableEndpointDiscovery: false } });
    await expect(client.database('d').read()).rejects.toMatchObject({ code: 401 });
  });

  test('throttling is retried by the SDK after the time it was told', async () => {
    let left = 2;
    const { container, double } = await open({ fault: ({ kind, verb }) => (kind === 'document' && verb === 'POST' && left-- > 0 ? { status: 429, retryAfterMs: 5 } : undefined) });
    await container.items.create({ id: 'a', pk: 'p' });
    expect(double.requests.get('document POST')).toBe(3);
  });

  test('an answer that was lost leaves the write done', async () => {
    let lost = false;
    const { container } = await open({
      fault: ({ kind, verb }) => {
        if (lost || kind !== 'document' || verb !== 'POST') return undefined;
        lost = true;
        return 'drop-after';
      },
    });
    await expect(container.items.create({ id: 'a', pk: 'p' })).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect((await container.item('a', 'p').read()).statusCode).toBe(200);
  });
});
