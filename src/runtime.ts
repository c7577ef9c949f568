// The composition root: turns configuration into drivers behind ports. The only importer of drivers/.

import type { Config } from './config/config.js';
import { AppError } from './domain/errors.js';
import type { Backend } from './ports/backend.js';
import type { JobTypes } from './services/job-types.js';

/** What commands, worker and API work with: opened once per process, closed by cli.ts. */
export interface Runtime extends Backend {
  readonly jobTypes: JobTypes;
  close(): Promise<void>;
}

/** Opens what the configuration names. */
export function openRuntime(config: Config): Promise<Runtime> {
  return Promise.reject(new AppError('BACKEND_UNAVAILABLE', `no driver opens ${config.database}`));
}
