// Things a worker does every few seconds for as long as it runs.

import type { Clock } from '../ports/clock.js';
import type { WorkerLog } from './worker-log.js';

export interface Repetition {
  /** For the log, when it fails. */
  readonly what: string;
  readonly everyMs: number;
  readonly act: () => Promise<void>;
}

/** At once and then again `everyMs` after each end. A failure is logged, the next round comes all the same. Never rejects. */
export async function repeat({ what, everyMs, act }: Repetition, parts: { clock: Clock; log: WorkerLog; signal: AbortSignal }): Promise<void> {
  while (!parts.signal.aborted) {
    try {
      await act();
    } catch (error) {
      // What fails at the end was cut off by it.
      if (!parts.signal.aborted) parts.log.warn({ err: error }, `${what} failed; trying again in ${everyMs} ms`);
    }
    await parts.clock.sleep(everyMs, parts.signal);
  }
}
