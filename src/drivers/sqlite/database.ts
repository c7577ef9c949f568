// Opens the database file: says what kind of file it is, sets the connection up, brings the tables up to date.
// Everything after that goes through Writer and Reader.

import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

import type { Database } from 'better-sqlite3';

import { AppError } from '../../domain/errors.js';
import { openConnection } from '../connection-sqlite/open-connection.js';
import { BUSY_TIMEOUT_MS, type LockWait, lockWait, retryWhileBusy } from './lock-wait.js';
import { toAppError } from './sqlite-errors.js';

/** For those who run statements on an opened file and do not open it themselves. */
export type { Database };

/** Text that brings the file from the version before to `version`. */
export interface Migration {
  readonly version: number;
  readonly sql: string;
}

export interface OpenDatabase extends Partial<LockWait> {
  readonly file: string;
  /** Stored in the file's header: tells our file from any other SQLite file. */
  readonly applicationId: number;
  /** By version: 1, 2, … */
  readonly migrations: readonly Migration[];
}

/**
 * Creates the file when there is none. DB_INVALID: another program's file, or damaged; DB_NEWER: written by a newer
 * version of the product; DATA_DIR_UNUSABLE: not writable; DB_BUSY: locked by another process for 10 s.
 * Many processes may open a new file at once: one of them makes the tables.
 */
export async function openDatabase(options: OpenDatabase): Promise<Database> {
  const wait = lockWait(options);
  let db: Database | undefined;
  try {
    mkdirSync(dirname(options.file), { recursive: true, mode: 0o700 });
    db = openConnection(options.file, { timeout: BUSY_TIMEOUT_MS });
    const opened = db;
    await retryWhileBusy(() => prepareFile(opened, options), wait);
    return opened;
  } catch (error) {
    db?.close();
    throw openFailure(error, options.file);
  }
}

/** May run several times: every step finds out what is left to do. */
function prepareFile(db: Database, options: OpenDatabase): void {
  const isNew = atOneMoment(db, () => identify(db, options));
  const latest = options.migrations.at(-1)?.version ?? 0;
  if (isNew) useWriteAheadLog(db);
  // better-sqlite3 is built with NORMAL for WAL, which loses the newest commits at a power cut. Per connection.
  db.pragma('synchronous = FULL');
  // A write-ahead log that grew in a burst is cut back at the next checkpoint.
  db.pragma(`journal_size_limit = ${64 * 1024 * 1024}`);
  if (numberOf(db, 'user_version') < latest) migrate(db, options);
}

/** What is read between two commits of others would be of two files: no name yet, and tables already. */
function atOneMoment<T>(db: Database, read: () => T): T {
  db.exec('BEGIN');
  try {
    return read();
  } finally {
    if (db.inTransaction) db.exec('COMMIT');
  }
}

/** True for a file without content. Within a transaction. */
function identify(db: Database, options: OpenDatabase): boolean {
  const applicationId = numberOf(db, 'application_id');
  const version = numberOf(db, 'user_version');
  const latest = options.migrations.at(-1)?.version ?? 0;
  if (applicationId === options.applicationId) {
    if (version <= latest) return false;
    throw new AppError('DB_NEWER', `the database has format ${version}, this program knows formats up to ${latest}: ${options.file}`, {
      hint: 'install the newest copiloteval, or choose another data directory with --data-dir',
      details: { file: options.file, version, latest },
    });
  }
  const isEmpty = applicationId === 0 && version === 0 && db.prepare('SELECT 1 FROM sqlite_master LIMIT 1').get() === undefined;
  if (isEmpty) return true;
  throw new AppError('DB_INVALID', `the file is a SQLite database of another program: ${options.file}`, {
    hint: 'choose another data directory with --data-dir',
    details: { file: options.file, applicationId },
  });
}

/** Stays with the file. Some network and virtual file systems cannot share the memory it needs. */
function useWriteAheadLog(db: Database): void {
  if (db.pragma('journal_mode = WAL', { simple: true }) === 'wal') return;
  throw new AppError('DATA_DIR_UNUSABLE', `the file system cannot hold a shared database: ${db.name}`, {
    hint: 'choose a directory on a local disk with --data-dir',
    details: { file: db.name },
  });
}

/** One transaction for all steps: a process that dies in it leaves the file as it was. */
function migrate(db: Database, options: OpenDatabase): void {
  db.exec('BEGIN IMMEDIATE');
  try {
    // Another process may have done it between the look and the lock.
    const from = identify(db, options) ? 0 : numberOf(db, 'user_version');
    for (const migration of options.migrations) {
      if (migration.version <= from) continue;
      db.exec(migration.sql);
      db.pragma(`user_version = ${migration.version}`);
    }
    db.pragma(`application_id = ${options.applicationId}`);
    db.exec('COMMIT');
  } finally {
    if (db.inTransaction) db.exec('ROLLBACK');
  }
}

function numberOf(db: Database, pragma: string): number {
  return Number(db.pragma(pragma, { simple: true }));
}

function openFailure(error: unknown, file: string): unknown {
  const isFileSystem = error instanceof Error && 'syscall' in error;
  if (!isFileSystem) return toAppError(error, file);
  return new AppError('DATA_DIR_UNUSABLE', `the data directory cannot be created: ${dirname(file)} (${error.message})`, {
    hint: 'check the path and its permissions, or choose another directory with --data-dir',
    details: { file },
    cause: error,
  });
}
