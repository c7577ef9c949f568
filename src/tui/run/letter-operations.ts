// Replay, purge, restore and resume from the screen: the same plans, ledger, trash and checks as the commands.

import type { OperationCounts } from '../../domain/dead-letters/equation.js';
import type { LedgerEntry } from '../../domain/dead-letters/operation.js';
import { SKIP_REASONS, type SkipReason } from '../../domain/dead-letters/replay-decision.js';
import { EVERY_LETTER, type LetterSelection } from '../../domain/dead-letters/selection.js';
import { parseSequenceRanges } from '../../domain/sequence-ranges.js';
import { parseWhere } from '../../domain/where/parser.js';
import type { OperationLease } from '../../ports/operation-journal.js';
import { applyOperation, type OperationOutcome } from '../../services/dead-letters/apply-operation.js';
import { resumeOperation } from '../../services/dead-letters/find-operation.js';
import { DONE_FIELD } from '../../services/dead-letters/letter-view.js';
import { sweepOperations } from '../../services/dead-letters/operation-history.js';
import type { OperationPorts } from '../../services/dead-letters/operation-ports.js';
import { planOperation, type PlanCounts } from '../../services/dead-letters/plan-operation.js';
import { planRestore } from '../../services/dead-letters/plan-restore.js';
import { says, type DialogLine } from '../dialogs.js';
import { ago, num, size } from '../figures.js';
import type { Effect, LetterTarget, Outcome, PlannedOperation, PlanRequest } from '../messages.js';
import { relayed, type EffectPlace, type OpenedProfile } from './place.js';

/** A plan that waits for its confirmation. */
export interface PreparedPlan {
  readonly lease: OperationLease;
  /** Of the purge that a restore brings back. */
  readonly purgeLease: OperationLease | null;
  /** Nobody has agreed to it before: without agreement it is forgotten. */
  readonly isNew: boolean;
  readonly command: string;
}

const DAY = 24 * 60 * 60_000;
const MAX_REPLAYS = 3;
const SHOWN_ENTRIES = 12;

export async function operationPorts({ ports }: OpenedProfile): Promise<OperationPorts> {
  return { ...ports, ...(await ports.operationFiles()) };
}

/** Looks and writes the plan; touches nothing. When the process dies, the plan is one that nothing applies. */
export async function makePlan(place: EffectPlace, { request, command, token }: Extract<Effect, { t: 'plan' }>, signal: AbortSignal): Promise<PreparedPlan> {
  const ports = await operationPorts(place.profile);
  await sweepOld(place, ports);
  const { prepared, lines, matched, acting, queues } = await planFor(place, ports, request, command, signal);
  if (signal.aborted) {
    await dropPlan(prepared);
    signal.throwIfAborted();
  }
  const { operation } = prepared.lease;
  const entries = await ports.journal.entries({ operation: operation.id, states: ['planned', 'failed'], limit: SHOWN_ENTRIES });
  const diff = 'diff' in request ? request.diff : [];
  const plan: PlannedOperation = {
    action: operation.action,
    operation: operation.id,
    queues,
    matched,
    acting,
    lines: [...lines, ...diff.slice(0, 8)],
    details: [...diff.slice(8), ...entries.map(entryLine), ...(matched > entries.length ? [says(`… and ${num(matched - entries.length)} more`, 'faint')] : [])],
    command,
  };
  place.send({ t: 'planned', token, at: ports.clock.now(), plan });
  return prepared;
}

/** A plan that nobody agreed to leaves nothing behind; one that was agreed to before can be resumed. */
export async function dropPlan({ lease, purgeLease, isNew }: PreparedPlan): Promise<void> {
  await (isNew ? lease.discard() : lease.release()).catch(() => undefined);
  await purgeLease?.release().catch(() => undefined);
}

const PROGRESS_MS = 100;

/** When the signal fires, the letters at hand are finished and the rest can be resumed. */
export async function applyPlan(place: EffectPlace, token: number, { lease, purgeLease, command }: PreparedPlan, signal: AbortSignal): Promise<Outcome> {
  const ports = await operationPorts(place.profile);
  let toldAt = -Infinity;
  let failed = 0;
  const tell = (done: number, total: number, waitingUntil: number | null): void => {
    if (waitingUntil === null && ports.clock.monotonic() - toldAt < PROGRESS_MS && done < total) return;
    toldAt = ports.clock.monotonic();
    place.send({ t: 'progress', token, at: ports.clock.now(), done, total, failed, waitingUntil });
  };
  try {
    const outcome = await relayed(place, () =>
      applyOperation(ports, lease, {
        signal,
        onProgress: (done, total, failedNow) => {
          failed = failedNow;
          tell(done, total, null);
        },
        onWaiting: (letters, until) => tell(0, letters, until),
      }),
    );
    return outcomeOf(outcome, command);
  } finally {
    // After a lost lease or a broken journal there is nothing to release.
    await lease.release().catch(() => undefined);
    await purgeLease?.release().catch(() => undefined);
  }
}

export function selectionOf(target: LetterTarget, where: string): LetterSelection {
  const filter = where === '' ? null : parseWhere(where);
  switch (target.kind) {
    case 'all':
      return { ...EVERY_LETTER, where: filter };
    case 'group':
      return { ...EVERY_LETTER, groups: [target.name], where: filter };
    case 'letters':
      return { ...EVERY_LETTER, sequences: parseSequenceRanges(target.letters.map(({ sequenceNumber }) => sequenceNumber).join(',')) };
  }
}

interface DraftedPlan {
  readonly prepared: PreparedPlan;
  readonly lines: readonly DialogLine[];
  readonly matched: number;
  readonly acting: number;
  readonly queues: readonly string[];
}

async function planFor(place: EffectPlace, ports: OperationPorts, request: PlanRequest, command: string, signal: AbortSignal): Promise<DraftedPlan> {
  const by = place.profile.session.userId;
  if (request.action === 'resume') {
    const { lease, counts } = await resumeOperation(ports, request.operation, request.of);
    const left = counts.pending + counts.failed;
    const lines = [says(`${num(left)} of ${num(counts.matched)} are left of ${request.operation}`)];
    return { prepared: { lease, purgeLease: null, isNew: false, command }, lines, matched: left, acting: left, queues: lease.operation.queues };
  }
  if (request.action === 'restore') {
    const { lease, purgeLease, counts, resumed } = await planRestore(ports, { operation: request.operation, by, reasonText: request.reasonText });
    return { prepared: { lease, purgeLease, isNew: !resumed, command }, ...drafted(counts, ports.clock.now()) };
  }
  const { action, queues, target, where, edits, toQueue, ratePerSecond, reasonText } = request;
  const { lease, counts } = await planOperation(ports, {
    action,
    queues,
    selection: selectionOf(target, where),
    settings: { ratePerSecond, maxReplays: action === 'replay' ? MAX_REPLAYS : 0, toQueue, delayMs: 0, edits },
    by,
    reasonText,
    signal,
  });
  return { prepared: { lease, purgeLease: null, isNew: true, command }, ...drafted(counts, ports.clock.now()) };
}

function drafted(counts: PlanCounts, now: number): Omit<DraftedPlan, 'prepared'> {
  const acting = Object.values(counts.byAction).reduce((sum, count) => sum + count, 0);
  return { lines: planLines(counts, now), matched: counts.matched, acting, queues: Object.keys(counts.byQueue) };
}

const DOES: Readonly<Record<string, (count: number) => string>> = {
  'replay-job': (count) => `${num(count)} queued again as ${count === 1 ? 'its job' : 'their jobs'}, with all attempts`,
  'send-copy': (count) => `${num(count)} without a job sent as copies (a kill in between can send one twice)`,
  purge: (count) => `${num(count)} moved to the trash; their jobs stay as they are`,
  restore: (count) => `${num(count)} put back`,
};

function planLines({ byQueue, byAction, expectedSkips, matched, bytes, oldestAt, newestAt }: PlanCounts, now: number): readonly DialogLine[] {
  const queues = Object.entries(byQueue).map(([queue, count]) => `${num(count)} in ${queue}`);
  const ages = oldestAt === null || newestAt === null ? '' : `${agesText(now - oldestAt, now - newestAt)} old, `;
  return [
    says(`${num(matched)} ${matched === 1 ? 'letter' : 'letters'}, ${ages}${size(bytes)}: ${queues.join(', ')}`),
    ...Object.entries(byAction).map(([action, count]) => says(`  ${DOES[action]?.(count) ?? `${num(count)} ${action}`}`)),
    ...Object.entries(expectedSkips).map(([reason, count]) => says(`  ${num(count)} skipped: ${skipText(reason)}`, 'wait')),
  ];
}

/** `10m..20s`, or one of them where both are the same. */
function agesText(oldest: number, newest: number): string {
  const ages = [ago(oldest), ago(newest)];
  return ages[0] === ages[1] ? ago(oldest) : ages.join('..');
}

function entryLine({ sequenceNumber, jobId, do: does, expectedSkip, reason, target }: LedgerEntry): DialogLine {
  const what = expectedSkip === null ? `${does} to ${target}` : `skip: ${skipText(expectedSkip)}`;
  return says(`${sequenceNumber}  ${jobId?.slice(-8) ?? '-'}  ${what}  ${reason ?? ''}`, expectedSkip === null ? 'plain' : 'wait');
}

function outcomeOf({ operation, counts }: OperationOutcome, command: string): Outcome {
  const unexplained = operation.unexplained ?? 0;
  const { done, skipped, failed, pending } = counts;
  const sum = `${DONE_FIELD[operation.action]} ${num(done)}, skipped ${num(skipped)}, failed ${num(failed)}${pending === 0 ? '' : `, not tried ${num(pending)}`}`;
  const isClean = failed === 0 && unexplained === 0 && pending === 0;
  return {
    text: `${operation.id}: ${sum}${pending === 0 ? `, unexplained ${num(unexplained)}` : ''}`,
    tone: isClean ? 'good' : unexplained > 0 || failed > 0 ? 'bad' : 'wait',
    title: `${operation.action} ${operation.id}`,
    lines: outcomeLines(operation, counts, sum),
    command: pending + failed > 0 ? resumeCommand(operation) : command,
    complete: pending === 0,
  };
}

function outcomeLines(operation: OperationOutcome['operation'], counts: OperationCounts, sum: string): readonly DialogLine[] {
  const { matched, failed, pending } = counts;
  const unexplained = operation.unexplained ?? 0;
  return [
    says(`matched ${num(matched)} = ${sum}`),
    ...Object.entries(counts.skippedReasons).map(([reason, count]) => says(`skipped ${num(count)}: ${skipText(reason)}`, 'wait')),
    ...Object.entries(counts.failedErrors).map(([error, count]) => says(`failed ${num(count)}: ${error}`, 'bad')),
    ...(counts.maybeTwice === 0 ? [] : [says(`${num(counts.maybeTwice)} copies may have been sent twice`, 'wait')]),
    ...(operation.after === null ? [] : [says(`dead letters ${num(operation.before)} before, ${num(operation.after)} after, unexplained ${num(unexplained)}`, unexplained > 0 ? 'bad' : 'plain')]),
    ...(pending + failed > 0 ? [says(`finish it with ${resumeCommand(operation)}`, 'accent')] : []),
  ];
}

function resumeCommand({ action, id, restores }: OperationOutcome['operation']): string {
  return action === 'restore' ? `copiloteval dlq restore ${restores ?? id}` : `copiloteval dlq ${action} --resume ${id}`;
}

function skipText(reason: string): string {
  return Object.hasOwn(SKIP_REASONS, reason) ? SKIP_REASONS[reason as SkipReason] : reason;
}

async function sweepOld({ profile }: EffectPlace, ports: OperationPorts): Promise<void> {
  const { retentionDays, session } = profile;
  const now = ports.clock.now();
  const operationsBefore = now - Math.max(retentionDays, session.trashDays) * DAY;
  await sweepOperations(ports, { trashBefore: now - session.trashDays * DAY, operationsBefore });
}
