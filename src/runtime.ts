// The composition root: turns configuration into drivers behind ports. The only importer of drivers/.

import type { Config } from './config/config.js';
import { AppError } from './domain/errors.js';
import type { JobId } from './domain/job.js';
import type { Backend } from './ports/backend.js';
import type { Diagnostics } from './ports/diagnostics.js';
import type { OperationJournal } from './ports/operation-journal.js';
import type { Trash } from './ports/trash.js';
import type { JobTypes } from './services/job-types.js';

/** What commands, worker and API work with: opened once per process, closed by cli.ts. */
export interface Runtime extends Backend {
  /** What holds the queues, for people and `stats`. */
  readonly source: 'sqlite';
  readonly jobTypes: JobTypes;
  /** A new UUIDv7, larger than the one before of this process. */
  readonly newJobId: () => JobId;
  readonly publicBaseUrl: string | null;
  readonly diagnostics: Diagnostics;
  /** Replays, purges and restores made on this machine. Its file is opened, or made, by the first call. */
  readonly journal: OperationJournal;
  /** Copies of purged dead letters. */
  readonly trash: Trash;
  close(): Promise<void>;
}

/** Opens what the configuration names. */
export function openRuntime(config: Config): Promise<Runtime> {
  return Promise.reject(new AppError('BACKEND_UNAVAILABLE', `no driver opens ${config.database}`));
}
