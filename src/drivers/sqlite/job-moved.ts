// Keeps jobs true when the broker moves a message to the dead letters by itself: in the same transaction the job is
// dead-lettered with the broker's reason, so that no watcher has to find it later.

import type { JobError } from '../../domain/job.js';
import { hasEnded } from '../../domain/job.js';
import { deadLetter } from '../../domain/lifecycle.js';
import type { MovedMessage } from './broker/broker-message.js';
import { saveJob } from './job-save.js';
import { type JobTransaction, readJob } from './job-transaction.js';

/**
 * Only the message that is the job's newest speaks for the job. A message of another producer names no job of this store
 * by its properties and is left to the worker that meets its dead letter.
 */
export function recordMoved(transaction: JobTransaction, messages: readonly MovedMessage[]): void {
  for (const message of messages) {
    const { jobId, sequence, storeId } = JSON.parse(message.properties) as Readonly<Record<string, unknown>>;
    if (typeof jobId !== 'string' || storeId !== transaction.storeId) continue;
    const job = readJob(transaction.db, jobId);
    if (job === undefined || job.sequence !== sequence || hasEnded(job.status)) continue;
    saveJob(transaction, deadLetter(job, message.at, errorOf(message)));
  }
}

function errorOf({ reason, description, at }: MovedMessage): JobError {
  return { code: reason, message: description, retryable: reason === 'DELIVERY_LIMIT', at };
}
