// `copiloteval stats`: the state of the queues in numbers, once or again and again.

import { AppError, type ErrorCode } from '../domain/errors.js';
import { counted, formatCount, formatDuration, localTime } from '../output/quantities.js';
import type { Io } from '../output/io.js';
import { statusCell } from '../output/status-text.js';
import { printable } from '../output/sanitize.js';
import { renderTable } from '../output/table.js';
import type { JobStatus } from '../domain/job.js';
import type { Runtime } from '../runtime.js';
import { checkStats, parseStatsConditions, type CheckedCondition, type StatsCondition } from '../services/queue-stats-check.js';
import { queueStats, type QueueStat, type QueueStats } from '../services/queue-stats.js';
import { defineCommand, type CommandContext } from './command.js';
import { leftText } from './relay-text.js';
import { duration, nonEmpty } from './option-parsers.js';
import { flag, option, repeated, type OptionValues } from './option-specs.js';

const options = {
  queue: repeated('--queue <name>', 'only this queue; repeat it for more', { parser: nonEmpty() }),
  watch: flag('-w, --watch', 'again and again, until Ctrl-C', { conflicts: ['check'] }),
  interval: option('--interval <duration>', 'between two looks with --watch', { parser: duration({ minMs: 200 }), default: 2000, defaultText: '2s' }),
  check: option('--check <conditions>', "end with 3 when one does not hold: 'dlq<=5,age<10m,depth<1000'", { parser: nonEmpty() }),
};

export const statsCommand = defineCommand({
  path: ['stats'],
  summary: 'Show what waits, what is stuck and how fast it moves',
  description:
    'Conditions of --check: depth (active, scheduled and locked), active, scheduled, locked, dlq, age (of the message that waits longest), ' +
    'in and out (jobs a minute), failed, workers.',
  examples: ['copiloteval stats', 'copiloteval stats --watch', `copiloteval stats --check 'dlq<=5,age<10m,workers>=1'`, 'copiloteval stats -o json'],
  options,
  run: runStats,
});

async function runStats(_args: object, given: OptionValues<typeof options>, context: CommandContext): Promise<void> {
  const { io, signal } = context;
  const conditions = given.check === undefined ? [] : parseStatsConditions(given.check);
  const runtime = await context.runtime();
  if (!given.watch) return printOnce(await queueStats(runtime, given.queue), conditions, runtime, io);
  while (!signal.aborted) {
    const stats = await queueStats(runtime, given.queue);
    io.line(stats, () => {
      const head = [io.style.dim(localTime(Date.parse(stats.at))), ...(stats.degraded === null ? [] : [io.style.yellow(printable(stats.degraded))])];
      return `${io.stdoutIsTerminal ? CLEAR_SCREEN : ''}${head.join('\n')}\n${statsText(stats, runtime, io)}\n`;
    });
    await runtime.clock.sleep(given.interval, signal);
  }
}

/** The cursor to the top left, then everything behind it. */
const CLEAR_SCREEN = '\u001B[H\u001B[J';

function printOnce(stats: QueueStats, conditions: readonly StatsCondition[], runtime: Runtime, io: Io): void {
  const { problem } = stats;
  // What could not be counted holds no condition.
  const checks = problem === null ? checkStats(stats, conditions) : [];
  io.print({
    json: conditions.length === 0 ? stats : { ...stats, checks },
    text: () => [statsText(stats, runtime, io), ...checksText(checks, io)].join('\n'),
  });
  if (problem !== null) throw new AppError(problem.code as ErrorCode, `the queues could not be counted: ${problem.message}`, problem.hint === null ? {} : { hint: problem.hint });
  const broken = checks.filter(({ holds }) => !holds);
  if (broken.length === 0) return;
  throw new AppError('GATE_FAILED', `does not hold: ${broken.map(({ check, value }) => `${check} (is ${valueText(check, value)})`).join(', ')}`, {
    details: { checks },
  });
}

function statsText(stats: QueueStats, runtime: Runtime, io: Io): string {
  const jobs = (Object.entries(stats.jobs) as [JobStatus, number][])
    .filter(([, count]) => count > 0)
    .map(([status, count]) => `${statusCell(status, io).paint(status)} ${formatCount(count)}`);
  const none = io.style.dim('no jobs yet');
  return [
    ...(stats.queues.length === 0 ? [] : [queueTable(stats.queues, io), '']),
    jobs.length === 0 ? none : jobs.join('  '),
    `${counted(stats.workers, 'worker')} alive`,
    ...remarks(stats, runtime, io),
  ].join('\n');
}

/** How old and how sure the counts are, and what waits outside of the queues. */
function remarks(stats: QueueStats, { namespace }: Runtime, io: Io): readonly string[] {
  const { style } = io;
  const age = stats.countedAt === null ? 0 : Date.parse(stats.at) - Date.parse(stats.countedAt);
  const ofQueue = (queue: QueueStat): readonly string[] => [
    ...(queue.partial === null ? [] : [`${queue.name}: at least; ${queue.partial}`]),
    ...(queue.status === null || queue.status === 'Active' ? [] : [`${queue.name} is ${queue.status} on Service Bus`]),
  ];
  const lines = [
    ...stats.queues.flatMap(ofQueue),
    ...stats.outbox.map(({ queue, waiting, oldestAgeMs, problem }) => `${counted(waiting, 'message')} for ${queue} not sent yet, the oldest saved ${formatDuration(oldestAgeMs)} ago${problem === null ? '' : `: ${problem}`}`),
    ...(stats.leftOnServiceBus === 0 ? [] : [leftText(stats.leftOnServiceBus)]),
  ].map((line) => style.yellow(printable(line)));
  const source = namespace === null || stats.problem !== null ? [] : [style.dim(`counted by Service Bus (${printable(namespace)})${age < 1000 ? '' : ` ${formatDuration(age)} ago`}`)];
  return [...lines, ...source];
}

function queueTable(queues: readonly QueueStat[], io: Io): string {
  const right = (header: string) => ({ header, align: 'right' }) as const;
  const wide = !io.stdoutIsTerminal || io.columns >= 100;
  const narrow = io.stdoutIsTerminal && io.columns < 72;
  return renderTable(
    {
      columns: [
        { header: 'QUEUE', flexible: true },
        ...['ACTIVE', 'SCHED', 'LOCKED', 'DEAD', 'OLDEST'].map(right),
        ...(wide ? ['IN/MIN', 'OUT/MIN'].map(right) : []),
        ...(narrow ? [] : [right('EMPTY IN')]),
      ],
      rows: queues.map((queue) => [
        queue.paused ? `${queue.name} (paused)` : queue.name,
        formatCount(queue.active),
        formatCount(queue.scheduled),
        formatCount(queue.locked),
        { text: formatCount(queue.deadLetter), paint: queue.deadLetter > 0 ? io.style.magenta : io.style.dim },
        queue.oldestAgeMs === null ? '-' : formatDuration(queue.oldestAgeMs),
        ...(wide ? [String(queue.inPerMinute), String(queue.outPerMinute)] : []),
        ...(narrow ? [] : [etaText(queue)]),
      ]),
    },
    io,
  );
}

function etaText({ drainEtaMs, active, locked }: QueueStat): string {
  if (active + locked === 0) return '-';
  return drainEtaMs === null ? 'never' : formatDuration(drainEtaMs);
}

function checksText(checks: readonly CheckedCondition[], io: Io): readonly string[] {
  if (checks.length === 0) return [];
  const lines = checks.map(({ check, value, holds }) => {
    const word = holds ? io.style.green('holds') : io.style.red('does not hold');
    return `${check}  ${word}  (is ${valueText(check, value)})`;
  });
  return ['', ...lines];
}

function valueText(check: string, value: number): string {
  return /^age/i.test(check) ? formatDuration(value) : String(value);
}
