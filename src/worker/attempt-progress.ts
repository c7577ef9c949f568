// Saves an attempt's progress a few times a second at most, whatever the handler tells. The last one is stored with the
// outcome.

import { hasCode } from '../domain/errors.js';
import type { Backend } from '../ports/backend.js';
import type { Attempt } from './attempt.js';
import type { Deadline, Deadlines } from './deadlines.js';
import type { WorkerLog } from './worker-log.js';

const PAUSE_MS = 250;

export class AttemptProgress implements Deadline {
  /** When the next save may begin. */
  dueAt = 0;
  readonly #attempt: Attempt;
  readonly #parts: { backend: Pick<Backend, 'store' | 'clock'>; deadlines: Deadlines; log: WorkerLog };
  #waits = false;
  #saving = false;

  constructor(attempt: Attempt, parts: { backend: Pick<Backend, 'store' | 'clock'>; deadlines: Deadlines; log: WorkerLog }) {
    this.#attempt = attempt;
    this.#parts = parts;
  }

  /** `attempt.progress` has changed. */
  changed(): void {
    if (this.#waits) return;
    this.#waits = true;
    if (!this.#saving) this.#parts.deadlines.add(this);
  }

  onDue(): void {
    void this.#save();
  }

  /** Nothing is saved any more. */
  close(): void {
    this.#waits = true;
    this.#parts.deadlines.delete(this);
  }

  async #save(): Promise<void> {
    const { progress, closed } = this.#attempt;
    if (progress === undefined || closed) return;
    this.#waits = false;
    this.#saving = true;
    this.dueAt = this.#parts.backend.clock.monotonic() + PAUSE_MS;
    try {
      const mine = await this.#parts.backend.store.saveProgress(this.#attempt, progress);
      if (!mine) this.#attempt.abort('lock-lost');
    } catch (error) {
      if (!hasCode(error, 'DB_BUSY')) this.#parts.log.warn({ err: error, jobId: this.#attempt.jobId }, 'progress was not saved');
    }
    this.#saving = false;
    if (this.#waits && !this.#attempt.closed) this.#parts.deadlines.add(this);
  }
}
