// The outbox entries that this process has created and nobody has claimed: they are its own for a while by the document,
// so taking them needs no write.

import type { JobId } from '../../domain/job.js';

export class OwnEntries {
  /** Names this process in the documents. */
  readonly owner: string;
  readonly #jobIds = new Set<JobId>();

  constructor(owner: string) {
    this.owner = owner;
  }

  add(jobId: JobId): void {
    this.#jobIds.add(jobId);
  }

  /** Up to `limit`, each given out once; only of `among` when that is given. */
  take(limit: number, among?: readonly JobId[]): JobId[] {
    const taken = (among ?? [...this.#jobIds]).filter((jobId) => this.#jobIds.has(jobId)).slice(0, limit);
    for (const jobId of taken) this.#jobIds.delete(jobId);
    return taken;
  }
}
