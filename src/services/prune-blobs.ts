// Deletes stored files that no job names: of deleted jobs, and of submissions that died before their job was saved.

import type { Job } from '../domain/job.js';
import type { Json } from '../domain/json.js';
import type { Backend } from '../ports/backend.js';
import type { JobPage } from '../ports/job-store.js';
import { readPayload } from './submit-prepare.js';

/** A younger file may belong to a job that is being submitted or is about to name it. */
export const BLOB_GRACE_MS = 24 * 60 * 60_000;

const PAGE = 500;

/**
 * Returns how many were deleted. A file that was put with an end goes when that has come. Any other goes when it is older than the grace period, no job names it, and it is still
 * as old after all jobs were looked at: storing the same content again makes a file young.
 */
export async function sweepBlobs(deps: Pick<Backend, 'store' | 'blobs' | 'clock'>, { signal }: { signal: AbortSignal }): Promise<number> {
  const now = deps.clock.now();
  const before = now - BLOB_GRACE_MS;
  const unnamed = new Set<string>();
  let files = 0;
  for await (const blob of deps.blobs.list('')) {
    if (signal.aborted) return files;
    if (blob.expiresAt === null) {
      if (blob.modifiedAt < before) unnamed.add(blob.key);
    } else if (blob.expiresAt <= now) {
      await deps.blobs.delete(blob.key);
      files += 1;
    }
  }
  if (unnamed.size > 0) await removeNamed(deps, unnamed, signal);
  for (const key of unnamed) {
    if (signal.aborted) break;
    for await (const blob of deps.blobs.list(key)) {
      if (blob.key !== key || blob.modifiedAt >= before) continue;
      await deps.blobs.delete(key);
      files += 1;
    }
  }
  return files;
}

async function removeNamed(deps: Pick<Backend, 'store' | 'blobs'>, keys: Set<string>, signal: AbortSignal): Promise<void> {
  let cursor: string | null = null;
  do {
    if (signal.aborted) {
      // Not every job was looked at: nothing is known to be unnamed.
      keys.clear();
      return;
    }
    const page: JobPage = await deps.store.list({ filter: {}, limit: PAGE, ...(cursor === null ? {} : { cursor }) });
    for (const job of page.jobs) await removeNamedBy(deps, job, keys);
    cursor = page.nextCursor;
  } while (cursor !== null && keys.size > 0);
}

async function removeNamedBy(deps: Pick<Backend, 'blobs'>, job: Job, keys: Set<string>): Promise<void> {
  if (job.payloadRef !== null && (await deps.blobs.exists(job.payloadRef.key))) {
    removeTexts(await readPayload(deps, job), keys);
    keys.delete(job.payloadRef.key);
  } else removeTexts(job.payload, keys);
  removeTexts(job.result, keys);
  if (job.resultRef !== null) keys.delete(job.resultRef.key);
  for (const artifact of job.artifacts) keys.delete(artifact.key);
}

/** A key may stand anywhere in a payload or result. */
function removeTexts(value: Json, keys: Set<string>): void {
  if (typeof value === 'string') keys.delete(value);
  else if (typeof value === 'object' && value !== null) for (const item of Object.values(value) as readonly Json[]) removeTexts(item, keys);
}
