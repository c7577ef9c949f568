// What operators changed from this machine, and the job types for the form of a new job.

import { ledgerOf, showOperation, type HistoryItem } from '../../services/dead-letters/operation-history.js';
import type { AuditedChange } from '../../ports/audit-log.js';
import { listHistory } from '../../services/change-history.js';
import type { LedgerRow, OperationData, OperationRow, OperationsData, TypesData } from '../data.js';
import type { DashboardPorts } from './ports.js';

const SHOWN_OPERATIONS = 100;
const SHOWN_ENTRIES = 500;

export async function lookOperations(ports: DashboardPorts): Promise<OperationsData> {
  const { entries } = await listHistory(await ports.operationFiles(), { limit: SHOWN_OPERATIONS });
  return { operations: entries.map((entry) => ('change' in entry ? changeRow(entry.change) : operationRow(entry.operation))) };
}

/** OPERATION_NOT_FOUND. */
export async function lookOperation(ports: DashboardPorts, id: string): Promise<OperationData> {
  const files = await ports.operationFiles();
  const item = operationRow(await showOperation(files, id));
  const entries: LedgerRow[] = [];
  for await (const entry of ledgerOf(files, { operation: id })) {
    if (entries.length === SHOWN_ENTRIES) return { item, entries, more: true };
    const { queue, sequenceNumber, jobId, type, state, note, target, expectedSkip } = entry;
    entries.push({ id: `${queue} ${sequenceNumber}`, queue, sequenceNumber, jobId, type, state, note: note ?? expectedSkip, target });
  }
  return { item, entries, more: false };
}

export async function lookTypes({ jobTypes, admin }: DashboardPorts): Promise<TypesData> {
  const [types, queues] = await Promise.all([jobTypes.all(), admin.list()]);
  return { types: types.map(({ type, queue, summary }) => ({ type, queue, summary })), queues: queues.map(({ name }) => name) };
}

function operationRow({ operation, counts, holder }: HistoryItem): OperationRow {
  const { id, createdAt, by, action, selection, reasonText, state } = operation;
  const held = holder !== null;
  return {
    id,
    at: createdAt,
    by,
    what: `${action} ${selection}`,
    reasonText,
    // One that is being applied and that nobody holds was cut off.
    state: held ? 'running' : state === 'applying' ? 'interrupted' : state,
    done: counts.done,
    skipped: counts.skipped,
    failed: counts.failed,
    operation,
    counts,
    held,
  };
}

function changeRow({ id, at, by, what, reasonText, outcome }: AuditedChange): OperationRow {
  const state = outcome === null ? 'begun' : outcome.error !== null ? outcome.error : outcome.failed > 0 ? 'partly' : 'finished';
  return { id, at, by, what, reasonText, state, done: outcome?.changed ?? 0, skipped: 0, failed: outcome?.failed ?? 0, operation: null, counts: null, held: false };
}
