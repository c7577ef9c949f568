// Maintenance: parents whose children have all ended and whose continuation was not sent, because the process that
// ended the last child died in between.

import type { WorkerParts } from './worker-parts.js';

const AT_ONCE = 100;

/** Repeating it is harmless: the version check lets one continuation out. */
export async function repairParents({ backend, parents, log }: Pick<WorkerParts, 'backend' | 'parents' | 'log'>): Promise<void> {
  const stranded = await backend.store.strandedParents(AT_ONCE);
  for (const jobId of stranded) {
    await parents.check(jobId);
    log.debug({ jobId }, 'looked at a parent that may be stranded');
  }
}
