// What operators did from this machine, newest first: replays, purges and restores from the journal, everything else from
// the audit log, as one list in pages.

import { AppError } from '../domain/errors.js';
import type { Json } from '../domain/json.js';
import type { AuditedChange, AuditLog } from '../ports/audit-log.js';
import type { OperationJournal } from '../ports/operation-journal.js';
import { withCounts, type HistoryItem } from './dead-letters/operation-history.js';
import { isoTime, isoTimeOrNull } from './job-view.js';

export type HistoryEntry = { readonly operation: HistoryItem } | { readonly change: AuditedChange };

export interface HistoryPage {
  readonly entries: readonly HistoryEntry[];
  readonly nextCursor: string | null;
}

interface Dated {
  readonly at: number;
  readonly entry: { readonly operation: Awaited<ReturnType<OperationJournal['list']>>['operations'][number] } | { readonly change: AuditedChange };
}

/** INPUT_INVALID for a cursor that is none. */
export async function listHistory(
  { journal, audit }: { readonly journal: OperationJournal; readonly audit: AuditLog },
  { limit, cursor }: { readonly limit: number; readonly cursor?: string },
): Promise<HistoryPage> {
  const after = readCursor(cursor);
  const page = (from: string): { limit: number; cursor?: string } => ({ limit: limit + 1, ...(from === '' ? {} : { cursor: from }) });
  const [{ operations }, changes] = await Promise.all([journal.list(page(after.operation)), audit.list(page(after.change))]);
  const all: readonly Dated[] = [
    ...operations.map((operation) => ({ at: operation.operation.createdAt, entry: { operation } })),
    ...changes.map((change) => ({ at: change.at, entry: { change } })),
  ].sort((a, b) => b.at - a.at);
  const shown = all.slice(0, limit).map(({ entry }) => entry);
  const last = {
    operation: shown.findLast((entry) => 'operation' in entry)?.operation.cursor ?? after.operation,
    change: shown.findLast((entry) => 'change' in entry)?.change.cursor ?? after.change,
  };
  return {
    entries: await Promise.all(shown.map(async (entry) => ('change' in entry ? entry : { operation: await withCounts(journal, entry.operation) }))),
    nextCursor: all.length > limit ? `${last.operation}.${last.change}` : null,
  };
}

export function viewChange(change: AuditedChange): Readonly<Record<string, Json>> {
  const { id, at, by, reasonText, what, profile, production, outcome } = change;
  return {
    change: id,
    createdAt: isoTime(at),
    by,
    reasonText,
    what,
    profile,
    production,
    changed: outcome?.changed ?? null,
    failed: outcome?.failed ?? null,
    error: outcome?.error ?? null,
    finishedAt: isoTimeOrNull(outcome?.endedAt ?? null),
  };
}

function readCursor(cursor: string | undefined): { operation: string; change: string } {
  if (cursor === undefined) return { operation: '', change: '' };
  const match = /^(\d{0,15})\.(\d{0,15})$/.exec(cursor);
  if (match === null) {
    throw new AppError('INPUT_INVALID', `cursor: expected the nextCursor of the page before, got ${JSON.stringify(cursor.slice(0, 40))}`);
  }
  return { operation: match[1] ?? '', change: match[2] ?? '' };
}
