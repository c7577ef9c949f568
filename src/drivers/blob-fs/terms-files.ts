// The terms of a file stand in a small file beside it; most files have none.

import { createHash } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { TERMS_PREFIX, UNFINISHED_PREFIX } from '../../domain/blob-key.js';
import { decodeTerms, type KeptTerms } from '../../domain/blob-terms.js';
import { syncDirectory } from './durable-directories.js';
import { fileCall, isAbsent } from './fs-errors.js';

/** Its name is made from the hash of the other's, which may be as long as names can be. */
function pathOfTerms(path: string): string {
  return join(dirname(path), `${TERMS_PREFIX}${createHash('sha256').update(basename(path)).digest('hex').slice(0, 40)}`);
}

export async function readTerms(path: string): Promise<KeptTerms> {
  try {
    return decodeTerms(await readFile(pathOfTerms(path), 'utf8'));
  } catch (error) {
    if (isAbsent(error)) return decodeTerms(undefined);
    throw error;
  }
}

/** The directory must be there. */
export async function writeTerms(path: string, terms: string): Promise<void> {
  const target = pathOfTerms(path);
  const unfinished = join(dirname(path), `${UNFINISHED_PREFIX}${basename(target)}`);
  await fileCall(target, async () => {
    await writeFile(unfinished, terms, { mode: 0o600, flush: true });
    await rename(unfinished, target);
    await syncDirectory(dirname(path));
  });
}

export async function removeTerms(path: string): Promise<void> {
  await fileCall(path, async () => {
    try {
      await rm(pathOfTerms(path), { force: true });
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
  });
}
