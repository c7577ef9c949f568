// Keys that mean the same everywhere: views, back, escape, pace, quitting.

import type { PickDialog } from '../dialogs.js';
import type { Action } from '../keymap.js';
import type { Effect } from '../messages.js';
import { isRoot, placeOf, type Model } from '../model.js';
import { EMPTY_FORM } from '../new-job-form.js';
import { sortedJobs } from '../rows.js';
import { findText, readPlace } from './find.js';
import { setDeadFilter, setJobsFilter, setQueueFilter, goRoot } from './places.js';
import { copyText, doing, enter, flash, leave, stay, withList, type Handlers, type Step } from './step.js';

export const goActions: Handlers<Action, 'go'> = {
  'go.overview': (model) => stay(goRoot(model, 'overview')),
  'go.jobs': (model) => stay(goRoot(model, 'jobs')),
  'go.dead': (model) => stay(goRoot(model, 'dead')),
  'go.workers': (model) => stay(goRoot(model, 'workers')),
  'go.log': (model) => stay(goRoot(model, 'log')),
  'go.new-job': (model) => stay(placeOf(model).view === 'new-job' ? model : enter(model, { view: 'new-job', form: EMPTY_FORM })),
  'go.last': (model) => stay(model.lastRoot === null ? flash(model, 'plain', 'there was no view before this one') : goRoot(model, model.lastRoot)),
  'go.profile': (model) => stay(pickProfile(model)),
  'go.copy-command': (model) => (model.lastCommand === null ? stay(flash(model, 'plain', 'nothing was changed from here yet')) : copyText(model, model.lastCommand)),
  'go.command': (model) => stay({ ...model, prompt: { kind: 'command', text: '', cursor: 0, problem: null }, flash: null }),
  'go.help': (model) => stay({ ...model, help: { filter: '', scroll: 0 } }),
  'go.escape': escape,
  'go.back': (model) => (isRoot(placeOf(model)) ? quit(model) : stay(leave(model))),
  'go.quit': quit,
  'go.stop': (model) => doing(model, { t: 'stop' }),
};

const MIN_SCALE = 0.25;
const MAX_SCALE = 16;

export const paceActions: Handlers<Action, 'pace'> = {
  'pace.pause': (model) => {
    const paused = !model.pace.paused;
    const text = paused ? 'held: nothing is looked at until p' : 'looking again';
    return stay(flash({ ...model, pace: { ...model.pace, paused } }, 'plain', text));
  },
  'pace.refresh': (model) => stay({ ...releaseHeld(model), pace: { ...model.pace, refreshes: model.pace.refreshes + 1 }, flash: null }),
  'pace.slower': (model) => stay(rescale(model, 2)),
  'pace.faster': (model) => stay(rescale(model, 0.5)),
};

export function pickProfile(model: Model): Model {
  const { profile, profiles } = model.session;
  if (profiles.length < 2) return flash(model, 'plain', `there is only the profile ${profile}; add one with copiloteval init --profile NAME`);
  const dialog: PickDialog = {
    kind: 'pick',
    title: 'Profile',
    items: profiles.map((name) => ({ label: name, detail: name === profile ? 'open now' : '', choice: { kind: 'profile', name } })),
    index: Math.max(0, profiles.indexOf(profile)),
    otherwise: null,
  };
  return { ...model, dialog };
}

/** Rows that were held back while the list was frozen are shown. */
export function releaseHeld(model: Model): Model {
  const { held } = model.jobs;
  if (held === null) return model;
  return { ...model, jobs: { ...model.jobs, held: null }, slices: { ...model.slices, jobs: { ...model.slices.jobs, data: { ...held, rows: sortedJobs(held.rows, model.jobs.sort) } } } };
}

/** Undoes one layer. Overlays and prompts are undone before this is asked. */
function escape(model: Model): Step {
  if (model.running !== null && !model.running.stopping) return stopRunning(model);
  const place = placeOf(model);
  if (place.view === 'jobs') return escapeJobs(model);
  if (place.view === 'dead') return escapeDead(model);
  if (place.view === 'overview' && model.queueFilter !== '') return stay(setQueueFilter(model, ''));
  if (place.view === 'log' && model.log.filter !== '') return stay({ ...model, log: { ...model.log, filter: '' } });
  const reading = readPlace(model);
  if (reading !== undefined && reading.found !== null) return stay(findText(model, ''));
  return stay(leave(model));
}

function stopRunning(model: Model): Step {
  if (model.running === null) return stay(model);
  const stopping: Model = { ...model, running: { ...model.running, stopping: true } };
  return doing(flash(stopping, 'wait', 'stopping after what is at hand; nothing is lost'), { t: 'halt', token: model.running.token });
}

function escapeJobs(model: Model): Step {
  const { jobs: list } = model.lists;
  if (model.jobs.allMarked || list.marks.length > 0) {
    return stay(withList({ ...model, jobs: { ...model.jobs, allMarked: false } }, 'jobs', { ...list, marks: [] }));
  }
  return stay(model.jobs.filter === '' ? model : setJobsFilter(model, ''));
}

function escapeDead(model: Model): Step {
  const { letters } = model.lists;
  if (letters.marks.length > 0) return stay(withList(model, 'letters', { ...letters, marks: [] }));
  if (model.dead.focus === 'letters') return stay({ ...model, dead: { ...model.dead, focus: 'groups' } });
  return stay(model.dead.filter === '' ? model : setDeadFilter(model, ''));
}

/** While an operation runs it is asked once; a second Ctrl-C means it. */
function quit(model: Model): Step {
  const { running } = model;
  if (running !== null && !running.stopping) {
    const [stopped, effects] = stopRunning(model);
    return [flash(stopped, 'wait', `${running.verb}: stopping after what is at hand; once more to leave`), effects];
  }
  const code: Effect = { t: 'quit', code: running === null ? 0 : 130 };
  return doing({ ...model, ended: true }, code);
}

function rescale(model: Model, factor: number): Model {
  const scale = Math.min(MAX_SCALE, Math.max(MIN_SCALE, model.pace.scale * factor));
  const words = scale === 1 ? 'looking as often as usual' : scale < 1 ? `looking ${1 / scale} times as often` : `looking ${scale} times less often`;
  return flash({ ...model, pace: { ...model.pace, scale } }, 'plain', words);
}
