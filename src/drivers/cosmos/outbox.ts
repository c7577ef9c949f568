// CosmosOutbox: the Outbox port on the `outbox` part of each job's document. A claim is a patch with a condition; the
// entries that this process has just created are its own without one, and that they were sent is noted later.

import { randomUUID } from 'node:crypto';
import type { SqlParameter } from '@azure/cosmos';

import type { Job, JobId } from '../../domain/job.js';
import { outboxEntryFor } from '../../domain/message.js';
import type { Clock } from '../../ports/clock.js';
import type { ClaimedEntry, ClaimOutbox, Outbox, OutboxWaiting } from '../../ports/outbox.js';
import { atOnce } from './at-once.js';
import type { CosmosCalls } from './cosmos-calls.js';
import { JOB_ID, type JobDocument, jobOf, type OutboxPart } from './job-document.js';
import type { OwnEntries } from './own-entries.js';
import { held, noteSent, type SentNotes } from './sent-notes.js';

const AT_ONCE = 16;
/** No lease and no pause is longer: an entry that seems to be held beyond it was held before a clock was set back. */
const LONGEST_HOLD_MS = 10 * 60_000;

export interface CosmosOutboxParts {
  readonly calls: CosmosCalls;
  readonly clock: Clock;
  readonly own: OwnEntries;
  readonly notes: SentNotes;
  /** A search for entries that others left is not repeated sooner after one that found none. */
  readonly searchEveryMs: number;
}

type WithEntry = JobDocument & { readonly outbox: OutboxPart };

export class CosmosOutbox implements Outbox {
  readonly #parts: CosmosOutboxParts;
  /** When a search for free entries last found none. */
  #noneFreeAt: number | undefined;

  constructor(parts: CosmosOutboxParts) {
    this.#parts = parts;
  }

  /** A process that dies after this leaves the entries held until the lease ends; then somebody else sends them. */
  async claim(request: ClaimOutbox): Promise<readonly ClaimedEntry[]> {
    if (request.limit < 1 || request.jobIds?.length === 0) return [];
    const { notes, own } = this.#parts;
    // Whoever relays without a break must not get ahead of the notes; one that asks for its own job does not wait for them.
    if (request.jobIds === undefined) await notes.noteDue();
    const created = await this.#readEntries(own.take(request.limit, request.jobIds));
    const mine = created.filter(({ outbox }) => outbox.holder === own.owner);
    const enough = this.#parts.clock.now() + request.leaseMs;
    // What is our own for as long as the lease anyway costs no write.
    const take = async (document: WithEntry): Promise<ClaimedEntry | undefined> =>
      document.outbox.freeAt >= enough ? this.#given(document, own.owner) : this.#claim(document, request);
    const claimed = await atOnce(mine, AT_ONCE, take);
    const left = request.limit - mine.length;
    const free = left > 0 ? await this.#searchFree({ ...request, limit: left }) : [];
    claimed.push(...(await atOnce(free, AT_ONCE, (document) => this.#claim(document, request))));
    return claimed.filter((entry): entry is ClaimedEntry => entry !== undefined).sort((a, b) => a.savedAt - b.savedAt);
  }

  /** Claimed by a write, an entry was not sent by its creator in time: that is rare, and noted at once. */
  async sent(entries: readonly ClaimedEntry[]): Promise<void> {
    const { calls, notes, own } = this.#parts;
    notes.add(entries.filter(({ claim }) => claim === own.owner));
    await atOnce(entries.filter(({ claim }) => claim !== own.owner), AT_ONCE, (entry) => noteSent(calls, entry));
  }

  async notSent(entries: readonly ClaimedEntry[], { problem, tryAgainAt }: { problem: string | null; tryAgainAt: number }): Promise<void> {
    this.#noneFreeAt = undefined;
    const freeAt = Math.min(tryAgainAt, this.#parts.clock.now() + LONGEST_HOLD_MS);
    await atOnce(entries, AT_ONCE, ({ entry, claim }) =>
      this.#parts.calls.patch(
        entry.jobId,
        JOB_ID,
        [
          { op: 'set', path: '/outbox/holder', value: '' },
          { op: 'set', path: '/outbox/freeAt', value: freeAt },
          ...(problem === null ? [] : [{ op: 'set' as const, path: '/outbox/problem', value: problem }, { op: 'incr' as const, path: '/outbox/tries', value: 1 }]),
        ],
        held(claim, entry.sequence),
      ),
    );
  }

  /** What its creator or a first claim holds is being sent, or was a moment ago. */
  async waiting(): Promise<readonly OutboxWaiting[]> {
    const rows = await this.#parts.calls.query<{ queue: string; count: number; oldestSavedAt: number }>({
      query:
        "SELECT c.outbox.queue AS queue, COUNT(1) AS count, MIN(c.outbox.savedAt) AS oldestSavedAt FROM c WHERE c.kind = 'job' AND c.outbox.sequence > 0 AND (c.outbox.holder = '' OR c.outbox.freeAt <= @now OR IS_STRING(c.outbox.problem)) GROUP BY c.outbox.queue",
      parameters: [{ name: '@now', value: this.#parts.clock.now() }],
    });
    return atOnce(rows, AT_ONCE, async (row) => {
      const [problem = null] = await this.#parts.calls.query<string>(
        {
          query: "SELECT VALUE c.outbox.problem FROM c WHERE c.kind = 'job' AND c.outbox.queue = @queue AND IS_STRING(c.outbox.problem) ORDER BY c.outbox.savedAt",
          parameters: [{ name: '@queue', value: row.queue }],
        },
        { limit: 1 },
      );
      return { ...row, problem };
    });
  }

  /** Those of the jobs that still wait for their entry. */
  async #readEntries(jobIds: readonly JobId[]): Promise<WithEntry[]> {
    const documents = await atOnce(jobIds, AT_ONCE, (jobId) => this.#parts.calls.read<JobDocument>(jobId, JOB_ID));
    return documents.filter((document): document is WithEntry => document?.outbox !== undefined && document.outbox !== null);
  }

  /** A worker looks after every change, and a search is dear: it goes over all partitions. */
  async #searchFree(request: ClaimOutbox): Promise<WithEntry[]> {
    const isGeneral = request.jobIds === undefined;
    const now = this.#parts.clock.now();
    const since = this.#noneFreeAt === undefined ? Infinity : now - this.#noneFreeAt;
    if (isGeneral && since >= 0 && since < this.#parts.searchEveryMs) return [];
    const free = await this.#findFree(request);
    if (isGeneral) this.#noneFreeAt = free.length === 0 ? now : undefined;
    return free;
  }

  #findFree({ limit, jobIds }: ClaimOutbox): Promise<WithEntry[]> {
    const now = this.#parts.clock.now();
    const parameters: SqlParameter[] = [
      { name: '@now', value: now },
      { name: '@far', value: now + LONGEST_HOLD_MS },
    ];
    const ids = jobIds?.map((jobId, index) => {
      parameters.push({ name: `@j${index}`, value: jobId });
      return `@j${index}`;
    });
    const among = ids === undefined ? '' : ` AND c.pk IN (${ids.join(', ')})`;
    return this.#parts.calls.query<WithEntry>({ query: `SELECT * FROM c WHERE c.kind = 'job' AND c.outbox.sequence > 0 AND (c.outbox.freeAt <= @now OR c.outbox.freeAt > @far)${among} ORDER BY c.outbox.savedAt`, parameters }, { limit });
  }

  async #claim(document: WithEntry, { leaseMs }: ClaimOutbox): Promise<ClaimedEntry | undefined> {
    const { outbox, pk } = document;
    const claim = `${this.#parts.own.owner}#${randomUUID()}`;
    const job = jobOf(document);
    const condition = `${held(outbox.holder, outbox.sequence)} and c.outbox.freeAt = ${outbox.freeAt}`;
    if (!waitsFor(job, outbox)) {
      await this.#parts.calls.patch(pk, JOB_ID, [{ op: 'set', path: '/outbox', value: null }], condition);
      return undefined;
    }
    const freeAt = this.#parts.clock.now() + Math.min(leaseMs, LONGEST_HOLD_MS);
    const written = await this.#parts.calls.patch(
      pk,
      JOB_ID,
      [
        { op: 'set', path: '/outbox/holder', value: claim },
        { op: 'set', path: '/outbox/freeAt', value: freeAt },
      ],
      condition,
    );
    // Refused after a lost answer: perhaps our own claim. It ends with its lease, and then somebody takes the entry.
    return written.kind === 'done' ? this.#given(document, claim) : undefined;
  }

  #given(document: WithEntry, claim: string): ClaimedEntry | undefined {
    const job = jobOf(document);
    const { outbox } = document;
    if (!waitsFor(job, outbox)) return undefined;
    return { entry: outboxEntryFor(job, outbox.notBefore), savedAt: outbox.savedAt, tries: outbox.tries, claim };
  }
}

function waitsFor(job: Job, { sequence }: OutboxPart): boolean {
  return job.status === 'Queued' && job.sequence === sequence;
}
