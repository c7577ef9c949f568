// Brings purged letters back from the trash, as the plan of a restore says.

import type { LedgerEntry } from '../../domain/dead-letters/operation.js';
import type { DeadLetter } from '../../ports/dead-letter-queue.js';
import { createPacer } from './in-flight.js';
import type { OperationRun } from './operation-run.js';
import { bodySha256 } from './plan-operation.js';

const BATCH = 64;

/**
 * Goes through the trash once, a batch at a time. A letter that is in the trash twice, because its purge was resumed,
 * has one entry and is brought back once.
 */
export async function restoreFromTrash(run: OperationRun): Promise<void> {
  const { restores, settings } = run.operation;
  if (restores === null) throw new Error(`operation ${run.operation.id} names no purge to restore`);
  const mayGoOn = createPacer(run.ports.clock, settings.ratePerSecond === null ? null : settings.ratePerSecond / BATCH, run.hooks.signal);
  for await (const letters of batches(run.ports.trash.read(restores))) {
    if (!(await mayGoOn())) return;
    await restoreBatch(run, letters);
  }
  await concludeMissing(run);
}

async function restoreBatch(run: OperationRun, letters: readonly DeadLetter[]): Promise<void> {
  const byKey = new Map(letters.map((letter) => [keyOf(letter), letter]));
  const queues = [...new Set(letters.map(({ queue }) => queue))];
  const pages = await Promise.all(
    queues.map((queue) => {
      const sequenceNumbers = letters.filter((letter) => letter.queue === queue).map((letter) => letter.sequenceNumber);
      return run.ports.journal.entriesOf({ operation: run.operation.id, queue, sequenceNumbers });
    }),
  );
  const open = pages.flat().filter((entry) => entry.state === 'planned' || entry.state === 'failed');
  await Promise.all(open.map((entry) => restoreEntry(run, entry, byKey.get(keyOf(entry)))));
}

async function restoreEntry(run: OperationRun, entry: LedgerEntry, letter: DeadLetter | undefined): Promise<void> {
  if (letter === undefined) return;
  if (entry.expectedSkip !== null) {
    run.conclude(entry, { state: 'skipped', note: entry.expectedSkip });
    return;
  }
  if (bodySha256(letter.body) !== entry.bodySha256) {
    run.conclude(entry, { state: 'failed', note: 'BLOB_CORRUPT: the copy in the trash is not what was purged', stage: entry.stage });
    return;
  }
  await run.advance(entry, 'sending');
  const { to, restored } = await run.ports.deadLetters.restore([letter], run.whileRunning);
  // A crash here: resuming finds the letter in its place, and the stage says that it was us who put it there. Where
  // letters come back as new messages, that one message can come twice.
  if (restored === 1 || entry.stage === 'sending') run.conclude(entry, { state: 'done', note: to });
  else run.conclude(entry, { state: 'skipped', note: 'already-there' });
}

/** Entries whose letters the trash does not have any more. */
async function concludeMissing(run: OperationRun): Promise<void> {
  // Ends of the entries above may still be on their way to the journal.
  await run.settled();
  for (let afterIndex = 0; ; ) {
    const open = await run.ports.journal.entries({ operation: run.operation.id, states: ['planned'], afterIndex, limit: 1000 });
    const last = open.at(-1);
    if (last === undefined) return;
    afterIndex = last.index;
    for (const entry of open) {
      if (entry.expectedSkip === null) run.conclude(entry, { state: 'failed', note: 'BLOB_NOT_FOUND: the trash does not have it', stage: entry.stage });
      else run.conclude(entry, { state: 'skipped', note: entry.expectedSkip });
    }
  }
}

async function* batches(letters: AsyncIterable<DeadLetter>): AsyncGenerator<readonly DeadLetter[]> {
  let batch: DeadLetter[] = [];
  for await (const letter of letters) {
    batch.push(letter);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function keyOf({ queue, sequenceNumber }: { queue: string; sequenceNumber: string }): string {
  return `${sequenceNumber} ${queue}`;
}
