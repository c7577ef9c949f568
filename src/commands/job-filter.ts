// The options that choose jobs, shared by the commands that list and follow them.

import { JOB_STATUSES, type JobStatus } from '../domain/job.js';
import type { JobFilter } from '../ports/job-store.js';
import type { Runtime } from '../runtime.js';
import { checkFilter } from '../services/list-jobs.js';
import { instant, keyValue, nonEmpty, oneOf, resolveInstant, toRecord, type Parser } from './option-parsers.js';
import { option, repeated, type OptionValues } from './option-specs.js';

const group = 'Which jobs:';

export const whereOption = option('--where <expr>', "an expression such as `status = Failed and age > 1h`, see docs/where.md", {
  parser: nonEmpty(),
  group,
});

export const jobFilterOptions = {
  status: repeated('--status <status>', 'with this status; several with commas', { parser: statusList(), group }),
  type: repeated('--type <type>', 'of this job type', { parser: nonEmpty(), group }),
  queue: repeated('--queue <name>', 'of this queue', { parser: nonEmpty(), group }),
  user: option('--user <name>', 'submitted by this user', { parser: nonEmpty(), group }),
  label: repeated('--label <key=value>', 'with this label; several must all fit', { parser: keyValue(), group }),
  since: option('--since <time>', 'created at or after this', { parser: instant('past'), group }),
  until: option('--until <time>', 'created before this', { parser: instant('past'), group }),
  where: whereOption,
};
export type JobFilterOptions = OptionValues<typeof jobFilterOptions>;

/** Throws TYPE_UNKNOWN, QUEUE_UNKNOWN or WHERE_INVALID. */
export async function jobFilter(options: JobFilterOptions, runtime: Runtime): Promise<JobFilter> {
  const { status, type, queue, user, label, since, until, where } = options;
  const now = runtime.clock.now();
  const statuses = status.flat();
  return checkFilter(runtime, {
    ...(statuses.length === 0 ? {} : { statuses }),
    ...(type.length === 0 ? {} : { types: type }),
    ...(queue.length === 0 ? {} : { queues: queue }),
    ...(user === undefined ? {} : { userId: user }),
    ...(label.length === 0 ? {} : { labels: toRecord(label) }),
    ...(since === undefined ? {} : { createdFrom: resolveInstant(since, now) }),
    ...(until === undefined ? {} : { createdBefore: resolveInstant(until, now) }),
    ...(where === undefined ? {} : { where: await readWhere(where) }),
  });
}

/** Throws WHERE_INVALID with the column. */
export async function readWhere(text: string): Promise<NonNullable<JobFilter['where']>> {
  const { parseWhere } = await import('../domain/where/parser.js');
  return parseWhere(text);
}

/** Any case, with or without a dash: `dead-lettered` is DeadLettered. */
function statusList(): Parser<readonly JobStatus[]> {
  const find = (word: string): JobStatus | undefined =>
    JOB_STATUSES.find((status) => status.toLowerCase() === word.trim().replaceAll('-', '').toLowerCase());
  return {
    expects: oneOf(JOB_STATUSES),
    choices: JOB_STATUSES,
    read: (text) => {
      const statuses = text.split(',').map(find);
      return statuses.every((status) => status !== undefined) ? statuses : undefined;
    },
  };
}
