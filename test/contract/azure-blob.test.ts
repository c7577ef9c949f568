// The BlobStore port on Azure Blob Storage, through the official SDK against Azurite, and what only a service can show:
// lost connections, refused keys, a container that is not there.

import { createHash, randomUUID } from 'node:crypto';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { type AzureBlobOptions, AzureBlobStore } from '../../src/drivers/azure-blob/azure-blob-store.js';
import { systemClock } from '../../src/ports/clock.js';
import { type Azurite, startAzurite } from '../support/azurite.js';
import { SettableClock } from '../support/settable-clock.js';
import { describeBlobStoreContract } from './blob-store.js';
import { describeBlobSweepContract } from './blob-sweep.js';
import { makeCosmosBackend } from './cosmos-backend.js';

let azurite: Azurite;

beforeAll(async () => {
  azurite = await startAzurite();
});

afterAll(() => azurite.stop());

function open(connectionString = azurite.connectionString, more: Partial<AzureBlobOptions> = {}): AzureBlobStore {
  return new AzureBlobStore({ account: { connectionString }, container: `test-${randomUUID()}`, clock: systemClock, pipeline: { retryOptions: { maxTries: 2, retryDelayInMs: 10, tryTimeoutInMs: 2_000 } }, ...more });
}

describeBlobStoreContract('Azure Blob Storage', async () => {
  const clock = new SettableClock(systemClock.now());
  return { clock, blobs: open(undefined, { clock }) };
});

describeBlobSweepContract('Azure Blob Storage, with jobs in Cosmos DB', async () => {
  const clock = new SettableClock(systemClock.now());
  return { clock, blobs: open(undefined, { clock }), jobs: await makeCosmosBackend() };
});

test('stores that share a container do not see, read or delete the files of each other', async () => {
  const container = `shared-${randomUUID()}`;
  const [one, other] = ['store-1', 'store-10'].map((folder) => open(undefined, { container, folder }));
  if (one === undefined || other === undefined) throw new Error('two stores');
  await one.put('payloads/a.json', 'mine');
  await other.put('payloads/b.json', 'theirs');
  const listed = [];
  for await (const { key } of one.list('')) listed.push(key);
  expect(listed).toEqual(['payloads/a.json']);
  expect(await one.exists('payloads/b.json')).toBe(false);
  await one.delete('payloads/b.json');
  expect(await other.exists('payloads/b.json')).toBe(true);
});

/** Azurite behind something that notes how large each request is. */
async function measured(): Promise<{ readonly sizes: readonly number[]; readonly connectionString: string }> {
  const sizes: number[] = [];
  const { port } = new URL(/BlobEndpoint=([^;]+)/.exec(azurite.connectionString)?.[1] ?? '');
  const server = createServer((request, response) => {
    sizes.push(Number(request.headers['content-length'] ?? 0));
    const on = httpRequest({ host: '127.0.0.1', port, path: request.url, method: request.method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    request.pipe(on);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { sizes, connectionString: azurite.connectionString.replace(`127.0.0.1:${port}`, `127.0.0.1:${(server.address() as AddressInfo).port}`) };
}

describe('AzureBlobStore only', () => {
  test('streams what is larger than its memory through a file, and stores it under its hash', async () => {
    const blobs = open();
    const piece = Buffer.alloc(1024 * 1024, 'x');
    async function* content(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 9; i += 1) yield piece;
    }
    const sha256 = createHash('sha256').update(Buffer.alloc(9 * 1024 * 1024, 'x')).digest('hex');
    const ref = await blobs.putByHash('datasets', content());
    expect(ref).toEqual({ key: `datasets/${sha256}`, sha256, bytes: 9 * 1024 * 1024 });
    let bytes = 0;
    for await (const chunk of blobs.read(ref.key, ref)) bytes += chunk.length;
    expect(bytes).toBe(ref.bytes);
  });

  test('what goes up in pieces is stored by each of several who store it at the same time', async () => {
    const blobs = open();
    const content = Buffer.alloc(9 * 1024 * 1024, 'y');
    const refs = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(() => blobs.putByHash('datasets', content)));
    expect(new Set(refs.map(({ key }) => key)).size).toBe(1);
    let bytes = 0;
    for await (const chunk of blobs.read(refs[0]?.key ?? '', refs[0])) bytes += chunk.length;
    expect(bytes).toBe(content.length);
  });

  test('no request is larger than a piece that a slow line takes in its time', async () => {
    const { sizes, connectionString } = await measured();
    const blobs = open(connectionString);
    await blobs.put('small', 'makes the container');
    await blobs.put('large', Buffer.alloc(10 * 1024 * 1024, 'z'));
    expect(sizes.filter((size) => size > 1_000).sort()).toEqual([2, 4, 4].map((megabytes) => megabytes * 1024 * 1024));
  });

  test('says so when the key is wrong, without repeating it', async () => {
    const wrong = azurite.connectionString.replace(/AccountKey=[^;]+/, `AccountKey=${Buffer.from('another key').toString('base64')}`);
    const failure = await open(wrong).put('a', 'x').catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'BLOB_UNAUTHORIZED' });
    expect(String(failure)).not.toContain(Buffer.from('another key').toString('base64'));
  });

  test('a connection string may have a signature instead of a key', async () => {
    const setting = (name: string): string => new RegExp(`${name}=([^;]+)`).exec(azurite.connectionString)?.[1] ?? '';
    const { AccountSASPermissions, generateAccountSASQueryParameters, StorageSharedKeyCredential } = await import('@azure/storage-blob');
    const terms = { services: 'b', resourceTypes: 'sco', permissions: AccountSASPermissions.parse('rwdlac'), expiresOn: new Date(systemClock.now() + 60_000) };
    const signature = generateAccountSASQueryParameters(terms, new StorageSharedKeyCredential(setting('AccountName'), setting('AccountKey'))).toString();
    const blobs = open(`BlobEndpoint=${setting('BlobEndpoint')};SharedAccessSignature=${signature}`);
    const { key } = await blobs.put('a/b', 'signed');
    const pieces = [];
    for await (const piece of blobs.read(key)) pieces.push(piece);
    expect(Buffer.concat(pieces).toString()).toBe('signed');
    const expired = signature.replace(/se=[^&]+/, 'se=2020-01-01T00%3A00%3A00Z');
    const failure = await open(`BlobEndpoint=${setting('BlobEndpoint')};SharedAccessSignature=${expired}`).put('a', 'x').catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'BLOB_UNAUTHORIZED' });
    expect(`${String(failure)} ${String((failure as { hint?: string }).hint)}`).not.toContain('sig=');
  });

  test('says so when nothing answers', async () => {
    const nobody = azurite.connectionString.replace(/127\.0\.0\.1:\d+/, '127.0.0.1:9');
    await expect(open(nobody).put('a', 'x')).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
  });

  test('refuses a connection string that is none', () => {
    expect(() => open('Endpoint=sb://x')).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});
