// One dead letter, found by its number or by its job, with the job's record.

import { EVERY_LETTER, type LetterSelection } from '../../domain/dead-letters/selection.js';
import { AppError } from '../../domain/errors.js';
import type { Job } from '../../domain/job.js';
import { parseSequenceRanges } from '../../domain/sequence-ranges.js';
import { findJobId } from '../find-job.js';
import type { LetterReadPorts } from './operation-ports.js';
import { walkLetters, type FoundLetter } from './walk-letters.js';

export interface ShownLetter extends FoundLetter {
  /** Undefined when no stored job belongs to it. */
  readonly job: Job | undefined;
}

/**
 * `which`: a sequence number, or a job's id, whole or short. Eight digits can be both: the number is looked for first.
 * MESSAGE_NOT_FOUND, with the reason when the job is there and has no dead letter; INPUT_INVALID when several queues
 * have a letter of that number.
 */
export async function showLetter(ports: LetterReadPorts, params: { queues: readonly string[]; which: string; signal?: AbortSignal }): Promise<ShownLetter> {
  const which = params.which.trim();
  const byNumber = /^\d{1,19}$/.test(which) ? await findLetters(ports, params, { ...EVERY_LETTER, sequences: parseSequenceRanges(which) }) : [];
  const mayBeJob = byNumber.length === 0 && !/^\d{1,5}$|^\d{13,}$/.test(which);
  const found = mayBeJob ? await findByJob(ports, params, which) : byNumber;
  const newest = found.at(-1);
  if (newest === undefined) throw notFound(which);
  if (byNumber.length > 1) {
    throw new AppError('INPUT_INVALID', `${byNumber.length} queues have a dead letter with the number ${which}`, {
      hint: `name one with \`--queue ${newest.letter.queue}\``,
    });
  }
  return { ...newest, job: newest.facts.jobId === null ? undefined : await ports.store.get(newest.facts.jobId) };
}

async function findByJob(ports: LetterReadPorts, params: { queues: readonly string[]; signal?: AbortSignal }, which: string): Promise<readonly FoundLetter[]> {
  const jobId = await findJobId(ports, which);
  const found = await findLetters(ports, params, { ...EVERY_LETTER, jobIds: [jobId] });
  if (found.length > 0) return found;
  const job = await ports.store.get(jobId);
  if (job === undefined) throw notFound(which);
  throw new AppError('MESSAGE_NOT_FOUND', `job ${jobId} is ${job.status} and has no dead letter here`, {
    hint: `see what became of it with \`copiloteval why ${which}\``,
  });
}

async function findLetters(
  ports: LetterReadPorts,
  params: { queues: readonly string[]; signal?: AbortSignal },
  selection: LetterSelection,
): Promise<readonly FoundLetter[]> {
  const letters: FoundLetter[] = [];
  const { queues, signal } = params;
  for await (const page of walkLetters(ports, { queues, selection, ...(signal === undefined ? {} : { signal }) })) letters.push(...page);
  return letters;
}

function notFound(which: string): AppError {
  return new AppError('MESSAGE_NOT_FOUND', `no dead letter has the number or job ${which}`, { hint: 'see what is there with `copiloteval dlq peek`' });
}
