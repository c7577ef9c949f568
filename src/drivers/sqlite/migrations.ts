// The steps that bring a database file of any earlier version to the present one. A released step never changes.

import type { Migration } from './database.js';
import { MIGRATION_0001 } from './migration-0001.js';
import { MIGRATION_0002 } from './migration-0002.js';

/** "CPEV" as the four bytes of SQLite's application id. */
export const APPLICATION_ID = 0x43504556;

export const MIGRATIONS: readonly Migration[] = [
  { version: 1, sql: MIGRATION_0001 },
  { version: 2, sql: MIGRATION_0002 },
];
