// Fan-in for many children of one parent that end together: they share one look at the parent, since each look counts
// all its children.

import type { JobId } from '../domain/job.js';
import type { Backend } from '../ports/backend.js';
import { resumeParent } from '../services/fan-in.js';

interface Checks {
  running: Promise<unknown>;
  /** Begins after the running one; whoever comes now joins it. */
  next: Promise<void> | undefined;
}

export class ParentChecks {
  readonly #backend: Pick<Backend, 'store' | 'clock'>;
  readonly #checks = new Map<JobId, Checks>();

  constructor(backend: Pick<Backend, 'store' | 'clock'>) {
    this.#backend = backend;
  }

  /** Resolves when a look that began after this call is over. Rejects when the store fails. */
  check(parentJobId: JobId): Promise<void> {
    const checks = this.#checks.get(parentJobId);
    if (checks === undefined) return this.#begin(parentJobId);
    checks.next ??= checks.running.then(
      () => this.#begin(parentJobId),
      () => this.#begin(parentJobId),
    );
    return checks.next;
  }

  async #begin(parentJobId: JobId): Promise<void> {
    const checks: Checks = { running: resumeParent(this.#backend, parentJobId), next: undefined };
    this.#checks.set(parentJobId, checks);
    try {
      await checks.running;
    } finally {
      if (checks.next === undefined) this.#checks.delete(parentJobId);
    }
  }
}
