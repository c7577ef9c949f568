// `copiloteval dlq restore`: brings back what a purge removed.

import { counted } from '../../output/quantities.js';
import { viewEntry, viewPlan } from '../../services/dead-letters/letter-view.js';
import { draftRestore, planRestore } from '../../services/dead-letters/plan-restore.js';
import { defineCommand, type CommandContext } from '../command.js';
import { reasonTextOption, requireReason } from '../guard-rails.js';
import { nonEmpty } from '../option-parsers.js';
import { argument, flag, type OptionValues } from '../option-specs.js';
import { openOperations } from './open-operations.js';
import { entriesTable, planText } from './operation-text.js';
import { runOperation } from './run-operation.js';

const options = {
  dryRun: flag('--dry-run', 'show what would come back, change nothing'),
  entries: flag('--entries', 'list every letter in the answer'),
  reasonText: reasonTextOption,
};
type Given = OptionValues<typeof options>;

export const dlqRestoreCommand = defineCommand({
  path: ['dlq', 'restore'],
  summary: 'Bring back the dead letters that a purge removed',
  description: 'Letters come back to where they were, each once: what an earlier restore brought back is skipped. A restore that was cut off goes on.',
  examples: ['copiloteval dlq restore P4kt0p9m', 'copiloteval dlq restore P4kt0p9m --dry-run -o json'],
  arguments: { operation: argument('the id of the purge, see `dlq history`', nonEmpty()) },
  options,
  changes: true,
  run: runDlqRestore,
});

async function runDlqRestore(args: { operation: string }, given: Given, context: CommandContext): Promise<number | void> {
  const runtime = await openOperations(context);
  if (given.dryRun) return dryRun(args.operation, context);
  requireReason(given.reasonText, context);
  const plan = await planRestore(runtime, { operation: args.operation, by: context.config.userId, reasonText: given.reasonText ?? null });
  const { lease, purgeLease, counts, resumed } = plan;
  try {
    context.io.note(`${resumed ? `${lease.operation.id} goes on; ` : ''}${planText(counts)}`);
    // What is only skipped needs nobody's agreement.
    const left = counts.byAction['restore'] ?? 0;
    const question = `put ${counted(left, 'dead letter')} of ${purgeLease.operation.id} back?`;
    return await runOperation({ lease, left, question, isNew: !resumed, withEntries: given.entries }, context);
  } finally {
    await purgeLease.release().catch(() => undefined);
  }
}

async function dryRun(operation: string, context: CommandContext): Promise<void> {
  const { purge, counts, entries } = await draftRestore(await openOperations(context), operation);
  const views = entries.map(viewEntry);
  context.io.print({
    json: { dryRun: true, operation: null, action: 'restore', restores: purge.id, ...viewPlan(counts), entries: views },
    lines: views,
    text: () => `${entriesTable(views, context.io)}\n\n${planText(counts)}\nnothing was changed (--dry-run)`,
  });
}
