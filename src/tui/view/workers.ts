// Workers: heartbeats, slots, what each runs.

import { shortId } from '../../domain/ids.js';
import type { WorkerRow } from '../data.js';
import { age, rate, share } from '../figures.js';
import { bodyRows } from '../layout.js';
import type { Model } from '../model.js';
import { workerRows } from '../rows.js';
import { clean, line, span, type Line, type Span } from '../text.js';
import { block, missing, rule } from './parts.js';
import { headerOf, tableLines, type Column } from './table.js';

export function workersTitle(model: Model): Line {
  const workers = workerRows(model);
  const alive = workers.filter((worker) => worker.alive);
  const silent = workers.length - alive.length;
  const busy = alive.reduce((sum, { running }) => sum + running.length, 0);
  const slots = alive.reduce((sum, { concurrency }) => sum + concurrency, 0);
  return rule([span('Workers', 'strong'), ` ${alive.length} live`, ...(silent === 0 ? [] : [span(`, ${silent} silent`, 'bad')])], [span(`${model.size.columns < 80 ? `${busy}/${slots} busy` : `${busy} of ${slots} places busy`}  sort: ${model.workerSort}`, 'faint')], model.size.columns);
}

export function workersBody(model: Model): readonly Line[] {
  const { columns } = model.size;
  const height = bodyRows(model.size);
  const absent = missing(model, 'workers', columns);
  if (absent !== undefined) return block([headerOf({ columns: workerColumns(model) }, columns), ...absent], columns, height);
  const rows = workerRows(model);
  if (rows.length === 0) {
    const hint = line(span('   start one in another terminal: copiloteval worker start', 'accent'));
    return block([line('   no worker is alive: what is queued waits'), hint], columns, height);
  }
  const table = tableLines({ columns: workerColumns(model), rows, idOf: ({ workerId }) => workerId, list: model.lists.workers, isActive: true }, columns, height);
  return block(table, columns, height);
}

function workerColumns({ now }: Model): readonly Column<WorkerRow>[] {
  return [
    { title: 'WORKER', width: 16, align: 'middle', cell: ({ workerId }) => clean(workerId) },
    { title: 'STATE', width: 8, cell: stateCell },
    { title: 'BEAT', width: 4, align: 'right', cell: ({ heartbeatAt }) => age(now - heartbeatAt) },
    { title: 'PLACES', width: 14, drop: 3, cell: placesCell },
    { title: 'JOBS/min', width: 8, align: 'right', drop: 4, cell: ({ jobsPerMinute }) => (jobsPerMinute === null ? '-' : rate(jobsPerMinute)) },
    { title: 'FAIL', width: 5, align: 'right', drop: 5, cell: ({ processed, failed }) => share(failed, processed) },
    { title: 'UP', width: 4, align: 'right', drop: 6, cell: ({ startedAt }) => age(now - startedAt) },
    { title: 'VERSION', width: 8, drop: 8, cell: ({ version }) => clean(version) },
    { title: 'HOST', width: 12, align: 'middle', drop: 7, cell: ({ host, pid }) => clean(`${host}:${pid}`) },
    { title: 'RUNNING', width: 12, flexible: true, drop: 2, cell: (row) => runningText(row, now) },
  ];
}

function stateCell({ alive, draining, running }: WorkerRow): Span {
  if (!alive) return span('! silent', 'bad');
  if (draining) return span('- drain', 'wait');
  return running.length > 0 ? span('+ busy', 'busy') : span('= idle', 'faint');
}

const BAR = 8;

function placesCell({ running, concurrency }: WorkerRow): string {
  const full = Math.min(BAR, concurrency === 0 ? 0 : Math.ceil((running.length / concurrency) * BAR));
  return `${'█'.repeat(full)}${'·'.repeat(BAR - full)} ${running.length}/${concurrency}`;
}

function runningText({ running }: WorkerRow, now: number): string {
  return running.map(({ jobId, type, startedAt }) => `${shortId(jobId)} ${clean(type)} ${age(now - startedAt)}`).join(', ');
}
