// The worker's sign of life, which also brings back whether somebody wants it to drain.

import { MAX_RUNNING_TOLD, type WorkerRecord } from '../ports/worker-registry.js';
import type { Attempt } from './attempt.js';
import type { WorkerInput } from './worker-settings.js';

export interface HeartbeatFacts extends Pick<WorkerInput, 'backend' | 'handlers' | 'settings'> {
  readonly worker: { readonly draining: boolean; readonly running: Iterable<Attempt> };
  readonly counts: { readonly processed: number; readonly failed: number; readonly deadLettered: number };
  readonly startedAt: number;
}

export async function heartbeat(facts: HeartbeatFacts, onDrainRequested: () => void): Promise<void> {
  const { drainRequested } = await facts.backend.workers.heartbeat(recordOf(facts));
  if (drainRequested) onDrainRequested();
}

function recordOf({ backend, handlers, settings, worker, counts, startedAt }: HeartbeatFacts): WorkerRecord {
  const { workerId, host, pid, version, queues, concurrency } = settings;
  const oldestFirst = [...worker.running].sort((a, b) => a.startedAt - b.startedAt);
  const running = oldestFirst.slice(0, MAX_RUNNING_TOLD).map(({ job }) => ({ jobId: job.jobId, type: job.type, startedAt: job.startedAt ?? 0 }));
  return {
    workerId,
    host,
    pid,
    version,
    queues,
    types: handlers.types,
    concurrency,
    startedAt,
    heartbeatAt: backend.clock.now(),
    draining: worker.draining,
    running,
    processed: counts.processed,
    failed: counts.failed + counts.deadLettered,
  };
}
