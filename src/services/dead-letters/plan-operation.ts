// Makes the plan of a replay or purge: peeks at the letters, writes down what is to be done with each, touches nothing.

import { createHash } from 'node:crypto';
import { newOperationId, type OperationAction, type OperationSettings, type PlannedEntry } from '../../domain/dead-letters/operation.js';
import { decideReplay, type SkipReason } from '../../domain/dead-letters/replay-decision.js';
import { deadSince, printSelection, type LetterSelection } from '../../domain/dead-letters/selection.js';
import type { Job } from '../../domain/job.js';
import type { OperationLease } from '../../ports/operation-journal.js';
import type { LetterReadPorts, OperationPorts } from './operation-ports.js';
import { jobsOf, walkLetters, type FoundLetter } from './walk-letters.js';

export interface OperationRequest {
  readonly action: Exclude<OperationAction, 'restore'>;
  readonly queues: readonly string[];
  readonly selection: LetterSelection;
  readonly settings: OperationSettings;
  readonly by: string;
  readonly reasonText: string | null;
  readonly signal?: AbortSignal;
  readonly onScanned?: (scanned: number) => void;
}

/** What a plan comes to, for the question before it is applied. */
export interface PlanCounts {
  readonly matched: number;
  readonly byQueue: Readonly<Record<string, number>>;
  /** Entries that will act, by what they do. */
  readonly byAction: Readonly<Record<string, number>>;
  readonly expectedSkips: Readonly<Partial<Record<SkipReason, number>>>;
  /** Of all bodies. */
  readonly bytes: number;
  /** Since when the letters are dead; null where the plan did not see the letters themselves. */
  readonly oldestAt: number | null;
  readonly newestAt: number | null;
}

export interface OperationPlan {
  /** Held until the operation has been applied, discarded or left for later. */
  readonly lease: OperationLease;
  readonly counts: PlanCounts;
}

/** The entries of a plan, in pages, in order, counted as they come. Each letter comes once, however the queues are named. */
export async function* draftEntries(ports: LetterReadPorts, request: OperationRequest, counter: PlanCounter): AsyncGenerator<readonly PlannedEntry[]> {
  let index = 0;
  for await (const page of walkLetters(ports, request)) {
    const jobs = request.action === 'replay' ? await jobsOf(ports, page) : new Map<string, Job>();
    const entries = page.map((found) => {
      index += 1;
      return request.action === 'replay' ? replayEntry(ports, request, { index, found, jobs }) : purgeEntry(index, found);
    });
    counter.add(entries);
    for (const { letter } of page) counter.saw(deadSince(letter));
    yield entries;
  }
}

/**
 * Writes the plan into the journal; it is complete and durable when this resolves, and nothing has been touched. If the
 * process dies before, an operation in state `planning` is left, which nothing applies and a later plan sweeps away.
 */
export async function planOperation(ports: OperationPorts, request: OperationRequest): Promise<OperationPlan> {
  const lease = await ports.journal.begin({
    id: newOperationId(request.action, ports.random),
    action: request.action,
    storeId: ports.letterScope,
    createdAt: ports.clock.now(),
    by: request.by,
    reasonText: request.reasonText,
    queues: request.queues,
    selection: printSelection(request.selection),
    settings: request.settings,
    restores: null,
  });
  try {
    const before = await countLetters(ports, request.queues);
    const counter = new PlanCounter();
    for await (const entries of draftEntries(ports, request, counter)) await lease.addEntries(entries);
    const counts = counter.counts();
    await lease.update({ state: 'planned', matched: counts.matched, before });
    return { lease, counts };
  } catch (error) {
    await lease.discard().catch(() => undefined);
    throw error;
  }
}

/** As the backend counts, over all these queues. */
export async function countLetters(ports: Pick<LetterReadPorts, 'deadLetters'>, queues: readonly string[]): Promise<number> {
  const counts = await Promise.all(queues.map((queue) => ports.deadLetters.count(queue)));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Adds up entries as they are planned. */
export class PlanCounter {
  #matched = 0;
  readonly #byQueue = new Map<string, number>();
  readonly #byAction = new Map<string, number>();
  readonly #skips = new Map<SkipReason, number>();
  #bytes = 0;
  #oldestAt: number | null = null;
  #newestAt: number | null = null;

  add(entries: readonly PlannedEntry[]): void {
    for (const entry of entries) {
      this.#matched += 1;
      this.#bytes += entry.bytes;
      increase(this.#byQueue, entry.queue);
      if (entry.expectedSkip === null) increase(this.#byAction, entry.do);
      else increase(this.#skips, entry.expectedSkip);
    }
  }

  /** A letter of the plan that is dead since then. */
  saw(at: number): void {
    this.#oldestAt = Math.min(at, this.#oldestAt ?? at);
    this.#newestAt = Math.max(at, this.#newestAt ?? at);
  }

  counts(): PlanCounts {
    return {
      matched: this.#matched,
      byQueue: Object.fromEntries(this.#byQueue),
      byAction: Object.fromEntries(this.#byAction),
      expectedSkips: Object.fromEntries(this.#skips),
      bytes: this.#bytes,
      oldestAt: this.#oldestAt,
      newestAt: this.#newestAt,
    };
  }
}

/** SHA-256 of a body, 64 lower-case hexadecimal digits. */
export function bodySha256(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('hex');
}

interface EntryDraft {
  readonly index: number;
  readonly found: FoundLetter;
  readonly jobs: ReadonlyMap<string, Job>;
}

function replayEntry(ports: Pick<LetterReadPorts, 'store'>, request: OperationRequest, { index, found, jobs }: EntryDraft): PlannedEntry {
  const { letter, facts } = found;
  const job = facts.jobId === null ? undefined : jobs.get(facts.jobId);
  const { maxReplays, edits, toQueue } = request.settings;
  const decision = decideReplay({ letter: facts, job, storeId: ports.store.storeId, maxReplays, edits: edits.length > 0 });
  return {
    ...identityOf(index, found),
    do: decision.do === 'send-copy' || (decision.do === 'skip' && job === undefined) ? 'send-copy' : 'replay-job',
    target: toQueue ?? job?.queue ?? letter.queue,
    expectedSkip: decision.do === 'skip' ? decision.reason : null,
  };
}

function purgeEntry(index: number, found: FoundLetter): PlannedEntry {
  return { ...identityOf(index, found), do: 'purge', target: 'trash', expectedSkip: null };
}

function identityOf(index: number, { letter, facts }: FoundLetter): Omit<PlannedEntry, 'do' | 'target' | 'expectedSkip'> {
  return {
    index,
    queue: letter.queue,
    sequenceNumber: letter.sequenceNumber,
    messageId: letter.messageId,
    bodySha256: bodySha256(letter.body),
    bytes: letter.body.byteLength,
    jobId: facts.jobId,
    type: facts.type,
    reason: letter.reason,
  };
}

function increase<K>(totals: Map<K, number>, key: K): void {
  totals.set(key, (totals.get(key) ?? 0) + 1);
}
