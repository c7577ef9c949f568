// Brings content into a form that can be sent twice: a request may have to be repeated, and a key made from the hash is only
// known at the end. Small content stays in memory, the rest goes through a temporary file of this user.

import { createHash } from 'node:crypto';
import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { BlobContent } from '../../ports/blob-store.js';

export const IN_MEMORY_BYTES = 4 * 1024 * 1024;

export interface Spooled {
  readonly sha256: string;
  readonly bytes: number;
  readonly body: { readonly kept: Uint8Array } | { readonly file: string };
  /** Removes the temporary file. */
  discard(): Promise<void>;
}

/** Rejects with what the content throws; nothing is left behind then. */
export async function spool(content: BlobContent): Promise<Spooled> {
  const hash = createHash('sha256');
  const kept: Uint8Array[] = [];
  let bytes = 0;
  let file: SpoolFile | undefined;
  try {
    for await (const part of partsOf(content)) {
      // A copy: whoever makes the content may use its buffer again for the next part.
      const piece = Buffer.from(part);
      hash.update(piece);
      bytes += piece.length;
      if (file === undefined && bytes > IN_MEMORY_BYTES) file = await SpoolFile.create(kept.splice(0));
      if (file === undefined) kept.push(piece);
      else await file.append(piece);
    }
    await file?.end();
  } catch (error) {
    await file?.remove();
    throw error;
  }
  const path = file?.path;
  return {
    sha256: hash.digest('hex'),
    bytes,
    body: path === undefined ? { kept: Buffer.concat(kept) } : { file: path },
    discard: async () => file?.remove(),
  };
}

class SpoolFile {
  readonly path: string;
  readonly #directory: string;
  readonly #handle: FileHandle;

  private constructor(directory: string, path: string, handle: FileHandle) {
    this.#directory = directory;
    this.path = path;
    this.#handle = handle;
  }

  static async create(begin: readonly Uint8Array[]): Promise<SpoolFile> {
    const directory = await mkdtemp(join(tmpdir(), 'copiloteval-'));
    const path = join(directory, 'content');
    const file = new SpoolFile(directory, path, await open(path, 'wx', 0o600));
    for (const piece of begin) await file.append(piece);
    return file;
  }

  async append(piece: Uint8Array): Promise<void> {
    await this.#handle.writeFile(piece);
  }

  end(): Promise<void> {
    return this.#handle.close();
  }

  async remove(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
    await rm(this.#directory, { recursive: true, force: true });
  }
}

async function* partsOf(content: BlobContent): AsyncGenerator<Uint8Array> {
  if (typeof content === 'string') yield Buffer.from(content, 'utf8');
  else if (content instanceof Uint8Array) yield content;
  else for await (const part of content) yield typeof part === 'string' ? Buffer.from(part, 'utf8') : part;
}
