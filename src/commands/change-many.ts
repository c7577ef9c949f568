// What `cancel` and `retry` share: choosing the jobs, asking, and the answer for each.

import { AppError } from '../domain/errors.js';
import { shortId } from '../domain/ids.js';
import type { JobId, JobStatus } from '../domain/job.js';
import type { JobFilter } from '../ports/job-store.js';
import type { Io } from '../output/io.js';
import { counted } from '../output/quantities.js';
import { printable } from '../output/sanitize.js';
import type { Runtime } from '../runtime.js';
import type { JobChangeResult } from '../services/change-jobs.js';
import { selectJobs, type JobSelection } from '../services/select-jobs.js';
import type { CommandContext } from './command.js';
import { audited, reasonTextOption, refuseTooMany, requireReason } from './guard-rails.js';
import { readWhere, whereOption } from './job-filter.js';
import { flag, type OptionValues } from './option-specs.js';
import { relayed } from './relay-text.js';
import { noteSearch } from './search-cost.js';

export const changeOptions = {
  where: whereOption,
  dryRun: flag('--dry-run', 'show which jobs are meant, change nothing'),
  reasonText: reasonTextOption,
};
export type ChangeOptions = OptionValues<typeof changeOptions>;

export interface ManyJobsChange {
  /** `cancel`, `retry`. */
  readonly verb: string;
  /** What was done to a job, as in `3 jobs cancelled`. */
  readonly done: string;
  /** What `--where` looks at. */
  readonly statuses: readonly JobStatus[];
  apply(runtime: Runtime, request: { jobIds: readonly JobId[]; by: string; signal: AbortSignal; onProgress: (done: number) => void }): Promise<readonly JobChangeResult[]>;
}

/** Many jobs: their number is told before anything changes. */
const LISTED = 10;

export async function changeMany(
  change: ManyJobsChange,
  references: readonly string[],
  options: ChangeOptions,
  context: CommandContext,
): Promise<void> {
  const { io } = context;
  const runtime = await context.runtime();
  if (!options.dryRun) requireReason(options.reasonText, context);
  const selection = await select(change, references, options, runtime, context);
  const { jobIds } = selection;
  if (options.where !== undefined) io.note(selectionText(selection));
  if (options.dryRun) return printDryRun(change, selection, context);
  refuseTooMany(jobIds.length, counted(jobIds.length, 'job'), context);
  // Ids that somebody typed are agreement enough; what an expression fits is not known before.
  if (options.where !== undefined && jobIds.length > 0) await io.confirm({ question: `${change.verb} ${counted(jobIds.length, 'job')}?` });
  const changed = jobIds.length === 0 ? [] : await apply(change, jobIds, options, runtime, context);
  const results = [...changed, ...unknownResults(selection)];
  const matched = jobIds.length + selection.unknown.length;
  io.print({ json: { matched, results }, lines: results, text: () => resultsText(change, results, io) });
  const problem = problemOf(change, selection, results);
  if (problem !== undefined) throw problem;
}

async function apply(
  verb: ManyJobsChange,
  jobIds: readonly JobId[],
  { reasonText }: ChangeOptions,
  runtime: Runtime,
  context: CommandContext,
): Promise<readonly JobChangeResult[]> {
  const { io, signal, config } = context;
  const progress = io.progress({ label: verb.verb, total: jobIds.length });
  const changeAll = (): Promise<readonly JobChangeResult[]> =>
    verb.apply(runtime, { jobIds, by: config.userId, signal, onProgress: (done) => progress.update(done) });
  const change = (): Promise<readonly JobChangeResult[]> => relayed(changeAll, runtime, context);
  try {
    return await audited(reasonText, context, change, (results) => {
      const failed = results.filter(({ error }) => error !== undefined).length;
      return { changed: results.length - failed, failed };
    });
  } finally {
    progress.done();
  }
}

async function select(
  change: ManyJobsChange,
  references: readonly string[],
  { where }: ChangeOptions,
  runtime: Runtime,
  { io, signal }: CommandContext,
): Promise<JobSelection> {
  if ((references.length === 0) === (where === undefined)) {
    throw new AppError('USAGE_INVALID', `${change.verb} needs job ids or --where, ${where === undefined ? 'got neither' : 'not both'}`, {
      hint: `see which jobs there are with \`copiloteval list --status ${change.statuses.join(',')}\``,
    });
  }
  const progress = io.progress({ label: 'looking at jobs' });
  const filter: JobFilter | undefined = where === undefined ? undefined : { statuses: change.statuses, where: await readWhere(where) };
  let looked = 0;
  let selection: JobSelection;
  try {
    selection = await selectJobs(runtime, {
      references,
      ...(filter === undefined ? {} : { filter }),
      onScanned: (scanned) => progress.update((looked = scanned)),
      signal,
    });
  } finally {
    progress.done();
  }
  noteSearch({ scanned: looked, found: selection.jobIds.length }, runtime, io);
  return selection;
}

function selectionText({ jobIds, byStatus, byType }: JobSelection): string {
  if (jobIds.length === 0) return 'no job fits';
  const statuses = Object.entries(byStatus).map(([status, count]) => `${count} ${status}`);
  const types = Object.entries(byType).map(([type, count]) => `${count} ${type}`);
  return printable(`${counted(jobIds.length, 'job fits', 'jobs fit')}: ${statuses.join(', ')}; ${types.join(', ')}`);
}

function printDryRun(change: ManyJobsChange, selection: JobSelection, { io }: CommandContext): void {
  const matched = selection.jobIds.length + selection.unknown.length;
  io.print({
    json: { dryRun: true, matched, jobIds: selection.jobIds },
    lines: selection.jobIds.map((jobId) => ({ jobId })),
    text: () => [...selection.jobIds, `would ${change.verb} ${counted(selection.jobIds.length, 'job')}; nothing was changed (--dry-run)`].join('\n'),
  });
}

function unknownResults({ unknown }: JobSelection): readonly (Omit<JobChangeResult, 'status'> & { status: null })[] {
  return unknown.map(({ reference, error }) => ({ jobId: reference, status: null, error: { code: error.code, message: error.message } }));
}

function resultsText(change: ManyJobsChange, results: readonly JobChangeResult[], io: Io): string {
  const failed = results.filter(({ error }) => error !== undefined);
  const fine = results.filter(({ error }) => error === undefined);
  // The error that follows says it.
  if (results.length === 1 && failed.length === 1) return '';
  const shownFine = fine.length <= LISTED ? fine.map((result) => `${shortId(result.jobId)}  ${fineText(change, result)}`) : [];
  const shownFailed = failed.slice(0, LISTED).map(({ jobId, error }) => `${printable(shortId(jobId))}  ${io.style.red('not done')}: ${printable(error?.message ?? '')}`);
  const more = failed.length > LISTED ? [`… and ${counted(failed.length - LISTED, 'more job', 'more jobs')} not done (all with -o json)`] : [];
  const total = fine.length > LISTED ? [`${counted(fine.length, 'job')} ${change.done}`] : [];
  return [...shownFine, ...total, ...shownFailed, ...more].join('\n');
}

function fineText(change: ManyJobsChange, { status }: JobChangeResult): string {
  return status === 'Running' ? 'asked to stop' : change.done;
}

function problemOf(change: ManyJobsChange, selection: JobSelection, results: readonly JobChangeResult[]): AppError | undefined {
  const failed = results.filter(({ error }) => error !== undefined);
  const [first] = failed;
  if (first === undefined) return undefined;
  if (results.length > failed.length) {
    return new AppError('PARTLY_DONE', `${failed.length} of ${counted(results.length, 'job')} could not be ${change.done}`);
  }
  const [unknown] = selection.unknown;
  // One job: its own error says it best.
  if (results.length === 1 && unknown !== undefined) return unknown.error;
  if (unknown !== undefined && selection.unknown.length === results.length) return new AppError('JOB_NOT_FOUND', 'none of these jobs exists', { hint: 'see the newest jobs with `copiloteval list`' });
  if (results.length === 1) {
    return new AppError('JOB_STATE', first.error?.message ?? '', { hint: `see where it is with \`copiloteval why ${shortId(first.jobId)}\`` });
  }
  return new AppError('JOB_STATE', `none of ${counted(results.length, 'job')} could be ${change.done}`);
}
