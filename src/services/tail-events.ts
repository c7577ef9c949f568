// Live events of one job or of all, in order.

import type { JobId } from '../domain/job.js';
import { hasEnded } from '../domain/job.js';
import type { JobEvent } from '../domain/job-event.js';
import type { Backend } from '../ports/backend.js';
import { linkedAbort } from '../ports/linked-abort.js';

export interface TailEvents {
  /** Shows this job's history first and ends when the job has ended; without it only what comes, without end. */
  readonly jobId?: JobId;
  /** Where to go on instead. */
  readonly after?: string;
  /** Events it refuses are left out. */
  readonly accepts?: (event: JobEvent) => boolean | Promise<boolean>;
  readonly signal: AbortSignal;
}

const PAGE = 500;
/** Also the longest delay of an event whose notification was missed. */
const WAIT_MS = 2_000;

/** Ends when the signal fires, or after the event with which the job ended. Gaps and repeats cannot occur. */
export async function* tailEvents(backend: Pick<Backend, 'events' | 'store'>, tail: TailEvents): AsyncGenerator<JobEvent> {
  const { jobId, signal } = tail;
  let after = tail.after ?? (jobId === undefined ? await backend.events.latestCursor() : undefined);
  for (;;) {
    if (signal.aborted) return;
    // Asked for before reading, so that what is written in between is noticed.
    const waiting = linkedAbort(signal);
    const changed = backend.events.changed({ waitMs: WAIT_MS, signal: waiting.signal });
    try {
      const page = await backend.events.read({ limit: PAGE, ...(after === undefined ? {} : { after }), ...(jobId === undefined ? {} : { jobId }) });
      after = page.cursor;
      for (const event of page.events) {
        if (tail.accepts === undefined || (await tail.accepts(event))) yield event;
      }
      if (page.events.length === PAGE) continue;
      if (jobId !== undefined && (await hasEndedAfter(backend, jobId, page.events.at(-1)))) return;
      await changed;
    } finally {
      waiting.end();
    }
  }
}

/** The job has ended, and the event that says so was read: a retried job's older end does not count. */
async function hasEndedAfter(backend: Pick<Backend, 'store'>, jobId: JobId, last: JobEvent | undefined): Promise<boolean> {
  if (last !== undefined && !hasEnded(last.status)) return false;
  const job = await backend.store.get(jobId);
  return job === undefined || hasEnded(job.status);
}
