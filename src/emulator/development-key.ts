// The key of an emulator that was given none: made once, kept in a file that only its owner can read.

import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

import { AppError } from '../domain/errors.js';
import { type AccessKey, ALL_RIGHTS } from './sas/access-key.js';

export const DEVELOPMENT_KEY_NAME = 'DevelopmentKey';
/** As long as the keys of the service. */
const KEY_BYTES = 32;

/** The key in `file`, which is written with mode 0600 when it is not there. Throws DATA_DIR_UNUSABLE or CONFIG_INVALID. */
export function developmentKey(file: string): AccessKey {
  const key = readKey(file) ?? writeKey(file);
  if (!/^[A-Za-z0-9+/]{43}=$/.test(key)) {
    throw new AppError('CONFIG_INVALID', `${file} does not hold a key`, { hint: 'delete the file: the next start makes a new key' });
  }
  return { name: DEVELOPMENT_KEY_NAME, key, rights: ALL_RIGHTS };
}

function readKey(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw unusable(file, error);
  }
}

/** The file appears with all its text, or not at all; of two processes that write it at once, one wins and both use its key. */
function writeKey(file: string): string {
  const temporary = `${file}.${process.pid}.tmp`;
  const key = randomBytes(KEY_BYTES).toString('base64');
  try {
    writeFileSync(temporary, `${key}\n`, { mode: 0o600, flush: true });
    linkSync(temporary, file);
    return key;
  } catch (error) {
    const winner = codeOf(error) === 'EEXIST' ? readKey(file) : undefined;
    if (winner === undefined) throw unusable(file, error);
    return winner;
  } finally {
    rmSync(temporary, { force: true });
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

function unusable(file: string, error: unknown): AppError {
  return new AppError('DATA_DIR_UNUSABLE', `the file of the emulator's key cannot be used: ${file} (${codeOf(error) ?? String(error)})`, { cause: error });
}
