// What must hold for jobs and their histories after any crash, read through the ports only: one outcome per job, no
// transition out of order, nothing accepted is missing.

import type { Job } from '../../src/domain/job.js';
import { hasEnded } from '../../src/domain/job.js';
import type { JobEvent, JobEventType } from '../../src/domain/job-event.js';
import type { Backend } from '../../src/ports/backend.js';

export interface Violation {
  readonly jobId: string;
  readonly what: string;
}

/** What may happen to a job whose message is out; `moved-to-local` and `recovered` only where the queue is another system. */
const FROM_QUEUED: readonly JobEventType[] = ['started', 'given-back', 'cancelled', 'dead-lettered', 'moved-to-local', 'recovered'];

/** Which events may follow which; a `started` after `started` is the attempt after a lost lock. */
const MAY_FOLLOW: Record<JobEventType, readonly JobEventType[]> = {
  submitted: FROM_QUEUED,
  started: ['moved-to-local', 'recovered', 'started', 'succeeded', 'failed', 'dead-lettered', 'retry-scheduled', 'given-back', 'cancel-requested', 'cancelled', 'awaits-children'],
  'retry-scheduled': FROM_QUEUED,
  'given-back': FROM_QUEUED,
  succeeded: [],
  failed: ['retried'],
  'dead-lettered': ['retried', 'replayed'],
  'cancel-requested': ['cancelled', 'succeeded', 'failed', 'dead-lettered', 'moved-to-local', 'recovered'],
  cancelled: ['retried'],
  retried: FROM_QUEUED,
  replayed: FROM_QUEUED,
  'awaits-children': ['children-ended', 'cancelled'],
  'children-ended': FROM_QUEUED,
  'moved-to-local': FROM_QUEUED,
  recovered: FROM_QUEUED,
  labelled: [],
};

/** Each of these sends one message. */
const SENDING: ReadonlySet<JobEventType> = new Set(['submitted', 'retry-scheduled', 'given-back', 'retried', 'replayed', 'children-ended', 'moved-to-local', 'recovered']);

/** A job says with this label how it must end. */
export const EXPECTED = 'expected';

/** The store's jobs with their histories, oldest event first. */
export interface Stored {
  readonly jobs: ReadonlyMap<string, Job>;
  readonly events: ReadonlyMap<string, readonly JobEvent[]>;
}

export async function readStored(backend: Pick<Backend, 'store' | 'events'>): Promise<Stored> {
  return { jobs: await allJobs(backend), events: await eventsByJob(backend) };
}

/** `drained`: workers have said that no work is left, so every job must have its outcome. */
export function jobViolations(stored: Stored, facts: { accepted: Iterable<string>; drained: boolean }): Violation[] {
  const { jobs, events } = stored;
  const missing = [...facts.accepted].filter((jobId) => !jobs.has(jobId)).map((jobId) => ({ jobId, what: 'accepted and lost' }));
  const strays = [...events.keys()].filter((jobId) => !jobs.has(jobId)).map((jobId) => ({ jobId, what: 'has a history and is no job' }));
  const found = [...jobs.values()].flatMap((job) => {
    const history = events.get(job.jobId) ?? [];
    const problems = [...historyProblems(job, history), ...(facts.drained ? outcomeProblems(job) : [])];
    return problems.map((what) => ({ jobId: job.jobId, what: `${what} (${job.type}: ${history.map(({ type }) => type).join(', ')})` }));
  });
  return [...missing, ...strays, ...found];
}

function outcomeProblems(job: Job): string[] {
  if (!hasEnded(job.status)) return [`still ${job.status} although there is no work left`];
  const expected = job.labels[EXPECTED];
  if (expected === undefined || expected === job.status) return [];
  return [`ended ${job.status} [${job.error?.code ?? 'no error'}], expected ${expected}`];
}

function historyProblems(job: Job, history: readonly JobEvent[]): string[] {
  const found: string[] = [];
  if (history[0]?.type !== 'submitted') found.push(`history starts with ${history[0]?.type ?? 'nothing'}`);
  for (const [index, event] of history.entries()) {
    const next = history[index + 1];
    if (next !== undefined && !MAY_FOLLOW[event.type].includes(next.type)) found.push(`${event.type} is followed by ${next.type}`);
  }
  const last = history.at(-1);
  if (last !== undefined && last.status !== job.status) found.push(`history ends ${last.status}, the job is ${job.status}`);
  const count = (type: JobEventType): number => history.filter((event) => event.type === type).length;
  if (count('started') !== job.runEpoch) found.push(`${count('started')} starts in the history, runEpoch ${job.runEpoch}`);
  if (count('replayed') !== job.replayCount) found.push(`${count('replayed')} replays in the history, replayCount ${job.replayCount}`);
  const sent = history.filter(({ type }) => SENDING.has(type)).length;
  if (sent !== job.sequence) found.push(`${sent} messages sent by its history, sequence ${job.sequence}`);
  if (count('children-ended') > count('awaits-children')) found.push('more continuations than waits');
  return found;
}

async function allJobs(backend: Pick<Backend, 'store'>): Promise<Map<string, Job>> {
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
    for (const event of page.events) {
      const history = byJob.get(event.jobId);
      if (history === undefined) byJob.set(event.jobId, [event]);
      else history.push(event);
    }
    after = page.cursor;
  }
}
