// What needs somebody's attention, the most urgent first, each with its likely cause and what to press.

import type { OverviewData, ScreenCost, WorkerRow } from '../data.js';
import { age, num } from '../figures.js';
import type { Model } from '../model.js';
import { depthOf } from '../rows.js';
import { clean, left, line, span, wrapWords, type Line, type Tone } from '../text.js';

interface Alert {
  readonly text: string;
  readonly tone: Tone;
}

const STALLED_MS = 60_000;

/** At most `rows` lines; the last one says how many more there are, and what looking costs. */
export function alertsOf(model: Model, cells: number, rows: number): readonly Line[] {
  const { data } = model.slices.overview;
  if (data === null || rows < 1) return [];
  const alerts = [...backendAlerts(data), ...deadAlerts(data), ...workerAlerts(model, data), ...queueAlerts(model, data), ...unsentAlerts(data), ...failureAlerts(data)];
  const cost = data.cost === null ? [] : [line(span(costText(data.cost, cells), 'faint'))];
  const room = rows - cost.length;
  if (alerts.length === 0) return [...quietLines(data, cells), ...cost].slice(0, rows);
  const [first] = alerts;
  if (room === 1 && alerts.length > 1 && first !== undefined) return [onlyLine(first, alerts.length - 1, cells), ...cost];
  const shown = alerts.length > room ? alerts.slice(0, Math.max(0, room - 1)) : alerts;
  const more = alerts.length - shown.length;
  let spare = room - shown.length - (more > 0 ? 1 : 0);
  const lines = shown.flatMap((alert) => {
    const whole = alertLines(alert, cells, spare + 1);
    spare -= whole.length - 1;
    return whole;
  });
  return [...lines, ...(more > 0 ? [line(span(` ! and ${more} more`, 'wait'))] : []), ...cost].slice(0, rows);
}

/** Where nothing was ever submitted, how to begin. */
function quietLines({ stats }: OverviewData, cells: number): readonly Line[] {
  const text = cells < 66 ? ' v nothing: no stalled queue, no new failure' : ' v nothing: no stalled queue, no silent worker, no new failure';
  const isNew = Object.values(stats.jobs).every((count) => count === 0);
  const begin = [' no jobs yet: n makes one; copiloteval demo fills', ' a directory of its own to look around in'];
  return [line(span(left(text, cells), 'good')), ...(isNew ? begin.map((row) => line(span(left(row, cells), 'accent'))) : [])];
}

/** The most urgent one, where there is no row for another. */
function onlyLine({ text, tone }: Alert, more: number, cells: number): Line {
  const rest = ` (and ${more} more)`;
  return line(span(` ! ${left(clean(text), Math.max(0, cells - 3 - rest.length))}`, tone), span(rest, 'wait'));
}

/** `12 management requests, 350 peeks, 9 RU/min`; in fewer words where there is no room for them. */
function costText({ operationsPerMinute, peekedPerMinute, requestUnitsPerMinute }: ScreenCost, cells: number): string {
  const peeks = peekedPerMinute === 0 ? '' : `, ${num(peekedPerMinute)} peeks`;
  const units = requestUnitsPerMinute === null ? '' : `, ${num(requestUnitsPerMinute)} RU`;
  const requests = operationsPerMinute === 1 ? 'request' : 'requests';
  const whole = ` ~ cost of this screen: ${num(operationsPerMinute)} management ${requests}${peeks}${units}/min`;
  return whole.length <= cells ? whole : ` ~ cost: ${num(operationsPerMinute)} ${requests}${peeks}${units}/min`;
}

/** In as many rows as it needs and there are. */
function alertLines({ text, tone }: Alert, cells: number, rows: number): readonly Line[] {
  const words = clean(text);
  const wrapped = rows === 1 ? [words] : wrapWords(words, cells - 3);
  const fitting = wrapped.length <= rows ? wrapped : [...wrapped.slice(0, rows - 1), wrapped.slice(rows - 1).join(' ')];
  return fitting.map((row, index) => line(span(left(`${index === 0 ? ' ! ' : '   '}${row}`, cells), tone)));
}

function backendAlerts({ stats }: OverviewData): readonly Alert[] {
  const { problem, degraded } = stats;
  return [
    ...(problem === null ? [] : [{ text: `the queues cannot be counted: ${problem.message}${problem.hint === null ? '' : ` (${problem.hint})`}`, tone: 'bad' as const }]),
    ...(degraded === null ? [] : [{ text: degraded, tone: 'wait' as const }]),
    ...(stats.leftOnServiceBus === 0 ? [] : [{ text: `${num(stats.leftOnServiceBus)} jobs are on a Service Bus that is not in use; copiloteval queues drain --to local`, tone: 'wait' as const }]),
  ];
}

function deadAlerts({ deadGrowth, causes }: OverviewData): readonly Alert[] {
  return Object.entries(deadGrowth)
    .filter(([, growth]) => growth > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([queue, growth]) => {
      const cause = causes.find((candidate) => candidate.queue === queue && candidate.deadLettered);
      return { text: `${queue}: dead +${num(growth)} in 10 m${cause === undefined ? '' : `: ${cause.cause}`} (3 shows them)`, tone: 'bad' };
    });
}

function workerAlerts({ slices, now }: Model, { stats }: OverviewData): readonly Alert[] {
  const workers = slices.workers.data?.workers;
  if (workers === undefined) return [];
  const silent = workers.filter(({ alive }) => !alive).map((worker) => silentAlert(worker, now));
  const waiting = stats.queues.filter((queue) => queue.active > 0 && !queue.paused);
  const unserved = waiting.filter(({ name }) => !workers.some((worker) => worker.alive && !worker.draining && worker.queues.includes(name)));
  const [first] = unserved;
  if (first === undefined) return silent;
  const names = unserved.length === 1 ? first.name : `${unserved.length} queues`;
  return [...silent, { text: `${names}: no worker alive; copiloteval worker start --queue ${first.name}`, tone: 'wait' }];
}

function silentAlert({ workerId, heartbeatAt, running }: WorkerRow, now: number): Alert {
  return { text: `${workerId} silent ${age(now - heartbeatAt)}${running.length === 0 ? '' : `, held ${running.length === 1 ? 'one job' : `${running.length} jobs`}`} (4 shows it)`, tone: running.length > 0 ? 'bad' : 'wait' };
}

function queueAlerts({ slices }: Model, { stats }: OverviewData): readonly Alert[] {
  const workers = slices.workers.data?.workers ?? [];
  return stats.queues.flatMap((queue): readonly Alert[] => {
    // Without one that is another alert.
    const served = workers.some((worker) => worker.alive && !worker.draining && worker.queues.includes(queue.name));
    if (queue.paused && depthOf(queue) > 0) return [{ text: `${queue.name} is paused with ${num(depthOf(queue))} waiting (X resumes it)`, tone: 'wait' }];
    const isStalled = served && queue.active > 0 && queue.outPerMinute === 0 && (queue.oldestAgeMs ?? 0) > STALLED_MS;
    return isStalled ? [{ text: `${queue.name} stands still: oldest waits ${age(queue.oldestAgeMs ?? 0)}, nothing ended in 5 m`, tone: 'wait' }] : [];
  });
}

function unsentAlerts({ stats }: OverviewData): readonly Alert[] {
  return stats.outbox.filter(({ waiting }) => waiting > 0).map(({ queue, waiting, problem }) => ({ text: `${queue}: ${num(waiting)} saved and not sent${problem === null ? '' : `: ${problem}`}`, tone: 'wait' }));
}

function failureAlerts({ causes, deadGrowth }: OverviewData): readonly Alert[] {
  return causes
    .filter(({ queue, deadLettered }) => !(deadLettered && (deadGrowth[queue] ?? 0) > 0))
    .map(({ cause, queue, count }) => ({ text: `${queue}: ${num(count)} failed in 15 m: ${cause}`, tone: 'bad' as const }));
}
