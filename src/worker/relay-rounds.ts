// Sends what waits in the outbox for as long as a worker lives: soon after each save that leaves something there, its own
// or another process's, and slower while the other system says no.

import type { AppError } from '../domain/errors.js';
import type { Backend } from '../ports/backend.js';
import { linkedAbort } from '../ports/linked-abort.js';
import { type OutboxFallback, relayOutbox, type RelayResult } from '../services/relay-outbox.js';
import { isConfiguration } from './failure-kinds.js';
import type { WorkerLog } from './worker-log.js';

export interface RelayParts {
  readonly backend: Backend;
  readonly log: WorkerLog;
  readonly fallback: OutboxFallback;
  /** That this worker may not send, or does not reach what it is to send to; undefined once it has sent something. */
  readonly onCannotSend: (reason: AppError | undefined) => void;
}

/**
 * Of one round. What a killed worker was sending is sent by another one when this and a little more is over. Together they are
 * less than CREATOR_HOLD_MS: what a worker has just saved is its own for as long, and taking it costs no write.
 */
const BUDGET_MS = 8_000;
/** Entries whose holder died or whose pause is over make no change in the store that would tell of them. */
const SLOW_POLL_MS = 1000;
/** A busy store changes with every job: looking more often than this finds nothing more. */
const SHORTEST_MS = 10;
const LONGEST_PAUSE_MS = 30_000;
/** For what a worker leaves when it ends. */
const LAST_BUDGET_MS = 3000;

/** Until the signal fires. Never rejects. Nothing to do where store and queue share a file. */
export async function relayWhileRunning(parts: RelayParts, signal: AbortSignal): Promise<void> {
  const { clock, events, outbox } = parts.backend;
  if (outbox === undefined) return;
  let failures = 0;
  let hasSent = false;
  while (!signal.aborted) {
    const round = linkedAbort(signal);
    // Asked for before the look, so that no change falls between the two.
    const changed = events.changed({ waitMs: SLOW_POLL_MS, signal: round.signal }).catch(() => undefined);
    const result = await relayOnce(parts, { budgetMs: BUDGET_MS, signal });
    hasSent ||= result !== undefined && result.sent > 0;
    const error = result?.error ?? undefined;
    if (hasSent) parts.onCannotSend(undefined);
    else if (error !== undefined && isConfiguration(error)) parts.onCannotSend(error);
    failures = result === undefined || (result.problem !== null && result.sent + result.moved === 0) ? failures + 1 : 0;
    if (failures > 0) await clock.sleep(Math.min(SLOW_POLL_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS), signal);
    else await clock.sleep(SHORTEST_MS, signal);
    if (failures === 0) await changed;
    round.end();
  }
}

/** When a worker ends it has just queued again what it did not finish: another process would wait for the hold to end. */
export async function relayLast(parts: Omit<RelayParts, 'onCannotSend'>): Promise<void> {
  if (parts.backend.outbox !== undefined) await relayOnce(parts, { budgetMs: LAST_BUDGET_MS });
}

/** Undefined when the store failed. */
async function relayOnce({ backend, log, fallback }: Omit<RelayParts, 'onCannotSend'>, request: { budgetMs: number; signal?: AbortSignal }): Promise<RelayResult | undefined> {
  const { outbox } = backend;
  if (outbox === undefined) return undefined;
  try {
    const result = await relayOutbox({ ...relayPorts(backend), outbox, fallback }, request);
    const { sent, moved, left, problem } = result;
    if (problem !== null) log.warn({ sent, moved, left }, `messages could not be sent: ${problem}`);
    return result;
  } catch (error) {
    log.warn({ err: error }, 'the outbox could not be relayed; trying again');
    return undefined;
  }
}

function relayPorts({ store, queue, clock, random }: Backend): Pick<Backend, 'store' | 'queue' | 'clock' | 'random'> {
  return { store, queue, clock, random };
}
