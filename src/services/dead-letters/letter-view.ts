// A dead letter, an entry and an operation as programs see them. docs/json-output.md describes them; field order is kept.

import type { OperationCounts } from '../../domain/dead-letters/equation.js';
import type { LedgerEntry, Operation, OperationAction, PlannedEntry } from '../../domain/dead-letters/operation.js';
import { printAssignment } from '../../domain/dead-letters/payload-edit.js';
import { viewBody } from '../../domain/dead-letters/body-view.js';
import type { Json } from '../../domain/json.js';
import type { MessageProps } from '../../ports/message-queue.js';
import { isoTime, isoTimeOrNull } from '../job-view.js';
import type { HistoryItem } from './operation-history.js';
import type { PlanCounts } from './plan-operation.js';
import type { FoundLetter } from './walk-letters.js';

export interface DeadLetterView {
  readonly queue: string;
  readonly sequenceNumber: string;
  readonly messageId: string;
  readonly jobId: string | null;
  readonly type: string | null;
  readonly reason: string | null;
  readonly description: string | null;
  readonly enqueuedAt: string;
  readonly deadLetteredAt: string | null;
  readonly deliveryCount: number;
  readonly replayCount: number;
  readonly bytes: number;
  /** `json`: `body` is the value; `text`: it is the text; `base64`: the bytes are no readable text. */
  readonly bodyEncoding: 'json' | 'text' | 'base64';
  readonly body: Json;
}

export function viewLetter({ letter, facts }: FoundLetter): DeadLetterView {
  const body = viewBody(letter.body);
  return {
    queue: letter.queue,
    sequenceNumber: letter.sequenceNumber,
    messageId: letter.messageId,
    jobId: facts.jobId,
    type: facts.type,
    reason: letter.reason,
    description: letter.description,
    enqueuedAt: isoTime(letter.enqueuedAt),
    deadLetteredAt: isoTimeOrNull(letter.deadLetteredAt),
    deliveryCount: letter.deliveryCount,
    replayCount: facts.replayCount,
    bytes: letter.body.byteLength,
    bodyEncoding: body.encoding,
    body: body.encoding === 'json' ? body.value : body.encoding === 'text' ? body.text : Buffer.from(body.bytes).toString('base64'),
  };
}

export interface WholeLetterView extends DeadLetterView {
  readonly properties: MessageProps;
}

export function viewWholeLetter(found: FoundLetter): WholeLetterView {
  return { ...viewLetter(found), properties: found.letter.properties };
}

/** An entry of a plan, or of a ledger: those have a state. */
export function viewEntry(entry: PlannedEntry | LedgerEntry): Readonly<Record<string, Json>> {
  return {
    index: entry.index,
    queue: entry.queue,
    sequenceNumber: entry.sequenceNumber,
    messageId: entry.messageId,
    jobId: entry.jobId,
    type: entry.type,
    reason: entry.reason,
    action: entry.do,
    target: entry.target,
    bodySha256: entry.bodySha256,
    bytes: entry.bytes,
    expectedSkip: entry.expectedSkip,
    ...('state' in entry ? { state: entry.state, note: entry.note, at: isoTime(entry.at) } : {}),
  };
}

/** What a plan comes to. */
export function viewPlan({ oldestAt, newestAt, ...counts }: PlanCounts): Readonly<Record<string, Json>> {
  return { ...counts, oldestAt: isoTimeOrNull(oldestAt), newestAt: isoTimeOrNull(newestAt) };
}

/** The name under which an answer counts what was done. */
export const DONE_FIELD: Readonly<Record<OperationAction, 'replayed' | 'purged' | 'restored'>> = {
  replay: 'replayed',
  purge: 'purged',
  restore: 'restored',
};

/** matched = replayed (purged, restored) + skipped + failed + pending. */
export function viewOutcome(operation: Operation, counts: OperationCounts): Readonly<Record<string, Json>> {
  return {
    operation: operation.id,
    action: operation.action,
    state: operation.state,
    matched: counts.matched,
    [DONE_FIELD[operation.action]]: counts.done,
    skipped: counts.skipped,
    failed: counts.failed,
    pending: counts.pending,
    unexplained: operation.unexplained,
    before: operation.before,
    after: operation.after,
    maybeTwice: counts.maybeTwice,
    skippedReasons: counts.skippedReasons,
    failedErrors: counts.failedErrors,
  };
}

export function viewHistoryItem({ operation, counts, holder }: HistoryItem): Readonly<Record<string, Json>> {
  const { settings } = operation;
  return {
    ...viewOutcome(operation, counts),
    createdAt: isoTime(operation.createdAt),
    startedAt: isoTimeOrNull(operation.startedAt),
    finishedAt: isoTimeOrNull(operation.finishedAt),
    by: operation.by,
    reasonText: operation.reasonText,
    queues: operation.queues,
    selection: operation.selection,
    restores: operation.restores,
    settings: {
      ratePerSecond: settings.ratePerSecond,
      maxReplays: settings.maxReplays,
      toQueue: settings.toQueue,
      delayMs: settings.delayMs,
      set: settings.edits.map(printAssignment),
    },
    heldBy: holder === null ? null : { host: holder.host, pid: holder.pid },
  };
}
