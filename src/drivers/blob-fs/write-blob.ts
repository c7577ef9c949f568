// Writes one blob: under a name of its own, flushed, then renamed to its place. Readers see all of it or nothing, and
// what a crash leaves behind has a name that no key can have.

import { createHash, type Hash, randomUUID } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { BlobRef } from '../../domain/job.js';
import type { BlobContent } from '../../ports/blob-store.js';
import { UNFINISHED_PREFIX } from '../../domain/blob-key.js';
import { type DurableDirectories, syncDirectory } from './durable-directories.js';
import { errnoOf, fileCall } from './fs-errors.js';

/** Small pieces are gathered up to this size before they are written. */
const WRITE_BYTES = 64 * 1_024;
/** How often a directory may be removed by a deletion between being made and being used. */
const MAX_DIRECTORY_LOSSES = 20;

export interface WriteBlob {
  readonly directories: DurableDirectories;
  /** Where the file is written; the same as that of `pathOf`'s answers, so that it can be renamed. */
  readonly directory: string;
  readonly content: BlobContent;
  readonly keyOf: (sha256: string) => string;
  readonly pathOf: (key: string) => string;
}

/**
 * Durable when it resolves. Dying before the rename leaves an unfinished file, which a later walk over the store deletes;
 * dying after it leaves the blob, perhaps not yet on disk, which nobody was told of.
 */
export async function writeBlob(request: WriteBlob): Promise<BlobRef> {
  const { path, handle } = await createUnfinished(request.directories, request.directory);
  try {
    const { sha256, bytes } = await writeAll(handle, path, request.content);
    const key = request.keyOf(sha256);
    const target = request.pathOf(key);
    await fileCall(target, async () => {
      await rename(path, target);
      await syncDirectory(dirname(target));
    });
    return { key, sha256, bytes };
  } catch (error) {
    await rm(path, { force: true }).catch(() => undefined);
    throw error;
  }
}

async function createUnfinished(directories: DurableDirectories, directory: string): Promise<{ path: string; handle: FileHandle }> {
  const path = join(directory, `${UNFINISHED_PREFIX}${randomUUID()}`);
  return fileCall(path, async () => {
    for (let losses = 0; ; losses += 1) {
      try {
        await directories.make(directory);
        return { path, handle: await open(path, 'wx', 0o600) };
      } catch (error) {
        // Deleting the last blob of a directory removes the directory; once the new file is in it, it stays.
        if (errnoOf(error) !== 'ENOENT' || losses >= MAX_DIRECTORY_LOSSES) throw error;
      }
    }
  });
}

/** Closes the file in any case; flushed to disk when it resolves. */
async function writeAll(handle: FileHandle, path: string, content: BlobContent): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    // An error of the content itself is its owner's and stays what it is; only our own calls are translated.
    for await (const piece of gathered(content, hash)) {
      bytes += piece.length;
      await fileCall(path, () => handle.writeFile(piece));
    }
    await fileCall(path, () => handle.sync());
  } finally {
    await handle.close();
  }
  return { sha256: hash.digest('hex'), bytes };
}

async function* gathered(content: BlobContent, hash: Hash): AsyncGenerator<Uint8Array> {
  if (typeof content === 'string' || content instanceof Uint8Array) {
    const whole = asBytes(content);
    hash.update(whole);
    yield whole;
    return;
  }
  let waiting: Uint8Array[] = [];
  let size = 0;
  for await (const part of content) {
    const bytes = asBytes(part);
    hash.update(bytes);
    size += bytes.length;
    if (size < WRITE_BYTES) {
      // A copy: whoever makes the content may use its buffer again for the next part.
      waiting.push(typeof part === 'string' ? bytes : Uint8Array.from(bytes));
      continue;
    }
    yield waiting.length === 0 ? bytes : Buffer.concat([...waiting, bytes]);
    waiting = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(waiting);
}

function asBytes(part: string | Uint8Array): Uint8Array {
  return typeof part === 'string' ? Buffer.from(part, 'utf8') : part;
}
