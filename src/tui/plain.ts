// The dashboard as lines that are only ever appended, one per change: for screen readers, logs and slow lines.

import type { LogEntry, OverviewData } from './data.js';
import { num } from './figures.js';
import { initialModel, type Start } from './initial-model.js';
import type { Msg } from './messages.js';
import { Source } from './source/source.js';
import type { DashboardPorts } from './source/ports.js';
import { hasEnded } from '../domain/job.js';
import { shortId } from '../domain/ids.js';
import { clean } from './text.js';
import { update } from './update/update.js';

/** A number that changes all the time is told this often at most. */
const TELL_MS = 2_000;

/** Until the signal fires. `print` gets one line at a time, without its end. */
export async function followPlainly(ports: DashboardPorts, start: Start, signal: AbortSignal, print: (line: string) => void): Promise<void> {
  let model = initialModel(start);
  let told: OverviewData | undefined;
  let problem: string | undefined;
  const send = (msg: Msg): boolean => {
    model = update(model, msg)[0];
    if (msg.t === 'events') for (const line of endLines(msg.entries)) print(line);
    return true;
  };
  const source = new Source(ports, send);
  source.follow(model);
  while (!signal.aborted) {
    const { data, problem: now } = model.slices.overview;
    if (now?.message !== problem) print(now === null ? 'looking again' : `problem: ${clean(now.message)}${now.hint === null ? '' : ` (${clean(now.hint)})`}`);
    problem = now?.message;
    if (data !== null && data !== told) {
      for (const line of changeLines(told, data)) print(line);
      told = data;
    }
    await ports.clock.sleep(data === null ? 50 : TELL_MS, signal);
  }
  await source.close();
}

/** `evaluation-jobs dead 71 -> 96 (+25)`; at first, everything that is there. */
export function changeLines(before: OverviewData | undefined, after: OverviewData): readonly string[] {
  const queues = after.stats.queues.flatMap((queue) => {
    const old = before?.stats.queues.find(({ name }) => name === queue.name);
    const name = clean(queue.name);
    return [
      ...change(`${name} waiting`, old?.active, queue.active),
      ...change(`${name} running`, old?.locked, queue.locked),
      ...change(`${name} scheduled`, old?.scheduled, queue.scheduled),
      ...change(`${name} dead`, old?.deadLetter, queue.deadLetter),
      ...(old !== undefined && old.paused !== queue.paused ? [`${name} ${queue.paused ? 'paused' : 'resumed'}`] : []),
    ];
  });
  return [...queues, ...change('workers alive', before?.stats.workers, after.stats.workers)];
}

function change(name: string, before: number | undefined, after: number): readonly string[] {
  if (before === after) return [];
  if (before === undefined) return after === 0 ? [] : [`${name} ${num(after)}`];
  return [`${name} ${num(before)} -> ${num(after)} (${after > before ? '+' : ''}${num(after - before)})`];
}

function endLines(entries: readonly LogEntry[]): readonly string[] {
  return entries
    .filter(({ status }) => status !== null && status !== 'Succeeded' && hasEnded(status))
    .map(({ jobId, jobType, status, text }) => `job ${jobId === null ? '-' : shortId(jobId)} (${clean(jobType ?? '-')}) ${status ?? '-'} ${clean(text)}`.trimEnd());
}
