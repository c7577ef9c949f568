// The events of all jobs as they come, for the log and for telling of ends.

import type { JobEvent } from '../../domain/job-event.js';
import type { LogEntry } from '../data.js';
import { factsOf } from './event-facts.js';
import type { DashboardPorts } from './ports.js';

const PAGE = 500;
const WAIT_MS = 2_000;
const LEAST_MS = 250;
const RETRY_MS = 5_000;

/** Ends when the signal fires. Events that come faster than they can be read on a screen are counted, not shown. */
export async function tailEntries(
  ports: Pick<DashboardPorts, 'events' | 'clock'>,
  signal: AbortSignal,
  onEntries: (entries: readonly LogEntry[], skipped: number) => void,
): Promise<void> {
  let after: string | undefined;
  while (!signal.aborted) {
    const waiting = new AbortController();
    const stop = (): void => waiting.abort();
    signal.addEventListener('abort', stop, { once: true });
    const changed = ports.events.changed({ waitMs: WAIT_MS, signal: waiting.signal }).catch(() => undefined);
    try {
      after ??= await ports.events.latestCursor();
      const page = await ports.events.read({ after, limit: PAGE });
      const isFlood = page.events.length === PAGE;
      const last = isFlood ? await ports.events.latestCursor() : page.cursor;
      if (page.events.length > 0 && !signal.aborted) onEntries(page.events.map(entryOf), isFlood ? skippedBetween(page.cursor, last) : 0);
      after = last;
      await ports.clock.sleep(LEAST_MS, signal);
      await changed;
    } catch {
      // The slices tell what is wrong with the backend; the tail tries again by itself.
      await ports.clock.sleep(RETRY_MS, signal);
    } finally {
      waiting.abort();
      signal.removeEventListener('abort', stop);
    }
  }
}

export function entryOf(event: JobEvent): LogEntry {
  return {
    id: event.cursor,
    at: event.at,
    kind: event.type,
    status: event.status,
    jobId: event.jobId,
    jobType: event.jobType,
    worker: event.worker,
    queue: event.queue,
    text: factsOf(event).join('  '),
  };
}

/** Cursors of a store that numbers its events tell how many lie between; of another one, that some do. */
function skippedBetween(from: string, to: string): number {
  const gap = Number(to) - Number(from);
  return Number.isFinite(gap) && gap > 0 ? gap : 1;
}
