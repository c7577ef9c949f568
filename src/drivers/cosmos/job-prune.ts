// Deletes ended jobs with everything that was kept about them.

import { hasEnded, JOB_STATUSES, type JobStatus } from '../../domain/job.js';
import type { PrunedJob } from '../../ports/job-store.js';
import type { CosmosCalls } from './cosmos-calls.js';
import { JOB_ID, type JobDocument } from './job-document.js';
import { freeKeyOf } from './key-record.js';

/** What one batch takes. */
const BATCH = 100;

export interface PruneRequest {
  readonly before: number;
  readonly limit: number;
  readonly statuses?: readonly JobStatus[];
}

/**
 * Oldest by creation first. The job's own document goes last of all, so that dying in here leaves a job which the next
 * prune finds again.
 */
export async function pruneJobs(calls: CosmosCalls, request: PruneRequest): Promise<PrunedJob[]> {
  const pruned: PrunedJob[] = [];
  // Less than was asked for means that there is no more: what an old answer held in vain is made up for by another look.
  while (pruned.length < request.limit) {
    const documents = await findEnded(calls, { ...request, limit: request.limit - pruned.length });
    const before = pruned.length;
    for (const document of documents) {
      if (await deleteJob(calls, document)) pruned.push({ jobId: document.pk, blobKeys: await unnamed(calls, document.blobKeys) });
    }
    if (pruned.length - before === documents.length || pruned.length === before) break;
  }
  return pruned;
}

async function findEnded(calls: CosmosCalls, request: PruneRequest): Promise<JobDocument[]> {
  const statuses = (request.statuses ?? JOB_STATUSES).filter(hasEnded);
  if (statuses.length === 0) return [];
  const parameters = [{ name: '@before', value: request.before }, ...statuses.map((value, index) => ({ name: `@s${index}`, value }))];
  return calls.query<JobDocument>(
    {
      query: `SELECT * FROM c WHERE c.kind = 'job' AND c.createdAt < @before AND c.state.updatedAt < @before AND c.state.status IN (${statuses.map((_, index) => `@s${index}`).join(', ')}) ORDER BY c.createdAt, c.pk`,
      parameters,
    },
    { limit: request.limit },
  );
}

/** False: the job has changed since it was read, perhaps it was queued again. */
async function deleteJob(calls: CosmosCalls, { pk, state }: JobDocument): Promise<boolean> {
  // Asks who takes the writes before anything goes: what was read may be old.
  const unchanged = await calls.patch(pk, JOB_ID, [{ op: 'set', path: '/lookAt', value: null }], `c.state.version = ${state.version}`);
  if (unchanged.kind === 'refused') return false;
  await freeKeyOf(calls, state);
  for (;;) {
    const ids = await calls.query<string>({ query: "SELECT VALUE c.id FROM c WHERE c.pk = @pk AND c.id != 'job'", parameters: [{ name: '@pk', value: pk }] }, { partition: pk, limit: BATCH });
    if (ids.length === 0) break;
    await calls.batch(pk, ids.map((id) => ({ operationType: 'Delete', id })));
  }
  // Queued again in this very moment: it stays, without its history and its key.
  const deleted = await calls.delete(pk, JOB_ID, (unchanged.document as { readonly _etag: string })._etag);
  return deleted.kind === 'done' || deleted.status === 404;
}

/** Of the keys of files, those that no job names any more. */
async function unnamed(calls: CosmosCalls, keys: readonly string[]): Promise<string[]> {
  const free: string[] = [];
  for (const key of keys) {
    const [named = 0] = await calls.query<number>({
      query: "SELECT VALUE COUNT(1) FROM c WHERE c.kind = 'job' AND ARRAY_CONTAINS(c.blobKeys, @key)",
      parameters: [{ name: '@key', value: key }],
    });
    if (named === 0) free.push(key);
  }
  return free;
}
