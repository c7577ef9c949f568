// Saves how an attempt ended, under the fence, and holds on while the store is away.

import { hasCode } from '../domain/errors.js';
import type { Job } from '../domain/job.js';
import type { Delivery } from '../ports/message-queue.js';
import { saveWithFence } from '../services/save-with-fence.js';
import type { Attempt } from './attempt.js';
import { type AttemptOutcome, conclude, type HandlerEnd } from './conclude.js';
import { holdOn } from './hold-on.js';
import type { HeldLock } from './lock-renewer.js';
import { onlyNeedsCompletion } from './settle.js';
import type { WorkerParts } from './worker-parts.js';

export interface EndedAttempt {
  readonly attempt: Attempt;
  readonly end: HandlerEnd;
  readonly timeoutMs: number;
  readonly durationMs: number;
}

/**
 * The message of a change that needs it completed and nothing done before is completed in the same step where the store can.
 * Undefined, and nothing stored, when another attempt owns the job or it has ended. Throws when the store fails for
 * good, or still fails when the lock is lost or the worker stops; the message then comes again.
 */
export function saveOutcome(
  ended: EndedAttempt,
  { delivery, lock }: { delivery: Delivery; lock: HeldLock },
  parts: WorkerParts,
): Promise<{ job: Job; outcome: AttemptOutcome } | undefined> {
  const { jobId } = ended.attempt;
  return holdOn(() => saveWhatFits(ended, delivery, parts), { lock, problem: 'an outcome could not be saved', jobId }, parts);
}

/**
 * What is too large for the store is so after the next attempt too: then the job fails and says so, without the result,
 * progress and files of this attempt.
 */
async function saveWhatFits(ended: EndedAttempt, delivery: Delivery, parts: WorkerParts): Promise<{ job: Job; outcome: AttemptOutcome } | undefined> {
  try {
    return await saveOnce(ended, delivery, parts);
  } catch (error) {
    if (!hasCode(error, 'PAYLOAD_TOO_LARGE')) throw error;
    const { attempt } = ended;
    attempt.artifacts = attempt.job.artifacts;
    attempt.progress = attempt.job.progress ?? undefined;
    return saveOnce({ ...ended, end: { kind: 'threw', error } }, delivery, parts);
  }
}

async function saveOnce(
  { attempt, end, timeoutMs }: EndedAttempt,
  delivery: Delivery,
  parts: WorkerParts,
): Promise<{ job: Job; outcome: AttemptOutcome } | undefined> {
  const { store, clock, random } = parts.backend;
  const { abortedBy, artifacts, progress } = attempt;
  let outcome: AttemptOutcome = 'succeeded';
  const job = await saveWithFence(store, attempt.job, (current) => {
    const facts = { now: clock.now(), worker: parts.workerId, timeoutMs, policy: parts.retryPolicy, random };
    const conclusion = conclude(current, { end, abortedBy, artifacts, progress }, facts);
    outcome = conclusion.outcome;
    return { change: conclusion.change, settles: onlyNeedsCompletion(conclusion.change.job) ? delivery : undefined };
  });
  return job === undefined ? undefined : { job, outcome };
}
