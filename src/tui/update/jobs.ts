// The list of jobs: marks, filters, sorting, and the window of the store that is loaded.

import { interestKey, wishesOf } from '../interest.js';
import type { Action } from '../keymap.js';
import { visibleRows } from '../layout.js';
import type { JobTarget } from '../messages.js';
import { JOB_SORTS, type Model } from '../model.js';
import { idsOf, jobRows, sortedJobs } from '../rows.js';
import type { SliceName } from '../data.js';
import { shellWord } from '../../domain/dead-letters/selection.js';
import { beginJobChange } from './changes.js';
import { pickColumns } from './columns.js';
import { pickFilter, saveFilter } from './filters.js';
import { openJob, showDead } from './places.js';
import { moveTo, settleList, toggleMark } from './list.js';
import { typedText } from './edit-text.js';
import { commandLine, copyText, flash, stay, withList, type Handlers } from './step.js';

export const jobsActions: Handlers<Action, 'jobs'> = {
  'jobs.open': (model) => {
    const { selected } = model.lists.jobs;
    return stay(selected === null ? model : openJob(model, selected));
  },
  'jobs.filter': (model) => stay({ ...model, prompt: { kind: 'filter', ...typedText(model.jobs.filter), problem: null }, flash: null }),
  'jobs.mark': (model, at) => {
    const marked = withList({ ...model, jobs: { ...model.jobs, allMarked: false } }, 'jobs', toggleMark(model.lists.jobs));
    const { jobs: list } = marked.lists;
    return stay(withList(marked, 'jobs', moveTo(list, idsOf(marked, 'jobs'), list.index + 1, visibleRows(marked, 'jobs'), at)));
  },
  'jobs.mark-all': (model) => {
    const ids = idsOf(model, 'jobs');
    const isSecond = ids.length > 0 && ids.every((id) => model.lists.jobs.marks.includes(id));
    const marked = withList({ ...model, jobs: { ...model.jobs, allMarked: isSecond } }, 'jobs', { ...model.lists.jobs, marks: ids });
    return stay(flash(marked, 'plain', isSecond ? 'every job that fits the filter is meant' : `${ids.length} loaded jobs marked; * again: every job that fits the filter`));
  },
  'jobs.retry': (model) => beginJobChange(model, 'retry', targetOf(model)),
  'jobs.cancel': (model) => beginJobChange(model, 'cancel', targetOf(model)),
  'jobs.sort': (model) => {
    const sort = JOB_SORTS[(JOB_SORTS.indexOf(model.jobs.sort) + 1) % JOB_SORTS.length] ?? 'created';
    const { jobs } = model.slices;
    const data = jobs.data === null ? null : { ...jobs.data, rows: sortedJobs(jobs.data.rows, sort) };
    return stay(settleList({ ...model, jobs: { ...model.jobs, sort }, slices: { ...model.slices, jobs: { ...jobs, data } } }, 'jobs'));
  },
  'jobs.columns': (model) => stay(pickColumns(model)),
  'jobs.filters': (model) => stay(pickFilter(model, 'jobs')),
  'jobs.save-filter': (model) => saveFilter(model, model.jobs.filter),
  'jobs.copy': (model) => copyText(model, model.lists.jobs.selected ?? undefined),
  'jobs.copy-command': (model) => {
    const { filter } = model.jobs;
    return copyText(model, commandLine(model, filter === '' ? 'list' : `list --where ${shellWord(filter)}`));
  },
  'jobs.dead': (model) => {
    const row = jobRows(model).find(({ jobId }) => jobId === model.lists.jobs.selected);
    return stay(row === undefined ? model : showDead(model, row.queue));
  },
};

/** Moves the loaded window when the cursor comes near its end: three chunks are in memory, never the whole store. */
export function followCursor(model: Model): Model {
  const { jobs: slice } = model.slices;
  const { data } = slice;
  const { index } = model.lists.jobs;
  if (data === null || slice.state === 'loading' || model.jobs.sort !== 'created') return model;
  const visible = visibleRows(model, 'jobs');
  const [next] = data.chunkCursors;
  if (data.more && next !== undefined && index >= data.rows.length - visible) {
    return askAgain({ ...model, jobs: { ...model.jobs, anchors: [...model.jobs.anchors, next], held: null } }, 'jobs');
  }
  if (model.jobs.anchors.length > 0 && index < visible) {
    return askAgain({ ...model, jobs: { ...model.jobs, anchors: model.jobs.anchors.slice(0, -1) } }, 'jobs');
  }
  return model;
}

/** The question has changed a little: what is shown stays until the answer comes. */
export function askAgain(model: Model, name: SliceName): Model {
  const wish = wishesOf(model).find(({ interest }) => interest.slice === name);
  if (wish === undefined || model.slices[name].key === '') return model;
  const key = interestKey(wish.interest);
  if (key === model.slices[name].key) return model;
  return { ...model, slices: { ...model.slices, [name]: { ...model.slices[name], key, state: 'loading' } } };
}

function targetOf(model: Model): JobTarget {
  const { marks, selected } = model.lists.jobs;
  if (model.jobs.allMarked) return { kind: 'filter', where: model.jobs.filter };
  if (marks.length > 0) return { kind: 'ids', ids: marks };
  return { kind: 'ids', ids: selected === null ? [] : [selected] };
}
