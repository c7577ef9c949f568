// Finds the job a person named: by its id, or by the last characters of it as every table shows them.

import { AppError } from '../domain/errors.js';
import { parseJobReference } from '../domain/ids.js';
import type { Job, JobId } from '../domain/job.js';
import type { Backend } from '../ports/backend.js';
import { withChildrenNow } from './waiting-parent.js';

const MAX_CANDIDATES = 10;

/** Throws JOB_NOT_FOUND, JOB_AMBIGUOUS (candidates in `details`) or INPUT_INVALID when the text is no id at all. */
export async function findJob(backend: Pick<Backend, 'store'>, text: string): Promise<Job> {
  const job = await backend.store.get(await findJobId(backend, text));
  if (job === undefined) throw notFound(text);
  return withChildrenNow(backend, job);
}

/** As findJob, for callers that read the job themselves: a whole id is not looked up here. */
export async function findJobId(backend: Pick<Backend, 'store'>, text: string): Promise<JobId> {
  const reference = shorterThanShown(text) ?? parseJobReference(text);
  if (reference.kind === 'id') return reference.id;
  const found = await backend.store.findBySuffix(reference.suffix, MAX_CANDIDATES);
  const [only] = found;
  if (only === undefined) throw notFound(text);
  if (found.length > 1) throw ambiguous(text, found);
  return only;
}

/** Six or seven of the eight characters people see are enough, and so are more than eight, up to the last group. */
function shorterThanShown(text: string): { kind: 'short'; suffix: string } | undefined {
  const trimmed = text.trim().toLowerCase();
  return /^[\da-f]{6,12}$/.test(trimmed) ? { kind: 'short', suffix: trimmed } : undefined;
}

function notFound(text: string): AppError {
  return new AppError('JOB_NOT_FOUND', `no job with the id ${text.trim()}`, { hint: 'see the newest jobs with `copiloteval list`' });
}

function ambiguous(text: string, candidates: readonly JobId[]): AppError {
  const more = candidates.length === MAX_CANDIDATES ? ' (and perhaps more)' : '';
  return new AppError('JOB_AMBIGUOUS', `${candidates.length} jobs have ids that end with ${text.trim()}${more}`, {
    hint: `give one whole id: ${candidates.slice(0, 3).join(', ')}`,
    details: { candidates },
  });
}
