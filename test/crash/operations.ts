// Replays, purges and restores that were cut off, taken up again.

import { isResumable, type Operation } from '../../src/domain/dead-letters/operation.js';
import { withClock } from './build-victim.js';
import { withRuntime } from './inspect.js';
import type { Place, StartOptions } from './place.js';

/** What `dlq replay|purge|restore -o json` prints. */
export interface Outcome {
  readonly operation: string;
  readonly matched: number;
  readonly replayed: number;
  readonly skipped: number;
  readonly failed: number;
}

/** For a process that starts when the locks a killed one held have ended. */
export function minutesLater(place: Place): StartOptions {
  return withClock(place.program, { shiftMs: 5 * 60_000 });
}

/**
 * Takes up the operation that was cut off, or does it from the start when it had not come to a plan; one that was killed
 * after its last step tells again what it did. Must end with exit code 0.
 */
export async function finishOperation(place: Place, action: 'replay' | 'purge', args: readonly string[]): Promise<Outcome> {
  const begun = (await operations(place)).find((operation) => operation.action === action);
  const command = begun === undefined ? args : ['dlq', action, '--resume', begun.id, '--yes'];
  return (await place.json(command, minutesLater(place))) as Outcome;
}

/** Resumes whatever is not finished. */
export async function finishOperations(place: Place): Promise<void> {
  for (const { id, action, restores } of (await operations(place)).filter(isResumable)) {
    await place.json(restores === null ? ['dlq', action, '--resume', id, '--yes'] : ['dlq', 'restore', restores, '--yes'], minutesLater(place));
  }
}

/** `<jobId>:<sequence>` of every dead letter of which the trash has a copy. */
export async function purgedLetters(place: Place): Promise<ReadonlySet<string>> {
  return withRuntime(place, async (runtime) => {
    const { trash } = await runtime.operationFiles();
    const purged = new Set<string>();
    for (const { operation } of await trash.list()) for await (const letter of trash.read(operation)) purged.add(letter.messageId);
    return purged;
  });
}

/** Newest first; plans that nobody agreed to are not among them. */
async function operations(place: Place): Promise<Operation[]> {
  return withRuntime(place, async (runtime) => {
    const { journal } = await runtime.operationFiles();
    return (await journal.list({ limit: 1000 })).operations.map(({ operation }) => operation);
  });
}
