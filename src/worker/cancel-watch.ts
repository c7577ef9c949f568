// Finds cancel requests for running jobs and passes them on to their handlers.

import type { Backend } from '../ports/backend.js';
import type { Attempt } from './attempt.js';

/** One look for all running attempts. A request that comes too late changes nothing: a success saved first wins. */
export async function watchCancels({ store }: Pick<Backend, 'store'>, attempts: Iterable<Attempt>): Promise<void> {
  const running = [...attempts].filter((attempt) => attempt.abortedBy === undefined);
  if (running.length === 0) return;
  const cancelled = new Set(await store.cancelRequested(running.map((attempt) => attempt.jobId)));
  for (const attempt of running) if (cancelled.has(attempt.jobId)) attempt.abort('cancelled');
}
