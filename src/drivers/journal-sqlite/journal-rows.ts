// Between rows and the journal's values.

import type { EntryStage, EntryState, LedgerEntry, Operation, OperationState, PlannedEntry } from '../../domain/dead-letters/operation.js';

export interface OperationRow {
  readonly seq: number;
  readonly id: string;
  readonly state: OperationState;
  readonly doc: string;
  readonly lease_token: string | null;
  readonly lease_host: string | null;
  readonly lease_pid: number | null;
  readonly lease_until: number | null;
}

export interface EntryRow {
  readonly idx: number;
  readonly queue: string;
  readonly sequence_number: string;
  readonly state: EntryState;
  readonly stage: EntryStage | null;
  readonly note: string | null;
  readonly at: number;
  readonly doc: string;
}

/** What of an operation is not in columns of its own. */
type OperationDoc = Omit<Operation, 'id' | 'state'>;
type EntryDoc = Omit<PlannedEntry, 'index' | 'queue' | 'sequenceNumber'>;

export function operationOf(row: OperationRow): Operation {
  return { id: row.id, state: row.state, ...(JSON.parse(row.doc) as OperationDoc) };
}

export function operationDoc(operation: Operation): string {
  const { id: _id, state: _state, ...doc } = operation;
  return JSON.stringify(doc satisfies OperationDoc);
}

export function entryOf(row: EntryRow): LedgerEntry {
  return {
    index: row.idx,
    queue: row.queue,
    sequenceNumber: row.sequence_number,
    ...(JSON.parse(row.doc) as EntryDoc),
    state: row.state,
    stage: row.stage,
    note: row.note,
    at: row.at,
  };
}

export function entryDoc(entry: PlannedEntry): string {
  const { index: _index, queue: _queue, sequenceNumber: _sequenceNumber, ...doc } = entry;
  return JSON.stringify(doc satisfies EntryDoc);
}
