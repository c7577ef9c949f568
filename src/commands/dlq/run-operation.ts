// What replay, purge and restore share: plan, counts, question, application, answer.

import type { OperationCounts } from '../../domain/dead-letters/equation.js';
import type { Operation, OperationAction } from '../../domain/dead-letters/operation.js';
import { AppError } from '../../domain/errors.js';
import type { OperationLease } from '../../ports/operation-journal.js';
import { applyOperation, type OperationOutcome } from '../../services/dead-letters/apply-operation.js';
import { viewEntry, viewOutcome } from '../../services/dead-letters/letter-view.js';
import { ledgerOf, sweepOperations } from '../../services/dead-letters/operation-history.js';
import type { Io } from '../../output/io.js';
import type { CommandContext } from '../command.js';
import { refuseTooMany } from '../guard-rails.js';
import { relayed } from '../relay-text.js';
import { exitCodeOfSignal, type SignalName } from '../signals.js';
import { counted, formatCount, localTime } from '../../output/quantities.js';
import { openOperations, type OperationRuntime } from './open-operations.js';
import { outcomeText, resumeCommand } from './operation-text.js';

const DAY = 24 * 60 * 60_000;
const DOING: Readonly<Record<OperationAction, string>> = { replay: 'replaying', purge: 'purging', restore: 'restoring' };

export interface OperationToRun {
  readonly lease: OperationLease;
  /** Letters that are left to do. */
  readonly left: number;
  /** The whole question, without `[y/N]`. */
  readonly question: string;
  /** What has to be typed, or given as `--confirm`, in place of a yes. */
  readonly typed?: string;
  readonly confirm?: string | undefined;
  /** Nobody has agreed to it before: without agreement it is forgotten. */
  readonly isNew: boolean;
  /** List every entry in the answer. */
  readonly withEntries: boolean;
}

/** Asks, applies, prints. Returns the exit code of a signal; throws UNEXPLAINED or PARTLY_DONE after the answer was printed. */
export async function runOperation(run: OperationToRun, context: CommandContext): Promise<number | void> {
  const { lease } = run;
  const runtime = await openOperations(context);
  try {
    if (run.left > 0) await agree(run, context);
    const applied = await applyWatched(run, runtime, context);
    await printOutcome(applied.outcome, run, runtime, context);
    if (applied.stoppedBy !== undefined && applied.outcome.counts.pending > 0) return exitCodeOfSignal(applied.stoppedBy);
    refuseImbalance(applied.outcome);
  } finally {
    // After a lost lease or a broken journal there is nothing to release.
    await lease.release().catch(() => undefined);
  }
}

async function agree(run: OperationToRun, context: CommandContext): Promise<void> {
  const { lease, question, isNew } = run;
  const { io, signal } = context;
  try {
    refuseTooMany(run.left, counted(run.left, 'dead letter'), context);
    await confirmTyped(run, io, question);
    signal.throwIfAborted();
  } catch (error) {
    // A crash before this leaves a plan that nobody agreed to; resuming asks again.
    if (isNew) await lease.discard();
    throw error;
  }
}

async function confirmTyped({ typed, confirm }: OperationToRun, io: Io, question: string): Promise<void> {
  if (typed === undefined) return io.confirm({ question });
  if (confirm === undefined) return io.confirm({ question, expect: typed, always: true });
  if (confirm === typed) return;
  throw new AppError('REFUSED', `nothing was changed: --confirm says ${JSON.stringify(confirm)}, the plan is ${JSON.stringify(typed)}`, {
    hint: 'look at it with `--dry-run`',
  });
}

interface Applied {
  readonly outcome: OperationOutcome;
  readonly stoppedBy: SignalName | undefined;
}

/** From here on a signal ends the work after the letters at hand, and the third one the process. */
async function applyWatched(run: OperationToRun, runtime: OperationRuntime, context: CommandContext): Promise<Applied> {
  const { io } = context;
  const { operation } = run.lease;
  const stop = new AbortController();
  let stoppedBy: SignalName | undefined;
  const giveBack = context.onSignal(({ name }) => {
    stoppedBy ??= name;
    io.note('stopping after the letters at hand …');
    stop.abort();
  });
  const progress = io.progress({ label: DOING[operation.action], total: run.left });
  let locked: { readonly count: number; readonly until: number } | undefined;
  try {
    const apply = (): Promise<OperationOutcome> =>
      applyOperation(runtime, run.lease, {
        signal: stop.signal,
        onProgress: (completed, total, failed) => progress.update(completed, total, failed === 0 ? '' : `${formatCount(failed)} failed (kept)`),
        onWaiting: (letters, until) =>
          io.note(`${counted(letters, 'letter is', 'letters are')} held by another process until ${localTime(until)}; waiting (Ctrl-C stops)`),
        onLeftLocked: (left) => (locked = left),
      });
    const outcome = await relayed(apply, runtime, { io, signal: stop.signal });
    if (locked !== undefined) io.note(leftLockedText(locked));
    return { outcome, stoppedBy };
  } catch (error) {
    io.warn(`${operation.id} was cut off; when the cause is gone, finish it with \`${resumeCommand(operation)}\``);
    throw error;
  } finally {
    progress.done();
    giveBack();
  }
}

function leftLockedText({ count, until }: { readonly count: number; readonly until: number }): string {
  return `${counted(count, 'letter', 'letters')} that ${count === 1 ? 'was' : 'were'} not chosen had to be locked on the way; nobody can take ${count === 1 ? 'it' : 'them'} before ${localTime(until)}`;
}

async function printOutcome({ operation, counts }: OperationOutcome, run: OperationToRun, runtime: OperationRuntime, context: CommandContext): Promise<void> {
  const { io, config } = context;
  await printCounts({ operation, counts }, run.withEntries, runtime, io);
  if (operation.action === 'purge' && counts.done > 0 && config.trashDays > 0) {
    io.note(`the trash has them for ${formatCount(config.trashDays)} days: \`copiloteval dlq restore ${operation.id}\``);
  }
  if (counts.pending > 0 || counts.failed > 0) {
    io.warn(`${formatCount(counts.pending + counts.failed)} of ${formatCount(counts.matched)} left; go on with \`${resumeCommand(operation)}\``);
  }
}

function refuseImbalance({ operation, counts }: OperationOutcome): void {
  const unexplained = operation.unexplained ?? 0;
  const hint = `see each letter with \`copiloteval dlq history ${operation.id}\``;
  if (unexplained > 0) {
    throw new AppError('UNEXPLAINED', `${counted(unexplained, 'dead letter is', 'dead letters are')} not where the ledger of ${operation.id} says`, { hint });
  }
  if (counts.failed > 0) {
    throw new AppError('PARTLY_DONE', `${formatCount(counts.failed)} of ${counted(counts.matched, 'dead letter')} failed`, { hint });
  }
}

/** Prints an operation that has nothing left to do. */
export async function printFinished(operation: Operation, counts: OperationCounts, withEntries: boolean, context: CommandContext): Promise<void> {
  const runtime = await openOperations(context);
  context.io.note(`${operation.id} is finished; nothing is left to do`);
  await printCounts({ operation, counts }, withEntries, runtime, context.io);
}

async function printCounts({ operation, counts }: OperationOutcome, withEntries: boolean, runtime: OperationRuntime, io: Io): Promise<void> {
  const entries: ReturnType<typeof viewEntry>[] = [];
  if (withEntries) for await (const entry of ledgerOf(runtime, { operation: operation.id })) entries.push(viewEntry(entry));
  const view = viewOutcome(operation, counts);
  io.print({ json: withEntries ? { ...view, entries } : view, text: () => outcomeText(operation, counts, entries, io) });
}

/** Forgets what is older than the settings say; called before something new is added. */
export async function sweepOld({ config }: Pick<CommandContext, 'config'>, runtime: OperationRuntime): Promise<void> {
  const now = runtime.clock.now();
  const operationsBefore = now - Math.max(config.retentionDays, config.trashDays) * DAY;
  await sweepOperations(runtime, { trashBefore: now - config.trashDays * DAY, operationsBefore });
  await runtime.audit.sweep(operationsBefore);
}
