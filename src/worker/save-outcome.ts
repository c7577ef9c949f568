// Saves how an attempt ended, under the fence, and holds on while the store is away: an hour of work is worth waiting for.

import { hasCode, type ErrorCode } from '../domain/errors.js';
import type { Job } from '../domain/job.js';
import { saveWithFence } from '../services/save-with-fence.js';
import type { Attempt } from './attempt.js';
import { type AttemptOutcome, conclude, type HandlerEnd } from './conclude.js';
import type { HeldLock } from './lock-renewer.js';
import type { WorkerParts } from './worker-parts.js';

export interface EndedAttempt {
  readonly attempt: Attempt;
  readonly end: HandlerEnd;
  readonly timeoutMs: number;
  readonly durationMs: number;
}

/** Failures that may pass without anybody touching the data. */
const PASSING: readonly ErrorCode[] = ['DB_BUSY', 'DB_FULL', 'DB_IO', 'BACKEND_UNAVAILABLE'];
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5000;

/**
 * Undefined, and nothing stored, when another attempt owns the job or it has ended. Throws when the store fails for
 * good, or still fails when the lock is lost or the worker stops; the message then comes again.
 */
export async function saveOutcome(
  ended: EndedAttempt,
  lock: HeldLock,
  parts: WorkerParts,
): Promise<{ job: Job; outcome: AttemptOutcome } | undefined> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      return await saveOnce(ended, parts);
    } catch (error) {
      if (!hasCode(error, ...PASSING) || lock.lost || parts.stopSignal.aborted) throw error;
      parts.log.warn({ err: error, jobId: ended.attempt.jobId }, `an outcome could not be saved; trying again in ${pauseMs} ms`);
    }
    await parts.backend.clock.sleep(pauseMs, parts.stopSignal);
  }
}

async function saveOnce({ attempt, end, timeoutMs }: EndedAttempt, parts: WorkerParts): Promise<{ job: Job; outcome: AttemptOutcome } | undefined> {
  const { store, clock, random } = parts.backend;
  const { abortedBy, artifacts, progress } = attempt;
  let outcome: AttemptOutcome = 'succeeded';
  const job = await saveWithFence(store, attempt.job, (current) => {
    const facts = { now: clock.now(), worker: parts.workerId, timeoutMs, policy: parts.retryPolicy, random };
    const conclusion = conclude(current, { end, abortedBy, artifacts, progress }, facts);
    outcome = conclusion.outcome;
    return conclusion.change;
  });
  return job === undefined ? undefined : { job, outcome };
}
