// The composition root: turns configuration into drivers behind ports. The only importer of drivers/.

import { dirname } from 'node:path';

import type { Config } from './config/config.js';
import { jobTypeSettings } from './config/job-type-settings.js';
import { makeDirectory } from './config/make-directory.js';
import type { JobId } from './domain/job.js';
import type { AuditLog } from './ports/audit-log.js';
import type { Backend } from './ports/backend.js';
import { systemClock } from './ports/clock.js';
import type { Diagnostics } from './ports/diagnostics.js';
import type { OperationJournal } from './ports/operation-journal.js';
import type { Trash } from './ports/trash.js';
import { createJobIds } from './services/job-ids.js';
import { type LoadedJobTypes, loadJobTypes } from './worker/load-job-types.js';

/** What commands, worker and API work with: opened once per process, closed by cli.ts. */
export interface Runtime extends Backend {
  /** What holds the queues, for people and `stats`. */
  readonly source: 'sqlite' | 'servicebus';
  /** Why this is not what the settings asked for, for people; null when it is. */
  readonly degraded: string | null;
  readonly jobTypes: LoadedJobTypes;
  /** A new UUIDv7, larger than the one before of this process. */
  readonly newJobId: () => JobId;
  readonly publicBaseUrl: string | null;
  readonly diagnostics: Diagnostics;
  /** The journal and the trash of dead-letter operations, loaded when first asked for. */
  operationFiles(): Promise<OperationFiles>;
  close(): Promise<void>;
}

export interface OperationFiles {
  readonly journal: OperationJournal;
  readonly trash: Trash;
  readonly audit: AuditLog;
}

/**
 * Opens what the configuration names. Throws what opening the database throws (DATA_DIR_UNUSABLE, DB_INVALID, DB_NEWER,
 * DB_BUSY …) and CONFIG_INVALID. Packages are loaded here and not before, so that `--help` pays for none of them.
 */
export async function openRuntime(config: Config): Promise<Runtime> {
  const clock = systemClock;
  const random = Math.random;
  makeDirectory(dirname(config.database));
  const settings = jobTypeSettings(config);
  const jobTypes = loadJobTypes(settings);
  const [{ openSqliteBackend }, { FsBlobStore }] = await Promise.all([
    import('./drivers/sqlite/open-sqlite.js'),
    import('./drivers/blob-fs/fs-blob-store.js'),
  ]);
  const backend = await openSqliteBackend({ file: config.database, queues: settings.queues, clock, random });
  const operations = lazyOperationFiles(config, clock);
  return {
    ...backend,
    blobs: new FsBlobStore({ directory: besideDatabase(config, 'files'), clock }),
    clock,
    random,
    source: 'sqlite',
    degraded: null,
    jobTypes,
    newJobId: createJobIds(clock),
    publicBaseUrl: config.publicBaseUrl ?? null,
    diagnostics: { check: async () => (await import('./drivers/sqlite/check-database.js')).checkDatabase(config.database) },
    operationFiles: operations.open,
    close: async () => {
      await operations.close();
      await backend.close();
    },
  };
}

function lazyOperationFiles(config: Config, clock: Backend['clock']): { open: () => Promise<OperationFiles>; close: () => Promise<void> } {
  let opened: Promise<OperationFiles> | undefined;
  const open = async (): Promise<OperationFiles> => {
    const [{ openSqliteJournal }, { openSqliteAuditLog }, { openFsTrash }, { hostname }] = await Promise.all([
      import('./drivers/journal-sqlite/sqlite-journal.js'),
      import('./drivers/journal-sqlite/sqlite-audit-log.js'),
      import('./drivers/trash-fs/fs-trash.js'),
      import('node:os'),
    ]);
    const file = besideDatabase(config, 'operations.db');
    const journal = openSqliteJournal({ file, clock, host: hostname(), pid: process.pid });
    return { journal, trash: openFsTrash(besideDatabase(config, 'trash')), audit: openSqliteAuditLog({ file, clock }) };
  };
  return {
    open: () => (opened ??= open()),
    close: async () => {
      const files = await opened?.catch(() => undefined);
      await files?.journal.close();
      await files?.audit.close();
    },
  };
}

/**
 * What belongs to a database bears its name: two profiles with databases in one directory must not share files, since
 * each deletes those that none of its own jobs names.
 */
function besideDatabase({ database }: Pick<Config, 'database'>, suffix: string): string {
  return `${database.replace(/\.(db|sqlite3?)$/, '')}.${suffix}`;
}
