// Makes the plan of a restore: which letters of a purge come back. Touches neither trash nor queue.

import { newOperationId, readOperationId, type LedgerEntry, type Operation, type PlannedEntry } from '../../domain/dead-letters/operation.js';
import { isResumable } from '../../domain/dead-letters/operation.js';
import { AppError } from '../../domain/errors.js';
import type { OperationLease } from '../../ports/operation-journal.js';
import { findOperation } from './find-operation.js';
import type { OperationPorts } from './operation-ports.js';
import { countLetters, PlanCounter, type OperationPlan, type PlanCounts } from './plan-operation.js';

export interface RestorePlan extends OperationPlan {
  /** Keeps the purge from being resumed or restored by somebody else meanwhile. Held as long as `lease`. */
  readonly purgeLease: OperationLease;
  /** A restore of this purge that did not come to its end goes on. */
  readonly resumed: boolean;
}

export interface RestoreRequest {
  /** A purge, or a restore of one that did not come to its end. */
  readonly operation: string;
  readonly by: string;
  readonly reasonText: string | null;
}

const PAGE = 1000;

/** OPERATION_NOT_FOUND, OPERATION_BUSY, INPUT_INVALID when it was no purge, BLOB_NOT_FOUND when its trash is gone. */
export async function planRestore(ports: OperationPorts, request: RestoreRequest): Promise<RestorePlan> {
  const purge = await findPurge(ports, request.operation);
  const purgeLease = await ports.journal.acquire(purge.id);
  try {
    const unfinished = (await ports.journal.restoresOf(purge.id)).find(({ operation }) => isResumable(operation));
    if (unfinished !== undefined) return await resumeRestore(ports, unfinished.operation, purgeLease);
    await checkTrash(ports, purge);
    return { ...(await writePlan(ports, purge, request)), purgeLease, resumed: false };
  } catch (error) {
    await purgeLease.release();
    throw error;
  }
}

/** What planRestore would write, for a dry run. */
export async function draftRestore(ports: OperationPorts, operation: string): Promise<{ purge: Operation; counts: PlanCounts; entries: readonly PlannedEntry[] }> {
  const purge = await findPurge(ports, operation);
  await checkTrash(ports, purge);
  const counter = new PlanCounter();
  const entries: PlannedEntry[] = [];
  for await (const page of restoreEntries(ports, purge)) {
    counter.add(page);
    entries.push(...page);
  }
  return { purge, counts: counter.counts(), entries };
}

async function findPurge(ports: OperationPorts, typed: string): Promise<Operation> {
  const found = await findOperation(ports, typed);
  const operation = found.restores === null ? found : await findOperation(ports, found.restores);
  if (operation.action === 'purge') return operation;
  throw new AppError('INPUT_INVALID', `operation ${readOperationId(typed) ?? typed} is a ${operation.action}: only a purge can be restored`, {
    hint: 'see what was done with `copiloteval dlq history`',
  });
}

async function checkTrash(ports: OperationPorts, purge: Operation): Promise<void> {
  const kept = await ports.trash.list();
  if (kept.some(({ operation }) => operation === purge.id) || purge.matched === 0) return;
  throw new AppError('BLOB_NOT_FOUND', `the trash of ${purge.id} is gone`, {
    hint: 'copies of purged dead letters are kept for the days that the setting trashDays says',
  });
}

async function resumeRestore(ports: OperationPorts, restore: Operation, purgeLease: OperationLease): Promise<RestorePlan> {
  const lease = await ports.journal.acquire(restore.id);
  const counter = new PlanCounter();
  for await (const page of pages((afterIndex) => ports.journal.entries({ operation: restore.id, states: ['planned', 'failed'], afterIndex, limit: PAGE }))) {
    counter.add(page);
  }
  return { lease, purgeLease, counts: counter.counts(), resumed: true };
}

async function writePlan(ports: OperationPorts, purge: Operation, request: RestoreRequest): Promise<OperationPlan> {
  const lease = await ports.journal.begin({
    id: newOperationId('restore', ports.random),
    action: 'restore',
    storeId: ports.letterScope,
    createdAt: ports.clock.now(),
    by: request.by,
    reasonText: request.reasonText,
    queues: purge.queues,
    selection: purge.id,
    settings: purge.settings,
    restores: purge.id,
  });
  try {
    const counter = new PlanCounter();
    for await (const page of restoreEntries(ports, purge)) {
      await lease.addEntries(page);
      counter.add(page);
    }
    const counts = counter.counts();
    await lease.update({ state: 'planned', matched: counts.matched, before: await countLetters(ports, purge.queues) });
    return { lease, counts };
  } catch (error) {
    await lease.discard().catch(() => undefined);
    throw error;
  }
}

/** Letters that the purge removed, or copied to the trash and may have removed. */
async function* restoreEntries(ports: OperationPorts, purge: Operation): AsyncGenerator<readonly PlannedEntry[]> {
  let index = 0;
  for await (const page of pages((afterIndex) => ports.journal.entries({ operation: purge.id, afterIndex, limit: PAGE }))) {
    const removed = page.filter((entry) => entry.state === 'done' || entry.stage === 'secured');
    const restored = await restoredBefore(ports, purge, removed);
    const entries = removed.map((entry) => {
      index += 1;
      return restoreEntry(index, entry, restored.has(keyOf(entry)));
    });
    if (entries.length > 0) yield entries;
  }
}

function restoreEntry(index: number, purged: LedgerEntry, restored: boolean): PlannedEntry {
  const { queue, sequenceNumber, messageId, bodySha256, bytes, jobId, type, reason } = purged;
  return {
    index,
    queue,
    sequenceNumber,
    messageId,
    bodySha256,
    bytes,
    jobId,
    type,
    reason,
    do: 'restore',
    target: queue,
    expectedSkip: restored ? 'already-restored' : null,
  };
}

async function restoredBefore(ports: OperationPorts, purge: Operation, entries: readonly LedgerEntry[]): Promise<ReadonlySet<string>> {
  const restored = new Set<string>();
  for (const queue of new Set(entries.map((entry) => entry.queue))) {
    const sequenceNumbers = entries.filter((entry) => entry.queue === queue).map((entry) => entry.sequenceNumber);
    for (const sequenceNumber of await ports.journal.restoredOf({ operation: purge.id, queue, sequenceNumbers })) restored.add(keyOf({ queue, sequenceNumber }));
  }
  return restored;
}

async function* pages(read: (afterIndex: number) => Promise<readonly LedgerEntry[]>): AsyncGenerator<readonly LedgerEntry[]> {
  for (let afterIndex = 0; ; ) {
    const page = await read(afterIndex);
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    afterIndex = last.index;
  }
}

function keyOf({ queue, sequenceNumber }: { queue: string; sequenceNumber: string }): string {
  return `${sequenceNumber} ${queue}`;
}
