// Stores new jobs: the record of an idempotency key first, in a partition of its own, then the job with its event and its
// message in one batch. Dying between the two leaves a record without a job; the next submit under the key creates the job
// with the id that the record names, so that one key never leads to two jobs.

import { randomUUID } from 'node:crypto';

import { AppError } from '../../domain/errors.js';
import type { Job, JobId } from '../../domain/job.js';
import { submit } from '../../domain/lifecycle.js';
import type { InsertOutcome, NewJobEntry } from '../../ports/job-store.js';
import type { CosmosCalls } from './cosmos-calls.js';
import { JOB_ID, type JobDocument, jobOf } from './job-document.js';
import { insertOperations, type SaveTerms } from './job-save.js';
import { KEY_ID, type KeyDocument, keyPartition } from './key-record.js';

/** A record can be deleted, with its job, between the refusal and the look at it. */
const MAX_TRIES = 5;

export async function insertEntry(calls: CosmosCalls, entry: NewJobEntry, terms: SaveTerms): Promise<InsertOutcome> {
  if (entry.idempotency === undefined) return insertJob(calls, entry, terms);
  const { key, requestHash } = entry.idempotency;
  const partition = keyPartition(entry.job, key);
  const record: KeyDocument = { id: KEY_ID, pk: partition, kind: 'key', jobId: entry.job.jobId, requestHash };
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const created = await calls.create({ ...record });
    if (created.kind === 'done') return insertJob(calls, entry, terms);
    const known = await calls.read<KeyDocument>(partition, KEY_ID);
    if (known === undefined) continue;
    if (known.requestHash !== requestHash) return { kind: 'conflict', jobId: known.jobId };
    return insertJob(calls, known.jobId === entry.job.jobId ? entry : renamed(entry, known.jobId), terms);
  }
  throw new AppError('BACKEND_UNAVAILABLE', `the record of the idempotency key ${JSON.stringify(key)} is refused as taken and is not there`, { hint: 'submit again' });
}

/** An id that is taken answers with the stored job, unless it was this very call that stored it and got no answer. */
async function insertJob(calls: CosmosCalls, entry: NewJobEntry, terms: SaveTerms): Promise<InsertOutcome> {
  const job: Job = { ...entry.job, version: entry.job.version + 1 };
  const saveId = randomUUID();
  const written = await calls.batch(job.jobId, insertOperations(entry, job, { ...terms, saveId }));
  if (written.kind === 'done') return { kind: 'inserted', job };
  const stored = await calls.read<JobDocument>(job.jobId, JOB_ID);
  if (stored === undefined) throw new Error(`job ${job.jobId} is refused as taken and is not there`);
  const isOurs = written.uncertain && stored.saveId === saveId;
  return { kind: isOurs ? 'inserted' : 'duplicate', job: jobOf(stored) };
}

function renamed(entry: NewJobEntry, jobId: JobId): NewJobEntry {
  return entry.outbox === undefined ? { ...entry, job: { ...entry.job, jobId }, event: { ...entry.event, jobId } } : submit({ ...entry.job, jobId });
}
