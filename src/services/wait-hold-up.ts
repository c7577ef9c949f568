// Why a job cannot start as things are: no worker for it, its queue is paused, or its message is not where workers look.

import type { Job } from '../domain/job.js';
import type { Backend } from '../ports/backend.js';
import { WORKER_GONE_AFTER_MS, type WorkerRecord } from '../ports/worker-registry.js';

export interface HoldUp {
  readonly kind: 'paused' | 'no-worker' | 'no-handler' | 'unsent' | 'left-behind';
  /** One sentence. */
  readonly reason: string;
  /** The command that ends it. */
  readonly command: string;
}

export type HoldUpPorts = Pick<Backend, 'workers' | 'admin' | 'clock' | 'pauses' | 'outbox'>;

export async function findHoldUp(backend: HoldUpPorts, job: Job): Promise<HoldUp | undefined> {
  if (isLeftBehind(backend, job)) {
    return { kind: 'left-behind', reason: 'its message is on Service Bus, which is not in use', command: `copiloteval queues drain --to local --queue ${job.queue}` };
  }
  if (job.status !== 'Queued') return undefined;
  if (await isPaused(backend, job.queue)) {
    return { kind: 'paused', reason: `the queue ${job.queue} is paused`, command: `copiloteval queues resume ${job.queue}` };
  }
  const workers = (await liveWorkers(backend)).filter((worker) => !worker.draining && worker.queues.includes(job.queue));
  const start = `copiloteval worker start --queue ${job.queue}`;
  if (workers.length === 0) return { kind: 'no-worker', reason: `no worker is alive for the queue ${job.queue}`, command: start };
  if (workers.some((worker) => worker.types.includes(job.type))) return unsent(backend, job);
  const reason = `no live worker of the queue ${job.queue} has a handler for ${job.type}`;
  return { kind: 'no-handler', reason, command: `${start} --handlers <module>` };
}

/** Without an outbox the queues are the store's own: nobody looks at the other system. */
function isLeftBehind({ outbox }: HoldUpPorts, { status, queueMode, awaitsChildren }: Job): boolean {
  return outbox === undefined && queueMode === 'service_bus' && (status === 'Queued' || status === 'Running') && !awaitsChildren;
}

async function unsent({ outbox }: HoldUpPorts, job: Job): Promise<HoldUp | undefined> {
  if (outbox === undefined || job.queueMode !== 'pending' || job.awaitsChildren) return undefined;
  const problem = (await outbox.waiting()).find(({ queue }) => queue === job.queue)?.problem ?? null;
  const why = problem === null ? '' : `: ${problem}`;
  return { kind: 'unsent', reason: `its message is not sent to Service Bus yet${why}`, command: 'copiloteval doctor' };
}

/** From the flags where the broker keeps none: asking another system for counts would take its time. */
async function isPaused({ admin, pauses }: HoldUpPorts, queue: string): Promise<boolean> {
  if (pauses !== undefined) return (await pauses.list()).has(queue);
  const [info] = await admin.list([queue]);
  return info !== undefined && info.pausedAt !== null;
}

/** Workers whose heartbeat is fresh. A heartbeat from the future counts: the clock was set back since. */
export async function liveWorkers(backend: Pick<Backend, 'workers' | 'clock'>): Promise<readonly WorkerRecord[]> {
  const now = backend.clock.now();
  return (await backend.workers.list()).filter((worker) => now - worker.heartbeatAt <= WORKER_GONE_AFTER_MS);
}
