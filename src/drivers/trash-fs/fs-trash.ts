// The trash in the data directory: one folder per operation, one gzip file of JSON lines per run of it.
//
// Each write is a gzip member of its own, synced before append() resolves. A crash can only cut off the last member of
// the file it was writing; the next run writes a new file, so nothing stands behind a cut.

import { type FileHandle, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { parseLetterLine, printLetterLine } from '../../domain/dead-letters/letter-record.js';
import { AppError } from '../../domain/errors.js';
import type { DeadLetter } from '../../ports/dead-letter-queue.js';
import type { Trash, TrashWriter } from '../../ports/trash.js';
import { packMember, readMembers } from './gzip-members.js';

const SUFFIX = '.jsonl.gz';

/** `directory` is made when something is thrown away for the first time. */
export function openFsTrash(directory: string): Trash {
  return new FsTrash(directory);
}

class FsTrash implements Trash {
  constructor(private readonly directory: string) {}

  async open(operation: string): Promise<TrashWriter> {
    const folder = this.#folderOf(operation);
    try {
      await mkdir(folder, { recursive: true });
      const file = await createNext(folder);
      // The new names must survive a power cut as well as what is in the file.
      for (const path of [folder, this.directory, dirname(this.directory)]) await syncDirectory(path);
      return new FsTrashWriter(file.handle, file.path);
    } catch (error) {
      throw trashError(error, folder);
    }
  }

  async *read(operation: string): AsyncIterable<DeadLetter> {
    const folder = this.#folderOf(operation);
    for (const name of await filesOf(folder)) yield* readLetters(join(folder, name));
  }

  async list(): Promise<readonly { operation: string; bytes: number; modifiedAt: number }[]> {
    const found = [];
    for (const operation of await namesIn(this.directory)) {
      const folder = this.#folderOf(operation);
      const files = await Promise.all((await filesOf(folder)).map((name) => stat(join(folder, name))));
      const modifiedAt = Math.max((await stat(folder)).mtimeMs, ...files.map((file) => file.mtimeMs));
      found.push({ operation, bytes: files.reduce((sum, file) => sum + file.size, 0), modifiedAt: Math.round(modifiedAt) });
    }
    return found;
  }

  async sweep(before: number): Promise<readonly string[]> {
    const old = (await this.list()).filter(({ modifiedAt }) => modifiedAt < before).map(({ operation }) => operation);
    for (const operation of old) await rm(this.#folderOf(operation), { recursive: true, force: true });
    return old;
  }

  #folderOf(operation: string): string {
    if (/^\w{1,40}$/.test(operation)) return join(this.directory, operation);
    throw new AppError('OPERATION_NOT_FOUND', `no operation has the id ${JSON.stringify(operation.slice(0, 40))}`);
  }
}

class FsTrashWriter implements TrashWriter {
  #waiting: { line: string; resolve: () => void; reject: (error: unknown) => void }[] = [];
  #working: Promise<void> | undefined;

  constructor(
    private readonly handle: FileHandle,
    private readonly path: string,
  ) {}

  append(letter: DeadLetter): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ line: printLetterLine(letter), resolve, reject });
      this.#working ??= this.#work();
    });
  }

  async close(): Promise<void> {
    await this.#working;
    await this.handle.close();
  }

  /** Everything asked for while the last member was written goes into the next one. */
  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      await new Promise((resolve) => setImmediate(resolve));
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#writeMember(batch.map(({ line }) => `${line}\n`).join(''));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(trashError(error, this.path));
      }
    }
    this.#working = undefined;
  }

  async #writeMember(text: string): Promise<void> {
    const { size } = await this.handle.stat();
    try {
      await this.handle.writeFile(await packMember(text));
      await this.handle.datasync();
    } catch (error) {
      // Half a member (a full disk) would hide every later one from readers.
      await this.handle.truncate(size);
      throw error;
    }
  }
}

/** Two processes never take the same number: the file must be new. */
async function createNext(folder: string): Promise<{ handle: FileHandle; path: string }> {
  const last = (await filesOf(folder)).at(-1);
  for (let number = last === undefined ? 1 : Number.parseInt(last, 10) + 1; ; number += 1) {
    const path = join(folder, `${String(number).padStart(4, '0')}${SUFFIX}`);
    try {
      return { handle: await open(path, 'ax'), path };
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
  }
}

async function* readLetters(path: string): AsyncIterable<DeadLetter> {
  for await (const text of readMembers(path)) {
    for (const line of text.split('\n')) if (line !== '') yield parseLetterLine(line);
  }
}

/** In the order they were written. */
async function filesOf(folder: string): Promise<readonly string[]> {
  return (await namesIn(folder)).filter((name) => name.endsWith(SUFFIX)).sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw trashError(error, directory);
  }
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function trashError(error: unknown, path: string): unknown {
  const code = errnoOf(error);
  if (code === undefined || error instanceof AppError) return error;
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return new AppError(full ? 'DB_FULL' : 'DATA_DIR_UNUSABLE', `${path}: ${full ? 'the disk is full' : `cannot be used (${code})`}`, {
    hint: 'nothing was removed that is not in the trash; make room or choose another place with `--data-dir DIR`, then resume',
    cause: error,
  });
}

function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
