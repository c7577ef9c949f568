// What must hold for a store whose queue is on Service Bus once everything is over: as inspect.ts, with the dead letters
// of both brokers set against the jobs.

import { readLetterFacts } from '../../src/domain/dead-letters/letter-facts.js';
import type { Backend } from '../../src/ports/backend.js';
import { outboxProblems } from './far-inspect.js';
import { withRuntime } from './inspect.js';
import { jobViolations, readStored, type Stored } from './invariants.js';
import { counterProblems } from './recount.js';
import { type BusPlace, QUEUE } from './service-bus-place.js';

export interface BusFindings {
  readonly stored: Stored;
  /** Dead letters of both brokers. */
  readonly letters: number;
  /** Those that are no DeadLettered job's newest message: superseded ones, and second copies of one that is. */
  readonly explained: { readonly superseded: number; readonly copies: number };
}

/** Throws with everything that is wrong and where the evidence is. */
export async function busMustHold(bus: BusPlace, what: string): Promise<BusFindings> {
  const { place } = bus;
  const { stored, problems } = await withRuntime(place, async (runtime) => {
    const read = await readStored(runtime);
    const jobs = jobViolations(read, { accepted: place.accepted, drained: true }).map(({ jobId, what: wrong }) => `job ${jobId}: ${wrong}`);
    return { stored: read, problems: [...jobs, ...(await counterProblems(runtime, read, place.database)), ...outboxProblems(place.database, read, true)] };
  });
  const letters = await bus.withRuntime(async (runtime) => {
    problems.push(...(await leftMessages(runtime)));
    return lettersOf(runtime);
  });
  const explained = letterProblems(letters, stored, problems);
  if (problems.length > 0) throw new Error(`${what}: ${problems.length} problems\n  ${problems.slice(0, 20).join('\n  ')}${place.evidence}`);
  return { stored, letters: letters.length, explained };
}

/** What dead letters contradict their jobs; a watcher takes those out that the broker put aside although their jobs were over. */
export async function letterTrouble(bus: BusPlace): Promise<readonly string[]> {
  const stored = await withRuntime(bus.place, readStored);
  const problems: string[] = [];
  letterProblems(await bus.withRuntime(lettersOf), stored, problems);
  return problems;
}

/** Nothing waits on either broker. */
async function leftMessages({ admin }: Backend): Promise<string[]> {
  const infos = await admin.list();
  return infos.flatMap(({ name, counts: { active, locked, scheduled } }) => (active + locked + scheduled === 0 ? [] : [`${name}: ${active} active, ${locked} locked, ${scheduled} scheduled messages are left`]));
}

interface Letter {
  readonly jobId: string | null;
  readonly sequence: number;
}

async function lettersOf({ deadLetters }: Backend): Promise<Letter[]> {
  const found: Letter[] = [];
  for (const queue of [QUEUE, `${QUEUE}@local`]) {
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page: Awaited<ReturnType<Backend['deadLetters']['peek']>> = await deadLetters.peek({ queue, limit: 500, ...(cursor === undefined ? {} : { cursor }) });
      for (const letter of page.letters) {
        const { origin, jobId } = readLetterFacts(letter);
        found.push({ jobId, sequence: origin.kind === 'ours' ? origin.sequence : -1 });
      }
      cursor = page.nextCursor;
    }
  }
  return found;
}

/**
 * A DeadLettered job has its letter. An older one is superseded: the broker put it aside, and the job went on. A send
 * whose answer was lost is repeated, and the copy of a letter becomes one too.
 */
function letterProblems(letters: readonly Letter[], { jobs }: Stored, problems: string[]): BusFindings['explained'] {
  const newest = new Map<string, number>();
  const explained = { superseded: 0, copies: 0 };
  for (const { jobId, sequence } of letters) {
    const job = jobId === null ? undefined : jobs.get(jobId);
    if (job === undefined) problems.push(`a dead letter of job ${jobId ?? 'nobody'}, which does not exist`);
    else if (sequence > job.sequence) problems.push(`job ${job.jobId}: dead letter ${sequence} is newer than its newest message ${job.sequence}`);
    else if (sequence < job.sequence) explained.superseded += 1;
    else newest.set(job.jobId, (newest.get(job.jobId) ?? 0) + 1);
  }
  for (const job of jobs.values()) {
    const count = newest.get(job.jobId) ?? 0;
    if (job.status === 'DeadLettered' && count === 0) problems.push(`job ${job.jobId} is DeadLettered [${job.error?.code ?? ''}] and has no dead letter`);
    if (job.status !== 'DeadLettered' && count > 0) problems.push(`job ${job.jobId} is ${job.status} and its newest message is a dead letter`);
    if (job.status === 'DeadLettered') explained.copies += Math.max(0, count - 1);
  }
  return explained;
}
