// The right of one emulator to its file: not a file of something else, and not one that another emulator has open. Two on
// one file would hand the same messages out twice.

import { closeSync, openSync, readSync } from 'node:fs';

import { AppError } from '../domain/errors.js';
import { openConnection } from '../drivers/connection-sqlite/open-connection.js';
import { EMULATOR_APPLICATION_ID } from './broker/schema.js';

export interface FileClaim {
  release(): void;
}

/**
 * Takes the claim on `file`, by an exclusive lock on `<file>.lock` beside it. The operating system ends the lock with the process,
 * however that ends, so a kill leaves nothing to clean up. Throws EMULATOR_RUNNING when another process has it.
 */
export function claimFile(file: string): FileClaim {
  const lockFile = `${file}.lock`;
  const db = openConnection(lockFile, { timeout: 0 });
  try {
    // Nothing is ever written, so the lock file stays empty; the mode keeps the lock when no transaction runs, too.
    db.pragma('locking_mode = EXCLUSIVE');
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    throw claimFailure(error, file, lockFile);
  }
  return { release: () => void db.close() };
}

/**
 * Looks at the first bytes of `file`, before anything is made beside it. Throws DB_INVALID when they show that it is something
 * else; what opening finds out later, and files that cannot be read, are the opening's matter.
 */
export function refuseForeignFile(file: string): void {
  const header = firstBytes(file);
  if (header === undefined || header.length === 0) return;
  // https://sqlite.org/fileformat2.html#the_database_header. The number is 0 while it is in the write-ahead log only.
  const applicationId = header.length < 72 ? undefined : header.readInt32BE(68);
  if (header.toString('latin1', 0, 16) === 'SQLite format 3\0' && (applicationId === 0 || applicationId === EMULATOR_APPLICATION_ID)) return;
  throw new AppError('DB_INVALID', `${file} is not a file of the emulator`, { hint: 'choose another with `--file`; it is made when it is not there' });
}

function firstBytes(file: string): Buffer | undefined {
  try {
    const handle = openSync(file, 'r');
    try {
      const buffer = Buffer.alloc(100);
      return buffer.subarray(0, readSync(handle, buffer, 0, buffer.length, 0));
    } finally {
      closeSync(handle);
    }
  } catch {
    return undefined;
  }
}

function claimFailure(error: unknown, file: string, lockFile: string): AppError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code.startsWith('SQLITE_BUSY')) {
    return new AppError('EMULATOR_RUNNING', `another emulator has ${file} open`, {
      hint: 'stop it first, or choose another file with `--file`',
      cause: error,
    });
  }
  return new AppError('DATA_DIR_UNUSABLE', `${lockFile} cannot be locked: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
}
