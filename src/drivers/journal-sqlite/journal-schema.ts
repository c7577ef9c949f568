// The tables of the journal file and the check that the file is one.

import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Database } from 'better-sqlite3';

import { AppError } from '../../domain/errors.js';
import { openConnection } from '../connection-sqlite/open-connection.js';
import { journalError } from './journal-errors.js';

/** `cevj` in ASCII; SQLite keeps it in the file's header. */
const APPLICATION_ID = 0x6365766a;
const VERSION = 2;

const VERSION_1 = `
  CREATE TABLE operations (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    restores TEXT,
    doc TEXT NOT NULL,
    lease_token TEXT,
    lease_host TEXT,
    lease_pid INTEGER,
    lease_until INTEGER
  ) STRICT;
  CREATE INDEX operations_by_restores ON operations (restores) WHERE restores IS NOT NULL;
  CREATE TABLE entries (
    operation INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    queue TEXT NOT NULL,
    sequence_number TEXT NOT NULL,
    state TEXT NOT NULL,
    stage TEXT,
    note TEXT,
    at INTEGER NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (operation, idx)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX entries_by_letter ON entries (operation, queue, sequence_number);
`;

/** The audit log. */
const VERSION_2 = `
  CREATE TABLE changes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    at INTEGER NOT NULL,
    doc TEXT NOT NULL,
    outcome TEXT
  ) STRICT;
`;

const VERSIONS = [VERSION_1, VERSION_2];

/** Opens or creates the file. DB_INVALID for a file of something else, DB_NEWER for one of a later version. */
export function openJournalFile(file: string): Database {
  try {
    if (!existsSync(file)) mkdirSync(dirname(file), { recursive: true });
    // Long while opening, where another process may be making the tables; short afterwards, since waiting blocks the process.
    const database = openConnection(file, { timeout: 2000 });
    try {
      prepare(database, file);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    throw journalError(error, file);
  }
}

function prepare(database: Database, file: string): void {
  // At one moment: between two commits of others there would be tables already, and no name yet.
  const version = database.transaction(() => readVersion(database, file))();
  if (version < VERSION) {
    database.pragma('journal_mode = WAL');
    // Two processes may come here together: the second finds the tables.
    database.transaction(() => {
      for (const tables of VERSIONS.slice(readVersion(database, file))) database.exec(tables);
      database.pragma(`application_id = ${APPLICATION_ID}`);
      database.pragma(`user_version = ${VERSION}`);
    }).immediate();
  }
  database.pragma('synchronous = FULL');
  database.pragma('busy_timeout = 50');
}

function readVersion(database: Database, file: string): number {
  const version = Number(database.pragma('user_version', { simple: true }));
  const application = Number(database.pragma('application_id', { simple: true }));
  const tables = Number(database.prepare('SELECT count(*) FROM sqlite_schema').pluck().get());
  if (application !== APPLICATION_ID && (application !== 0 || tables > 0)) {
    throw new AppError('DB_INVALID', `${file} is not a journal of copiloteval`, { hint: 'move it away; a new one is made at the next replay or purge' });
  }
  if (version > VERSION) {
    throw new AppError('DB_NEWER', `${file} has version ${version}, this copiloteval knows ${VERSION}`, { hint: 'update copiloteval' });
  }
  return version;
}
