// What this process has sent and not noted yet. The start of a job takes its entry away in the same batch, so the note of a
// job that starts soon would be a write for nothing: notes wait a few seconds, and only what still waits then is noted.
// A process that is killed meanwhile leaves its newest entries to whoever looks when its hold ends: sent again, once.

import type { JobId } from '../../domain/job.js';
import type { Clock } from '../../ports/clock.js';
import { type ClaimedEntry, CREATOR_HOLD_MS } from '../../ports/outbox.js';
import { waitAtMost } from '../../ports/wait-at-most.js';
import { atOnce } from './at-once.js';
import type { CosmosCalls } from './cosmos-calls.js';
import { JOB_ID, type JobDocument } from './job-document.js';

export interface SentNotesParts {
  readonly calls: CosmosCalls;
  readonly clock: Clock;
  /** Names this process in the entries that it has created. */
  readonly owner: string;
}

interface Waiting {
  readonly entry: ClaimedEntry;
  readonly dueAt: number;
}

const NOTE_AFTER_MS = 4_000;
const LOOK_EVERY_MS = 1_000;
/** The note is there before the hold ends, so that nobody sends the entry again. */
const BEFORE_HOLD_ENDS_MS = 3_000;
const CLOSE_WITHIN_MS = 10_000;
const AT_ONCE = 16;
const ASKED_TOGETHER = 100;

export class SentNotes {
  readonly #parts: SentNotesParts;
  readonly #waiting = new Map<JobId, Waiting>();
  readonly #closed = new AbortController();
  #noting: Promise<void> = Promise.resolve();
  #isLooking = false;

  constructor(parts: SentNotesParts) {
    this.#parts = parts;
  }

  /** Entries that this process has created and that nobody has claimed; what was claimed is noted by noteSent. */
  add(entries: readonly ClaimedEntry[]): void {
    const now = this.#parts.clock.now();
    for (const entry of entries) this.#waiting.set(entry.entry.jobId, { entry, dueAt: Math.min(now + NOTE_AFTER_MS, entry.savedAt + CREATOR_HOLD_MS - BEFORE_HOLD_ENDS_MS) });
    if (!this.#isLooking && this.#waiting.size > 0) void this.#look();
  }

  /** This process has sent the message that the document still has as its entry. */
  has({ pk, outbox }: Pick<JobDocument, 'pk' | 'outbox'>): boolean {
    return outbox !== null && this.#waiting.get(pk)?.entry.entry.sequence === outbox.sequence;
  }

  /** Notes what is due. Throws what the store throws; what was not noted stays due. */
  noteDue(): Promise<void> {
    // After what is under way: what that leaves is still due.
    const noting = this.#noting.catch(() => undefined).then(() => this.#noteThese(this.#due(this.#parts.clock.now()), { mayHaveStarted: true }));
    this.#noting = noting;
    return noting;
  }

  /** Notes everything, at once: a process that ends does not ask first. What is not noted in time is sent again by somebody. */
  async close(): Promise<void> {
    this.#closed.abort();
    if (this.#waiting.size === 0) return;
    const noting = this.#noting.catch(() => undefined).then(() => this.#noteThese(this.#due(Infinity), { mayHaveStarted: false }));
    await waitAtMost(this.#parts.clock, CLOSE_WITHIN_MS, noting.catch(() => undefined));
  }

  #due(now: number): Waiting[] {
    return [...this.#waiting.values()].filter(({ dueAt }) => dueAt <= now);
  }

  /** For processes that do not look into the outbox by themselves. */
  async #look(): Promise<void> {
    const { signal } = this.#closed;
    this.#isLooking = true;
    while (this.#waiting.size > 0 && !signal.aborted) {
      await this.#parts.clock.sleep(LOOK_EVERY_MS, signal);
      // What failed is due at the next look.
      if (!signal.aborted) await this.noteDue().catch(() => undefined);
    }
    this.#isLooking = false;
  }

  async #noteThese(due: readonly Waiting[], { mayHaveStarted }: { mayHaveStarted: boolean }): Promise<void> {
    for (let from = 0; from < due.length; from += ASKED_TOGETHER) {
      const some = due.slice(from, from + ASKED_TOGETHER);
      const left = mayHaveStarted ? await this.#stillThere(some) : some;
      await atOnce(left, AT_ONCE, ({ entry }) => noteSent(this.#parts.calls, entry));
      for (const waiting of some) if (this.#waiting.get(waiting.entry.entry.jobId) === waiting) this.#waiting.delete(waiting.entry.entry.jobId);
    }
  }

  /** One query instead of a write for each. */
  async #stillThere(some: readonly Waiting[]): Promise<Waiting[]> {
    const ids = some.map(({ entry }, index) => ({ name: `@j${index}`, value: entry.entry.jobId }));
    const found = await this.#parts.calls.query<JobId>({
      query: `SELECT VALUE c.pk FROM c WHERE c.kind = 'job' AND c.pk IN (${ids.map(({ name }) => name).join(', ')}) AND c.outbox.holder = @owner`,
      parameters: [...ids, { name: '@owner', value: this.#parts.owner }],
    });
    const there = new Set(found);
    return some.filter(({ entry }) => there.has(entry.entry.jobId));
  }
}

/** Takes the entry out, unless somebody else holds it by now or the job has moved on. */
export async function noteSent(calls: CosmosCalls, { entry, claim }: ClaimedEntry): Promise<void> {
  await calls.patch(
    entry.jobId,
    JOB_ID,
    [
      { op: 'set', path: '/outbox', value: null },
      { op: 'set', path: '/state/queueMode', value: 'service_bus' },
    ],
    held(claim, entry.sequence),
  );
}

/** Conditions take no parameters; the holder is a name of ours, quoted. */
export function held(holder: string, sequence: number): string {
  return `c.outbox.holder = ${JSON.stringify(holder)} and c.outbox.sequence = ${sequence}`;
}
