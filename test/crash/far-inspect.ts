// What must hold for a store whose queue is another system, after any crash: as inspect.ts, with two files.

import Database from 'better-sqlite3';

import type { Job } from '../../src/domain/job.js';
import { hasEnded } from '../../src/domain/job.js';
import { remoteFile } from './far-file.js';
import { withRuntime } from './inspect.js';
import { jobViolations, readStored, type Stored } from './invariants.js';
import type { Place } from './place.js';
import { counterProblems } from './recount.js';

export interface FarInspection {
  /** Workers have said that nothing is left to do. */
  readonly drained: boolean;
}

/** Throws with everything that is wrong and where the evidence is. */
export async function farMustHold(place: Place, what: string, inspection: FarInspection): Promise<void> {
  const problems = await farProblems(place, inspection);
  if (problems.length > 0) throw new Error(`${what}:\n  ${problems.slice(0, 20).join('\n  ')}${place.evidence}`);
}

function farProblems(place: Place, { drained }: FarInspection): Promise<string[]> {
  return withRuntime(place, async (runtime) => {
    const stored = await readStored(runtime);
    const messages = [...messagesOf(place.database), ...messagesOf(remoteFile(place.database))];
    return [
      ...jobViolations(stored, { accepted: place.accepted, drained }).map(({ jobId, what }) => `job ${jobId}: ${what}`),
      ...(await counterProblems(runtime, stored, place.database)),
      ...outboxProblems(place.database, stored, drained),
      ...(drained ? messageProblems(messages, stored) : lostMessages(messages, place.database, stored)),
    ];
  });
}

interface StoredMessage {
  readonly jobId: string;
  readonly sequence: number;
  readonly isDead: boolean;
}

const DEAD_LETTERED = 6;

/** Of one file; none when nothing was ever opened there. */
function messagesOf(file: string): StoredMessage[] {
  return rowsOf<{ properties: string; state: number }>(file, 'SELECT properties, state FROM broker_messages').map(({ properties, state }) => {
    const { jobId = '', sequence = 0 } = JSON.parse(properties) as { jobId?: string; sequence?: number };
    return { jobId, sequence, isDead: state === DEAD_LETTERED };
  });
}

/** Nothing may wait for a job that is over, and at the end nothing at all. */
export function outboxProblems(file: string, { jobs }: Stored, drained: boolean): string[] {
  const rows = rowsOf<{ id: string; sequence: number }>(file, 'SELECT jobs.id, outbox.sequence FROM outbox LEFT JOIN jobs ON jobs.job = outbox.job');
  return rows.flatMap(({ id, sequence }) => {
    const job = jobs.get(id);
    if (drained) return [`the outbox still has message ${sequence} of job ${id}`];
    return job?.status === 'Queued' && job.sequence === sequence ? [] : [`the outbox has message ${sequence} of job ${id}, which is ${job?.status ?? 'gone'} at ${job?.sequence ?? 0}`];
  });
}

/** A job that is not over has its newest message somewhere: in the outbox, on a queue, or under a lock. */
function lostMessages(messages: readonly StoredMessage[], file: string, { jobs }: Stored): string[] {
  const unsent = new Set(rowsOf<{ id: string }>(file, 'SELECT jobs.id FROM outbox JOIN jobs ON jobs.job = outbox.job').map(({ id }) => id));
  const there = new Set(messages.map(({ jobId, sequence }) => `${jobId}:${sequence}`));
  const isLost = (job: Job): boolean => !hasEnded(job.status) && !job.awaitsChildren && !unsent.has(job.jobId) && !there.has(`${job.jobId}:${job.sequence}`);
  return [...jobs.values()].filter(isLost).map(({ jobId, status, sequence }) => `job ${jobId} is ${status} and its message ${sequence} is nowhere`);
}

/**
 * Only what is superseded, or belongs to a job that is over, may be left: a second copy that is due later. A DeadLettered
 * job has its letter; a copy that came after it may have become a second one. Or its message is still under the lock of a
 * worker that was killed: a drain ends with the work of the store, and whoever gets that message puts it aside.
 */
function messageProblems(messages: readonly StoredMessage[], { jobs }: Stored): string[] {
  const found: string[] = [];
  const letters = new Map<string, number>();
  const coming = new Set<string>();
  for (const { jobId, sequence, isDead } of messages) {
    const job = jobs.get(jobId);
    if (job === undefined) found.push(`a message of job ${jobId}, which does not exist`);
    else if (sequence > job.sequence) found.push(`job ${jobId}: message ${sequence} is newer than its newest, ${job.sequence}`);
    else if (sequence === job.sequence && isDead) letters.set(jobId, (letters.get(jobId) ?? 0) + 1);
    else if (sequence === job.sequence) coming.add(jobId);
  }
  for (const job of jobs.values()) {
    const count = letters.get(job.jobId) ?? 0;
    if (job.status === 'DeadLettered' && count === 0 && !coming.has(job.jobId)) found.push(`job ${job.jobId} is DeadLettered and has no dead letter`);
    if (job.status !== 'DeadLettered' && count > 0) found.push(`job ${job.jobId} is ${job.status} and its newest message is a dead letter`);
  }
  return found;
}

function rowsOf<Row>(file: string, sql: string): Row[] {
  const db = new Database(file, { readonly: true, fileMustExist: true });
  try {
    return db.prepare<[], Row>(sql).all();
  } finally {
    db.close();
  }
}
