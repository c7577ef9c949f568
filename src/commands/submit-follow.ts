// `submit --wait` and `--run`: follows the job just submitted and ends with its outcome.

import { shortId } from '../domain/ids.js';
import type { Job } from '../domain/job.js';
import { printable } from '../output/sanitize.js';
import type { Runtime } from '../runtime.js';
import { viewJob } from '../services/job-view.js';
import { resultsIfAny } from '../services/results-of-job.js';
import type { Submission } from '../services/submit-job.js';
import { waitForJob } from '../services/wait-for-job.js';
import type { CommandContext } from './command.js';
import { outcomeProblem, outcomeText } from './job-outcome.js';
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
  const job = options.run
    ? await runAndFollow(runtime, submission, options, context)
    : await follow(runtime, submission.job, options, context, context.signal);
  const results = await resultsIfAny(runtime, job);
  io.print({ json: viewJob(job, runtime.publicBaseUrl), text: () => outcomeText(results, io) });
  const problem = outcomeProblem(results);
  if (problem !== undefined) throw problem;
}

/** A worker of this process for this job, beside the same following as from outside. */
async function runAndFollow(runtime: Runtime, { job }: Submission, options: SubmitOptions, context: CommandContext): Promise<Job> {
  const { runJobHere } = await import('./submit-run.js');
  const worker = await runJobHere(runtime, job, context);
  try {
    return await follow(runtime, job, options, context, AbortSignal.any([context.signal, worker.failed]));
  } finally {
    await worker.stop();
  }
}

async function follow(runtime: Runtime, job: Job, options: SubmitOptions, context: CommandContext, signal: AbortSignal): Promise<Job> {
  const { io } = context;
  const progress = io.progress({ label: `${job.type} ${shortId(job.jobId)}`, atOnce: true });
  const id = shortId(job.jobId);
  const interrupted = (): void =>
    io.note(options.run ? 'the job is given back and waits: copiloteval worker start' : `the job goes on: copiloteval tail ${id}`);
  context.signal.addEventListener('abort', interrupted, { once: true });
  try {
    return await waitForJob(runtime, {
      jobId: job.jobId,
      signal,
      ...(options.timeout === undefined ? {} : { timeoutMs: options.timeout }),
      onJob: ({ status, progress: done }) => {
        progress.update(done?.completed ?? 0, done?.total ?? undefined, done?.message ?? (status === 'Queued' ? 'waiting' : 'running'));
      },
      ...(options.run ? {} : { onHoldUp: ({ reason, command }) => io.warn(`${printable(reason)}; the job waits. End it with: ${command}`) }),
    });
  } finally {
    context.signal.removeEventListener('abort', interrupted);
    progress.done();
  }
}
