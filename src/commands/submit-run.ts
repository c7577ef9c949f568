// `submit --run`: a worker of this process, for as long as the job takes.

import { jobTypeSettings } from '../config/job-type-settings.js';
import type { Job } from '../domain/job.js';
import type { Runtime } from '../runtime.js';
import { VERSION } from '../version.js';
import type { CommandContext } from './command.js';

export interface RunningHere {
  /** Fires with the error that ended the worker early. */
  readonly failed: AbortSignal;
  /** Takes nothing more; what else it runs is given back after a short while. */
  stop(): Promise<void>;
}

/** Other jobs that it meets before it knows that this one has ended are given back, uncounted. */
const DRAIN_MS = 2000;

/** Takes from the job's queue in the queue's order: what waits there before the job runs first. */
export async function runJobHere(runtime: Runtime, job: Job, { config }: CommandContext): Promise<RunningHere> {
  const { openWorker } = await import('../worker/open-worker.js');
  const failed = new AbortController();
  const worker = await openWorker(runtime, {
    jobTypes: jobTypeSettings(config),
    version: VERSION,
    concurrency: config.concurrency,
    retryBaseMs: config.retryBaseSeconds * 1000,
    log: { level: 'silent', pretty: false },
    queues: [job.queue],
    drainTimeoutMs: DRAIN_MS,
    fallback: config.fallback,
  });
  const ended = worker.run().then(
    () => undefined,
    (error: unknown) => failed.abort(error),
  );
  return {
    failed: failed.signal,
    stop: async () => {
      worker.drain('the job has ended');
      await ended;
    },
  };
}
