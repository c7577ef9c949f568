// Which jobs a command for many jobs means: the ids somebody typed, or every job that a filter fits.

import { AppError } from '../domain/errors.js';
import type { JobId, JobStatus } from '../domain/job.js';
import type { Backend } from '../ports/backend.js';
import type { JobFilter } from '../ports/job-store.js';
import { findJob } from './find-job.js';

export interface SelectJobs {
  /** Whole or short ids; each is answered, also when it names no job. */
  readonly references: readonly string[];
  /** Used when there are no references. */
  readonly filter?: JobFilter;
  readonly onScanned?: (scanned: number) => void;
  readonly signal?: AbortSignal;
}

export interface JobSelection {
  readonly jobIds: readonly JobId[];
  readonly byStatus: Readonly<Partial<Record<JobStatus, number>>>;
  readonly byType: Readonly<Record<string, number>>;
  /** References that name no job or several. */
  readonly unknown: readonly { readonly reference: string; readonly error: AppError }[];
}

const PAGE = 1000;

/** Keeps ids only, so that a filter may fit a million jobs. Throws INPUT_INVALID for a reference that is no id. */
export async function selectJobs(backend: Pick<Backend, 'store'>, selection: SelectJobs): Promise<JobSelection> {
  const found = new Selection();
  if (selection.references.length > 0) await addReferences(backend, selection.references, found);
  else if (selection.filter !== undefined) await addMatches(backend, { ...selection, filter: selection.filter }, found);
  return found;
}

class Selection implements JobSelection {
  readonly jobIds: JobId[] = [];
  readonly byStatus: Partial<Record<JobStatus, number>> = {};
  readonly byType: Record<string, number> = {};
  readonly unknown: { reference: string; error: AppError }[] = [];

  add(job: { jobId: JobId; status: JobStatus; type: string }): void {
    this.jobIds.push(job.jobId);
    this.byStatus[job.status] = (this.byStatus[job.status] ?? 0) + 1;
    this.byType[job.type] = (this.byType[job.type] ?? 0) + 1;
  }
}

async function addReferences(backend: Pick<Backend, 'store'>, references: readonly string[], found: Selection): Promise<void> {
  const seen = new Set<JobId>();
  for (const reference of references) {
    try {
      const job = await findJob(backend, reference);
      if (!seen.has(job.jobId)) found.add(job);
      seen.add(job.jobId);
    } catch (error) {
      if (!(error instanceof AppError) || (error.code !== 'JOB_NOT_FOUND' && error.code !== 'JOB_AMBIGUOUS')) throw error;
      found.unknown.push({ reference, error });
    }
  }
}

async function addMatches(
  backend: Pick<Backend, 'store'>,
  selection: SelectJobs & { readonly filter: JobFilter },
  found: Selection,
): Promise<void> {
  const { filter, onScanned, signal } = selection;
  let cursor: string | null = null;
  // Each page counts from its own beginning.
  let before = 0;
  let looked = 0;
  do {
    signal?.throwIfAborted();
    const page = await backend.store.list({
      filter,
      limit: PAGE,
      ...(cursor === null ? {} : { cursor }),
      onScanned: (scanned) => onScanned?.(before + (looked = scanned)),
      ...(signal === undefined ? {} : { signal }),
    });
    before += looked;
    for (const job of page.jobs) found.add(job);
    cursor = page.nextCursor;
  } while (cursor !== null);
}
