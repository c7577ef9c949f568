// The overview: queues, throughput, lifecycle, and what needs attention.

import type { OverviewData } from '../data.js';
import { age, bar, num, rate, share, short, spark, took } from '../figures.js';
import { bodyRows, overviewLayout } from '../layout.js';
import type { Model } from '../model.js';
import { depthOf, queueRows } from '../rows.js';
import type { QueueStat } from '../../services/queue-stats.js';
import { clean, fitLine, left, line, right, span, type Line, type Span } from '../text.js';
import { alertsOf } from './alerts.js';
import { beside, block, missing, rule } from './parts.js';
import { headerOf, tableLines, type Column } from './table.js';

const MINUTE = 60_000;

export function overviewTitle(model: Model): Line {
  const count = model.slices.overview.data?.stats.queues.length ?? 0;
  const { queueFilter } = model;
  const shown = queueFilter === '' ? `${count}` : `${queueRows(model).length} of ${count}`;
  return rule([span(`Queues (${shown})`, 'strong'), ...(queueFilter === '' ? [] : [' ', span('── ', 'faint'), span(clean(queueFilter), 'accent')])], [span(`sort: ${model.queueSort}`, 'faint')], model.size.columns);
}

export function overviewBody(model: Model): readonly Line[] {
  const { columns } = model.size;
  const height = bodyRows(model.size);
  const data = model.slices.overview.data;
  const absent = missing(model, 'overview', columns);
  if (data === null || absent !== undefined) return block([headerOf({ columns: queueColumns({ trends: {}, lastMinute: {} }) }, columns), ...(absent ?? [])], columns, height);
  const layout = overviewLayout(model.size, data.stats.queues.length);
  const rows = queueRows(model);
  const none = rows.length === 0 && model.queueFilter !== '' ? [line(span('   no queue has such a name; Esc shows all', 'faint'))] : [];
  const table = tableLines({ columns: queueColumns(data), rows, idOf: ({ name }) => name, list: model.lists.overview, isActive: true }, columns, layout.table);
  const lower = layout.panel === 'columns' ? panelColumns(model, data, layout.rest) : panelLines(model, data, layout.rest);
  return block([...block([...table, ...none], columns, layout.table), ...lower], columns, height);
}

function queueColumns({ trends, lastMinute }: Pick<OverviewData, 'trends' | 'lastMinute'>): readonly Column<QueueStat>[] {
  return [
    { title: 'QUEUE', width: 18, align: 'middle', cell: ({ name }) => clean(name) },
    { title: 'DEPTH', width: 6, align: 'right', cell: (queue) => short(depthOf(queue)) },
    { title: 'TREND 10 m', width: 10, flexible: true, drop: 4, cell: ({ name }, cells) => trendCell(trends[name] ?? [], cells) },
    { title: 'IN/min', width: 6, align: 'right', drop: 3, cell: ({ inPerMinute }) => rate(inPerMinute) },
    { title: 'OUT/min', width: 7, align: 'right', drop: 6, cell: ({ outPerMinute }) => rate(outPerMinute) },
    { title: 'OLDEST', width: 6, align: 'right', drop: 7, cell: ({ oldestAgeMs }) => (oldestAgeMs === null ? '-' : age(oldestAgeMs)) },
    { title: 'SCHED', width: 5, align: 'right', drop: 8, cell: ({ scheduled }) => short(scheduled) },
    { title: 'DEAD', width: 6, align: 'right', cell: ({ deadLetter }) => (deadLetter === 0 ? '0' : span(`${short(deadLetter)}!`, 'bad')) },
    { title: 'STATE', width: 12, drop: 2, cell: (queue) => stateCell(queue, lastMinute[queue.name] ?? 0) },
  ];
}

/** On its own scale, whose top is written behind it where there is room. */
function trendCell(points: readonly number[], cells: number): string {
  if (cells < 22) return spark(points, cells);
  const top = ` max ${short(Math.max(0, ...points))}`.padEnd(10);
  return spark(points, cells - top.length) + top;
}

/** By what has become of its depth in the last minute: rates are of a longer time, and late to tell of a turn. */
function stateCell(queue: QueueStat, change: number): Span {
  if (queue.paused) return span('! paused', 'wait');
  if (depthOf(queue) === 0) return span('= empty', 'faint');
  if (change > 0) return span('+ growing', 'wait');
  if (change === 0) return span('= steady');
  const minutes = depthOf(queue) / -change;
  return span(minutes < 0.1 ? '- draining' : `- ${age(minutes * MINUTE)} left`, 'good');
}

function panelColumns(model: Model, data: OverviewData, height: number): readonly Line[] {
  const { columns } = model.size;
  const first = Math.floor((columns - 3) * 0.54);
  const second = columns - 3 - first;
  const titles = [...rule([span('Throughput', 'strong'), ' ', span('(jobs/min, 30 m)', 'faint')], [], first), span('───', 'faint'), ...rule([span('Lifecycle, last 15 m', 'strong')], [], second)];
  const types = data.byType.slice(0, Math.max(0, Math.min(3, height - 7))).map((type) => typeLine(type, first));
  const attentionRows = Math.max(1, height - 4 - types.length);
  const left = [curveLine(data, first), runTimesLine(data), ...types, rule([span('Needs attention', 'strong')], [], first), ...alertsOf(model, first, attentionRows)];
  return [titles, ...beside(block(left, first, height - 1), first, block(lifecycleLines(data, second), second, height - 1), second)];
}

function panelLines(model: Model, data: OverviewData, height: number): readonly Line[] {
  const { columns } = model.size;
  // What needs attention comes first where there is little room.
  const types = data.byType.slice(0, Math.max(1, Math.min(3, height - 6))).map((type) => typeLine(type, columns));
  const figures = types.length === 0 ? [runTimesLine(data)] : height > 8 ? [...types, runTimesLine(data)] : types;
  const title = height > 9 ? [rule([span('Needs attention', 'strong')], [], columns)] : [];
  const above = [rule([span(lifecycleText(data, columns))], [], columns), ...figures, ...title];
  return [...above, ...alertsOf(model, columns, height - above.length)];
}

/** In as few words as the width asks for; the rule around it takes five cells. */
function lifecycleText({ lifecycle }: OverviewData, cells: number): string {
  const { accepted, started, succeeded, failed, deadLettered, retrying } = lifecycle;
  const [came, tries, done, broke, dead] = [accepted, started, succeeded, failed, deadLettered].map(short);
  const retry = retrying === null ? '' : short(retrying);
  const ends = `> ${done} done | ${retry === '' ? '' : `${retry} retry | `}${broke} failed | ${dead} dead`;
  const brief = `15 m: ${came} in, ${done} done, ${broke} failed, ${dead} dead`;
  const texts = [`15 m: ${came} submitted > ${tries} tries ${ends}`, `15 m: ${came} in > ${tries} tries ${ends}`, `15 m: ${came} in ${ends}`, `15 m: ${came} in, ${done} done, ${retry === '' ? '' : `${retry} retry, `}${broke} fail, ${dead} dead`];
  return texts.find((text) => text.length <= cells - 5) ?? brief;
}

function curveLine({ endedPerMinute }: OverviewData, cells: number): Line {
  const whole = endedPerMinute.slice(0, -1);
  const top = Math.max(0, ...whole);
  const now = `   now ${rate(whole.at(-1) ?? 0)}`;
  return line(right(short(top), 6), ' ', span(spark(endedPerMinute, Math.max(8, cells - 7 - now.length)), 'accent'), now);
}

function runTimesLine({ runTimes }: OverviewData): Line {
  if (runTimes === null) return line(span('       nothing has succeeded yet', 'faint'));
  const { p50, p95, p99 } = runTimes;
  return line('       run time ', `p50 ${took(p50)}  p95 ${took(p95)}  p99 ${took(p99)}`);
}

function typeLine({ type, succeeded, failed }: OverviewData['byType'][number], cells: number): Line {
  const ended = succeeded + failed;
  return fitLine(line('       ', left(clean(type), 16), ` ${rate(ended / 15)}/min`, failed === 0 ? '' : span(`  ${share(failed, ended)} failed`, 'bad')), cells);
}

function lifecycleLines({ lifecycle, stats }: OverviewData, cells: number): readonly Line[] {
  const { accepted, started, succeeded, failed, deadLettered, cancelled, retrying } = lifecycle;
  // Tries can be more than jobs: their share is then more than all.
  const whole = Math.max(accepted, succeeded, 1);
  const row = (label: string, count: number, tone: Span['tone']): Line => {
    const room = Math.max(0, cells - 28);
    return line(left(label, 12), right(num(count), 9), ' ', span(left(bar(count, whole, room), room), tone), right(share(count, whole), 5));
  };
  return [
    row('submitted', accepted, 'plain'),
    row('tries begun', started, 'busy'),
    row('succeeded', succeeded, 'good'),
    ...(retrying === null ? [] : [row('retrying', retrying, 'wait')]),
    row('failed', failed, 'bad'),
    row('dead', deadLettered, 'bad'),
    row('cancelled', cancelled, 'muted'),
    line(left('now', 12), right(num(stats.jobs.Queued), 9), ' waiting, ', num(stats.jobs.Running), ' running'),
  ];
}
