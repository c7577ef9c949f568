// Stores a changed job with its event, in one batch of its partition: the only way a stored job changes, apart from its
// progress and what the outbox notes on it.

import { randomUUID } from 'node:crypto';
import type { OperationInput, PatchOperation } from '@azure/cosmos';

import { AppError } from '../../domain/errors.js';
import type { Job } from '../../domain/job.js';
import type { JobEventType } from '../../domain/job-event.js';
import type { Change } from '../../domain/lifecycle.js';
import type { CosmosCalls } from './cosmos-calls.js';
import { documentOf, type EventDocument, eventDocumentOf, JOB_ID, type JobDocument, type OutboxPart, outboxPartOf } from './job-document.js';
import { endKeyOf, keepKeyOf } from './key-record.js';

/** Who creates outbox entries, and until when they are its own. */
export interface EntryHold {
  readonly holder: string;
  readonly savedAt: number;
  readonly freeAt: number;
}

export interface SaveTerms {
  readonly hold: EntryHold;
  /** Seconds for which an ended job and its history are kept. */
  readonly keep: number;
}

/** Events that bring a job into another status, or begin another attempt; of the ways back to Queued only the first counts. */
const TRANSITIONS: ReadonlySet<JobEventType> = new Set(['submitted', 'started', 'succeeded', 'failed', 'dead-lettered', 'cancelled']);

/**
 * JOB_CONFLICT when the stored version is another. A batch whose answer was lost is repeated; when that finds the version
 * changed, the save's own mark tells whether it was this very save that changed it.
 */
export async function saveChange(calls: CosmosCalls, change: Change, terms: SaveTerms): Promise<Job> {
  const job: Job = { ...change.job, version: change.job.version + 1 };
  await keepKeyOf(calls, job, change.event.type);
  await saveJob(calls, change, job, terms);
  await endKeyOf(calls, job, terms.keep);
  return job;
}

async function saveJob(calls: CosmosCalls, change: Change, job: Job, terms: SaveTerms): Promise<void> {
  const saveId = randomUUID();
  const written = await calls.batch(job.jobId, saveOperations(change, job, { ...terms, saveId }));
  if (written.kind === 'done') return;
  const stored = await calls.read<JobDocument>(job.jobId, JOB_ID);
  if (!written.uncertain || stored?.saveId !== saveId) throw conflict(change.job, stored);
}

/** The documents of a new job and its first event. */
export function insertOperations(change: Change, job: Job, parts: SaveTerms & { readonly saveId: string }): OperationInput[] {
  const outbox = change.outbox === undefined ? null : outboxPartOf(change.outbox, parts.hold);
  return [
    { operationType: 'Create', resourceBody: { ...documentOf(job, { ...parts, outbox }) } },
    { operationType: 'Create', resourceBody: { ...eventOf(change, job, parts.keep) } },
  ] as OperationInput[];
}

function eventOf({ event }: Change, { version }: Job, keep: number): EventDocument {
  return eventDocumentOf(event, { number: version, isTransition: TRANSITIONS.has(event.type), keep });
}

function saveOperations(change: Change, job: Job, { hold, saveId, keep }: SaveTerms & { readonly saveId: string }): OperationInput[] {
  const document = documentOf(job, { outbox: null, saveId, keep });
  const operations: PatchOperation[] = [
    { op: 'set', path: '/state', value: document.state },
    { op: 'set', path: '/saveId', value: saveId },
    { op: 'set', path: '/lookAt', value: document.lookAt },
    { op: 'set', path: '/delayedUntil', value: document.delayedUntil },
    { op: 'set', path: '/blobKeys', value: document.blobKeys },
    { op: 'set', path: '/ttl', value: document.ttl },
  ];
  // Only a replay can change what was submitted; every other save leaves the payload alone.
  if (change.event.type === 'replayed') operations.push({ op: 'set', path: '/submitted', value: document.submitted });
  const outbox = outboxAfter(change, job, hold);
  if (outbox !== undefined) operations.push({ op: 'set', path: '/outbox', value: outbox });
  return [
    { operationType: 'Patch', id: JOB_ID, resourceBody: { condition: `from c where c.state.version = ${change.job.version}`, operations } },
    { operationType: 'Create', resourceBody: { ...eventOf(change, job, keep) } },
  ] as OperationInput[];
}

/** A new message replaces an older one; one that the job does not wait for any more is dropped. Undefined: as it is. */
function outboxAfter(change: Change, job: Job, hold: EntryHold): OutboxPart | null | undefined {
  if (change.outbox !== undefined) return outboxPartOf(change.outbox, hold);
  return job.status !== 'Queued' ? null : undefined;
}

/** A deleted job is a conflict too: reading it again tells. */
function conflict(job: Job, stored: JobDocument | undefined): AppError {
  const found = stored === undefined ? 'it was deleted' : `it is at version ${stored.state.version} by now`;
  return new AppError('JOB_CONFLICT', `job ${job.jobId} was changed since version ${job.version} was read: ${found}`, {
    hint: 'read the job again and repeat the change',
    details: { jobId: job.jobId },
  });
}
