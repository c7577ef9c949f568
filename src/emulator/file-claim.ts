// The right of one emulator to its file. Two on one file would hand the same messages out twice.

import { AppError } from '../domain/errors.js';
import { openConnection } from '../drivers/connection-sqlite/open-connection.js';

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
