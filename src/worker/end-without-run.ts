// Rows of the decision table that change the job without running its handler.

import { hasCode } from '../domain/errors.js';
import type { Job, JobError } from '../domain/job.js';
import { cancel, type Change, deadLetter, giveBack } from '../domain/lifecycle.js';
import { nextAttempt } from '../domain/retry-policy.js';
import type { DeliveryReport } from './delivery-report.js';
import { type HeldDelivery, settleSaved } from './settle.js';
import type { WorkerParts } from './worker-parts.js';

export type EndDecision = { readonly do: 'cancel' | 'expire' | 'exhaust' } | { readonly do: 'no-handler'; readonly final: boolean };

/**
 * Saves, then settles; dying in between leaves a message whose next delivery finds the job ended, dead-lettered or
 * superseded and settles it so.
 */
export async function endWithoutRun(
  decision: EndDecision,
  job: Job,
  held: HeldDelivery,
  parts: WorkerParts,
): Promise<DeliveryReport | 'decide-again'> {
  const change = changeFor(decision, job, parts);
  let saved: Job;
  try {
    saved = await parts.backend.store.save(change);
  } catch (error) {
    if (hasCode(error, 'JOB_CONFLICT')) return 'decide-again';
    throw error;
  }
  await settleSaved(saved, held, parts);
  return { outcome: outcomeOf(saved), jobType: saved.type, jobId: saved.jobId, error: saved.error };
}

function changeFor(decision: EndDecision, job: Job, parts: WorkerParts): Change {
  const at = parts.backend.clock.now();
  switch (decision.do) {
    case 'cancel':
      return cancel(job, at, parts.workerId);
    case 'expire':
      return deadLetter(job, at, expired(job, at));
    case 'exhaust':
      return deadLetter(job, at, workerLost(job, at));
    case 'no-handler':
      return noHandler(job, at, decision.final, parts);
  }
}

function expired(job: Job, at: number): JobError {
  const message = `no attempt may start after ${new Date(job.expiresAt ?? at).toISOString()}, the end of the job's time to live`;
  return { code: 'EXPIRED', message, retryable: false, at };
}

/** The attempt before this delivery never reported back: its process died, or it ran on without its lock. */
function workerLost(job: Job, at: number): JobError {
  const message = `attempt ${job.attempt} of ${job.maxAttempts} never reported back: its worker died or lost the lock`;
  return { code: 'WORKER_LOST', message, retryable: true, at };
}

function noHandler(job: Job, at: number, final: boolean, parts: WorkerParts): Change {
  const reason = `no handler for type ${JSON.stringify(job.type)} in worker ${parts.workerId}`;
  const error: JobError = { code: 'NO_HANDLER', message: reason, retryable: true, at };
  if (final) return deadLetter(job, at, error);
  const { maxAttempts, expiresAt } = job;
  // A start that could not happen counts as an attempt, so the job cannot go round for ever; one that was lost counts already.
  const counts = job.status === 'Queued';
  const attempt = job.attempt + (counts ? 1 : 0);
  const next = nextAttempt({ attempt, maxAttempts, expiresAt, now: at, policy: parts.retryPolicy, random: parts.backend.random });
  if (typeof next === 'string') return deadLetter(job, at, error);
  return giveBack({ ...job, error }, at, { dueAt: next.retryAt, reason, attemptDelta: counts ? 1 : 0 });
}

function outcomeOf(saved: Job): DeliveryReport['outcome'] {
  if (saved.status === 'Cancelled') return 'cancelled';
  return saved.status === 'DeadLettered' ? 'dead-lettered' : 'given-back';
}
