// The BlobStore port on a directory, and what only files can show: what a crash leaves, and errors of the system.

import { appendFileSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { FsBlobStore, UNFINISHED_AGE_MS } from '../../src/drivers/blob-fs/fs-blob-store.js';
import { type Clock, systemClock } from '../../src/ports/clock.js';
import { SettableClock } from '../support/settable-clock.js';
import { tempDir } from '../support/temp-dir.js';
import { type BlobBackend, describeBlobStoreContract } from './blob-store.js';
import { describeBlobSweepContract } from './blob-sweep.js';
import { makeSqliteBackend } from './sqlite-backend.js';

function open(clock: Clock = systemClock): { directory: string; blobs: FsBlobStore } {
  const directory = join(tempDir(), 'data', 'blobs');
  return { directory, blobs: new FsBlobStore({ directory, clock }) };
}

async function makeFs(): Promise<BlobBackend> {
  const clock = new SettableClock(systemClock.now());
  const { directory, blobs } = open(clock);
  return { blobs, clock, damage: async (key) => appendFileSync(join(directory, key), 'x') };
}

describeBlobStoreContract('files', makeFs);
describeBlobSweepContract('files, with jobs in SQLite', async () => {
  const clock = new SettableClock(systemClock.now());
  return { clock, blobs: open(clock).blobs, jobs: await makeSqliteBackend() };
});

describe('FsBlobStore only: what is left behind', () => {
  async function walk(blobs: FsBlobStore): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of blobs.list('')) keys.push(key);
    return keys;
  }

  test('shows nobody an unfinished file, and removes it when it is a day old', async () => {
    const { directory, blobs } = open();
    await blobs.put('a/b', 'x');
    const path = join(directory, 'a', '.unfinished-0123');
    writeFileSync(path, 'half of it');
    expect(await walk(blobs)).toEqual(['a/b']);
    expect(readdirSync(join(directory, 'a'))).toContain('.unfinished-0123');
    const old = (systemClock.now() - UNFINISHED_AGE_MS - 60_000) / 1_000;
    utimesSync(path, old, old);
    expect(await walk(blobs)).toEqual(['a/b']);
    expect(readdirSync(join(directory, 'a'))).toEqual(['b']);
  });

  test('takes no key that looks like an unfinished file', async () => {
    const { blobs } = open();
    await expect(blobs.put('a/.unfinished-1', 'x')).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(blobs.read('.unfinished-1').next()).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  test('leaves no unfinished file when the content fails', async () => {
    const { directory, blobs } = open();
    await blobs.put('a/b', 'x');
    const failing = (async function* (): AsyncGenerator<string> {
      yield 'some';
      throw new Error('broken');
    })();
    await expect(blobs.put('a/c', failing)).rejects.toThrow('broken');
    expect(readdirSync(join(directory, 'a'))).toEqual(['b']);
  });

  test('removes directories that a deletion leaves empty, and no others', async () => {
    const { directory, blobs } = open();
    await blobs.put('artifacts/job/1/a.txt', 'x');
    await blobs.put('artifacts/other', 'x');
    await blobs.delete('artifacts/job/1/a.txt');
    expect(readdirSync(join(directory, 'artifacts'))).toEqual(['other']);
    await blobs.delete('artifacts/other');
    expect(readdirSync(directory)).toEqual([]);
  });

  test('makes content that is stored again young, so that a sweep by age spares it', async () => {
    const { directory, blobs } = open();
    const { key } = await blobs.putByHash('datasets', 'same');
    const path = join(directory, key);
    utimesSync(path, 1_000, 1_000);
    await blobs.putByHash('datasets', 'same');
    expect(systemClock.now() - statSync(path).mtimeMs).toBeLessThan(60_000);
  });

  test('gives files and directories to their owner only', async () => {
    const { directory, blobs } = open();
    await blobs.put('a/b', 'x');
    expect(statSync(join(directory, 'a')).mode & 0o077).toBe(0);
    expect(statSync(join(directory, 'a', 'b')).mode & 0o077).toBe(0);
  });

  test('says which path cannot be used when a file stands where a directory has to be', async () => {
    const { directory, blobs } = open();
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'a'), 'a file');
    await expect(blobs.put('a/b', 'x')).rejects.toMatchObject({ code: 'DATA_DIR_UNUSABLE', message: expect.stringContaining(join(directory, 'a')) as string });
  });

  test('keeps errors of the content as they are, also those of the system', async () => {
    const { blobs } = open();
    const missing = Object.assign(new Error('no dataset'), { code: 'ENOENT' });
    const failing = (async function* (): AsyncGenerator<string> {
      yield 'some';
      throw missing;
    })();
    await expect(blobs.put('a', failing)).rejects.toBe(missing);
  });
});
