// News from the source: slices, events, time. Cursors stay with their rows; answers to questions that are no longer asked
// are dropped.

import { hasEnded } from '../../domain/job.js';
import { shortId } from '../../domain/ids.js';
import type { JobsData, LogEntry, Problem, SliceName } from '../data.js';
import { interestKeys } from '../interest.js';
import type { Effect, Looked, SliceUpdate } from '../messages.js';
import { placeOf, type ListName, type Model, type Slice } from '../model.js';
import { dataOf, idsOf, sortedJobs, sortedQueueNames, sortedWorkerIds } from '../rows.js';
import { releaseHeld } from './navigate.js';
import { toNewestLine } from './places.js';
import { dropLostMarks, settleList } from './list.js';
import { followCursor } from './jobs.js';
import { doing, flash, stay, withList, type Step } from './step.js';

/** A list is not rearranged under a cursor that has just moved, nor under marks. */
const FREEZE_MS = 3_000;
const MAX_LOG_LINES = 500;

export function takeData(model: Model, updates: readonly SliceUpdate[]): Step {
  let next = model;
  let hasJobs = false;
  for (const update of updates) {
    const { slice, key } = update;
    // One answer can change what is asked for: when a group of letters goes, its letters are not wanted any more.
    if (interestKeys(next).get(slice) !== key) continue;
    next = inOrder(logProblem(takeSlice(next, update), problemIn(update)));
    for (const list of LISTS_OF[slice]) next = settled(next, list);
    hasJobs ||= slice === 'jobs';
  }
  return stay(hasJobs ? followCursor(next) : next);
}

/** Slices that were looked at and had not changed are as fresh as those that had. */
export function takeTick(model: Model, looked: readonly Looked[]): Step {
  let next = model;
  for (const { slice, key, at, everyMs } of looked) {
    const present = next.slices[slice];
    if (present.key !== key) continue;
    next = { ...next, slices: { ...next.slices, [slice]: { ...present, at, everyMs, state: 'ok', problem: null, retryAt: null } } };
  }
  if (next.flash !== null && next.now >= next.flash.until) next = { ...next, flash: null };
  next = tellDead(next);
  next = settled(settled(inOrder(next), 'overview'), 'workers');
  return stay(isFrozen(next) ? next : settled(sorted(releaseHeld(next)), 'jobs'));
}

/** But not under a cursor that has just moved. */
function inOrder(model: Model): Model {
  return {
    ...model,
    queueOrder: isHeldStill(model, 'overview') ? model.queueOrder : sortedQueueNames(model),
    workerOrder: isHeldStill(model, 'workers') ? model.workerOrder : sortedWorkerIds(model),
  };
}

/** What changed while the list held still may belong elsewhere by now. */
function sorted(model: Model): Model {
  const { jobs } = model.slices;
  if (jobs.data === null || model.jobs.sort === 'created') return model;
  return { ...model, slices: { ...model.slices, jobs: { ...jobs, data: { ...jobs.data, rows: sortedJobs(jobs.data.rows, model.jobs.sort) } } } };
}

export function takeEvents(model: Model, entries: readonly LogEntry[], skipped: number): Step {
  const kept = [...model.log.entries, ...entries].slice(-MAX_LOG_LINES);
  const logged = toNewestLine({ ...model, log: { ...model.log, entries: kept, skipped: model.log.skipped + skipped } });
  const [told, effects] = tellEnded(logged, entries);
  return [told, effects];
}

/** Also of a look that succeeded otherwise: what the store knows is shown while the queues cannot be counted. */
function problemIn(update: SliceUpdate): Omit<Problem, 'throttled'> | null {
  if (!update.ok) return update.problem;
  return update.slice === 'overview' ? update.data.stats.problem : null;
}

/** There is room for the whole of it in the log, once for as long as it stays the same. */
function logProblem(model: Model, problem: Omit<Problem, 'throttled'> | null): Model {
  if (problem === null) return model;
  const { entries } = model.log;
  const text = `${problem.message}${problem.hint === null ? '' : ` (${problem.hint})`} [${problem.code}]`;
  if (entries.findLast(({ kind }) => kind === 'problem')?.text === text) return model;
  const entry: LogEntry = { id: `problem ${model.now} ${text}`, at: model.now, kind: 'problem', status: null, jobId: null, jobType: null, worker: null, queue: null, text };
  return toNewestLine({ ...model, log: { ...model.log, entries: [...entries, entry].slice(-MAX_LOG_LINES) } });
}

function takeSlice(model: Model, update: SliceUpdate): Model {
  const present = model.slices[update.slice];
  if (!update.ok) {
    const failed = { ...present, state: 'error' as const, problem: update.problem, retryAt: update.retryAt, everyMs: update.everyMs };
    // An answer to another question must not stand there as if it were this one's.
    const slice = present.key === update.key ? failed : { ...failed, key: update.key, data: null };
    return { ...model, slices: { ...model.slices, [update.slice]: slice } };
  }
  const { key, everyMs } = update;
  const slice = { key, everyMs, at: model.now, state: 'ok', problem: null, retryAt: null };
  if (update.slice !== 'jobs' || present.key !== key || !isFrozen(model)) {
    if (update.slice !== 'jobs') return { ...model, slices: { ...model.slices, [update.slice]: { ...slice, data: update.data } } };
    const data = { ...update.data, rows: sortedJobs(update.data.rows, model.jobs.sort) };
    return { ...model, jobs: { ...model.jobs, held: null }, slices: { ...model.slices, jobs: { ...slice, state: 'ok', data } } };
  }
  const { shown, held } = frozen(model.slices.jobs, update.data);
  return { ...model, jobs: { ...model.jobs, held }, slices: { ...model.slices, jobs: { ...model.slices.jobs, ...slice, state: 'ok', data: shown } } };
}

function isFrozen(model: Model): boolean {
  // A window in the middle of the store begins at a cursor: what is new does not move its rows.
  if (model.jobs.anchors.length > 0 && model.jobs.sort === 'created') return false;
  return isHeldStill(model, 'jobs');
}

function isHeldStill(model: Model, view: 'overview' | 'jobs' | 'workers'): boolean {
  if (placeOf(model).view !== view) return false;
  const { marks, movedAt } = model.lists[view];
  return marks.length > 0 || (movedAt > 0 && model.now - movedAt < FREEZE_MS) || model.dialog !== null;
}

/** The same rows in the same order with their new values; rows that came are held back, rows that went are dropped. */
function frozen(present: Slice<'jobs'>, arrived: JobsData): { readonly shown: JobsData; readonly held: JobsData | null } {
  if (present.data === null) return { shown: arrived, held: null };
  const byId = new Map(arrived.rows.map((row) => [row.jobId, row]));
  const oldest = arrived.rows.at(-1);
  const rows = present.data.rows.flatMap((row) => {
    const now = byId.get(row.jobId);
    if (now !== undefined) return [now];
    // Pushed out of the window by newer rows, not gone.
    return arrived.more && oldest !== undefined && row.createdAt <= oldest.createdAt ? [row] : [];
  });
  const known = new Set(rows.map(({ jobId }) => jobId));
  const isSame = arrived.rows.every(({ jobId }) => known.has(jobId));
  return { shown: { ...arrived, rows }, held: isSame ? null : arrived };
}

function settled(model: Model, list: ListName): Model {
  const ids = idsOf(model, list);
  if (ids.length === 0 && dataMissing(model, list)) return model;
  const { list: kept, lost } = dropLostMarks(model.lists[list], ids);
  const marked = lost === 0 ? model : flash(withList(model, list, kept), 'plain', `${lost} marked ${lost === 1 ? 'row has' : 'rows have'} gone`);
  return settleList(marked, list);
}

const SLICE_OF: Readonly<Partial<Record<ListName, SliceName>>> = { jobs: 'jobs', groups: 'groups', letters: 'letters', operation: 'operation', operations: 'operations' };

function dataMissing(model: Model, list: ListName): boolean {
  const slice = SLICE_OF[list];
  return slice !== undefined && dataOf(model, slice) === null;
}

const LISTS_OF: Readonly<Record<SliceName, readonly ListName[]>> = {
  overview: ['overview'],
  jobs: ['jobs'],
  job: [],
  groups: ['groups'],
  letters: ['letters'],
  letter: [],
  workers: ['workers'],
  operations: ['operations'],
  operation: ['operation'],
  types: [],
};

/** Jobs somebody waits for are told of one by one; other failures together, when nothing else is told. */
function tellEnded(model: Model, entries: readonly LogEntry[]): Step {
  const ends = entries.filter(({ status, kind }) => status !== null && hasEnded(status) && kind !== 'labelled');
  const place = placeOf(model);
  const mine = ends.filter(({ jobId }) => jobId !== null && model.watched.includes(jobId) && !(place.view === 'job' && place.jobId === jobId));
  const bell: readonly Effect[] = model.session.bell && mine.length > 0 ? [{ t: 'bell' }] : [];
  const known = withUntold(model, ends.filter((entry) => entry.status === 'DeadLettered' && !mine.includes(entry)));
  const newest = mine.at(-1);
  if (newest === undefined || newest.jobId === null) return stay(tellDead(known));
  const more = mine.length > 1 ? ` (and ${mine.length - 1} more)` : '';
  const tone = newest.status === 'Succeeded' ? 'good' : newest.status === 'Cancelled' ? 'plain' : 'bad';
  return doing(flash(known, tone, `job ${shortId(newest.jobId)} (${newest.jobType ?? '-'}) is ${newest.status ?? '-'}${more}`), ...bell);
}

function withUntold(model: Model, failures: readonly LogEntry[]): Model {
  const [first] = failures;
  if (first === undefined) return model;
  const { count, ...known } = model.untold ?? { count: 0, jobId: first.jobId, why: first.text === '' ? (first.queue ?? '') : first.text };
  return { ...model, untold: { ...known, count: count + failures.length } };
}

/** When the line is free; not where they are seen anyway. */
function tellDead(model: Model): Model {
  const { untold, flash: present, prompt, running } = model;
  const { view } = placeOf(model);
  if (untold === null) return model;
  const told: Model = { ...model, untold: null };
  if (view === 'log' || view === 'dead') return told;
  if (present !== null || prompt !== null || running !== null) return model;
  const what = untold.count === 1 ? `job ${shortId(untold.jobId ?? '')} was dead-lettered` : `${untold.count} jobs were dead-lettered`;
  return flash(told, 'bad', `${what}: ${untold.why}; 3 shows them`);
}
