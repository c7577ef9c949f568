// `copiloteval prune`: deletes ended jobs that are older than the retention.

import { JOB_STATUSES, hasEnded, type JobStatus } from '../domain/job.js';
import { counted, formatDuration, localTime } from '../output/quantities.js';
import { planPrune, pruneJobs, type PrunePlan, type PruneResult } from '../services/prune-jobs.js';
import { defineCommand, type CommandContext } from './command.js';
import { openOperations } from './dlq/open-operations.js';
import { sweepOld } from './dlq/run-operation.js';
import { audited, reasonTextOption, refuseTooMany, requireReason } from './guard-rails.js';
import { choice, duration } from './option-parsers.js';
import { flag, option, repeated, type OptionValues } from './option-specs.js';

const DAY = 24 * 60 * 60_000;
const ENDED = JOB_STATUSES.filter(hasEnded);

const options = {
  olderThan: option('--older-than <duration>', 'instead of the retention of the configuration', { parser: duration() }),
  status: repeated('--status <status>', 'only jobs that ended so', { parser: choice(ENDED) }),
  dryRun: flag('--dry-run', 'count, delete nothing'),
  reasonText: reasonTextOption,
};

export const pruneCommand = defineCommand({
  path: ['prune'],
  summary: 'Delete finished jobs older than the retention',
  description: 'Deletes jobs with their history, logs and files, stored files that no job names, and copies of purged dead letters older than `trashDays`. Jobs that wait or run are never deleted.',
  examples: ['copiloteval prune --dry-run', 'copiloteval prune --yes', 'copiloteval prune --older-than 7d --status Succeeded'],
  options,
  changes: true,
  run: runPrune,
});

async function runPrune(_args: object, given: OptionValues<typeof options>, context: CommandContext): Promise<void> {
  const { io, signal } = context;
  const runtime = await context.runtime();
  if (!given.dryRun) requireReason(given.reasonText, context);
  const ageMs = given.olderThan ?? context.config.retentionDays * DAY;
  const before = runtime.clock.now() - ageMs;
  const request = { before, statuses: given.status, signal };
  const plan = await withProgress('looking at jobs', context, (onProgress) => planPrune(runtime, { ...request, onProgress }));
  if (given.dryRun) {
    io.print({
      json: { dryRun: true, before: new Date(before).toISOString(), jobs: plan.jobs, byStatus: plan.byStatus },
      text: `${planText(plan, ageMs, before)}; nothing was deleted (--dry-run)`,
    });
    return;
  }
  io.note(planText(plan, ageMs, before));
  refuseTooMany(plan.jobs, counted(plan.jobs, 'job'), context);
  if (plan.jobs > 0) await io.confirm({ question: `delete ${counted(plan.jobs, 'job')}?` });
  // Also without jobs to delete: old copies of purged letters go by their own age.
  await sweepOld(context, await openOperations(context));
  const prune = (): Promise<PruneResult> => withProgress('deleting', context, (onProgress) => pruneJobs(runtime, { ...request, onProgress }));
  const result = await audited(given.reasonText, context, prune, ({ prunedJobs }) => ({ changed: prunedJobs, failed: 0 }));
  io.print({
    json: result,
    text: `deleted ${counted(result.prunedJobs, 'job')} and ${counted(result.deletedFiles, 'file')}`,
  });
}

async function withProgress<T>(label: string, { io }: CommandContext, work: (onProgress: (done: number) => void) => Promise<T>): Promise<T> {
  const progress = io.progress({ label });
  try {
    return await work((done) => progress.update(done));
  } finally {
    progress.done();
  }
}

function planText({ jobs, byStatus }: PrunePlan, ageMs: number, before: number): string {
  const statuses = (Object.entries(byStatus) as [JobStatus, number][]).map(([status, count]) => `${count} ${status}`).join(', ');
  const which = `last changed more than ${formatDuration(ageMs)} ago (before ${localTime(before)})`;
  return jobs === 0 ? `no finished job was ${which}` : `${counted(jobs, 'finished job')} ${which}: ${statuses}`;
}
