// What every BlobStore promises, checked through the port only.

import { createHash } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import type { BlobStore } from '../../src/ports/blob-store.js';

export interface BlobBackend {
  readonly blobs: BlobStore;
  /** Damages the stored bytes of a blob behind the store's back; undefined where that cannot be done. */
  /** What the store takes for the time. */
  readonly clock: { advance(ms: number): void; now(): number };
  readonly damage?: (key: string) => Promise<void>;
}

/** Fresh and empty for each test; gone when the test has ended. */
export type MakeBlobBackend = () => Promise<BlobBackend>;

export function describeBlobStoreContract(name: string, makeBackend: MakeBlobBackend): void {
  describe(`BlobStore contract: ${name}`, () => {
    describe('put and read', () => putAndRead(makeBackend));
    describe('content under its hash', () => byHash(makeBackend));
    describe('checking', () => checking(makeBackend));
    describe('keys', () => keys(makeBackend));
    describe('list, exists and delete', () => listing(makeBackend));
    describe('an end, and texts of the caller', () => terms(makeBackend));
  });
}

async function bytesOf(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function keysBelow(blobs: BlobStore, prefix: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of blobs.list(prefix)) found.push(key);
  return found.sort();
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

async function* pieces<T>(...parts: readonly T[]): AsyncGenerator<T> {
  yield* parts;
}

/** 3 MiB with no two equal blocks, so that pieces in the wrong order are noticed. */
function large(): Buffer {
  const content = Buffer.alloc(3 * 1024 * 1024);
  for (let offset = 0; offset < content.length; offset += 4) content.writeUInt32LE(offset, offset);
  return content;
}

function putAndRead(makeBackend: MakeBlobBackend): void {
  test('gives back what was put, with its size and hash', async () => {
    const { blobs } = await makeBackend();
    const content = '{"a":"é😀\u0000"}';
    const ref = await blobs.put('payloads/one.json', content);
    expect(ref).toEqual({ key: 'payloads/one.json', sha256: sha256(content), bytes: Buffer.byteLength(content) });
    expect((await bytesOf(blobs.read(ref.key, ref))).toString('utf8')).toBe(content);
  });

  test('takes bytes, and only those of the view it is given', async () => {
    const { blobs } = await makeBackend();
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    const ref = await blobs.put('bytes', bytes.subarray(5, 200));
    expect([...(await bytesOf(blobs.read('bytes', ref)))]).toEqual([...bytes.subarray(5, 200)]);
  });

  test('takes empty content', async () => {
    const { blobs } = await makeBackend();
    expect(await blobs.put('empty', '')).toMatchObject({ bytes: 0, sha256: sha256('') });
    expect(await blobs.put('no-pieces', pieces<string>())).toMatchObject({ bytes: 0, sha256: sha256('') });
    expect(await bytesOf(blobs.read('no-pieces'))).toHaveLength(0);
  });

  test('streams text and bytes in pieces of any size', async () => {
    const { blobs } = await makeBackend();
    const content = large();
    const ref = await blobs.put('large', pieces<string | Uint8Array>('ä', content.subarray(0, 10), content.subarray(10, 100_000), '', content.subarray(100_000)));
    const expected = Buffer.concat([Buffer.from('ä'), content]);
    expect(ref).toMatchObject({ bytes: expected.length, sha256: sha256(expected) });
    expect((await bytesOf(blobs.read('large', ref))).equals(expected)).toBe(true);
  });

  test('takes a source that uses one buffer for all its pieces', async () => {
    const { blobs } = await makeBackend();
    async function* source(): AsyncGenerator<Uint8Array> {
      const buffer = Buffer.alloc(4);
      for (const text of ['aaaa', 'bbbb', 'cccc']) {
        buffer.write(text);
        yield buffer;
      }
    }
    const ref = await blobs.put('reused', source());
    expect((await bytesOf(blobs.read('reused', ref))).toString()).toBe('aaaabbbbcccc');
  });

  test('replaces a blob as a whole', async () => {
    const { blobs } = await makeBackend();
    await blobs.put('key', 'a long first content');
    const ref = await blobs.put('key', 'short');
    expect((await bytesOf(blobs.read('key', ref))).toString()).toBe('short');
  });

  test('keeps what was there, and nothing new, when the content fails in the middle', async () => {
    const { blobs } = await makeBackend();
    await blobs.put('old', 'old content');
    async function* failing(): AsyncGenerator<string> {
      yield 'x'.repeat(200_000);
      throw new Error('the source broke');
    }
    await expect(blobs.put('old', failing())).rejects.toThrow('the source broke');
    await expect(blobs.put('new', failing())).rejects.toThrow('the source broke');
    await expect(blobs.putByHash('hashed', failing())).rejects.toThrow('the source broke');
    expect((await bytesOf(blobs.read('old'))).toString()).toBe('old content');
    expect(await keysBelow(blobs, '')).toEqual(['old']);
  });

  test('ends with one whole content when several are put under one key at once', async () => {
    const { blobs } = await makeBackend();
    const contents = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(300_000));
    await Promise.all(contents.map((content) => blobs.put('contested', pieces(content.slice(0, 150_000), content.slice(150_000)))));
    expect(contents).toContain((await bytesOf(blobs.read('contested'))).toString());
    expect(await keysBelow(blobs, '')).toEqual(['contested']);
  });

  test('lets a reader stop in the middle', async () => {
    const { blobs } = await makeBackend();
    const ref = await blobs.put('large', large());
    for await (const chunk of blobs.read('large', ref)) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    expect(await bytesOf(blobs.read('large', ref))).toHaveLength(ref.bytes);
  });
}

function byHash(makeBackend: MakeBlobBackend): void {
  test('keeps the same content once, under a key below the prefix', async () => {
    const { blobs } = await makeBackend();
    const first = await blobs.putByHash('datasets', 'the same');
    const second = await blobs.putByHash('datasets', pieces('the ', 'same'));
    expect(second).toEqual(first);
    expect(first.key.startsWith('datasets/')).toBe(true);
    expect(first.key).toContain(sha256('the same'));
    expect(await keysBelow(blobs, 'datasets')).toEqual([first.key]);
  });

  test('keeps different content under different keys', async () => {
    const { blobs } = await makeBackend();
    const refs = await Promise.all(['a', 'b', 'a', 'c'].map((content) => blobs.putByHash('datasets', content)));
    expect(new Set(refs.map(({ key }) => key)).size).toBe(3);
  });
}

function checking(makeBackend: MakeBlobBackend): void {
  test('refuses at the end of the stream what does not match the expected hash or size', async () => {
    const { blobs } = await makeBackend();
    const ref = await blobs.put('key', 'content');
    await expect(bytesOf(blobs.read('key', { ...ref, sha256: sha256('other') }))).rejects.toMatchObject({ code: 'BLOB_CORRUPT' });
    await expect(bytesOf(blobs.read('key', { ...ref, bytes: 3 }))).rejects.toMatchObject({ code: 'BLOB_CORRUPT' });
  });

  test('notices a damaged blob, and putting the content again by its hash mends it', async () => {
    const { blobs, damage } = await makeBackend();
    if (damage === undefined) return;
    const ref = await blobs.putByHash('datasets', 'precious');
    await damage(ref.key);
    await expect(bytesOf(blobs.read(ref.key, ref))).rejects.toMatchObject({ code: 'BLOB_CORRUPT' });
    await blobs.putByHash('datasets', 'precious');
    expect((await bytesOf(blobs.read(ref.key, ref))).toString()).toBe('precious');
  });

  test('says that a blob is not there', async () => {
    const { blobs } = await makeBackend();
    await blobs.put('directory/file', 'x');
    for (const key of ['no-such-key', 'directory/other', 'directory', 'directory/file/below']) {
      await expect(bytesOf(blobs.read(key))).rejects.toMatchObject({ code: 'BLOB_NOT_FOUND' });
    }
  });
}

function keys(makeBackend: MakeBlobBackend): void {
  const wrong = ['', '/absolute', '../up', 'a/../../b', 'a/..', '.', './a', 'a//b', 'a/', 'a\\b', '..\\up', 'a\u0000b', 'line\nbreak', 'x'.repeat(2_000)];

  test.each(wrong)('refuses the key %j everywhere and writes nothing', async (key) => {
    const { blobs } = await makeBackend();
    await expect(blobs.put(key, 'x')).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(bytesOf(blobs.read(key))).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(blobs.exists(key)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(blobs.delete(key)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(await keysBelow(blobs, '')).toEqual([]);
  });

  test.each(['..', '/etc', 'a/../..'])('refuses the prefix %j for content under its hash', async (prefix) => {
    const { blobs } = await makeBackend();
    await expect(blobs.putByHash(prefix, 'x')).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  test.each(['../', '/etc/', 'a/../'])('refuses to list below %j', async (prefix) => {
    const { blobs } = await makeBackend();
    await expect((async () => keysBelow(blobs, prefix))()).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  test.each(['a', 'a/b/c/d/e', 'with space/ünïcödé.json', '..a/b..', '.hidden', `${'n'.repeat(200)}/${'m'.repeat(200)}`])('takes the key %j', async (key) => {
    const { blobs } = await makeBackend();
    await blobs.put(key, key);
    expect((await bytesOf(blobs.read(key))).toString()).toBe(key);
    expect(await keysBelow(blobs, '')).toEqual([key]);
  });
}

function listing(makeBackend: MakeBlobBackend): void {
  test('lists the keys that begin with a prefix, whole ones or parts, with size and age', async () => {
    const { blobs } = await makeBackend();
    const all = ['a/1', 'a/2', 'a/b/3', 'ab/4', 'c', 'artifacts/x/1/out.txt'];
    for (const key of all) await blobs.put(key, key);
    expect(await keysBelow(blobs, '')).toEqual([...all].sort());
    expect(await keysBelow(blobs, 'a/')).toEqual(['a/1', 'a/2', 'a/b/3']);
    expect(await keysBelow(blobs, 'a')).toEqual(['a/1', 'a/2', 'a/b/3', 'ab/4', 'artifacts/x/1/out.txt']);
    expect(await keysBelow(blobs, 'artifacts/x/1/o')).toEqual(['artifacts/x/1/out.txt']);
    expect(await keysBelow(blobs, 'artifacts/x/1/out.txt')).toEqual(['artifacts/x/1/out.txt']);
    expect(await keysBelow(blobs, 'a/b/')).toEqual(['a/b/3']);
    expect(await keysBelow(blobs, 'nothing')).toEqual([]);
    expect(await keysBelow(blobs, 'nothing/at/all')).toEqual([]);
    for await (const { bytes, modifiedAt } of blobs.list('a/b/')) {
      expect(bytes).toBe(5);
      expect(Math.abs(modifiedAt - Date.now())).toBeLessThan(60_000);
    }
  });

  test('lists nothing in an empty store', async () => {
    const { blobs } = await makeBackend();
    expect(await keysBelow(blobs, '')).toEqual([]);
  });

  test('says whether a blob exists', async () => {
    const { blobs } = await makeBackend();
    await blobs.put('a/b', 'x');
    expect(await blobs.exists('a/b')).toBe(true);
    for (const key of ['a', 'a/c', 'a/b/c']) expect(await blobs.exists(key)).toBe(false);
  });

  test('deletes a blob, and does not mind one that is not there', async () => {
    const { blobs } = await makeBackend();
    await blobs.put('a/b', 'x');
    await blobs.put('a/c', 'x');
    await blobs.delete('a/b');
    await blobs.delete('a/b');
    await blobs.delete('never/was');
    expect(await keysBelow(blobs, '')).toEqual(['a/c']);
  });

  test('puts and deletes neighbours at the same time without losing one', async () => {
    const { blobs } = await makeBackend();
    const workers = [0, 1, 2];
    await Promise.all(
      workers.map(async (worker) => {
        for (let round = 0; round < 100; round += 1) {
          const key = `shared/dir/${worker}-${round}`;
          await blobs.put(key, key);
          if (round < 99) await blobs.delete(key);
        }
      }),
    );
    expect(await keysBelow(blobs, 'shared/')).toEqual(workers.map((worker) => `shared/dir/${worker}-99`));
  }, 60_000);
}

function terms(makeBackend: MakeBlobBackend): void {
  const MINUTE = 60_000;

  test('gives back what was said of a blob, and nothing for one that is not there', async () => {
    const { blobs, clock } = await makeBackend();
    const expiresAt = clock.now() + MINUTE;
    await blobs.put('cache/one', 'text', { expiresAt, metadata: { source: 'né 😀', kind: 'a=b; c' } });
    expect(await blobs.info('cache/one')).toEqual({ bytes: 4, modifiedAt: expect.any(Number), expiresAt, metadata: { source: 'né 😀', kind: 'a=b; c' } });
    await blobs.put('plain', 'x');
    expect(await blobs.info('plain')).toMatchObject({ expiresAt: null, metadata: {} });
    expect(await blobs.info('nothing')).toBeUndefined();
  });

  test('is not there any more from its end on, and is listed so that it can be deleted', async () => {
    const { blobs, clock } = await makeBackend();
    const expiresAt = clock.now() + MINUTE;
    const ref = await blobs.put('cache/one', 'text', { expiresAt });
    clock.advance(MINUTE - 1);
    expect((await bytesOf(blobs.read(ref.key, ref))).toString()).toBe('text');
    expect(await blobs.exists('cache/one')).toBe(true);
    clock.advance(1);
    await expect(bytesOf(blobs.read('cache/one'))).rejects.toMatchObject({ code: 'BLOB_NOT_FOUND' });
    expect(await blobs.exists('cache/one')).toBe(false);
    expect(await blobs.info('cache/one')).toBeUndefined();
    const listed = [];
    for await (const blob of blobs.list('')) listed.push(blob);
    expect(listed).toMatchObject([{ key: 'cache/one', expiresAt }]);
    await blobs.delete('cache/one');
    expect(await keysBelow(blobs, '')).toEqual([]);
  });

  test('a blob that replaces another has its own terms, or none', async () => {
    const { blobs, clock } = await makeBackend();
    await blobs.put('one', 'old', { expiresAt: clock.now() + MINUTE, metadata: { a: '1' } });
    await blobs.put('one', 'new');
    clock.advance(2 * MINUTE);
    expect(await blobs.info('one')).toMatchObject({ bytes: 3, expiresAt: null, metadata: {} });
    await blobs.put('one', 'newer', { metadata: { b: '2' } });
    expect(await blobs.info('one')).toMatchObject({ metadata: { b: '2' }, expiresAt: null });
    await blobs.delete('one');
    await blobs.put('one', 'again');
    expect(await blobs.info('one')).toMatchObject({ metadata: {} });
  });

  test('refuses more text than every store takes, and keeps what was there', async () => {
    const { blobs } = await makeBackend();
    await blobs.put('one', 'old');
    await expect(blobs.put('one', 'new', { metadata: { a: 'x'.repeat(5_000) } })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect((await bytesOf(blobs.read('one'))).toString()).toBe('old');
  });
}
