// Replays, purges and restores made on this machine: by whom, why, and what came of them.

import { countLedger, type OperationCounts } from '../../domain/dead-letters/equation.js';
import { readOperationId, type EntryState, type LedgerEntry, type Operation } from '../../domain/dead-letters/operation.js';
import { AppError } from '../../domain/errors.js';
import type { JournaledOperation, OperationJournal } from '../../ports/operation-journal.js';
import type { Trash } from '../../ports/trash.js';

export interface HistoryItem {
  readonly operation: Operation;
  readonly counts: OperationCounts;
  /** Who works on it now. */
  readonly holder: JournaledOperation['holder'];
}

/** OPERATION_NOT_FOUND. Operations of other stores are shown too: the log belongs to the machine. */
export async function showOperation({ journal }: { readonly journal: OperationJournal }, typed: string): Promise<HistoryItem> {
  const id = readOperationId(typed);
  const found = id === undefined ? undefined : await journal.find(id);
  if (found !== undefined) return withCounts(journal, found);
  throw new AppError('OPERATION_NOT_FOUND', `no replay, purge or restore has the id ${typed.trim()}`, {
    hint: 'see all of them with `copiloteval dlq history`',
  });
}

/** The ledger, in the order of the plan. */
export async function* ledgerOf(
  { journal }: { readonly journal: OperationJournal },
  params: { operation: string; states?: readonly EntryState[] },
): AsyncGenerator<LedgerEntry> {
  for (let afterIndex = 0; ; ) {
    const entries = await journal.entries({ ...params, afterIndex, limit: 500 });
    const last = entries.at(-1);
    if (last === undefined) return;
    yield* entries;
    afterIndex = last.index;
  }
}

/** Forgets operations made before `operationsBefore` and deletes trash last written before `trashBefore`. */
export async function sweepOperations(
  { journal, trash }: { readonly journal: OperationJournal; readonly trash: Trash },
  { operationsBefore, trashBefore }: { operationsBefore: number; trashBefore: number },
): Promise<{ operations: number; trash: number }> {
  const swept = await journal.sweep(operationsBefore);
  return { operations: swept.operations.length, trash: (await trash.sweep(trashBefore)).length };
}

/** With what its ledger says by now. */
export async function withCounts(journal: OperationJournal, { operation, holder }: JournaledOperation): Promise<HistoryItem> {
  return { operation, holder, counts: countLedger(await journal.counts(operation.id)) };
}
