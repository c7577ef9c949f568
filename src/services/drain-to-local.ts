// Moves what waits on another system's queue to the store's own queue, so that the other system can be switched off.
//
//   1. what was never sent: out of the outbox          2. each job whose message is there: a new message here, in one step
//   3. what can be received there: copies of the jobs of step 2 are removed, jobs of other producers are taken over
//
// Every step can be repeated. Dying anywhere leaves each job with exactly one message that counts: the older one is
// superseded, and the next run, or a worker of the other system, removes it.

import { AppError } from '../domain/errors.js';
import { hasEnded, type Job, type JobId } from '../domain/job.js';
import { moveToLocal } from '../domain/lifecycle.js';
import { withoutLocal } from '../domain/local-queue-name.js';
import type { Backend } from '../ports/backend.js';
import type { JobsElsewhere } from '../ports/jobs-elsewhere.js';
import type { MessageQueue } from '../ports/message-queue.js';
import type { QueueAdmin, QueueSettings } from '../ports/queue-admin.js';
import { saveChange } from './change-jobs.js';
import { DrainTally, type DrainResult } from './drain-tally.js';
import { DrainedQueue } from './drained-queue.js';
import { heldBy, type IsHeld } from './held-jobs.js';
import { liveWorkers } from './wait-hold-up.js';

export interface DrainPorts extends Pick<Backend, 'store' | 'clock' | 'workers' | 'adoptOutbox'> {
  readonly elsewhere: JobsElsewhere;
  /** The store's own queues. */
  readonly localQueue: MessageQueue;
  readonly localAdmin: QueueAdmin;
  /** Null when the settings name no other system: then the jobs are moved, and what else is there stays. */
  readonly remote: { readonly queue: MessageQueue; readonly admin: QueueAdmin } | null;
  /** The queues of this product, by the names both systems share. */
  readonly ownQueues: readonly string[];
  readonly settingsOf: (queue: string) => Promise<QueueSettings>;
}

export interface DrainRequest {
  /** All when empty. */
  readonly queues: readonly string[];
  readonly reason: string;
  readonly signal: AbortSignal;
  readonly onProgress?: (moved: number) => void;
}

const PAGE = 500;

/** Throws what the store throws. What the other system answers is in the result: `problem`. */
export async function drainToLocal(ports: DrainPorts, request: DrainRequest): Promise<DrainResult> {
  const tally = new DrainTally(request.onProgress);
  await adoptAll(ports, request, tally);
  const queues = await moveJobs(ports, request, tally);
  if (ports.remote !== null && !request.signal.aborted) await receiveAll({ ...ports, remote: ports.remote }, request, queues, tally);
  return tally.result();
}

/** In a store that has its queue back, everything that was not sent; beside another system step 2 takes it along. */
async function adoptAll({ adoptOutbox }: DrainPorts, { queues, signal }: DrainRequest, tally: DrainTally): Promise<void> {
  if (adoptOutbox === undefined || queues.length > 0) return;
  for (let adopted = 1; adopted > 0 && !signal.aborted; ) tally.moved((adopted = await adoptOutbox()));
}

/** Answers the queues it met. */
async function moveJobs(ports: DrainPorts, request: DrainRequest, tally: DrainTally): Promise<ReadonlySet<string>> {
  const met = new Set<string>();
  const made = new Set<string>();
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<JobsElsewhere['list']>> = await ports.elsewhere.list({ limit: PAGE, ...(cursor === null ? {} : { cursor }) });
    const chosen = page.jobs.filter(({ queue }) => isChosen(queue, request));
    for (const queue of new Set(chosen.map((job) => job.queue))) {
      met.add(queue);
      if (!made.has(queue)) await ensureQueue(ports, queue);
      made.add(queue);
    }
    const isHeld = heldBy(await liveWorkers(ports));
    await Promise.all(chosen.map((job) => moveOne(ports, job.jobId, { isHeld, reason: request.reason }, tally)));
    cursor = page.nextCursor;
  } while (cursor !== null && !request.signal.aborted);
  return met;
}

/** A job that a live worker runs ends there; what its retry needs is for the worker to know. */
async function moveOne(
  ports: Pick<DrainPorts, 'store' | 'clock'>,
  jobId: JobId,
  { isHeld, reason }: { isHeld: IsHeld; reason: string },
  tally: DrainTally,
): Promise<void> {
  let end: 'moved' | 'running' | undefined;
  await saveChange(ports, jobId, (job) => {
    end = isElsewhere(job) ? (isHeld(job) ? 'running' : 'moved') : undefined;
    return end === 'moved' ? moveToLocal(job, ports.clock.now(), reason) : undefined;
  });
  if (end === 'moved') tally.moved();
  else if (end === 'running') tally.running();
}

function isElsewhere({ status, queueMode, awaitsChildren }: Job): boolean {
  return !hasEnded(status) && queueMode !== 'local' && !awaitsChildren;
}

async function ensureQueue({ localAdmin, settingsOf }: DrainPorts, queue: string): Promise<void> {
  if ((await localAdmin.list([queue])).length === 0) await localAdmin.create(await settingsOf(queue));
}

type ReachablePorts = DrainPorts & { readonly remote: NonNullable<DrainPorts['remote']> };

/** Queues of the other system, one after the other; the first that cannot be reached ends it. */
async function receiveAll(ports: ReachablePorts, request: DrainRequest, met: ReadonlySet<string>, tally: DrainTally): Promise<void> {
  const { admin } = ports.remote;
  try {
    // Only queues that are ours by name: a namespace may have those of other systems.
    const wanted = [...new Set([...ports.ownQueues, ...met, ...request.queues.map(withoutLocal)])].filter((name) => isChosen(name, request));
    const existing = (await admin.list(wanted)).map(({ name }) => name);
    for (const queue of existing) {
      if (request.signal.aborted) return;
      await ensureQueue(ports, queue);
      await new DrainedQueue(ports, queue, tally).drain(request.signal);
    }
    for (const { name, counts } of await admin.list(existing)) tally.left(name, counts);
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'STORE_MISMATCH' || error.code.startsWith('DB_')) throw error;
    tally.problem(error);
  }
}

function isChosen(queue: string, { queues }: DrainRequest): boolean {
  return queues.length === 0 || queues.map(withoutLocal).includes(queue);
}
