// CosmosJobStore: the JobStore port. Where the queue is another system, messages wait in the outbox of their job.

import type { Job, JobId, JobStatus } from '../../domain/job.js';
import type { Change } from '../../domain/lifecycle.js';
import type { Clock } from '../../ports/clock.js';
import type { AttemptRef, ChildCounts, InsertOutcome, JobPage, JobStore, ListJobs, NewJobEntry, OpenWork, PrunedJob } from '../../ports/job-store.js';
import { CREATOR_HOLD_MS } from '../../ports/outbox.js';
import { atOnce } from './at-once.js';
import type { CosmosCalls } from './cosmos-calls.js';
import { JOB_ID, type JobDocument, jobOf, reversed } from './job-document.js';
import { insertEntry } from './job-insert.js';
import { listJobs } from './job-list.js';
import { pruneJobs } from './job-prune.js';
import { saveChange, type SaveTerms } from './job-save.js';
import { countChildren, countOpenWork, findStrandedParents } from './job-sets.js';
import type { OwnEntries } from './own-entries.js';
import type { SentNotes } from './sent-notes.js';

export interface CosmosStoreParts {
  readonly calls: CosmosCalls;
  readonly clock: Clock;
  readonly storeId: string;
  readonly own: OwnEntries;
  readonly notes: Pick<SentNotes, 'has'>;
  /** Seconds for which an ended job and its history are kept. */
  readonly keep: number;
  /** Tells those who wait for changes. */
  readonly changed: () => void;
}

/** Requests under way together: enough to hide the way to the service, few enough not to be throttled for it. */
const AT_ONCE = 16;

export class CosmosJobStore implements JobStore {
  readonly storeId: string;
  readonly #parts: CosmosStoreParts;

  constructor(parts: CosmosStoreParts) {
    this.#parts = parts;
    this.storeId = parts.storeId;
  }

  /** Each entry by itself: a batch holds within one job. One after another where ids or keys meet in the array. */
  async insert(entries: readonly NewJobEntry[]): Promise<InsertOutcome[]> {
    const insert = async (entry: NewJobEntry): Promise<InsertOutcome> => {
      const outcome = await insertEntry(this.#parts.calls, entry, this.#terms());
      if (outcome.kind === 'inserted' && entry.outbox !== undefined) this.#parts.own.add(outcome.job.jobId);
      return outcome;
    };
    const outcomes: InsertOutcome[] = [];
    for (const group of apart(entries)) outcomes.push(...(await atOnce(group, AT_ONCE, insert)));
    this.#parts.changed();
    return outcomes;
  }

  /** The message of a job can be quicker than the replica that is asked: a worker must not take the job for one that was never there. */
  async get(jobId: JobId): Promise<Job | undefined> {
    const { calls, notes } = this.#parts;
    const read = (): Promise<JobDocument | undefined> => calls.read<JobDocument>(jobId, JOB_ID);
    const document = (await read()) ?? ((await calls.isThere(jobId, JOB_ID)) ? await read() : undefined);
    // Deleted, or never there.
    if (document === undefined) return undefined;
    const job = jobOf(document);
    return notes.has(document) ? { ...job, queueMode: 'service_bus' } : job;
  }

  async findBySuffix(suffix: string, limit: number): Promise<JobId[]> {
    return this.#parts.calls.query<JobId>(
      {
        query: "SELECT VALUE c.pk FROM c WHERE c.kind = 'job' AND STARTSWITH(c.reversedId, @end) ORDER BY c.createdAt DESC, c.pk DESC",
        parameters: [{ name: '@end', value: reversed(suffix) }],
      },
      { limit },
    );
  }

  list(query: ListJobs): Promise<JobPage> {
    return listJobs(this.#parts.calls, query, this.#parts.clock.now());
  }

  async save(change: Change): Promise<Job> {
    const job = await saveChange(this.#parts.calls, change, this.#terms());
    if (change.outbox !== undefined) this.#parts.own.add(job.jobId);
    this.#parts.changed();
    return job;
  }

  async saveProgress({ jobId, runEpoch }: AttemptRef, progress: NonNullable<Job['progress']>): Promise<boolean> {
    const written = await this.#parts.calls.patch(
      jobId,
      JOB_ID,
      [
        { op: 'set', path: '/state/progress', value: progress },
        { op: 'set', path: '/state/updatedAt', value: this.#parts.clock.now() },
        { op: 'incr', path: '/state/version', value: 1 },
      ],
      `c.state.status = 'Running' and c.state.runEpoch = ${runEpoch}`,
    );
    return written.kind === 'done';
  }

  async cancelRequested(jobIds: readonly JobId[]): Promise<JobId[]> {
    if (jobIds.length === 0) return [];
    const parameters = jobIds.map((value, index) => ({ name: `@j${index}`, value }));
    return this.#parts.calls.query<JobId>({
      query: `SELECT VALUE c.pk FROM c WHERE c.kind = 'job' AND c.pk IN (${parameters.map(({ name }) => name).join(', ')}) AND c.state.status = 'Running' AND c.state.cancelRequestedAt > 0`,
      parameters,
    });
  }

  childrenOf(parentJobId: JobId): Promise<ChildCounts> {
    return countChildren(this.#parts.calls, parentJobId);
  }

  strandedParents(limit: number): Promise<JobId[]> {
    return findStrandedParents(this.#parts.calls, limit);
  }

  openWork(queues: readonly string[]): Promise<OpenWork> {
    return countOpenWork(this.#parts.calls, queues, this.#parts.clock.now());
  }

  prune(params: { before: number; limit: number; statuses?: readonly JobStatus[] }): Promise<PrunedJob[]> {
    return pruneJobs(this.#parts.calls, params);
  }

  #terms(): SaveTerms {
    const now = this.#parts.clock.now();
    return { hold: { holder: this.#parts.own.owner, savedAt: now, freeAt: now + CREATOR_HOLD_MS }, keep: this.#parts.keep };
  }
}

/** Runs of entries of which no two have an id or a key in common. */
function apart(entries: readonly NewJobEntry[]): NewJobEntry[][] {
  const groups: NewJobEntry[][] = [[]];
  let seen = new Set<string>();
  for (const entry of entries) {
    const names = [entry.job.jobId, ...(entry.idempotency === undefined ? [] : [JSON.stringify([entry.job.userId, entry.job.type, entry.idempotency.key])])];
    if (names.some((name) => seen.has(name))) {
      groups.push([]);
      seen = new Set();
    }
    for (const name of names) seen.add(name);
    groups.at(-1)?.push(entry);
  }
  return groups;
}
