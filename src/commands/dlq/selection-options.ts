// The options that choose dead letters, shared by all `dlq` commands.

import type { LetterSelection } from '../../domain/dead-letters/selection.js';
import { AppError } from '../../domain/errors.js';
import { parseSequenceRanges } from '../../domain/sequence-ranges.js';
import type { Runtime } from '../../runtime.js';
import { resolveGroups } from '../../services/dead-letters/group-letters.js';
import { findJobId } from '../../services/find-job.js';
import { knownQueues } from '../../services/queue-settings.js';
import { readWhere } from '../job-filter.js';
import { duration, nonEmpty } from '../option-parsers.js';
import { flag, option, repeated, type OptionValues } from '../option-specs.js';

const group = 'Which dead letters:';
const SELECTING = ['sequence', 'job', 'reason', 'type', 'olderThan', 'group', 'where'] as const;

export const selectionOptions = {
  queue: repeated('--queue <name>', 'of this queue; can be given several times', { parser: nonEmpty(), group }),
  all: flag('--all', 'every dead letter of the queues', { conflicts: SELECTING, group }),
  sequence: repeated('--sequence <numbers>', 'with these numbers, such as 1,3-9', { parser: nonEmpty(), group }),
  job: repeated('--job <id>', 'of this job, by its id or its last eight characters', { parser: nonEmpty(), group }),
  reason: repeated('--reason <pattern>', 'whose reason or description fits; * and ? stand for anything', { parser: nonEmpty(), group }),
  type: repeated('--type <type>', 'of this job type', { parser: nonEmpty(), group }),
  olderThan: option('--older-than <duration>', 'dead-lettered at least so long ago', { parser: duration(), group }),
  group: repeated('--group <name>', 'of this group of `dlq groups`, or the beginning of its name', { parser: nonEmpty(), group }),
  where: option('--where <expr>', 'an expression such as `payload.customer = 42 and age > 1h`, see docs/where.md', { parser: nonEmpty(), group }),
};
export type SelectionOptions = OptionValues<typeof selectionOptions>;

/** For commands that change something: all queues only when that is said. */
export const allQueuesOption = flag('--all-queues', 'of every queue', { conflicts: ['queue'], group });

export interface ChosenLetters {
  readonly queues: readonly string[];
  readonly selection: LetterSelection;
}

/** For looking: every queue and every letter unless the options say otherwise. */
export async function chooseForReading(options: SelectionOptions, runtime: Runtime): Promise<ChosenLetters> {
  const queues = options.queue.length > 0 ? await knownQueues(runtime, options.queue) : await allQueues(runtime);
  return { queues, selection: await readSelection(options, runtime, queues) };
}

/** For changing: USAGE_INVALID without a selection, and without a queue unless jobs are named, which know theirs. */
export async function chooseForChange(
  verb: string,
  options: SelectionOptions & { readonly allQueues: boolean },
  runtime: Runtime,
): Promise<ChosenLetters> {
  checkSelects(verb, options);
  const queues = await queuesForChange(verb, options, runtime);
  return { queues, selection: await readSelection(options, runtime, queues) };
}

async function readSelection(options: SelectionOptions, runtime: Runtime, queues: readonly string[]): Promise<LetterSelection> {
  return {
    sequences: options.sequence.length === 0 ? [] : parseSequenceRanges(options.sequence.join(',')),
    jobIds: await Promise.all(options.job.map((text) => findJobId(runtime, text))),
    reasons: options.reason,
    types: options.type,
    olderThanMs: options.olderThan ?? null,
    groups: options.group.length === 0 ? [] : await resolveGroups(runtime, queues, options.group),
    where: options.where === undefined ? null : await readWhere(options.where),
  };
}

function checkSelects(verb: string, options: SelectionOptions): void {
  const selects = SELECTING.some((name) => {
    const value = options[name];
    return Array.isArray(value) ? value.length > 0 : value !== undefined;
  });
  if (selects || options.all) return;
  throw new AppError('USAGE_INVALID', `dlq ${verb} needs to know which dead letters: --all, --sequence, --job, --reason, --type, --older-than, --group or --where`, {
    hint: 'see what is there with `copiloteval dlq groups`',
  });
}

async function queuesForChange(verb: string, options: SelectionOptions & { readonly allQueues: boolean }, runtime: Runtime): Promise<readonly string[]> {
  if (options.queue.length > 0) return knownQueues(runtime, options.queue);
  if (options.allQueues) return allQueues(runtime);
  if (options.job.length > 0) return queuesOfJobs(options.job, runtime);
  const filled = (await runtime.admin.list()).filter(({ counts }) => counts.deadLetter > 0).map(({ name }) => name);
  const [first] = filled;
  throw new AppError('USAGE_INVALID', `dlq ${verb} needs --queue or --all-queues`, {
    hint: first === undefined ? 'no queue has dead letters now' : `queues with dead letters: ${filled.join(', ')}; say \`--queue ${first}\``,
  });
}

async function queuesOfJobs(references: readonly string[], runtime: Runtime): Promise<readonly string[]> {
  const jobs = await Promise.all(
    references.map(async (text) => {
      const job = await runtime.store.get(await findJobId(runtime, text));
      if (job !== undefined) return job;
      throw new AppError('JOB_NOT_FOUND', `no job with the id ${text}`, { hint: 'if only its dead letter is left, name the queue with `--queue`' });
    }),
  );
  return [...new Set(jobs.map(({ queue }) => queue))];
}

async function allQueues(runtime: Runtime): Promise<readonly string[]> {
  return (await runtime.admin.list()).map(({ name }) => name).sort();
}
