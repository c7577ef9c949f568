// `copiloteval dlq history`: the audit log. Who changed what, when, why, and what came of it.

import type { Operation } from '../../domain/dead-letters/operation.js';
import type { AuditedChange } from '../../ports/audit-log.js';
import { formatCount, localTime, relativeTime } from '../../output/quantities.js';
import { renderFields, renderTable } from '../../output/table.js';
import { viewEntry, viewHistoryItem } from '../../services/dead-letters/letter-view.js';
import { listHistory, viewChange, type HistoryEntry } from '../../services/change-history.js';
import { ledgerOf, showOperation, type HistoryItem } from '../../services/dead-letters/operation-history.js';
import { defineCommand, type CommandContext } from '../command.js';
import { integer, nonEmpty } from '../option-parsers.js';
import { flag, option, optionalArgument, type OptionValues } from '../option-specs.js';
import { openOperations, type OperationRuntime } from './open-operations.js';
import { entriesTable, outcomeText, resumeCommand } from './operation-text.js';

const options = {
  limit: option('--limit <n>', 'at most so many', { parser: integer({ min: 1, max: 1000 }), default: 20 }),
  cursor: option('--cursor <text>', 'go on behind the page that ended with this nextCursor', { parser: nonEmpty() }),
  all: flag('--all', "every letter of the operation, not only those that were not done"),
};
type Given = OptionValues<typeof options>;

export const dlqHistoryCommand = defineCommand({
  path: ['dlq', 'history'],
  summary: 'Show who changed what from this machine, when and why',
  description:
    'Replays, purges and restores, and changes by other commands (cancel, retry, prune, queues …) without submitting and running jobs. ' +
    'With an operation, shows it with its letters: in text those that were skipped, failed or not tried, with --all every one.',
  examples: ['copiloteval dlq history', 'copiloteval dlq history R4kt0p9m', 'copiloteval dlq history R4kt0p9m -o json'],
  arguments: { operation: optionalArgument('the id of one operation', nonEmpty()) },
  options,
  run: runDlqHistory,
});

async function runDlqHistory(args: { operation: string | undefined }, given: Given, context: CommandContext): Promise<void> {
  const runtime = await openOperations(context);
  if (args.operation !== undefined) return printOne(args.operation, given, runtime, context);
  const { limit, cursor } = given;
  const { entries, nextCursor } = await listHistory(runtime, { limit, ...(cursor === undefined ? {} : { cursor }) });
  const views = entries.map((entry) => ('change' in entry ? viewChange(entry.change) : viewHistoryItem(entry.operation)));
  const { io } = context;
  io.print({
    json: { operations: views.filter((view) => 'operation' in view), changes: views.filter((view) => 'change' in view), nextCursor },
    lines: views,
    text: () => (entries.length === 0 ? 'nothing was changed' : historyTable(entries, runtime, io)),
  });
  if (nextCursor !== null) io.note(`there are more: add \`--cursor ${nextCursor}\` for the next page, or \`--limit\``);
}

function historyTable(entries: readonly HistoryEntry[], runtime: OperationRuntime, io: CommandContext['io']): string {
  const now = runtime.clock.now();
  return renderTable(
    {
      columns: [
        { header: 'operation' },
        { header: 'when' },
        { header: 'who' },
        { header: 'state' },
        { header: 'matched', align: 'right' },
        { header: 'done', align: 'right' },
        { header: 'skipped', align: 'right' },
        { header: 'failed', align: 'right' },
        { header: 'queues', flexible: true },
        { header: 'what', flexible: true },
        { header: 'why', flexible: true },
      ],
      rows: entries.map((entry) => ('change' in entry ? changeRow(entry.change, now) : operationRow(entry.operation, now))),
    },
    io,
  );
}

function operationRow({ operation, counts, holder }: HistoryItem, now: number): readonly string[] {
  return [
    operation.id,
    relativeTime(operation.createdAt, now),
    operation.by,
    stateText(operation, holder),
    formatCount(counts.matched),
    formatCount(counts.done),
    formatCount(counts.skipped),
    formatCount(counts.failed),
    operation.queues.join(', '),
    `${operation.action} ${operation.selection}`,
    operation.reasonText ?? '-',
  ];
}

function changeRow({ at, by, outcome, what, reasonText }: AuditedChange, now: number): readonly string[] {
  const counts = outcome === null || outcome.error !== null ? ['-', '-', '-', '-'] : [formatCount(outcome.changed + outcome.failed), formatCount(outcome.changed), '-', formatCount(outcome.failed)];
  const state = outcome === null ? 'begun' : (outcome.error ?? 'finished');
  return ['-', relativeTime(at, now), by, state, ...counts, '-', what, reasonText ?? '-'];
}

/** An operation that is being applied and that nobody holds was cut off. */
function stateText({ state }: Operation, holder: HistoryItem['holder']): string {
  if (holder !== null) return 'running';
  return state === 'applying' ? 'interrupted' : state;
}

async function printOne(id: string, given: Given, runtime: OperationRuntime, { io }: CommandContext): Promise<void> {
  const item = await showOperation(runtime, id);
  const { operation, counts, holder } = item;
  const inText = io.format === 'text' && !given.all;
  const entries: ReturnType<typeof viewEntry>[] = [];
  const ledger = ledgerOf(runtime, { operation: operation.id, ...(inText ? { states: ['planned', 'skipped', 'failed'] as const } : {}) });
  for await (const entry of ledger) entries.push(viewEntry(entry));
  io.print({
    json: { ...viewHistoryItem(item), entries },
    lines: entries,
    text: () => {
      const now = runtime.clock.now();
      const fields = renderFields(
        [
          ['when', `${localTime(operation.createdAt)} (${relativeTime(operation.createdAt, now)})`],
          ['who', operation.by],
          ['why', operation.reasonText ?? '-'],
          ['what', `${operation.action} ${operation.selection}`],
          ['queues', operation.queues.join(', ')],
          ['state', stateText(operation, holder)],
        ],
        io,
      );
      const left = counts.pending + counts.failed > 0 && holder === null ? `\n\nfinish it with \`${resumeCommand(operation)}\`` : '';
      const list = entries.length === 0 ? '' : `\n\n${entriesTable(entries, io)}`;
      return `${fields}\n\n${outcomeText(operation, counts, [], io)}${list}${left}`;
    },
  });
}
