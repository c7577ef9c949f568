// One attempt: start it, run the handler, save the outcome under the fence, settle.

import { hasCode } from '../domain/errors.js';
import type { Job } from '../domain/job.js';
import { type Change, giveBack, start } from '../domain/lifecycle.js';
import type { Delivery } from '../ports/message-queue.js';
import { ownsAttempt } from '../services/save-with-fence.js';
import { Attempt } from './attempt.js';
import { AttemptContext } from './attempt-context.js';
import type { DeliveryReport } from './delivery-report.js';
import type { LoadedHandler } from './handler-registry.js';
import type { HeldLock } from './lock-renewer.js';
import { runHandler } from './run-handler.js';
import { type EndedAttempt, saveOutcome } from './save-outcome.js';
import { complete, isSettled, leave, release, settleSaved } from './settle.js';
import type { Slot } from './slots.js';
import type { WorkerParts } from './worker-parts.js';

export interface BegunAttempt {
  readonly job: Job;
  readonly delivery: Delivery;
  readonly lock: HeldLock;
  readonly slot: Slot;
}

export interface AttemptRequest extends BegunAttempt {
  readonly afterLostLock: boolean;
  readonly alone: boolean;
}

/** Waits for its turn first; the lock is renewed meanwhile. */
export async function runAttempt(request: AttemptRequest, parts: WorkerParts): Promise<DeliveryReport | 'decide-again'> {
  const { type, jobId } = request.job;
  const loaded = parts.handlers.loaded(type) ?? (await parts.handlers.load(type));
  // Those that were begun in the step that brought this message are on their way in.
  if (request.alone) await new Promise((resolve) => setImmediate(resolve));
  const turn = parts.gate.enter(request.alone);
  const entered = typeof turn === 'boolean' ? turn : await turn;
  if (!entered) return letGo(request, parts);
  let ended: EndedAttempt | 'lost' | 'decide-again';
  try {
    ended = await startAndRun(request, loaded, parts);
  } finally {
    parts.gate.leave();
  }
  if (ended === 'decide-again') return ended;
  if (ended === 'lost') {
    await leave(request.delivery, parts);
    return { outcome: 'lost', jobType: type, jobId };
  }
  return report(await finish(ended, request, parts), ended);
}

/** An attempt whose start was saved when its message was handed out. Dying here is dying in the handler. */
export async function runBegun(begun: BegunAttempt, parts: WorkerParts): Promise<DeliveryReport> {
  const { job, lock } = begun;
  parts.gate.enterBegun();
  let ended: EndedAttempt;
  try {
    const loaded = parts.handlers.loaded(job.type) ?? (await parts.handlers.load(job.type));
    ended = await runStarted(job, { lock }, loaded, parts);
  } finally {
    parts.gate.leave();
  }
  return report(await finish(ended, begun, parts), ended);
}

function report({ outcome, error }: DeliveryReport, { attempt, durationMs }: EndedAttempt): DeliveryReport {
  const { type: jobType, jobId } = attempt.job;
  return { outcome, error: error ?? null, jobType, jobId, durationMs };
}

/**
 * The worker ends before the job's turn came. Only the own broker gives a message to the next worker at once; another
 * system would keep it until its lock ends, so there a new message goes out instead.
 */
async function letGo({ job, delivery, lock }: AttemptRequest, parts: WorkerParts): Promise<DeliveryReport | 'decide-again'> {
  const { store, clock } = parts.backend;
  if (delivery.queueMode === 'local') {
    await release(delivery, 0, parts);
    return { outcome: 'released' };
  }
  const now = clock.now();
  try {
    const saved = await store.save(giveBack(job, now, { dueAt: now, reason: 'the worker was shut down', attemptDelta: 0 }));
    // Dying here: the message comes again and is superseded.
    await settleSaved(saved, { delivery, lock }, parts);
    return { outcome: 'released' };
  } catch (error) {
    if (hasCode(error, 'JOB_CONFLICT')) return 'decide-again';
    throw error;
  }
}

async function startAndRun(request: AttemptRequest, loaded: LoadedHandler, parts: WorkerParts): Promise<EndedAttempt | 'lost' | 'decide-again'> {
  if (request.lock.lost) return 'lost';
  const started = await saveStart(request, parts);
  if (started === undefined) return 'decide-again';
  // Dying from here to the save of the outcome: the job stays Running until the lock ends, then its message comes again
  // and the decision table makes a new attempt of it, or dead-letters it when none is left.
  return runStarted(started, request, loaded, parts);
}

/** Saves the outcome, then settles. */
async function finish(ended: EndedAttempt, { delivery, lock, slot }: BegunAttempt, parts: WorkerParts): Promise<DeliveryReport> {
  const { attempt, end } = ended;
  // The next message can come while this outcome is saved.
  slot.free();
  if (parts.stopSignal.aborted) return { outcome: 'stopped' };
  if (attempt.abortedBy === 'lock-lost' && end.kind !== 'result') return leaveLost(attempt.job, delivery, parts);
  const saved = await saveOutcome(ended, { delivery, lock }, parts);
  if (saved === undefined) return leaveLost(attempt.job, delivery, parts);
  // Dying here, or at any await in settleSaved: the outcome stands; the message comes again and is settled by it.
  if (!isSettled(saved.job, delivery)) await settleSaved(saved.job, { delivery, lock }, parts);
  return { outcome: saved.outcome, error: saved.job.error };
}

/** Undefined when the job changed since it was read. */
async function saveStart({ job, delivery, lock, afterLostLock }: AttemptRequest, parts: WorkerParts): Promise<Job | undefined> {
  try {
    return await parts.backend.store.save(startOf(job, { delivery, lockedUntil: lock.lockedUntil, afterLostLock }, parts));
  } catch (error) {
    if (hasCode(error, 'JOB_CONFLICT')) return undefined;
    throw error;
  }
}

/** The start of the job's attempt under this hand-out. */
export function startOf(job: Job, held: { delivery: Delivery; lockedUntil: number; afterLostLock: boolean }, parts: WorkerParts): Change {
  const { delivery, lockedUntil, afterLostLock } = held;
  const by = { queue: delivery.queue, brokerSequence: delivery.message.brokerSequence, queueMode: delivery.queueMode, lockedUntil };
  return start(job, parts.backend.clock.now(), { worker: parts.workerId, delivery: by, afterLostLock });
}

async function runStarted(job: Job, { lock }: Pick<BegunAttempt, 'lock'>, loaded: LoadedHandler, parts: WorkerParts): Promise<EndedAttempt> {
  const { clock, blobs } = parts.backend;
  const timeoutMs = loaded.timeoutMs ?? queueTimeoutMs(job.queue, parts);
  const attempt = new Attempt(job, { timeoutMs, graceMs: parts.graceMs }, { clock, deadlines: parts.deadlines });
  lock.onLost = () => attempt.abort('lock-lost');
  if (lock.lost) attempt.abort('lock-lost');
  parts.attempts.add(attempt);
  if (parts.stopSignal.aborted) attempt.abort('stopped');
  const context = new AttemptContext(attempt, parts);
  const end = await runHandler(loaded.handler, context, attempt, blobs);
  parts.attempts.delete(attempt);
  attempt.close();
  if (end.kind !== 'result') context.tellEnd(end);
  await context.end();
  return { attempt, end, timeoutMs, durationMs: clock.monotonic() - attempt.startedAt };
}

const DEFAULT_TIMEOUT_MS = 60 * 60_000;

function queueTimeoutMs(queue: string, parts: WorkerParts): number {
  try {
    return parts.jobTypes.queue(queue).handlerTimeoutMs;
  } catch (error) {
    // A queue that was created by hand and is in no configuration.
    if (hasCode(error, 'QUEUE_UNKNOWN')) return DEFAULT_TIMEOUT_MS;
    throw error;
  }
}

/**
 * Nothing is stored for a lost attempt. Its message is completed only when the store says that the job went on without
 * us; while the job is still ours on paper, the message must come again or nothing would ever end the job.
 */
async function leaveLost(started: Job, delivery: Delivery, parts: WorkerParts): Promise<DeliveryReport> {
  const stored = await parts.backend.store.get(started.jobId);
  if (stored === undefined || !ownsAttempt(stored, started)) await complete(delivery, parts);
  else await leave(delivery, parts);
  return { outcome: 'lost' };
}
