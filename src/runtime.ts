// The composition root: turns configuration into drivers behind ports. The only importer of drivers/.

import type { Backend } from './ports/backend.js';
import type { JobTypes } from './services/job-types.js';

/** What commands, worker and API work with: opened once per process, closed by cli.ts. */
export interface Runtime extends Backend {
  readonly jobTypes: JobTypes;
  close(): Promise<void>;
}
