// The journal, the audit log and the trash of this machine, opened when one of them is first asked for.

import type { Config } from '../config/config.js';
import type { AuditLog } from '../ports/audit-log.js';
import type { Clock } from '../ports/clock.js';
import type { OperationJournal } from '../ports/operation-journal.js';
import type { Trash } from '../ports/trash.js';

export interface OperationFiles {
  readonly journal: OperationJournal;
  readonly trash: Trash;
  readonly audit: AuditLog;
}

export function lazyOperationFiles(config: Config, clock: Clock): { open: () => Promise<OperationFiles>; close: () => Promise<void> } {
  let opened: Promise<OperationFiles> | undefined;
  const open = async (): Promise<OperationFiles> => {
    const [{ openSqliteJournal }, { openSqliteAuditLog }, { openFsTrash }, { hostname }] = await Promise.all([
      import('../drivers/journal-sqlite/sqlite-journal.js'),
      import('../drivers/journal-sqlite/sqlite-audit-log.js'),
      import('../drivers/trash-fs/fs-trash.js'),
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
export function besideDatabase({ database }: Pick<Config, 'database'>, suffix: string): string {
  return `${database.replace(/\.(db|sqlite3?)$/, '')}.${suffix}`;
}
