// What must hold after any crash, read through the ports only: one outcome per job, no transition out of order,
// nothing accepted is missing, nothing is left on a queue that has no work.

import type { Job } from '../../src/domain/job.js';
import { hasEnded } from '../../src/domain/job.js';
import type { JobEvent, JobEventType } from '../../src/domain/job-event.js';
import type { Backend } from '../../src/ports/backend.js';

export interface Violation {
  readonly jobId: string;
  readonly what: string;
}

/** Which events may follow which; a `started` after `started` is the attempt after a lost lock. */
const MAY_FOLLOW: Record<JobEventType, readonly JobEventType[]> = {
  submitted: ['started', 'given-back', 'cancelled', 'cancel-requested', 'dead-lettered'],
  started: ['started', 'succeeded', 'failed', 'dead-lettered', 'retry-scheduled', 'given-back', 'cancel-requested', 'cancelled', 'awaits-children'],
  'retry-scheduled': ['started', 'given-back', 'cancelled', 'dead-lettered'],
  'given-back': ['started', 'given-back', 'cancelled', 'dead-lettered'],
  succeeded: [],
  failed: ['retried'],
  'dead-lettered': ['retried', 'replayed'],
  'cancel-requested': ['cancelled', 'succeeded', 'failed', 'dead-lettered', 'started'],
  cancelled: ['retried'],
  retried: ['started', 'given-back', 'cancelled', 'dead-lettered'],
  replayed: ['started', 'given-back', 'cancelled', 'dead-lettered'],
  'awaits-children': ['children-ended', 'cancelled'],
  'children-ended': ['started', 'given-back', 'cancelled', 'dead-lettered'],
  labelled: [],
};

/** Checks every job of the store; `submitted` are the ids that a submitter reported as accepted. */
export async function findViolations(backend: Pick<Backend, 'store' | 'events'>, submitted: Iterable<string>): Promise<Violation[]> {
  const jobs = await allJobs(backend);
  const events = await eventsByJob(backend);
  const missing = [...submitted].filter((jobId) => !jobs.has(jobId)).map((jobId) => ({ jobId, what: 'accepted and lost' }));
  return [...missing, ...[...jobs.values()].flatMap((job) => checkJob(job, events.get(job.jobId) ?? []))];
}

export async function allJobs(backend: Pick<Backend, 'store'>): Promise<Map<string, Job>> {
  const jobs = new Map<string, Job>();
  let cursor: string | null | undefined;
  do {
    const page = await backend.store.list({ filter: {}, limit: 500, ...(cursor ? { cursor } : {}) });
    for (const job of page.jobs) jobs.set(job.jobId, job);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return jobs;
}

async function eventsByJob(backend: Pick<Backend, 'events'>): Promise<Map<string, JobEvent[]>> {
  const byJob = new Map<string, JobEvent[]>();
  let after: string | undefined;
  for (;;) {
    const page = await backend.events.read({ limit: 2000, ...(after === undefined ? {} : { after }) });
    if (page.events.length === 0) return byJob;
    for (const event of page.events) byJob.set(event.jobId, [...(byJob.get(event.jobId) ?? []), event]);
    after = page.cursor;
  }
}

function checkJob(job: Job, events: readonly JobEvent[]): Violation[] {
  const found: string[] = [];
  if (!hasEnded(job.status)) found.push(`still ${job.status} although there is no work left`);
  if (events[0]?.type !== 'submitted') found.push(`history starts with ${events[0]?.type ?? 'nothing'}`);
  for (const [index, event] of events.entries()) {
    const next = events[index + 1];
    if (next !== undefined && !MAY_FOLLOW[event.type].includes(next.type)) found.push(`${event.type} is followed by ${next.type}`);
  }
  const last = events.at(-1);
  if (last !== undefined && last.status !== job.status) found.push(`history ends ${last.status}, the job is ${job.status}`);
  const starts = events.filter((event) => event.type === 'started').length;
  if (starts !== job.runEpoch) found.push(`${starts} starts in the history, runEpoch ${job.runEpoch}`);
  return found.map((what) => ({ jobId: job.jobId, what }));
}
