// What the dead-letter services work with: the backend, and the journal and trash of this machine.

import type { Backend } from '../../ports/backend.js';
import type { OperationJournal } from '../../ports/operation-journal.js';
import type { Trash } from '../../ports/trash.js';
import type { JobTypes } from '../job-types.js';

/** For looking. */
export type LetterReadPorts = Pick<Backend, 'store' | 'deadLetters' | 'admin' | 'blobs' | 'clock'>;

/** For replaying, purging and restoring. */
export interface OperationPorts extends Pick<Backend, 'store' | 'events' | 'queue' | 'deadLetters' | 'admin' | 'blobs' | 'clock' | 'random'> {
  readonly jobTypes: Pick<JobTypes, 'resolve' | 'queue'>;
  /** Names the backend that gave the letters their numbers: a plan is applied where it was made. */
  readonly letterScope: string;
  readonly journal: OperationJournal;
  readonly trash: Trash;
}
