// `submit --wait` and `--run`: follows the job just submitted and ends with its outcome.

import { shortId } from '../domain/ids.js';
import type { Job } from '../domain/job.js';
import { printable } from '../output/sanitize.js';
import type { Runtime } from '../runtime.js';
import { viewJob } from '../services/job-view.js';
import { resultsIfAny } from '../services/results-of-job.js';
import type { Submission } from '../services/submit-job.js';
import { waitForJob } from '../services/wait-for-job.js';
import type { HoldUp } from '../services/wait-hold-up.js';
import type { CommandContext } from './command.js';
import { outcomeProblem, outcomeText } from './job-outcome.js';
import type { RunningHere } from './submit-run.js';
import type { SubmitOptions } from './submit.js';

export async function followSubmission(
  runtime: Runtime,
  submission: Submission,
  options: SubmitOptions,
  context: CommandContext,
): Promise<void> {
  const { io } = context;
  const { jobId, type } = submission.job;
  const known = submission.duplicate ? ' (submitted before under this key)' : '';
  io.note(`job ${io.errorStyle.bold(jobId)} ${type}${known}`);
  const job = await follow(runtime, submission.job, options, context);
  const results = await resultsIfAny(runtime, job);
  io.print({ json: viewJob(job, runtime.publicBaseUrl), text: () => outcomeText(results, io) });
  const problem = outcomeProblem(results);
  if (problem !== undefined) throw problem;
}

/** With a worker of this process when that was asked for, or when the policy says so and no other is alive. */
async function follow(runtime: Runtime, job: Job, options: SubmitOptions, context: CommandContext): Promise<Job> {
  const worker = new WorkerHere(runtime, job, context);
  const onHoldUp = (holdUp: HoldUp): void => void heldUp(holdUp, worker, context);
  try {
    if (options.run) await worker.start();
    return await waitWithProgress(runtime, job, { options, worker, ...(options.run ? {} : { onHoldUp }) }, context);
  } finally {
    await worker.stop();
  }
}

async function heldUp({ kind, reason, command }: HoldUp, worker: WorkerHere, { io, config }: CommandContext): Promise<void> {
  if (kind === 'no-worker' && config.noWorker === 'run') {
    io.note(`${printable(reason)}, so this process runs the job (setting noWorker)`);
    await worker.start();
  } else {
    io.warn(`${printable(reason)}; the job waits. End it with: ${command}`);
  }
}

interface Following {
  readonly options: SubmitOptions;
  readonly worker: WorkerHere;
  readonly onHoldUp?: (holdUp: HoldUp) => void;
}

async function waitWithProgress(runtime: Runtime, job: Job, { options, worker, onHoldUp }: Following, context: CommandContext): Promise<Job> {
  const { io } = context;
  const progress = io.progress({ label: `${job.type} ${shortId(job.jobId)}`, atOnce: true });
  const interrupted = (): void =>
    io.note(worker.isRunning ? 'the job is given back and waits: copiloteval worker start' : `the job goes on: copiloteval tail ${shortId(job.jobId)}`);
  context.signal.addEventListener('abort', interrupted, { once: true });
  try {
    return await waitForJob(runtime, {
      jobId: job.jobId,
      signal: AbortSignal.any([context.signal, worker.failed]),
      ...(options.timeout === undefined ? {} : { timeoutMs: options.timeout }),
      onJob: ({ status, progress: done }) => {
        progress.update(done?.completed ?? 0, done?.total ?? undefined, done?.message ?? (status === 'Queued' ? 'waiting' : 'running'));
      },
      ...(onHoldUp === undefined ? {} : { onHoldUp }),
    });
  } finally {
    context.signal.removeEventListener('abort', interrupted);
    progress.done();
  }
}

/** A worker of this process for one job, beside the same following as from outside. */
class WorkerHere {
  readonly #failed = new AbortController();
  #starting: Promise<RunningHere> | undefined;

  constructor(
    private readonly runtime: Runtime,
    private readonly job: Job,
    private readonly context: CommandContext,
  ) {}

  get isRunning(): boolean {
    return this.#starting !== undefined;
  }

  /** Fires with the error that kept the worker from starting or ended it early. */
  get failed(): AbortSignal {
    return this.#failed.signal;
  }

  async start(): Promise<void> {
    const { runJobHere } = await import('./submit-run.js');
    try {
      this.#starting ??= runJobHere(this.runtime, this.job, this.context);
      const { failed } = await this.#starting;
      failed.addEventListener('abort', () => this.#failed.abort(failed.reason), { once: true });
    } catch (error) {
      this.#failed.abort(error);
    }
  }

  async stop(): Promise<void> {
    const running = await this.#starting?.catch(() => undefined);
    await running?.stop();
  }
}
