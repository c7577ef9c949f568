// The list of jobs.

import { shortId } from '../../domain/ids.js';
import type { JobRow } from '../data.js';
import { age, ago, num } from '../figures.js';
import { bodyRows, jobPaneCells, showsJobPane } from '../layout.js';
import type { JobColumn, Model } from '../model.js';
import { dataOf, jobRows } from '../rows.js';
import { clean, line, span, type Line, type Piece } from '../text.js';
import { jobSummary } from './job.js';
import { beside, block, missing, rule, statusSpan } from './parts.js';
import { headerOf, tableLines, type Column } from './table.js';

const LOADED_STEP = 20;

export function jobsTitle(model: Model): Line {
  const { jobs, lists, size } = model;
  const data = dataOf(model, 'jobs');
  const marks = jobs.allMarked ? 'all that fit are marked' : lists.jobs.marks.length === 0 ? '' : `${lists.jobs.marks.length} marked`;
  const counts = data === null ? '' : data.fitting === null ? `${atLeast(data.rows.length)}+ of ${num(data.total ?? 0)}` : `${num(data.fitting)} of ${num(data.total ?? data.fitting)}`;
  const order = jobs.sort === 'created' ? 'newest first' : `by ${jobs.sort}, of the loaded`;
  const sort = data === null || data.searched === null ? order : `${order}, ${num(data.searched)} looked at`;
  // Newer rows push the cursor's row down, and then out of sight what is above it.
  const { top } = lists.jobs;
  const above = jobs.anchors.length > 0 ? '  more above' : top > 0 ? `  ${num(top)} above` : '';
  const end: Piece[] = [span(counts, 'strong'), span(`  ${sort}${above}`, 'faint'), ...(marks === '' ? [] : [span(`  ${marks}`, 'accent')])];
  return rule([span('Jobs', 'strong'), ...(jobs.filter === '' ? [] : [' ', span('── ', 'faint'), span(clean(jobs.filter), 'accent')])], end, size.columns);
}

/** How many are loaded changes all the time, and means little: it is told in steps. */
function atLeast(loaded: number): number {
  return loaded < LOADED_STEP ? loaded : loaded - (loaded % LOADED_STEP);
}

export function jobsBody(model: Model): readonly Line[] {
  const { columns } = model.size;
  const height = bodyRows(model.size);
  const absent = missing(model, 'jobs', columns);
  if (absent !== undefined) return block([headerOf({ columns: jobColumns(model), canMark: true }, columns), ...absent], columns, height);
  const rows = jobRows(model);
  if (rows.length === 0) return block(emptyLines(model), columns, height);
  const paneCells = showsJobPane(model.size) ? jobPaneCells(model.size) : 0;
  const listCells = paneCells === 0 ? columns : columns - paneCells - 3;
  const table = tableLines({ columns: jobColumns(model), rows, idOf: ({ jobId }) => jobId, list: model.lists.jobs, isActive: true, canMark: true }, listCells, height);
  const withNewer = newerLine(model, block(table, listCells, height));
  if (listCells === columns) return withNewer;
  const selected = rows.find(({ jobId }) => jobId === model.lists.jobs.selected);
  return beside(withNewer, listCells, block(selected === undefined ? [] : jobSummary(selected, model, paneCells), paneCells, height), paneCells);
}

/** In place of the last row, while rows are held back. */
function newerLine(model: Model, lines: readonly Line[]): readonly Line[] {
  const { held } = model.jobs;
  if (held === null) return lines;
  const shown = new Set(jobRows(model).map(({ jobId }) => jobId));
  const newer = held.rows.filter(({ jobId }) => !shown.has(jobId)).length;
  return [...lines.slice(0, -1), line(span(`   ${num(newer)} newer above: r shows them (the list holds still for you)`, 'wait'))];
}

function jobColumns({ now, jobs }: Model): readonly Column<JobRow>[] {
  const chosen = (column: JobColumn, { drop, ...rest }: Column<JobRow>): readonly Column<JobRow>[] => {
    const choice = jobs.columns[column];
    if (choice === 'hidden') return [];
    return [choice === 'shown' || drop === undefined ? rest : { ...rest, drop }];
  };
  return [
    { title: 'ID', width: 8, cell: ({ jobId }) => shortId(jobId) },
    { title: 'STATUS', width: 14, cell: ({ status, nextAttemptAt, attempt }) => statusSpan(status, status === 'Queued' && nextAttemptAt !== null && attempt > 0) },
    ...chosen('queue', { title: 'QUEUE', width: 15, align: 'middle', drop: 2, cell: ({ queue }) => clean(queue) }),
    ...chosen('type', { title: 'TYPE', width: 11, align: 'middle', drop: 4, cell: ({ type }) => clean(type) }),
    ...chosen('try', { title: 'TRY', width: 4, align: 'right', drop: 3, cell: ({ attempt, maxAttempts }) => `${attempt}/${maxAttempts}` }),
    ...chosen('age', { title: 'AGE', width: 4, align: 'right', cell: ({ createdAt }) => age(now - createdAt) }),
    ...chosen('priority', { title: 'PRIO', width: 6, drop: 6, cell: ({ priority }) => (priority === 'normal' ? span('-', 'faint') : span(priority, priority === 'low' ? 'faint' : 'wait')) }),
    ...chosen('worker', { title: 'WORKER', width: 12, align: 'middle', drop: 5, cell: ({ worker }) => (worker === null ? span('-', 'faint') : clean(worker)) }),
    ...(jobs.columns.user === 'shown' ? chosen('user', { title: 'USER', width: 12, align: 'middle', cell: ({ userId }) => clean(userId) }) : []),
    ...chosen('note', { title: 'NOTE', width: 20, flexible: true, cell: (row) => noteCell(row, now) }),
  ];
}

function noteCell({ nextAttemptAt, note, status }: JobRow, now: number): Piece {
  const due = nextAttemptAt !== null && nextAttemptAt > now ? `in ${ago(nextAttemptAt - now)}${note === '' ? '' : ': '}` : '';
  return span(`${due}${clean(note)}`, status === 'Failed' || status === 'DeadLettered' ? 'bad' : 'plain');
}

function emptyLines(model: Model): readonly Line[] {
  const { jobs } = model;
  const searched = dataOf(model, 'jobs')?.searched ?? null;
  const goOn = searched === null ? '' : '; Y copies the command that goes on';
  const among = searched === null ? '' : ` among the newest ${num(searched)}`;
  if (jobs.filter !== '') return [line('   no job fits ', span(clean(jobs.filter), 'accent'), among), line(span(`   Esc clears the filter${goOn}`, 'faint'))];
  return [line('   no jobs yet'), line(span('   n makes one; or: copiloteval submit echo --payload \'{"hello":"world"}\'', 'faint'))];
}
