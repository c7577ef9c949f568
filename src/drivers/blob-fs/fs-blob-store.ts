// FsBlobStore: the BlobStore port on a directory; a key is the path of its file below it.

import { createHash } from 'node:crypto';
import { type FileHandle, open, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { AppError } from '../../domain/errors.js';
import type { BlobRef } from '../../domain/job.js';
import { encodeTerms, isOver } from '../../domain/blob-terms.js';
import type { BlobContent, BlobInfo, BlobStore, BlobTerms, ListedBlob } from '../../ports/blob-store.js';
import type { Clock } from '../../ports/clock.js';
import { checkKey, checkKeyPrefix, keyOfHash } from '../../domain/blob-key.js';
import { DurableDirectories } from './durable-directories.js';
import { fileCall, isAbsent, toAppError } from './fs-errors.js';
import { readTerms, removeTerms, writeTerms } from './terms-files.js';
import { walkBlobs } from './walk-blobs.js';
import { writeBlob } from './write-blob.js';

/** An unfinished file that nobody has written to for so long belongs to a process that is gone. */
export const UNFINISHED_AGE_MS = 24 * 60 * 60_000;

const READ_BYTES = 256 * 1_024;
const ANY_SHA256 = '0'.repeat(64);

export class FsBlobStore implements BlobStore {
  readonly #top: string;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #directories: DurableDirectories;

  /** The directory (an absolute path) is made with the first blob. */
  constructor(options: { readonly directory: string; readonly clock: Pick<Clock, 'now'> }) {
    this.#top = options.directory;
    this.#clock = options.clock;
    this.#directories = new DurableDirectories(options.directory);
  }

  /** Old terms go before the content comes and new ones come after it: dying in between leaves a file without an end. */
  async put(key: string, content: BlobContent, terms?: BlobTerms): Promise<BlobRef> {
    checkKey(key);
    const kept = encodeTerms(terms);
    await removeTerms(this.#path(key));
    const ref = await this.#write(key, content, () => key);
    if (kept !== undefined) await writeTerms(this.#path(key), kept);
    return ref;
  }

  /** Content that is there already is written again: that makes its file young, and whole if it was damaged. */
  async putByHash(prefix: string, content: BlobContent): Promise<BlobRef> {
    checkKey(keyOfHash(prefix, ANY_SHA256));
    return this.#write(keyOfHash(prefix, ANY_SHA256), content, (sha256) => keyOfHash(prefix, sha256));
  }

  async *read(key: string, expect?: { readonly sha256: string; readonly bytes: number }): AsyncGenerator<Uint8Array> {
    checkKey(key);
    const path = this.#path(key);
    const handle = await openForReading(path, key);
    if (await this.#isOver(path)) {
      await handle.close();
      throw notFound(key, undefined);
    }
    try {
      const hash = expect === undefined ? undefined : createHash('sha256');
      let bytes = 0;
      for await (const chunk of chunksOf(handle, path, key)) {
        hash?.update(chunk);
        bytes += chunk.length;
        yield chunk;
      }
      const sha256 = hash?.digest('hex');
      if (expect !== undefined && (bytes !== expect.bytes || sha256 !== expect.sha256)) {
        throw new AppError('BLOB_CORRUPT', `stored file ${key}: expected ${expect.bytes} bytes with SHA-256 ${expect.sha256}, got ${bytes} bytes with ${sha256}`, {
          hint: 'put the file back from a copy, or submit the job again',
          details: { key },
        });
      }
    } finally {
      await handle.close();
    }
  }

  async info(key: string): Promise<BlobInfo | undefined> {
    checkKey(key);
    const path = this.#path(key);
    return fileCall(path, async () => {
      try {
        const found = await stat(path);
        const terms = await readTerms(path);
        if (!found.isFile() || isOver(terms, this.#clock.now())) return undefined;
        return { bytes: found.size, modifiedAt: Math.round(found.mtimeMs), ...terms };
      } catch (error) {
        if (isAbsent(error)) return undefined;
        throw error;
      }
    });
  }

  async exists(key: string): Promise<boolean> {
    return (await this.info(key)) !== undefined;
  }

  /** Removes the directories that this leaves empty too. */
  async delete(key: string): Promise<void> {
    checkKey(key);
    const path = this.#path(key);
    await fileCall(path, async () => {
      try {
        await rm(path, { force: true });
      } catch (error) {
        if (!isAbsent(error)) throw error;
      }
    });
    await removeTerms(path);
    await this.#removeEmptyAbove(path);
  }

  list(prefix: string): AsyncIterable<ListedBlob> {
    checkKeyPrefix(prefix);
    return walkBlobs({ top: this.#top, prefix, unfinishedBefore: this.#clock.now() - UNFINISHED_AGE_MS });
  }

  #write(key: string, content: BlobContent, keyOf: (sha256: string) => string): Promise<BlobRef> {
    const directory = dirname(this.#path(key));
    return writeBlob({ directories: this.#directories, directory, content, keyOf, pathOf: (chosen) => this.#path(chosen) });
  }

  async #removeEmptyAbove(path: string): Promise<void> {
    for (let directory = dirname(path); directory !== this.#top; directory = dirname(directory)) {
      try {
        await rmdir(directory);
      } catch {
        // Not empty, or somebody else removed it: an empty directory is no harm.
        return;
      }
    }
  }

  async #isOver(path: string): Promise<boolean> {
    return isOver(await fileCall(path, () => readTerms(path)), this.#clock.now());
  }

  #path(key: string): string {
    return join(this.#top, key);
  }
}

async function openForReading(path: string, key: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (isAbsent(error)) throw notFound(key, error);
    throw toAppError(error, path);
  }
}

async function* chunksOf(handle: FileHandle, path: string, key: string): AsyncGenerator<Uint8Array> {
  for (;;) {
    // A buffer for each chunk: the caller may keep it.
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    const bytesRead = await readInto(handle, buffer, path, key);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

async function readInto(handle: FileHandle, buffer: Buffer, path: string, key: string): Promise<number> {
  try {
    return (await handle.read(buffer, 0, buffer.length)).bytesRead;
  } catch (error) {
    // A directory can be opened, but not read.
    if (isAbsent(error)) throw notFound(key, error);
    throw toAppError(error, path);
  }
}

function notFound(key: string, cause: unknown): AppError {
  return new AppError('BLOB_NOT_FOUND', `no stored file has the key ${key}`, {
    hint: 'files that no job names are deleted by `copiloteval prune`',
    details: { key },
    cause,
  });
}
