// The way of `dlq replay` and `dlq purge` from the command line to an operation that can be applied.

import type { OperationSettings } from '../../domain/dead-letters/operation.js';
import { counted, formatCount } from '../../output/quantities.js';
import { printable } from '../../output/sanitize.js';
import { resumeOperation } from '../../services/dead-letters/find-operation.js';
import { viewEntry, viewOutcome, viewPlan, DONE_FIELD } from '../../services/dead-letters/letter-view.js';
import { countLetters, draftEntries, PlanCounter, planOperation, type OperationRequest } from '../../services/dead-letters/plan-operation.js';
import type { CommandContext } from '../command.js';
import { reasonTextOption, requireReason } from '../guard-rails.js';
import { nonEmpty, type Parser } from '../option-parsers.js';
import { flag, option, type OptionValues } from '../option-specs.js';
import { openOperations, type OperationRuntime } from './open-operations.js';
import { entriesTable, outcomeText, planText } from './operation-text.js';
import { printFinished, runOperation, sweepOld } from './run-operation.js';
import { allQueuesOption, chooseForChange, selectionOptions } from './selection-options.js';

const SELECTION_KEYS = [...Object.keys(selectionOptions), 'allQueues'];

export const operationOptions = {
  ...selectionOptions,
  allQueues: allQueuesOption,
  resume: option('--resume <operation>', 'finish an operation that was stopped or cut off', { parser: nonEmpty(), conflicts: SELECTION_KEYS }),
  dryRun: flag('--dry-run', 'show the plan, change nothing'),
  entries: flag('--entries', 'list every letter in the answer'),
  rate: option('--rate <n/s>', 'at most so many letters a second, such as 50/s or 100/m', { parser: rate() }),
  reasonText: reasonTextOption,
};
/** `confirm`: of a purge in production. */
export type GivenOperation = OptionValues<typeof operationOptions> & { readonly confirm?: string | undefined };

export async function planAndRun(
  action: 'replay' | 'purge',
  given: GivenOperation,
  settings: Omit<OperationSettings, 'ratePerSecond'>,
  context: CommandContext,
): Promise<number | void> {
  const runtime = await openOperations(context);
  if (!given.dryRun && given.resume === undefined) requireReason(given.reasonText, context);
  if (given.resume !== undefined) return resume(action, given.resume, given, context);
  const chosen = await chooseForChange(action, given, runtime);
  const progress = context.io.progress({ label: 'looking at dead letters' });
  const request: OperationRequest = {
    action,
    ...chosen,
    settings: { ...settings, ratePerSecond: given.rate ?? null },
    by: context.config.userId,
    reasonText: given.reasonText ?? null,
    signal: context.signal,
    onScanned: (scanned) => progress.update(scanned),
  };
  if (given.dryRun) return dryRun(request, runtime, context).finally(() => progress.done());
  await sweepOld(context, runtime);
  const { lease, counts } = await planOperation(runtime, request).finally(() => progress.done());
  if (counts.matched === 0) {
    await lease.discard();
    return printNothing(request, runtime, context);
  }
  context.io.note(planText(counts));
  const queues = Object.keys(counts.byQueue);
  const question = `${action} ${counted(counts.matched, 'dead letter')} of ${queuesText(queues)}?`;
  const typed = typedConfirmation(action, queues, counts.matched, given, context);
  return runOperation({ lease, left: counts.matched, question, isNew: true, withEntries: given.entries, ...typed }, context);
}

async function resume(action: 'replay' | 'purge', id: string, given: GivenOperation, context: CommandContext): Promise<number | void> {
  const runtime = await openOperations(context);
  const { lease, counts } = await resumeOperation(runtime, id, action);
  const { operation } = lease;
  const left = counts.pending + counts.failed;
  if (left === 0 && operation.state === 'finished') {
    await lease.release();
    return printFinished(operation, counts, given.entries, context);
  }
  if (given.dryRun) {
    await lease.release();
    context.io.print({ json: { dryRun: true, ...viewOutcome(operation, counts) }, text: () => `${outcomeText(operation, counts, [], context.io)}\nnothing was changed (--dry-run)` });
    return;
  }
  context.io.note(`${operation.id} (${operation.selection}): ${formatCount(left)} of ${counted(counts.matched, 'dead letter')} left`);
  const question = `${action} the ${counted(left, 'dead letter')} that ${left === 1 ? 'is' : 'are'} left of ${operation.id}?`;
  const typed = typedConfirmation(action, operation.queues, left, given, context);
  return runOperation({ lease, left, question, isNew: false, withEntries: given.entries, ...typed }, context);
}

/** In production a purge is agreed to by typing what it is about: `QUEUE COUNT`. */
function typedConfirmation(
  action: 'replay' | 'purge',
  queues: readonly string[],
  count: number,
  { confirm }: GivenOperation,
  { config }: CommandContext,
): { readonly typed?: string; readonly confirm?: string | undefined } {
  return config.production && action === 'purge' ? { typed: `${queues.join(',')} ${count}`, confirm } : {};
}

async function dryRun(request: OperationRequest, runtime: OperationRuntime, { io }: CommandContext): Promise<void> {
  const counter = new PlanCounter();
  const entries: ReturnType<typeof viewEntry>[] = [];
  for await (const page of draftEntries(runtime, request, counter)) entries.push(...page.map(viewEntry));
  const counts = counter.counts();
  io.print({
    json: { dryRun: true, operation: null, action: request.action, before: await countLetters(runtime, request.queues), ...viewPlan(counts), entries },
    lines: entries,
    text: () =>
      counts.matched === 0 ? 'no dead letter fits' : `${entriesTable(entries, io)}\n\n${planText(counts)}\nnothing was changed (--dry-run)`,
  });
}

async function printNothing(request: OperationRequest, runtime: OperationRuntime, { io }: CommandContext): Promise<void> {
  const before = await countLetters(runtime, request.queues);
  const json = {
    operation: null,
    action: request.action,
    state: 'finished',
    matched: 0,
    [DONE_FIELD[request.action]]: 0,
    skipped: 0,
    failed: 0,
    pending: 0,
    unexplained: 0,
    before,
    after: before,
    maybeTwice: 0,
    skippedReasons: {},
    failedErrors: {},
  };
  io.print({ json, text: `no dead letter of ${queuesText(request.queues)} fits` });
}

function queuesText(queues: readonly string[]): string {
  return printable(queues.length <= 3 ? queues.join(', ') : `${queues.length} queues`);
}

/** Letters a second. */
function rate(): Parser<number> {
  const seconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };
  return {
    expects: 'a number of letters a second, a minute or an hour such as 50/s, 100/m or 30/h',
    read: (text) => {
      const match = /^(\d{1,9}(?:\.\d{1,3})?)(?:\/([smh]))?$/.exec(text.trim().toLowerCase());
      const perSecond = Number(match?.[1]) / (seconds[match?.[2] ?? 's'] ?? 1);
      return perSecond > 0 ? perSecond : undefined;
    },
  };
}
