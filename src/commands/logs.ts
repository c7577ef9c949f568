// `copiloteval logs`: what a job's handler wrote.

import { shortId } from '../domain/ids.js';
import { hasEnded } from '../domain/job.js';
import type { Io } from '../output/io.js';
import { localTime } from '../output/quantities.js';
import { printable } from '../output/sanitize.js';
import { isWholeLog, type JobLogLine } from '../ports/job-log.js';
import { findJob } from '../services/find-job.js';
import { isoTime } from '../services/job-view.js';
import { tailLog } from '../services/tail-log.js';
import { defineCommand, type CommandContext } from './command.js';
import { argument, flag } from './option-specs.js';

export const logsCommand = defineCommand({
  path: ['logs'],
  summary: "Show a job's own log lines",
  description: 'The newest 1,000 lines of each job are kept with it. An attempt that writes more leaves all of its lines as a file of the job.',
  examples: ['copiloteval logs 1a2b3c4d', 'copiloteval logs 1a2b3c4d -f', 'copiloteval logs 1a2b3c4d -o jsonl'],
  arguments: { jobId: argument('a job id, or its last eight characters') },
  options: { follow: flag('-f, --follow', 'go on until the job has ended') },
  run: runLogs,
});

async function runLogs({ jobId }: { jobId: string }, { follow }: { follow: boolean }, context: CommandContext): Promise<void> {
  const { io, signal } = context;
  const runtime = await context.runtime();
  const job = await findJob(runtime, jobId);
  let shown = 0;
  for await (const line of tailLog(runtime, { jobId: job.jobId, follow, signal })) {
    shown += 1;
    io.line({ ...line, jobId: job.jobId, at: isoTime(line.at) }, () => lineText(line, io));
  }
  if (shown === 0) io.note(hasEnded(job.status) ? 'the handler wrote nothing' : 'nothing yet; follow it with -f');
  // The attempt that was followed may have left its file only now.
  const { artifacts } = (await runtime.store.get(job.jobId)) ?? job;
  for (const { name } of artifacts.filter((file) => isWholeLog(file.name))) {
    io.note(io.errorStyle.dim(`these are its newest lines; all of an attempt: copiloteval results ${shortId(job.jobId)} --artifact ${name}`));
  }
}

const PAINTS = { debug: 'dim', info: 'cyan', warn: 'yellow', error: 'red' } as const;

function lineText({ at, level, text }: JobLogLine, io: Io): string {
  const indented = printable(text, { lines: true }).trimEnd().replaceAll('\n', '\n    ');
  return `${io.style.dim(localTime(at).slice(0, 19))}  ${io.style[PAINTS[level]](level.padEnd(5))}  ${indented}`;
}
