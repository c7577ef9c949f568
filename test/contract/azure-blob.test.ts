// The BlobStore port on Azure Blob Storage, through the official SDK against Azurite, and what only a service can show:
// lost connections, refused keys, a container that is not there.

import { createHash, randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

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

  test('says so when the key is wrong, without repeating it', async () => {
    const wrong = azurite.connectionString.replace(/AccountKey=[^;]+/, `AccountKey=${Buffer.from('another key').toString('base64')}`);
    const failure = await open(wrong).put('a', 'x').catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'BLOB_UNAUTHORIZED' });
    expect(String(failure)).not.toContain(Buffer.from('another key').toString('base64'));
  });

  test('says so when nothing answers', async () => {
    const nobody = azurite.connectionString.replace(/127\.0\.0\.1:\d+/, '127.0.0.1:9');
    await expect(open(nobody).put('a', 'x')).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
  });

  test('refuses a connection string that is none', () => {
    expect(() => open('Endpoint=sb://x')).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});
