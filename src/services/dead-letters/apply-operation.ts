// Applies the plan of a replay, purge or restore, from its beginning or from where a run before stopped.

import { countLedger, LOCKED_NOTE, type OperationCounts } from '../../domain/dead-letters/equation.js';
import type { LedgerEntry, Operation } from '../../domain/dead-letters/operation.js';
import type { OperationLease } from '../../ports/operation-journal.js';
import { createPacer, workInFlight } from './in-flight.js';
import type { OperationPorts } from './operation-ports.js';
import { OperationRun, type ApplyHooks } from './operation-run.js';
import { restoreFromTrash } from './restore-entries.js';
import { settleGone, settleHeld } from './settle-entry.js';
import { verifyOperation } from './verify-operation.js';

export interface OperationOutcome {
  /** As stored at the end of the run. */
  readonly operation: Operation;
  /** Over all runs. */
  readonly counts: OperationCounts;
}

/** Letters at work at once: enough to fill the group commits of a store, few enough to hold their bodies. */
const MAX_IN_FLIGHT = 160;
/** Entries of the plan in memory at once. */
const SLICE = 2_500;
/** Locks of a process that was killed end by themselves; longer ones belong to somebody who works. */
const MAX_LOCK_WAIT_MS = 65_000;
const LOCK_SLACK_MS = 20;

/**
 * Tries every entry that is not done or skipped, then compares the queues with the ledger. When the signal fires the
 * entries at hand are finished, the rest stays planned and the operation `applying`: applying again goes on there.
 */
export async function applyOperation(ports: OperationPorts, lease: OperationLease, hooks: ApplyHooks = {}): Promise<OperationOutcome> {
  const since = ports.clock.now();
  const isResumed = lease.operation.startedAt !== null;
  const before = countLedger(await ports.journal.counts(lease.operation.id));
  await lease.update({ state: 'applying', startedAt: lease.operation.startedAt ?? since, finishedAt: null, after: null, unexplained: null });
  const run = new OperationRun(ports, lease, hooks, before.pending + before.failed, isResumed);
  try {
    await (lease.operation.action === 'restore' ? restoreFromTrash(run) : settleLetters(run));
  } finally {
    await run.close();
  }
  const counts = countLedger(await ports.journal.counts(lease.operation.id));
  if (counts.pending === 0) {
    const { unexplained, after } = await verifyOperation(ports, lease.operation, since);
    await lease.update({ state: counts.failed > 0 ? 'partly' : 'finished', finishedAt: ports.clock.now(), unexplained, after });
  }
  return { operation: lease.operation, counts };
}

async function settleLetters(run: OperationRun): Promise<void> {
  const locked: LockedEntry[] = [];
  let afterIndex = 0;
  while (!run.stopped) {
    const slice = await run.ports.journal.entries({ operation: run.operation.id, states: ['planned', 'failed'], afterIndex, limit: SLICE });
    const last = slice.at(-1);
    if (last === undefined) break;
    afterIndex = last.index;
    locked.push(...(await settleSlice(run, slice)));
  }
  await settleLocked(run, locked);
}

interface LockedEntry {
  readonly entry: LedgerEntry;
  readonly until: number | null;
}

/** Answers the entries whose letters somebody else holds; their ends are not written. */
async function settleSlice(run: OperationRun, entries: readonly LedgerEntry[]): Promise<readonly LockedEntry[]> {
  const locked: LockedEntry[] = [];
  for (const [queue, byNumber] of groupByQueue(entries)) {
    const width = widthFor(run.operation.settings.ratePerSecond);
    await workInFlight({
      source: run.ports.deadLetters.take({
        queue,
        sequenceNumbers: new Set(byNumber.keys()),
        inFlight: width,
        ...(run.hooks.signal === undefined ? {} : { signal: run.hooks.signal }),
        ...(run.hooks.onLeftLocked === undefined ? {} : { onLeftLocked: run.hooks.onLeftLocked }),
      }),
      width,
      mayGoOn: createPacer(run.ports.clock, run.operation.settings.ratePerSecond, run.hooks.signal),
      handle: async (taken) => {
        const number = taken.kind === 'held' ? taken.letter.sequenceNumber : taken.sequenceNumber;
        const entry = byNumber.get(number);
        if (entry === undefined) throw new Error(`the backend handed out letter ${number}, which was not asked for`);
        if (taken.kind === 'held') await settleHeld(run, entry, taken);
        else if (taken.kind === 'locked') locked.push({ entry, until: taken.until });
        else await settleGone(run, entry);
      },
    });
  }
  return locked;
}

/** Waits once for locks that end soon: those of a run that was killed. What is still held then has failed and can be resumed. */
async function settleLocked(run: OperationRun, locked: readonly LockedEntry[]): Promise<void> {
  const now = run.ports.clock.now();
  const endsSoon = ({ until }: LockedEntry): boolean => until !== null && until <= now + MAX_LOCK_WAIT_MS;
  const soon = locked.filter(endsSoon);
  for (const item of locked.filter((other) => !endsSoon(other))) failLocked(run, item);
  if (soon.length === 0 || run.stopped) return;
  const until = Math.max(...soon.map((item) => item.until ?? 0));
  run.hooks.onWaiting?.(soon.length, until);
  await run.ports.clock.sleep(Math.max(0, until - now) + LOCK_SLACK_MS, run.hooks.signal);
  if (run.stopped) return;
  for (const item of await settleSlice(run, soon.map(({ entry }) => entry))) failLocked(run, item);
}

function failLocked(run: OperationRun, { entry, until }: LockedEntry): void {
  const untilText = until === null ? '' : ` until ${new Date(until).toISOString()}`;
  run.conclude(entry, { state: 'failed', note: `${LOCKED_NOTE}: somebody else holds the letter${untilText}`, stage: entry.stage });
}

function groupByQueue(entries: readonly LedgerEntry[]): ReadonlyMap<string, ReadonlyMap<string, LedgerEntry>> {
  const queues = new Map<string, Map<string, LedgerEntry>>();
  for (const entry of entries) {
    const byNumber = queues.get(entry.queue) ?? new Map<string, LedgerEntry>();
    queues.set(entry.queue, byNumber.set(entry.sequenceNumber, entry));
  }
  return queues;
}

/** A slow rate must not hold letters under a lock while they wait for their turn. */
function widthFor(ratePerSecond: number | null): number {
  return ratePerSecond === null ? MAX_IN_FLIGHT : Math.min(MAX_IN_FLIGHT, Math.max(1, Math.ceil(ratePerSecond)));
}
