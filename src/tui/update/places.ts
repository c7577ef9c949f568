// Going from one screen to another, so that each is left and found again as it was.

import type { JobSection, Model, RootView } from '../model.js';
import { rootOf } from '../model.js';
import { enter, withList } from './step.js';
import { moveTo, settleList } from './list.js';
import { idsOf } from '../rows.js';
import { visibleRows } from '../layout.js';
import { EMPTY_LIST } from '../model.js';

/** Jobs somebody looked at are told of when they end. */
const MAX_WATCHED = 50;

export function goRoot(model: Model, view: RootView): Model {
  const from = rootOf(model);
  const isThere = from === view && model.places.length === 1;
  if (isThere) return model;
  const moved: Model = { ...model, places: [{ view }], lastRoot: from === view ? model.lastRoot : from };
  return view === 'log' ? toNewestLine(moved) : moved;
}

export function openJob(model: Model, jobId: string, section: JobSection = 'timeline'): Model {
  return enter(watch(model, jobId), { view: 'job', jobId, section, scroll: 0, found: null });
}

/** The jobs that fit the filter, from the newest. */
export function showJobs(model: Model, filter: string): Model {
  return goRoot(setJobsFilter(model, filter), 'jobs');
}

/** Queues whose names fit. */
export function setQueueFilter(model: Model, queueFilter: string): Model {
  return settleList({ ...model, queueFilter }, 'overview');
}

export function setJobsFilter(model: Model, filter: string): Model {
  if (filter === model.jobs.filter) return model;
  return withList({ ...model, jobs: { ...model.jobs, filter, anchors: [], held: null, allMarked: false } }, 'jobs', EMPTY_LIST);
}

/** The dead letters of one queue, or of all. */
export function showDead(model: Model, queue: string | null): Model {
  return goRoot(setDeadQueue(model, queue), 'dead');
}

export function setDeadQueue(model: Model, queue: string | null): Model {
  if (queue === model.dead.queue) return model;
  return clearDeadLists({ ...model, dead: { ...model.dead, queue, focus: 'groups', limit: FIRST_LETTERS } });
}

export function setDeadFilter(model: Model, filter: string): Model {
  if (filter === model.dead.filter) return model;
  return clearDeadLists({ ...model, dead: { ...model.dead, filter, limit: FIRST_LETTERS } });
}

/** Messages are peeked in steps, because bodies cost. */
export const FIRST_LETTERS = 50;

export function watch(model: Model, jobId: string): Model {
  if (model.watched.includes(jobId)) return model;
  return { ...model, watched: [...model.watched, jobId].slice(-MAX_WATCHED) };
}

export function toNewestLine(model: Model): Model {
  if (!model.log.follow) return settleList(model, 'log');
  const ids = idsOf(model, 'log');
  const { log } = model.lists;
  return withList(model, 'log', { ...moveTo(log, ids, ids.length - 1, visibleRows(model, 'log'), log.movedAt) });
}

function clearDeadLists(model: Model): Model {
  return withList(withList(model, 'groups', EMPTY_LIST), 'letters', EMPTY_LIST);
}
