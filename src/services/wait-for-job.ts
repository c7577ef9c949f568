// Waits until a job has ended, telling of its progress and of what holds it up.

import { AppError } from '../domain/errors.js';
import { hasEnded, type Job, type JobId } from '../domain/job.js';
import type { Backend } from '../ports/backend.js';
import { linkedAbort } from '../ports/linked-abort.js';
import { findHoldUp, type HoldUp, type HoldUpPorts } from './wait-hold-up.js';
import { withChildrenNow } from './waiting-parent.js';

export interface WaitForJob {
  readonly jobId: JobId;
  /** Counted on a clock that never steps back; none: without limit. */
  readonly timeoutMs?: number;
  readonly signal: AbortSignal;
  /** Each time the job was read. */
  readonly onJob?: (job: Job) => void;
  /** Once per reason, when nothing can start the job as things are. */
  readonly onHoldUp?: (holdUp: HoldUp) => void;
}

/** Progress is looked at this often; the end of a job is noticed at once. */
const LOOK_MS = 250;
const HOLD_UP_LOOK_MS = 2_000;

/** The job with its outcome. Throws WAIT_TIMEOUT, or the signal's reason when it fires; the job goes on in both cases. */
export async function waitForJob(
  backend: Pick<Backend, 'store' | 'events'> & HoldUpPorts,
  wait: WaitForJob,
): Promise<Job> {
  const { jobId, signal, timeoutMs } = wait;
  const startedAt = backend.clock.monotonic();
  const told = new Set<string>();
  let nextHoldUpLook = 0;
  for (;;) {
    signal.throwIfAborted();
    const waiting = linkedAbort(signal);
    // Asked for before reading, so that an end saved in between is noticed.
    const changed = backend.events.changed({ waitMs: LOOK_MS, signal: waiting.signal });
    try {
      const job = await backend.store.get(jobId);
      if (job === undefined) throw new AppError('JOB_NOT_FOUND', `job ${jobId} was deleted while it was waited for`);
      wait.onJob?.(await withChildrenNow(backend, job));
      if (hasEnded(job.status)) return job;
      const elapsed = backend.clock.monotonic() - startedAt;
      if (timeoutMs !== undefined && elapsed >= timeoutMs) throw timedOut(job, timeoutMs);
      if (wait.onHoldUp !== undefined && elapsed >= nextHoldUpLook) {
        nextHoldUpLook = elapsed + HOLD_UP_LOOK_MS;
        await tellHoldUp(backend, job, told, wait.onHoldUp);
      }
      const rest = timeoutMs === undefined ? LOOK_MS : timeoutMs - (backend.clock.monotonic() - startedAt);
      await (rest < LOOK_MS ? Promise.race([changed, backend.clock.sleep(Math.max(0, rest), waiting.signal)]) : changed);
    } finally {
      waiting.end();
    }
  }
}

async function tellHoldUp(
  backend: HoldUpPorts,
  job: Job,
  told: Set<string>,
  tell: (holdUp: HoldUp) => void,
): Promise<void> {
  const holdUp = await findHoldUp(backend, job);
  if (holdUp === undefined || told.has(holdUp.kind)) return;
  told.add(holdUp.kind);
  tell(holdUp);
}

function timedOut(job: Job, timeoutMs: number): AppError {
  return new AppError('WAIT_TIMEOUT', `job ${job.jobId} is still ${job.status} after ${timeoutMs / 1000} s`, {
    hint: `it goes on; see why it takes long with \`copiloteval why ${job.jobId.slice(-8)}\``,
    details: { jobId: job.jobId, status: job.status },
  });
}
