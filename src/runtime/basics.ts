// What a runtime has whatever holds its jobs and queues: job types, ids, the files of operations, who signs in to Azure.

import type { Config } from '../config/config.js';
import { jobTypeSettings } from '../config/job-type-settings.js';
import { systemClock } from '../ports/clock.js';
import type { Diagnostics } from '../ports/diagnostics.js';
import type { Runtime } from '../runtime.js';
import { createJobIds } from '../services/job-ids.js';
import { loadJobTypes } from '../worker/load-job-types.js';
import type { CredentialOnUse } from './azure-credential.js';
import { lazyOperationFiles } from './operation-files.js';

export interface Basics extends Pick<Runtime, 'clock' | 'random' | 'jobTypes' | 'newJobId' | 'publicBaseUrl' | 'fallback' | 'operationFiles' | 'close'> {
  readonly credential: CredentialOnUse;
  /** What `doctor` can say of the parts in Azure: from the settings as they were before Key Vault was asked. */
  readonly parts: Diagnostics;
}

/** Closing it closes the files of operations. */
export function openBasics(config: Config, given: Config, credential: CredentialOnUse): Basics {
  const clock = systemClock;
  const operations = lazyOperationFiles(config, clock);
  return {
    clock,
    random: Math.random,
    jobTypes: loadJobTypes(jobTypeSettings(config)),
    newJobId: createJobIds(clock),
    publicBaseUrl: config.publicBaseUrl ?? null,
    fallback: config.fallback,
    operationFiles: operations.open,
    close: operations.close,
    credential,
    parts: { check: async () => (await import('./diagnose-azure.js')).diagnoseAzure(given, { clock, credential }) },
  };
}
