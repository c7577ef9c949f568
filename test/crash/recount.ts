// Counters against what they count: jobs by status, transitions by minute, children by outcome, messages by state.

import Database from 'better-sqlite3';

import { type Job, hasEnded } from '../../src/domain/job.js';
import type { JobEvent } from '../../src/domain/job-event.js';
import type { Backend } from '../../src/ports/backend.js';
import type { Stored } from './invariants.js';

const MINUTE = 60_000;

export async function counterProblems(backend: Backend, stored: Stored, file: string): Promise<string[]> {
  return [
    ...differences('jobs', countJobs(stored), fromRows((await backend.counters.totals()).map((row) => [key(row), row.count]))),
    ...(await transitionProblems(backend, stored)),
    ...(await childProblems(backend, stored)),
    ...(await messageProblems(backend, file)),
  ];
}

function countJobs({ jobs }: Stored): Map<string, number> {
  return tally([...jobs.values()].map(key));
}

/** `Queued` counts jobs that were accepted, not those that were queued again. */
async function transitionProblems(backend: Backend, { events, jobs }: Stored): Promise<string[]> {
  const all = [...events.values()].flat();
  const entered = all.filter(isTransition).map((event) => `${event.at - (event.at % MINUTE)} ${key({ ...event, type: typeOf(event, jobs) })}`);
  const rows = await backend.counters.perMinute({ from: 0, to: Number.MAX_SAFE_INTEGER });
  return differences('transitions', tally(entered), fromRows(rows.map((row) => [`${row.minute} ${key(row)}`, row.count])));
}

function isTransition({ type }: JobEvent): boolean {
  return ['submitted', 'started', 'succeeded', 'failed', 'dead-lettered', 'cancelled'].includes(type);
}

function typeOf(event: JobEvent, jobs: Stored['jobs']): string {
  return jobs.get(event.jobId)?.type ?? event.jobType;
}

async function childProblems(backend: Backend, { jobs }: Stored): Promise<string[]> {
  const children = new Map<string, Job[]>();
  for (const job of jobs.values()) {
    if (job.parentJobId !== null) children.set(job.parentJobId, [...(children.get(job.parentJobId) ?? []), job]);
  }
  const found: string[] = [];
  for (const [parent, all] of children) {
    const counted = await backend.store.childrenOf(parent);
    const succeeded = all.filter(({ status }) => status === 'Succeeded').length;
    const failed = all.filter(({ status }) => hasEnded(status)).length - succeeded;
    if (counted.stored !== all.length || counted.succeeded !== succeeded || counted.failed !== failed) {
      found.push(`children of ${parent}: counted ${JSON.stringify(counted)}, are ${all.length} with ${succeeded} succeeded, ${failed} failed`);
    }
  }
  return found;
}

async function messageProblems(backend: Backend, file: string): Promise<string[]> {
  const told = (await backend.admin.list()).flatMap(({ name, counts: { active, locked, scheduled, deadLetter } }): [string, number][] => [
    [`${name} active`, active],
    [`${name} locked`, locked],
    [`${name} scheduled`, scheduled],
    [`${name} deadLetter`, deadLetter],
  ]);
  return differences('messages', countMessages(file), fromRows(told));
}

/** By broker/message-state.ts; read past the driver, because its own counters are what is checked. */
const STATES: Readonly<Record<number, string>> = { 2: 'active', 3: 'locked', 4: 'scheduled', 5: 'deferred', 6: 'deadLetter' };

export function countMessages(file: string): Map<string, number> {
  const db = new Database(file, { readonly: true });
  try {
    const rows = db
      .prepare<[], { name: string; state: number; count: number }>(
        'SELECT q.name, m.state, count(*) AS count FROM broker_messages m JOIN broker_queues q ON q.id = m.queue_id GROUP BY 1, 2',
      )
      .all();
    return fromRows(rows.map(({ name, state, count }) => [`${name} ${STATES[state] ?? state}`, count]));
  } finally {
    db.close();
  }
}

function key({ queue, type, status }: { queue: string; type: string; status: string }): string {
  return `${queue} ${type} ${status}`;
}

function tally(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const each of keys) counts.set(each, (counts.get(each) ?? 0) + 1);
  return counts;
}

function fromRows(rows: readonly [string, number][]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [each, count] of rows) if (count !== 0) counts.set(each, (counts.get(each) ?? 0) + count);
  return counts;
}

function differences(what: string, real: Map<string, number>, told: Map<string, number>): string[] {
  const keys = new Set([...real.keys(), ...told.keys()]);
  return [...keys]
    .filter((each) => (real.get(each) ?? 0) !== (told.get(each) ?? 0))
    .map((each) => `counter of ${what}: ${each} are ${real.get(each) ?? 0}, counted ${told.get(each) ?? 0}`);
}
