// Looks at the queues again after an operation: is every letter where the ledger says?

import { countUnexplained } from '../../domain/dead-letters/equation.js';
import type { LedgerEntry, Operation } from '../../domain/dead-letters/operation.js';
import type { OperationPorts } from './operation-ports.js';
import { countLetters } from './plan-operation.js';
import { letterPages } from './walk-letters.js';

const PAGE = 1000;

/** `since`: when this run began. `after` is as the backend counts, for information: a live queue moves. */
export async function verifyOperation(
  ports: Pick<OperationPorts, 'journal' | 'deadLetters'>,
  operation: Operation,
  since: number,
): Promise<{ unexplained: number; after: number }> {
  const last = await ports.journal.lastNumbers(operation.id);
  const present = new Map<string, ReadonlySet<string>>();
  for (const [queue, lastNumber] of last) present.set(queue, await presentLetters(ports, { operation, queue, lastNumber }));
  let unexplained = 0;
  for await (const entries of entryPages(ports, operation)) {
    for (const queue of last.keys()) {
      const own = entries.filter((entry) => entry.queue === queue);
      unexplained += countUnexplained(own, present.get(queue) ?? new Set(), since);
    }
  }
  return { unexplained, after: await countLetters(ports, operation.queues) };
}

/** Numbers of the plan that a second peek finds; usually few. It need not go further than the last one of the plan. */
async function presentLetters(
  ports: Pick<OperationPorts, 'journal' | 'deadLetters'>,
  { operation, queue, lastNumber }: { operation: Operation; queue: string; lastNumber: bigint },
): Promise<ReadonlySet<string>> {
  const present = new Set<string>();
  for await (const letters of letterPages(ports, queue)) {
    const sequenceNumbers = letters.map((letter) => letter.sequenceNumber);
    const planned = await ports.journal.entriesOf({ operation: operation.id, queue, sequenceNumbers });
    for (const entry of planned) present.add(entry.sequenceNumber);
    const seen = sequenceNumbers.at(-1);
    if (seen !== undefined && BigInt(seen) >= lastNumber) break;
  }
  return present;
}

async function* entryPages(ports: Pick<OperationPorts, 'journal'>, operation: Operation): AsyncGenerator<readonly LedgerEntry[]> {
  let afterIndex = 0;
  for (;;) {
    const entries = await ports.journal.entries({ operation: operation.id, afterIndex, limit: PAGE });
    const last = entries.at(-1);
    if (last === undefined) return;
    yield entries;
    afterIndex = last.index;
  }
}
