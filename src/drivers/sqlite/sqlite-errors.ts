// Translates what SQLite and the operating system report into the product's codes, with the original as cause.
// Primary and extended result codes: https://www.sqlite.org/rescode.html

import { AppError, type ErrorCode } from '../../domain/errors.js';

/** Another connection holds what this one needs; asking again later can work. */
export function isBusy(error: unknown): boolean {
  const code = sqliteCode(error);
  return code !== undefined && (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED') || code === 'SQLITE_PROTOCOL');
}

/** A disk that fails can be the first sign of a file that was taken away. */
export function isInputOutput(error: unknown): boolean {
  const code = sqliteCode(error);
  return code !== undefined && /^SQLITE_(IOERR|CORRUPT|CANTOPEN|READONLY|NOTADB)/.test(code);
}

/** An AppError for every failure a user can meet; anything else (a bug) comes back as it is. */
export function toAppError(error: unknown, file: string): unknown {
  if (error instanceof AppError) return error;
  const code = sqliteCode(error);
  if (code === undefined) return error;
  const failure = FAILURES.find(([pattern]) => pattern.test(code))?.[1];
  if (failure === undefined) return error;
  const said = error instanceof Error ? error.message : String(error);
  return new AppError(failure.code, `${failure.message}: ${file} (${said})`, {
    hint: failure.hint,
    details: { file, sqlite: code },
    cause: error,
  });
}

/** `file` is gone from its place, or another file is there. */
export function goneError(file: string): AppError {
  return new AppError('DB_GONE', `the database file was removed or replaced while it was open: ${file}`, {
    hint: 'stop all workers of this data directory, put the file back from a copy if you have one, then start them again',
    details: { file },
  });
}

interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

const NOT_WRITABLE: Failure = {
  code: 'DATA_DIR_UNUSABLE',
  message: 'the database cannot be opened for writing',
  hint: 'check that the directory exists and that you may write to it and to the files in it, or choose another with --data-dir',
};
const FULL: Failure = {
  code: 'DB_FULL',
  message: 'no room left to write the database; nothing of this change was saved',
  hint: 'free disk space, delete finished jobs with `copiloteval prune`, then try again',
};

/** The first pattern that fits decides. */
const FAILURES: readonly (readonly [RegExp, Failure])[] = [
  [
    /^SQLITE_(BUSY|LOCKED|PROTOCOL)/,
    {
      code: 'DB_BUSY',
      message: 'another process held the lock of the database for too long',
      hint: 'try again; if it stays, look for a process that keeps a transaction open on this file (a database browser, a backup)',
    },
  ],
  // Without room for the index of the write-ahead log SQLite reports a failed resize (SHMSIZE), not a full disk.
  [/^SQLITE_(FULL|IOERR_SHMSIZE)$/, FULL],
  [
    /^SQLITE_(NOTADB|FORMAT|CORRUPT)/,
    {
      code: 'DB_INVALID',
      message: 'the file is not a copiloteval database or it is damaged',
      hint: 'choose another data directory with --data-dir, or put the file back from a copy',
    },
  ],
  [/^SQLITE_(READONLY|CANTOPEN|PERM|AUTH)/, NOT_WRITABLE],
  [
    /^SQLITE_(IOERR|NOMEM|NOLFS)/,
    {
      code: 'DB_IO',
      message: 'the operating system failed to read or write the database',
      hint: 'check the disk and its free space; a network file system is not a safe place for this file',
    },
  ],
  [
    /^SQLITE_TOOBIG$/,
    { code: 'PAYLOAD_TOO_LARGE', message: 'a value is too large for the database', hint: 'store large content as a file and name it' },
  ],
];

function sqliteCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  return error.code.startsWith('SQLITE_') ? error.code : undefined;
}
