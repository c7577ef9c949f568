// Trying again while store or queue are away. What a delivery still has to store or settle is worth waiting for: an hour
// of work, or a message that nobody else can have before its lock ends.

import type { JobId } from '../domain/job.js';
import { isPassing } from './failure-kinds.js';
import type { HeldLock } from './lock-renewer.js';
import type { WorkerParts } from './worker-parts.js';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5000;

export interface HoldOn {
  /** Of the delivery this is about: without its lock there is nothing to hold on to. */
  readonly lock: Pick<HeldLock, 'lost'>;
  /** For the log, such as `an outcome could not be saved`. */
  readonly problem: string;
  readonly jobId?: JobId;
}

/**
 * The action's value, once it succeeds; it may run many times. Throws what it throws when that will not pass, or when
 * the lock is lost or the worker stops.
 */
export async function holdOn<T>(action: () => Promise<T>, { lock, problem, jobId }: HoldOn, parts: Pick<WorkerParts, 'backend' | 'log' | 'stopSignal'>): Promise<T> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      return await action();
    } catch (error) {
      if (!isPassing(error) || lock.lost || parts.stopSignal.aborted) throw error;
      parts.log.warn({ err: error, jobId }, `${problem}; trying again in ${pauseMs} ms`);
    }
    await parts.backend.clock.sleep(pauseMs, parts.stopSignal);
  }
}
