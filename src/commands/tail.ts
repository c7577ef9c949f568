// `copiloteval tail`: live events of one job or of all.

import { shortId } from '../domain/ids.js';
import type { JobId } from '../domain/job.js';
import type { JobEvent } from '../domain/job-event.js';
import type { JobFilter } from '../ports/job-store.js';
import { padText } from '../output/text-width.js';
import { printable } from '../output/sanitize.js';
import type { Runtime } from '../runtime.js';
import { findJob } from '../services/find-job.js';
import { tailEvents } from '../services/tail-events.js';
import { eventFilter } from '../services/tail-filter.js';
import { viewEvent } from '../services/why-job.js';
import { defineCommand, type CommandContext } from './command.js';
import { jobFilter, jobFilterOptions } from './job-filter.js';
import { eventText } from './job-text.js';
import { optionalArgument, type OptionValues } from './option-specs.js';

const { status, type, queue, user, label, where } = jobFilterOptions;
const options = { status, type, queue, user, label, where };

export const tailCommand = defineCommand({
  path: ['tail'],
  summary: 'Follow the events of one job, or of all jobs',
  description: 'With a job id: its history, then live until the job has ended. Without: what happens from now on, until Ctrl-C.',
  examples: ['copiloteval tail 1a2b3c4d', 'copiloteval tail --status Failed,DeadLettered', 'copiloteval tail -o jsonl | jq .type'],
  arguments: { jobId: optionalArgument('a job id, or its last eight characters') },
  options,
  run: runTail,
});

async function runTail({ jobId }: { jobId: string | undefined }, given: OptionValues<typeof options>, context: CommandContext): Promise<void> {
  const { io, signal } = context;
  const runtime = await context.runtime();
  const filter = await jobFilter({ ...given, since: undefined, until: undefined }, runtime);
  const chosen = jobId === undefined ? undefined : (await findJob(runtime, jobId)).jobId;
  if (chosen === undefined && io.stdoutIsTerminal) io.note(io.errorStyle.dim('waiting for events; Ctrl-C ends'));
  for await (const event of events(runtime, chosen, filter, signal)) {
    io.line(viewEvent(event), () => line(event, chosen !== undefined, context, runtime.clock.now()));
  }
}

function events(runtime: Runtime, jobId: JobId | undefined, filter: JobFilter, signal: AbortSignal): AsyncIterable<JobEvent> {
  const accepts = eventFilter(runtime, filter);
  return tailEvents(runtime, {
    signal,
    ...(jobId === undefined ? {} : { jobId }),
    ...(accepts === undefined ? {} : { accepts }),
  });
}

function line(event: JobEvent, oneJob: boolean, { io }: CommandContext, now: number): string {
  const text = eventText(viewEvent(event), io, now);
  if (oneJob) return text;
  return `${io.style.bold(shortId(event.jobId))}  ${padText(printable(event.jobType), 10)}  ${text}`;
}
