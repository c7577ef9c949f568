// Fan-in: when the last child of a waiting parent has ended, the parent's continuation goes out, once.

import { hasCode } from '../domain/errors.js';
import { hasEnded, type JobId } from '../domain/job.js';
import { resumeAfterChildren } from '../domain/lifecycle.js';
import type { Backend } from '../ports/backend.js';

export type FanInOutcome =
  /** This call sent the continuation. */
  | 'resumed'
  /** Children are still open. */
  | 'waiting'
  /** The parent does not wait: still sending, resumed by somebody else, ended, or deleted. */
  | 'not-waiting';

/**
 * Call it after a child's outcome is saved and before its message is settled, and after a parent has saved that it
 * waits: whichever of the two comes last then sees all. Several callers may see it at once; the version check of the
 * save lets one of them win. A process that dies in here leaves the parent waiting: the child's message comes again and
 * leads here, and workers look for stranded parents (JobStore.strandedParents).
 */
export async function resumeParent(backend: Pick<Backend, 'store' | 'clock'>, parentJobId: JobId): Promise<FanInOutcome> {
  for (;;) {
    const parent = await backend.store.get(parentJobId);
    if (parent === undefined || !parent.awaitsChildren || hasEnded(parent.status)) return 'not-waiting';
    // Counted after the parent was read: a child that ends later finds the parent waiting and counts again itself.
    const { succeeded, failed } = await backend.store.childrenOf(parentJobId);
    const expected = parent.children?.expected ?? 0;
    if (succeeded + failed < expected) return 'waiting';
    try {
      await backend.store.save(resumeAfterChildren(parent, backend.clock.now(), { expected, succeeded, failed }));
      return 'resumed';
    } catch (error) {
      if (!hasCode(error, 'JOB_CONFLICT')) throw error;
    }
  }
}
