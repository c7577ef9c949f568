// Letters and jobs for the tests of the dead-letter rules.

import { createJob } from '../../../../src/domain/create-job.js';
import type { LetterRecord } from '../../../../src/domain/dead-letters/letter-record.js';
import type { Job } from '../../../../src/domain/job.js';
import { outboxEntryFor } from '../../../../src/domain/message.js';
import { encodeMessage } from '../../../../src/domain/encode-message.js';

export const STORE = 'store-1';
export const JOB_ID = '01980000-0000-7000-8000-0000000000aa';

export function job(changes: Partial<Job> = {}): Job {
  const made = createJob({
    jobId: JOB_ID,
    type: 'echo',
    queue: 'evaluation-jobs',
    userId: 'someone',
    priority: 'high',
    origin: 'submit',
    createdAt: 1_000,
    dueAt: 1_000,
    ttlMs: 60_000,
    maxAttempts: 3,
    payload: { text: 'hello' },
  });
  return { ...made, status: 'DeadLettered', ...changes };
}

/** As the broker shows it: bytes with text in them or none. */
export function letter(changes: Partial<LetterRecord> = {}): LetterRecord {
  return {
    queue: 'evaluation-jobs',
    sequenceNumber: '7',
    messageId: 'message-7',
    body: new Uint8Array(Buffer.from('plain text')),
    properties: {},
    reason: 'ATTEMPTS_EXHAUSTED',
    description: 'connect ECONNREFUSED 10.0.0.7:443',
    enqueuedAt: 1_000,
    deadLetteredAt: 5_000,
    deliveryCount: 3,
    ...changes,
  };
}

/** The newest message of the job, dead-lettered. */
export function letterOf(owner: Job, changes: Partial<LetterRecord> = {}): LetterRecord {
  const entry = outboxEntryFor(owner, null);
  const { body, properties } = encodeMessage(entry, STORE);
  return letter({ messageId: entry.messageId, body: new Uint8Array(Buffer.from(body)), properties: { ...properties }, ...changes });
}
