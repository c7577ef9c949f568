// Opens the database of a place and looks for everything that must not be: lost jobs, second outcomes, messages without
// work, dead letters without jobs, counters that lie, files that are missing.

import Database from 'better-sqlite3';

import { loadConfig } from '../../src/config/config.js';
import { placeAt } from '../../src/config/data-dir.js';
import { openEnvironment } from '../../src/config/environment.js';
import { readLetterFacts } from '../../src/domain/dead-letters/letter-facts.js';
import type { BlobRef, Job } from '../../src/domain/job.js';
import type { Json } from '../../src/domain/json.js';
import type { Backend } from '../../src/ports/backend.js';
import { openRuntime, type Runtime } from '../../src/runtime.js';
import { jobViolations, readStored, type Stored } from './invariants.js';
import type { Place } from './place.js';
import { counterProblems, countMessages } from './recount.js';

export interface Inspection {
  /** Workers have said that nothing is left to do. */
  readonly drained: boolean;
  /** `<jobId>:<sequence>` of dead letters that a purge has taken away. */
  readonly purged?: ReadonlySet<string>;
}

/** What is wrong, in sentences; empty when all is well. */
export async function inspect(place: Place, inspection: Inspection): Promise<string[]> {
  return withRuntime(place, async (runtime) => {
    const stored = await readStored(runtime);
    const jobs = jobViolations(stored, { accepted: place.accepted, drained: inspection.drained });
    return [
      ...fileProblems(place.database),
      ...jobs.map(({ jobId, what }) => `job ${jobId}: ${what}`),
      ...(await counterProblems(runtime, stored, place.database)),
      ...(await letterProblems(runtime, stored, inspection)),
      ...(await blobProblems(runtime, stored)),
      ...(inspection.drained ? leftMessages(place.database) : []),
    ];
  });
}

/** Throws with everything that is wrong and where the evidence is. */
export async function mustHold(place: Place, what: string, inspection: Inspection): Promise<void> {
  const problems = await inspect(place, inspection);
  if (problems.length > 0) throw new Error(`${what}:\n  ${problems.slice(0, 20).join('\n  ')}${place.evidence}`);
}

export async function withRuntime<T>(place: Place, look: (runtime: Runtime) => Promise<T>): Promise<T> {
  const env = await openEnvironment(place.environment, place.root);
  const config = loadConfig({ place: placeAt(place.dataDir, 'test', true), env, cwd: place.root, profile: undefined });
  const runtime = await openRuntime(config);
  try {
    return await look(runtime);
  } finally {
    await runtime.close();
  }
}

export async function storedJobs(place: Place): Promise<Job[]> {
  return withRuntime(place, async (runtime) => [...(await readStored(runtime)).jobs.values()]);
}

function fileProblems(file: string): string[] {
  const db = new Database(file, { readonly: true });
  try {
    const [answer] = db.pragma('integrity_check') as { integrity_check: string }[];
    return answer?.integrity_check === 'ok' ? [] : [`the database is damaged: ${JSON.stringify(answer)}`];
  } finally {
    db.close();
  }
}

function leftMessages(file: string): string[] {
  return [...countMessages(file)].filter(([name]) => !name.endsWith(' deadLetter')).map(([name, count]) => `${count} messages are left: ${name}`);
}

/** A DeadLettered job has its letter, unless it was purged; every other letter is older than its job's newest message. */
async function letterProblems(backend: Backend, { jobs }: Stored, { drained, purged = new Set() }: Inspection): Promise<string[]> {
  const current = new Map<string, number>();
  const found: string[] = [];
  for (const { jobId, sequence } of await lettersOfJobs(backend)) {
    const job = jobs.get(jobId);
    if (job === undefined) found.push(`a dead letter of job ${jobId}, which does not exist`);
    else if (sequence > job.sequence) found.push(`job ${jobId}: dead letter ${sequence} is newer than its newest message ${job.sequence}`);
    else if (sequence === job.sequence) {
      current.set(jobId, (current.get(jobId) ?? 0) + 1);
      if (job.status !== 'DeadLettered') found.push(`job ${jobId} is ${job.status} and its newest message is a dead letter`);
    }
  }
  // Between saving DeadLettered and settling, a process may die: the letter comes when the message is met again.
  if (!drained) return found;
  for (const job of jobs.values()) {
    if (job.status !== 'DeadLettered') continue;
    const expected = purged.has(`${job.jobId}:${job.sequence}`) ? 0 : 1;
    const letters = current.get(job.jobId) ?? 0;
    if (letters !== expected) found.push(`job ${job.jobId} is DeadLettered with ${letters} dead letters of its newest message, expected ${expected}`);
  }
  return found;
}

async function lettersOfJobs(backend: Backend): Promise<{ jobId: string; sequence: number }[]> {
  const letters: { jobId: string; sequence: number }[] = [];
  for (const { name } of await backend.admin.list()) {
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<Backend['deadLetters']['peek']>> = await backend.deadLetters.peek({ queue: name, limit: 500, ...(cursor === null ? {} : { cursor }) });
      for (const letter of page.letters) {
        const { origin, jobId } = readLetterFacts(letter);
        if (origin.kind === 'ours' && jobId !== null) letters.push({ jobId, sequence: origin.sequence });
      }
      cursor = page.nextCursor;
    } while (cursor !== null);
  }
  return letters;
}

async function blobProblems(backend: Backend, { jobs }: Stored): Promise<string[]> {
  const found: string[] = [];
  for (const job of jobs.values()) {
    for (const ref of refsOf(job)) {
      const problem = await blobProblem(backend, ref);
      if (problem !== undefined) found.push(`job ${job.jobId}: ${problem}`);
    }
    for (const { key } of job.artifacts) if (!(await backend.blobs.exists(key))) found.push(`job ${job.jobId}: the artifact ${key} is missing`);
  }
  return found;
}

function refsOf(job: Job): BlobRef[] {
  return [...(job.payloadRef === null ? [] : [job.payloadRef]), ...(job.resultRef === null ? [] : [job.resultRef]), ...refsIn(job.payload), ...refsIn(job.result)];
}

/** A dataset is named somewhere in the payload. */
function refsIn(value: Json): BlobRef[] {
  if (typeof value !== 'object' || value === null) return [];
  if (isRef(value)) return [value];
  return (Object.values(value) as readonly Json[]).flatMap(refsIn);
}

function isRef(value: object): value is BlobRef {
  return 'key' in value && 'sha256' in value && 'bytes' in value;
}

/** Read to its end: the store compares size and hash. */
async function blobProblem(backend: Backend, ref: BlobRef): Promise<string | undefined> {
  try {
    for await (const _ of backend.blobs.read(ref.key, ref));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
