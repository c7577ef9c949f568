// What a job's state means in one sentence, and which commands help now.

import { printCoarseDuration } from '../domain/duration.js';
import { shortId } from '../domain/ids.js';
import type { AppError } from '../domain/errors.js';
import type { Job } from '../domain/job.js';
import type { Json } from '../domain/json.js';
import type { DeadLetter } from '../ports/dead-letter-queue.js';
import type { HoldUp } from './wait-hold-up.js';

export interface SituationFacts {
  readonly job: Job;
  readonly now: number;
  readonly holdUp: HoldUp | undefined;
  readonly workerAlive: boolean;
  readonly deadLetter: DeadLetter | undefined;
  /** Why the dead letter could not be looked for. */
  readonly problem?: AppError | undefined;
  /** It is on another system, which the settings do not use: it was not looked for. */
  readonly letterIsAway?: boolean;
}

export interface NextStep {
  /** A whole command line. */
  readonly command: string;
  readonly purpose: string;
}

export function situationOf(facts: SituationFacts): string {
  const { job, now, holdUp, workerAlive } = facts;
  switch (job.status) {
    case 'Queued':
      return queuedSituation(job, now, holdUp);
    case 'Running':
      return runningSituation(job, now, workerAlive, holdUp);
    case 'Succeeded':
      return verdictOf(job.result) === 'failed' ? 'It succeeded, and its result did not pass its gates.' : 'It succeeded.';
    case 'Failed':
      return `It failed for good on attempt ${job.attempt}: ${describeError(job)}.`;
    case 'DeadLettered':
      return `It is dead-lettered after ${attempts(job)}: ${describeError(job)}.${letterText(facts)}`;
    case 'Cancelled':
      return 'It was cancelled.';
  }
}

export function nextSteps({ job, holdUp, deadLetter, letterIsAway = false }: SituationFacts): readonly NextStep[] {
  const id = shortId(job.jobId);
  const logs: NextStep = { command: `copiloteval logs ${id}`, purpose: 'read what its handler wrote' };
  const retry: NextStep = { command: `copiloteval retry ${id}`, purpose: 'queue it again with all its attempts' };
  const cancel: NextStep = { command: `copiloteval cancel ${id}`, purpose: 'give it up' };
  switch (job.status) {
    case 'Queued':
      return [...(holdUp === undefined ? [] : [endHoldUp(holdUp)]), follow(id), cancel];
    case 'Running':
      return [...(holdUp === undefined ? [] : [endHoldUp(holdUp)]), follow(id), { command: `copiloteval logs ${id} -f`, purpose: 'follow what its handler writes' }, cancel];
    case 'Succeeded':
      return [{ command: `copiloteval results ${id}`, purpose: 'see its result' }];
    case 'Failed':
      return [logs, retry];
    case 'DeadLettered':
      return deadLetter === undefined
        ? [logs, letterIsAway ? { ...retry, purpose: 'queue it again here, with all its attempts' } : retry]
        : [
            { command: `copiloteval dlq replay --queue ${deadLetter.queue} --job ${id}`, purpose: 'send its dead letter again' },
            { command: `copiloteval dlq show --queue ${deadLetter.queue} ${deadLetter.sequenceNumber}`, purpose: 'see its dead letter' },
            logs,
          ];
    case 'Cancelled':
      return [retry];
  }
}

/** The `verdict` of a result that has one. */
export function verdictOf(result: Json): string | undefined {
  if (typeof result !== 'object' || result === null || !('verdict' in result)) return undefined;
  return typeof result.verdict === 'string' ? result.verdict : undefined;
}

function endHoldUp({ kind, command }: HoldUp): NextStep {
  return { command, purpose: kind === 'unsent' ? 'see what keeps it from being sent' : 'end what holds it up' };
}

function letterText({ job, deadLetter, problem, letterIsAway = false }: SituationFacts): string {
  if (deadLetter !== undefined) return '';
  if (problem !== undefined) return ` Its dead letter could not be looked for: ${problem.message} [${problem.code}].`;
  if (!letterIsAway) return ' Its message is no longer in the dead-letter queue.';
  return ` Its dead letter is in the queue ${job.queue} on Service Bus, which is not in use: with USE_SERVICE_BUS=true it can be seen and replayed there; retried now, the job runs here.`;
}

function follow(id: string): NextStep {
  return { command: `copiloteval tail ${id}`, purpose: 'follow it until it ends' };
}

function queuedSituation(job: Job, now: number, holdUp: HoldUp | undefined): string {
  const after = job.error === null || job.attempt === 0 ? '' : ` Attempt ${job.attempt} of ${job.maxAttempts} failed: ${describeError(job)}.`;
  if (job.awaitsChildren) {
    const { expected, succeeded, failed } = job.children ?? { expected: 0, succeeded: 0, failed: 0 };
    return `It waits for its ${expected} child jobs: ${succeeded + failed} have ended.`;
  }
  if (job.nextAttemptAt !== null && job.nextAttemptAt > now) {
    const what = job.attempt === 0 ? 'It is scheduled and starts' : 'Its next attempt starts';
    const elsewhere = holdUp?.kind === 'unsent' || holdUp?.kind === 'left-behind' ? ` But ${holdUp.reason}.` : '';
    return `${what} in ${printCoarseDuration(job.nextAttemptAt - now)}.${elsewhere}${after}`;
  }
  if (holdUp !== undefined) return `It waits, and ${holdUp.reason}.${after}`;
  const waiting = printCoarseDuration(now - job.queuedAt);
  return `It has waited ${waiting} for a free place in a worker.${mayBeLost(job, now - job.queuedAt)}${after}`;
}

function runningSituation(job: Job, now: number, workerAlive: boolean, holdUp: HoldUp | undefined): string {
  const since = job.startedAt === null ? '' : ` for ${printCoarseDuration(now - job.startedAt)}`;
  const cancelling = job.cancelRequestedAt === null ? '' : ' It was asked to stop.';
  if (workerAlive) return `It has been running${since}, attempt ${job.attempt} of ${job.maxAttempts}.${cancelling}`;
  if (holdUp !== undefined) return `Its worker shows no sign of life, and ${holdUp.reason}.${cancelling}`;
  const lock = job.delivery === null ? '' : lockText(job.delivery.lockedUntil - now);
  const lost = job.delivery === null ? '' : mayBeLost(job, now - job.delivery.lockedUntil);
  return `Its worker shows no sign of life.${lock}${lost}${cancelling}`;
}

/** What becomes of a message that does not come: see dead-letter-watch.ts and lost-messages.ts. */
function mayBeLost({ queueMode, expiresAt }: Job, overdueMs: number): string {
  if (queueMode !== 'service_bus' || overdueMs < OVERDUE_MS) return '';
  const end = expiresAt === null ? '' : `, and at the latest it ends at ${new Date(expiresAt).toISOString()}`;
  return ` If Service Bus has lost its message, a worker sends it again once it has seen the queue empty for a while${end}.`;
}

const OVERDUE_MS = 10 * 60_000;

function lockText(leftMs: number): string {
  return leftMs > 0
    ? ` Its lock ends in ${printCoarseDuration(leftMs)}; then another worker goes on.`
    : ' Its lock has ended; the next worker takes it.';
}

function attempts(job: Job): string {
  return `${job.attempt} ${job.attempt === 1 ? 'attempt' : 'attempts'}`;
}

function describeError(job: Job): string {
  if (job.error === null) return 'no error was recorded';
  return `${job.error.code}: ${job.error.message.replace(/\.$/, '')}`;
}
