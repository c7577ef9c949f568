// EventLog over the events table, whose numbers are the cursors.

import { AppError } from '../../domain/errors.js';
import type { JobEvent } from '../../domain/job-event.js';
import type { JobId } from '../../domain/job.js';
import type { EventLog } from '../../ports/event-log.js';
import { latestEvent, readEvents, readJobEvents } from './event-rows.js';
import type { Reader } from './reader.js';
import type { Waker } from './waker.js';

export class SqliteEventLog implements EventLog {
  readonly #reader: Reader;
  readonly #waker: Waker;

  constructor(reader: Reader, waker: Waker) {
    this.#reader = reader;
    this.#waker = waker;
  }

  async read({ after, jobId, limit }: { after?: string; jobId?: JobId; limit: number }): Promise<{ events: readonly JobEvent[]; cursor: string }> {
    const from = parseCursor(after);
    const events = await this.#reader.read((db) =>
      jobId === undefined ? readEvents(db, from, limit) : readJobEvents(db, jobId, from, limit),
    );
    return { events, cursor: events.at(-1)?.cursor ?? String(from) };
  }

  latestCursor(): Promise<string> {
    return this.#reader.read((db) => String(latestEvent(db)));
  }

  changed(params: { waitMs: number; signal?: AbortSignal }): Promise<void> {
    return this.#waker.changed(params);
  }
}

function parseCursor(after: string | undefined): number {
  if (after === undefined) return 0;
  if (/^\d{1,15}$/.test(after)) return Number(after);
  throw new AppError('INPUT_INVALID', `cursor: expected the cursor of an event, got ${JSON.stringify(after.slice(0, 60))}`);
}
