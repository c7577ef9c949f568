// What a worker does every few seconds beside running jobs.

import type { Backend } from '../ports/backend.js';
import { DeadLetterWatch } from '../services/dead-letter-watch.js';
import { watchCancels } from './cancel-watch.js';
import { type RelayParts, relayWhileRunning } from './relay-rounds.js';
import { repairParents } from './repair-parents.js';
import { repeat } from './repeat.js';
import type { WorkerParts } from './worker-parts.js';

export interface Rounds extends Pick<RelayParts, 'onCannotSend'> {
  readonly parts: WorkerParts;
  readonly queues: readonly string[];
  /** The worker's sign of life. */
  readonly beat: () => Promise<void>;
  /** Ends them all. */
  readonly signal: AbortSignal;
}

/** Each resolves after the signal has fired, and never rejects. */
export function startRounds({ parts, queues, beat, signal, onCannotSend }: Rounds): Promise<void>[] {
  const { backend, log, attempts } = parts;
  const round = { clock: backend.clock, log, signal };
  return [
    repeat({ what: 'the heartbeat', everyMs: 2000, act: beat }, round),
    repeat({ what: 'looking for cancel requests', everyMs: 1000, act: () => watchCancels(backend, attempts) }, round),
    repeat({ what: 'looking for stranded parents', everyMs: 10_000, act: () => repairParents(parts) }, round),
    ...farRounds({ ...parts, onCannotSend }, queues, signal),
    ...adoptRounds(backend, round),
  ];
}

/** Where the queue is another system. */
function farRounds(parts: WorkerParts & RelayParts, queues: readonly string[], signal: AbortSignal): Promise<void>[] {
  const { backend, log, workerId } = parts;
  if (backend.watched === undefined) return [];
  const watch = new DeadLetterWatch({ ...backend, watched: backend.watched }, { queues, workerId });
  const look = async (): Promise<void> => {
    const report = await watch.round(signal);
    if (report.problem !== null && !signal.aborted) log.warn({ ...report }, `the dead letters could not be watched: ${report.problem}`);
    else if (report.recorded + report.recovered > 0) log.info({ ...report }, 'jobs whose messages the broker put aside');
  };
  return [
    relayWhileRunning(parts, signal),
    repeat({ what: 'watching the dead letters', everyMs: 15_000, act: look }, { clock: backend.clock, log, signal }),
  ];
}

/** Where it was, and what was left for it belongs on the store's own queue now. */
function adoptRounds({ adoptOutbox }: Pick<Backend, 'adoptOutbox'>, round: Parameters<typeof repeat>[1]): Promise<void>[] {
  if (adoptOutbox === undefined) return [];
  const act = async (): Promise<void> => {
    while ((await adoptOutbox()) > 0 && !round.signal.aborted);
  };
  return [repeat({ what: 'adopting messages for another queue', everyMs: 10_000, act }, round)];
}
