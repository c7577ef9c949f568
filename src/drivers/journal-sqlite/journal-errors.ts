// SQLite's errors as the product's.

import { AppError, type ErrorCode } from '../../domain/errors.js';

const CODES: readonly { readonly prefix: string; readonly code: ErrorCode; readonly text: string; readonly hint: string }[] = [
  { prefix: 'SQLITE_BUSY', code: 'DB_BUSY', text: 'is locked by another process', hint: 'try again when the other command has ended' },
  { prefix: 'SQLITE_LOCKED', code: 'DB_BUSY', text: 'is locked by another process', hint: 'try again when the other command has ended' },
  { prefix: 'SQLITE_FULL', code: 'DB_FULL', text: 'cannot grow: the disk is full', hint: 'free some space and resume the operation' },
  { prefix: 'SQLITE_NOTADB', code: 'DB_INVALID', text: 'is not a journal of copiloteval', hint: 'move it away; a new one is made at the next replay or purge' },
  { prefix: 'SQLITE_CORRUPT', code: 'DB_INVALID', text: 'is damaged', hint: 'move it away; a new one is made at the next replay or purge' },
  { prefix: 'SQLITE_READONLY', code: 'DATA_DIR_UNUSABLE', text: 'cannot be written', hint: 'give the account write access or choose another place with `--data-dir DIR`' },
  { prefix: 'SQLITE_CANTOPEN', code: 'DATA_DIR_UNUSABLE', text: 'cannot be opened', hint: 'give the account access or choose another place with `--data-dir DIR`' },
  { prefix: 'SQLITE_IOERR', code: 'DB_IO', text: 'cannot be read or written', hint: 'check the disk, then resume the operation' },
];

/** An AppError stays what it is; anything that SQLite or the file system did not say stays a bug. */
export function journalError(error: unknown, file: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const known = CODES.find(({ prefix }) => code.startsWith(prefix));
  if (known !== undefined) return new AppError(known.code, `${file} ${known.text}`, { hint: known.hint, cause: error });
  if (!/^E[A-Z]+$/.test(code) || error instanceof AppError) return error;
  return new AppError('DATA_DIR_UNUSABLE', `${file} cannot be opened: ${code}`, { hint: 'choose another place with `--data-dir DIR`', cause: error });
}

/** Another process holds the lock for a moment; nothing was written. */
export function isBusy(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED');
}
