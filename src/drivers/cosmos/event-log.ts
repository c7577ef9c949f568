// CosmosEventLog: the events of one job from its partition; those of all jobs from the change feed, in the order the service
// gives (it holds within a job). A cursor of the feed is the service's own token and the event to go on after.

import { ChangeFeedStartFrom } from '@azure/cosmos';

import { AppError } from '../../domain/errors.js';
import type { JobEvent } from '../../domain/job-event.js';
import type { JobId } from '../../domain/job.js';
import type { EventLog } from '../../ports/event-log.js';
import type { ChangeWatch } from './change-watch.js';
import type { CosmosCalls } from './cosmos-calls.js';
import type { EventDocument } from './job-document.js';

/** Documents of all kinds in one answer of the feed. */
const FEED_PAGE = 500;

type Cursor =
  | { readonly kind: 'start' }
  | { readonly kind: 'job'; readonly number: number }
  /** No token: the beginning. `after`: the last event that was read of the page that begins there. */
  | { readonly kind: 'feed'; readonly token: string | undefined; readonly after: readonly [JobId, number] | undefined };

export class CosmosEventLog implements EventLog {
  readonly #calls: CosmosCalls;
  readonly #watch: ChangeWatch;

  constructor(calls: CosmosCalls, watch: ChangeWatch) {
    this.#calls = calls;
    this.#watch = watch;
  }

  async read({ after, jobId, limit }: { after?: string; jobId?: JobId; limit: number }): Promise<{ events: readonly JobEvent[]; cursor: string }> {
    const from = parseCursor(after);
    if (jobId !== undefined && from.kind !== 'feed') return this.#readJob(jobId, from.kind === 'job' ? from.number : 0, limit);
    if (from.kind === 'job') throw new AppError('INPUT_INVALID', 'cursor: one of a single job says nothing about the events of all jobs');
    return this.#readFeed(from.kind === 'feed' ? from : { token: undefined, after: undefined }, jobId, limit);
  }

  async latestCursor(): Promise<string> {
    const { token } = await this.#calls.changes({ changeFeedStartFrom: ChangeFeedStartFrom.Now(), maxItemCount: 1 });
    return feedCursor(token, undefined);
  }

  changed(params: { waitMs: number; signal?: AbortSignal }): Promise<void> {
    return this.#watch.changed(params);
  }

  async #readJob(jobId: JobId, number: number, limit: number): Promise<{ events: readonly JobEvent[]; cursor: string }> {
    const documents = await this.#calls.query<EventDocument>(
      {
        query: "SELECT * FROM c WHERE c.pk = @pk AND c.kind = 'event' AND c.number > @after ORDER BY c.number",
        parameters: [
          { name: '@pk', value: jobId },
          { name: '@after', value: number },
        ],
      },
      { partition: jobId, limit },
    );
    const events = documents.map((document) => eventOf(document, `j${document.number}`));
    return { events, cursor: events.at(-1)?.cursor ?? `j${number}` };
  }

  async #readFeed(from: { token: string | undefined; after: readonly [JobId, number] | undefined }, jobId: JobId | undefined, limit: number): Promise<{ events: readonly JobEvent[]; cursor: string }> {
    const events: JobEvent[] = [];
    let { token, after } = from;
    for (;;) {
      const begin = token === undefined ? ChangeFeedStartFrom.Beginning() : ChangeFeedStartFrom.Continuation(token);
      const page = await this.#calls.changes({ changeFeedStartFrom: begin, maxItemCount: FEED_PAGE });
      const fresh = eventsAfter(page.documents as unknown as readonly EventDocument[], after);
      for (const document of fresh) {
        const cursor = feedCursor(token, [document.pk, document.number]);
        if (events.length >= limit) return { events, cursor: events.at(-1)?.cursor ?? cursor };
        if (jobId === undefined || jobId === document.pk) events.push(eventOf(document, cursor));
      }
      token = page.token;
      after = undefined;
      if (page.documents.length === 0) return { events, cursor: feedCursor(token, undefined) };
    }
  }
}

/** An event of the page that is gone since (its job was deleted) leaves no mark: then the page is read from its start. */
function eventsAfter(documents: readonly EventDocument[], after: readonly [JobId, number] | undefined): readonly EventDocument[] {
  const events = documents.filter(({ kind }) => kind === 'event');
  const seen = after === undefined ? -1 : events.findIndex(({ pk, number }) => pk === after[0] && number === after[1]);
  return events.slice(seen + 1);
}

function eventOf({ pk, at, type, status, jobType, queue, attempt, worker, detail }: EventDocument, cursor: string): JobEvent {
  return { jobId: pk, at, type, status, jobType, queue, attempt, worker, detail, cursor };
}

function feedCursor(token: string | undefined, after: readonly [JobId, number] | undefined): string {
  return `f${Buffer.from(JSON.stringify([token ?? null, ...(after ?? [])])).toString('base64url')}`;
}

function parseCursor(cursor: string | undefined): Cursor {
  if (cursor === undefined) return { kind: 'start' };
  if (/^j\d{1,15}$/.test(cursor)) return { kind: 'job', number: Number(cursor.slice(1)) };
  try {
    const parsed: unknown = cursor.startsWith('f') ? JSON.parse(Buffer.from(cursor.slice(1), 'base64url').toString()) : undefined;
    if (Array.isArray(parsed) && (parsed[0] === null || typeof parsed[0] === 'string')) {
      const [token, jobId, number] = parsed as readonly unknown[];
      const after = typeof jobId === 'string' && typeof number === 'number' ? ([jobId, number] as const) : undefined;
      return { kind: 'feed', token: typeof token === 'string' ? token : undefined, after };
    }
  } catch {
    // Refused below.
  }
  throw new AppError('INPUT_INVALID', `cursor: expected the cursor of an event, got ${JSON.stringify(cursor.slice(0, 60))}`);
}
