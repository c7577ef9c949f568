// The record of an idempotency key, in a partition of its own. It stays as long as its job, and a little longer: one that
// goes first would let the key make a second job, one that stays longer names an id that the next submit creates again.

import { createHash } from 'node:crypto';

import type { Job, JobId } from '../../domain/job.js';
import type { JobEventType } from '../../domain/job-event.js';
import type { CosmosCalls } from './cosmos-calls.js';
import { FOR_EVER, timeToLive } from './retention.js';

export interface KeyDocument {
  readonly id: typeof KEY_ID;
  readonly pk: string;
  readonly kind: 'key';
  readonly jobId: JobId;
  readonly requestHash: string;
}

export const KEY_ID = 'key';
/** Seconds that a record outlives its job. */
const LONGER = 86_400;
/** What brings an ended job back. */
const QUEUED_AGAIN: ReadonlySet<JobEventType> = new Set(['retried', 'replayed']);

export function keyPartition(job: Pick<Job, 'userId' | 'type'>, key: string): string {
  return `key:${createHash('sha256').update(JSON.stringify([job.userId, job.type, key])).digest('hex')}`;
}

/** Before an ended job is queued again. Dying after it leaves a record without an end. */
export async function keepKeyOf(calls: CosmosCalls, job: Job, event: JobEventType): Promise<void> {
  if (QUEUED_AGAIN.has(event)) await setEnd(calls, job, FOR_EVER);
}

/**
 * After the save of a job that has ended. Dying before it leaves a record without an end, and so does a failure, which must
 * not be taken for one of the save.
 */
export async function endKeyOf(calls: CosmosCalls, job: Job, keep: number): Promise<void> {
  if (timeToLive(job, keep) !== FOR_EVER) await setEnd(calls, job, keep + LONGER).catch(() => undefined);
}

/** With its job. The record may be of a later job already, and become so at any moment. */
export async function freeKeyOf(calls: CosmosCalls, job: Pick<Job, 'jobId' | 'userId' | 'type' | 'idempotencyKey'>): Promise<void> {
  if (job.idempotencyKey === null) return;
  const partition = keyPartition(job, job.idempotencyKey);
  const record = await calls.read<KeyDocument & { readonly _etag: string }>(partition, KEY_ID);
  if (record?.jobId === job.jobId) await calls.delete(partition, KEY_ID, record._etag);
}

async function setEnd(calls: CosmosCalls, job: Job, ttl: number): Promise<void> {
  if (job.idempotencyKey === null) return;
  await calls.patch(keyPartition(job, job.idempotencyKey), KEY_ID, [{ op: 'set', path: '/ttl', value: ttl }], `c.jobId = ${JSON.stringify(job.jobId)}`);
}
