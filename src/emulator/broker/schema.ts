// The emulator's file: the broker core's tables and what only the emulator keeps.

import type { Migration } from '../../drivers/sqlite/database.js';
import { BROKER_SCHEMA } from '../../drivers/sqlite/broker/schema.js';

/** "CPEM" as the four bytes of SQLite's application id: a job store's file is not taken for an emulator's. */
export const EMULATOR_APPLICATION_ID = 0x4350454d;

/**
 * emulator_figures: one row per queue of the core, of which an entity has two (its messages, its dead letters). Written
 * at the end of each transaction that changed them. `last_number` is the newest sequence number; numbers are never given
 * again, so it outlives the messages. emulator_duplicates: the message ids of queues that detect duplicates; it outlives
 * the messages too.
 */
const EMULATOR_SCHEMA = `
CREATE TABLE emulator_figures (
  queue_id INTEGER PRIMARY KEY,
  active INTEGER NOT NULL,
  locked INTEGER NOT NULL,
  deferred INTEGER NOT NULL,
  scheduled INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  last_number INTEGER NOT NULL,
  accessed_at INTEGER NOT NULL
);
CREATE TABLE emulator_duplicates (
  queue_id INTEGER NOT NULL,
  message_id TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (queue_id, message_id)
) WITHOUT ROWID;
CREATE INDEX emulator_duplicates_expiry ON emulator_duplicates (queue_id, expires_at);
`;

export const EMULATOR_MIGRATIONS: readonly Migration[] = [{ version: 1, sql: BROKER_SCHEMA + EMULATOR_SCHEMA }];
