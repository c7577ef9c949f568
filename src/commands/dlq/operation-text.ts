// Plans and outcomes of replays, purges and restores as text for people.

import type { OperationCounts } from '../../domain/dead-letters/equation.js';
import type { Operation, PlannedEntry } from '../../domain/dead-letters/operation.js';
import { SKIP_REASONS, type SkipReason } from '../../domain/dead-letters/replay-decision.js';
import type { Json } from '../../domain/json.js';
import type { Io } from '../../output/io.js';
import { counted, formatBytes, formatCount, localTime } from '../../output/quantities.js';
import { printable } from '../../output/sanitize.js';
import { renderTable } from '../../output/table.js';
import { DONE_FIELD, type viewEntry } from '../../services/dead-letters/letter-view.js';
import type { PlanCounts } from '../../services/dead-letters/plan-operation.js';

/** The command that goes on with the operation. */
export function resumeCommand({ action, id, restores }: Pick<Operation, 'action' | 'id' | 'restores'>): string {
  return action === 'restore' ? `copiloteval dlq restore ${restores ?? id}` : `copiloteval dlq ${action} --resume ${id}`;
}

const DOES: Readonly<Record<PlannedEntry['do'], (count: number) => string>> = {
  'replay-job': (count) => `queue ${counted(count, 'job')} again`,
  'send-copy': (count) => `send ${counted(count, 'message')} without a job as ${count === 1 ? 'a copy' : 'copies'} (if this is killed in between, one can be sent twice)`,
  purge: (count) => `move ${counted(count, 'letter')} to the trash; their jobs stay as they are`,
  restore: (count) => `put ${counted(count, 'letter')} back`,
};

/** What matched and what is going to happen, a line each. */
export function planText(counts: PlanCounts): string {
  const queues = Object.entries(counts.byQueue).map(([queue, count]) => `${formatCount(count)} in ${queue}`);
  const does = (Object.entries(counts.byAction) as [PlannedEntry['do'], number][]).map(([action, count]) => `  ${DOES[action](count)}`);
  const skips = (Object.entries(counts.expectedSkips) as [SkipReason, number][]).map(([reason, count]) => `  skip ${formatCount(count)}: ${SKIP_REASONS[reason]}`);
  return printable([`${counted(counts.matched, 'dead letter fits', 'dead letters fit')}: ${queues.join(', ')}`, ...sizeText(counts), ...does, ...skips].join('\n'), { lines: true });
}

/** Where nothing fits there is nothing to measure. */
function sizeText({ matched, bytes, oldestAt, newestAt }: PlanCounts): readonly string[] {
  if (matched === 0) return [];
  const times = oldestAt === null || newestAt === null ? '' : `, dead since ${localTime(oldestAt)}${oldestAt === newestAt ? '' : ` to ${localTime(newestAt)}`}`;
  return [`  ${formatBytes(bytes)}${times}`];
}

/** `matched 12 = replayed 10 + skipped 1 + failed 1`, and what is behind the numbers. */
export function outcomeText(operation: Operation, counts: OperationCounts, entries: readonly Readonly<Record<string, Json>>[], io: Io): string {
  const { style } = io;
  const sum = [
    `${DONE_FIELD[operation.action]} ${formatCount(counts.done)}`,
    `skipped ${formatCount(counts.skipped)}`,
    `failed ${formatCount(counts.failed)}`,
    ...(counts.pending === 0 ? [] : [`not tried ${formatCount(counts.pending)}`]),
  ];
  const lines = [
    `${style.bold(operation.id)}  matched ${formatCount(counts.matched)} = ${sum.join(' + ')}`,
    ...Object.entries(counts.skippedReasons).map(([reason, count]) => `  skipped ${formatCount(count)}: ${skipText(reason)}`),
    ...Object.entries(counts.failedErrors).map(([error, count]) => `  ${style.red('failed')} ${formatCount(count)}: ${printable(error)}`),
    ...(counts.maybeTwice === 0 ? [] : [`  ${counted(counts.maybeTwice, 'copy', 'copies')} may have been sent twice: a run was cut off while sending, or the broker did not answer`]),
    ...(operation.after === null ? [] : [`  dead letters ${formatCount(operation.before)} before, ${formatCount(operation.after)} after, unexplained ${formatCount(operation.unexplained ?? 0)}`]),
  ];
  return entries.length === 0 ? lines.join('\n') : `${lines.join('\n')}\n\n${entriesTable(entries, io)}`;
}

function skipText(reason: string): string {
  return Object.hasOwn(SKIP_REASONS, reason) ? SKIP_REASONS[reason as SkipReason] : printable(reason);
}

/** Entries as viewEntry made them. */
export function entriesTable(entries: readonly ReturnType<typeof viewEntry>[], io: Io): string {
  const text = (value: Json | undefined): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '-');
  return renderTable(
    {
      columns: [
        { header: 'queue' },
        { header: 'number', align: 'right' },
        { header: 'job' },
        { header: 'type' },
        { header: 'does' },
        { header: 'to' },
        { header: 'state' },
        { header: 'note', flexible: true },
      ],
      rows: entries.map((entry) => [
        text(entry['queue']),
        text(entry['sequenceNumber']),
        text(entry['jobId']).slice(-8),
        text(entry['type']),
        text(entry['action']),
        text(entry['target']),
        text(entry['state'] ?? (entry['expectedSkip'] === null ? 'planned' : 'skip')),
        text(entry['note'] ?? entry['expectedSkip']),
      ]),
    },
    io,
  );
}
