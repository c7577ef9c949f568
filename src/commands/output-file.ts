// Writes a file that a command was asked for: whole or not at all, and not over another one unasked.

import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { AppError } from '../domain/errors.js';
import type { CommandContext } from './command.js';

/** Asks before anything is produced. `shown` is the path as typed; returns the whole one. */
export async function agreeToOverwrite(shown: string, { cwd, io }: Pick<CommandContext, 'cwd' | 'io'>): Promise<string> {
  const file = resolve(cwd, shown);
  const existing = await stat(file).catch(() => undefined);
  if (existing?.isDirectory() === true) throw unwritable(shown, 'it is a directory');
  if (existing !== undefined) await io.confirm({ question: `overwrite ${shown}?` });
  return file;
}

/**
 * Returns the bytes written. The file appears under its name when it is complete and on disk; dying before leaves a
 * `.tmp` file beside it.
 */
export async function writeOutputFile(file: string, content: AsyncIterable<string | Uint8Array>): Promise<number> {
  const temporary = `${file}.${process.pid}.tmp`;
  let bytes = 0;
  try {
    const handle = await open(temporary, 'wx');
    try {
      for await (const piece of content) {
        const chunk = typeof piece === 'string' ? Buffer.from(piece) : piece;
        await handle.write(chunk);
        bytes += chunk.length;
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    return bytes;
  } catch (error) {
    await rm(temporary, { force: true });
    if (error instanceof Error && 'syscall' in error) throw unwritable(file, error.message, error);
    throw error;
  }
}

function unwritable(file: string, reason: string, cause?: unknown): AppError {
  return new AppError('FILE_UNWRITABLE', `${file} cannot be written: ${reason}`, {
    hint: `check the folder ${dirname(file)} and its permissions`,
    ...(cause === undefined ? {} : { cause }),
  });
}
