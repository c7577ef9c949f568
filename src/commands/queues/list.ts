// `copiloteval queues list`: which queues there are and what is in them.

import { formatCount, formatDuration, relativeTime } from '../../output/quantities.js';
import { renderTable, type Cell } from '../../output/table.js';
import type { QueueInfo, QueueStatus } from '../../ports/queue-admin.js';
import { isoTime, isoTimeOrNull } from '../../services/job-view.js';
import { knownQueues } from '../../services/queue-settings.js';
import { defineCommand, type CommandContext } from '../command.js';
import { remainingArguments } from '../option-specs.js';

export const queuesListCommand = defineCommand({
  path: ['queues', 'list'],
  summary: 'List the queues with their settings and counts',
  examples: ['copiloteval queues list', 'copiloteval queues list evaluation-jobs -o json'],
  arguments: { names: remainingArguments('queue names; all when none is given') },
  run: ({ names }, _options, context) => runQueuesList(names, context),
});

async function runQueuesList(names: readonly string[], context: CommandContext): Promise<void> {
  const { io } = context;
  const runtime = await context.runtime();
  const chosen = await knownQueues(runtime, names);
  const queues = await runtime.admin.list(chosen.length === 0 ? undefined : chosen);
  const now = runtime.clock.now();
  const views = queues.map((queue) => viewQueue(queue, now));
  io.print({ json: { queues: views }, lines: views, text: () => tableText(queues, now, context) });
  if (queues.length === 0) io.note('no queues yet: make them with `copiloteval queues create`');
}

export interface QueueView {
  readonly name: string;
  readonly active: number;
  readonly scheduled: number;
  readonly locked: number;
  readonly deadLetter: number;
  readonly oldestAgeMs: number | null;
  readonly paused: boolean;
  readonly pausedAt: string | null;
  readonly pausedBy: string | null;
  readonly maxAttempts: number;
  readonly lockMs: number;
  readonly ttlMs: number;
  /** The broker's own switch; null where it has none. */
  readonly status: QueueStatus | null;
  /** Why the counts are a lower bound; null when they are whole. */
  readonly partial: string | null;
  readonly countedAt: string;
}

export function viewQueue(queue: QueueInfo, now: number): QueueView {
  const { active, scheduled, locked, deadLetter } = queue.counts;
  return {
    name: queue.name,
    active,
    scheduled,
    locked,
    deadLetter,
    oldestAgeMs: queue.oldestDueAt === null ? null : Math.max(0, now - queue.oldestDueAt),
    paused: queue.pausedAt !== null,
    pausedAt: isoTimeOrNull(queue.pausedAt),
    pausedBy: queue.pausedBy,
    maxAttempts: queue.maxAttempts,
    lockMs: queue.lockMs,
    ttlMs: queue.ttlMs,
    status: queue.status ?? null,
    partial: queue.partial ?? null,
    countedAt: isoTime(queue.countedAt),
  };
}

function tableText(queues: readonly QueueInfo[], now: number, { io }: CommandContext): string {
  if (queues.length === 0) return '';
  const right = (header: string) => ({ header, align: 'right' }) as const;
  const wide = !io.stdoutIsTerminal || io.columns >= 90;
  return renderTable(
    {
      columns: [
        { header: 'QUEUE', flexible: true },
        ...['ACTIVE', 'SCHED', 'LOCKED', 'DEAD'].map(right),
        ...(wide ? ['ATTEMPTS', 'LOCK', 'TTL'].map(right) : []),
        { header: 'STATE', flexible: true },
      ],
      rows: queues.map((queue) => [
        queue.name,
        ...[queue.counts.active, queue.counts.scheduled, queue.counts.locked, queue.counts.deadLetter].map(formatCount),
        ...(wide ? [String(queue.maxAttempts), formatDuration(queue.lockMs), ttlText(queue.ttlMs)] : []),
        stateCell(queue, now, io),
      ]),
    },
    io,
  );
}

/** A queue whose messages do not expire has the largest number. */
function ttlText(ttlMs: number): string {
  return ttlMs === Number.MAX_SAFE_INTEGER ? 'none' : formatDuration(ttlMs);
}

/** Our flag and the broker's switch. */
function stateCell({ pausedAt, pausedBy, status }: QueueInfo, now: number, io: CommandContext['io']): Cell {
  const words = [
    ...(pausedAt === null ? [] : [`paused ${relativeTime(pausedAt, now)} by ${pausedBy ?? '?'}`]),
    ...(status === undefined || status === 'Active' ? [] : [`${status} on Service Bus`]),
  ];
  return words.length === 0 ? { text: 'open', paint: io.style.green } : { text: words.join(', '), paint: io.style.yellow };
}
