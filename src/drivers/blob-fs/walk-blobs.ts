// Goes over the files of the store.

import type { Dirent } from 'node:fs';
import { opendir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { TERMS_PREFIX, UNFINISHED_PREFIX } from '../../domain/blob-key.js';
import type { ListedBlob } from '../../ports/blob-store.js';
import { fileCall, isAbsent, toAppError } from './fs-errors.js';
import { readTerms } from './terms-files.js';

export interface WalkBlobs {
  readonly top: string;
  /** Beginning of the keys that are wanted. */
  readonly prefix: string;
  /** Unfinished files last written to before this instant are deleted on the way. */
  readonly unfinishedBefore: number;
}

/** In no particular order. What is deleted or added meanwhile may be in it or not. */
export async function* walkBlobs(walk: WalkBlobs): AsyncGenerator<ListedBlob> {
  const slash = walk.prefix.lastIndexOf('/');
  yield* walkDirectory(walk, slash === -1 ? '' : walk.prefix.slice(0, slash));
}

async function* walkDirectory(walk: WalkBlobs, directory: string): AsyncGenerator<ListedBlob> {
  for await (const entry of entriesOf(join(walk.top, directory))) {
    const key = directory === '' ? entry.name : `${directory}/${entry.name}`;
    if (entry.isDirectory()) {
      if (`${key}/`.startsWith(walk.prefix)) yield* walkDirectory(walk, key);
      continue;
    }
    if (entry.name.startsWith(TERMS_PREFIX)) continue;
    const found = await sizeAndAge(join(walk.top, key));
    if (found === undefined) continue;
    if (!entry.name.startsWith(UNFINISHED_PREFIX)) {
      if (key.startsWith(walk.prefix)) yield { key, ...found, expiresAt: (await readTerms(join(walk.top, key))).expiresAt };
    } else if (found.modifiedAt < walk.unfinishedBefore) {
      const path = join(walk.top, key);
      await fileCall(path, () => rm(path, { force: true }));
    }
  }
}

/** None when the directory is not there. */
async function* entriesOf(path: string): AsyncGenerator<Dirent> {
  let directory;
  try {
    directory = await opendir(path);
  } catch (error) {
    if (isAbsent(error)) return;
    throw toAppError(error, path);
  }
  yield* directory;
}

async function sizeAndAge(path: string): Promise<Pick<ListedBlob, 'bytes' | 'modifiedAt'> | undefined> {
  try {
    const { size, mtimeMs } = await stat(path);
    return { bytes: size, modifiedAt: Math.round(mtimeMs) };
  } catch (error) {
    // Deleted since its directory was read.
    if (isAbsent(error)) return undefined;
    throw toAppError(error, path);
  }
}
