// What came of effects.

import type { Msg } from '../messages.js';
import type { Model } from '../model.js';
import { tell } from './ask.js';
import { openDialog } from './open-dialog.js';
import { askJobChange, askPlan, AS_USUAL, beginPlan } from './changes.js';
import { initialSlices } from '../initial-model.js';
import { EMPTY_LIST, LIST_NAMES, type ListName, type ListState } from '../model.js';
import { withFormProblem, withFormText } from './form.js';
import { openJob, watch } from './places.js';
import { doing, flash, leave, placeIn, stay, type Step } from './step.js';

type Result = Extract<
  Msg,
  { readonly t: 'note' | 'counted' | 'planned' | 'prepare-failed' | 'progress' | 'done' | 'opened-job' | 'submitted' | 'form-text' | 'form-problem' | 'letter-edited' | 'filters' | 'perf' | 'switched' }
>;

export function takeResult(model: Model, msg: Result): Step {
  switch (msg.t) {
    case 'note':
      return stay(flash(model, msg.tone, msg.text));
    case 'counted':
      return waitsFor(model, msg.token) ? askJobChange(model, msg.token, msg.at, msg.counted) : doing(model, { t: 'drop', token: msg.token });
    case 'planned':
      return waitsFor(model, msg.token) ? askPlan(model, msg.token, msg.at, msg.plan) : doing(model, { t: 'drop', token: msg.token });
    case 'prepare-failed':
      return prepareFailed(model, msg);
    case 'progress':
      return progress(model, msg);
    case 'done':
      return done(model, msg);
    case 'opened-job':
      return stay(openJob(model, msg.jobId));
    case 'submitted':
      return stay(flash(watch(placeIn(model, 'new-job') === undefined ? model : leave(model), msg.jobId), 'good', msg.text));
    case 'form-text':
      return stay(withFormText(model, msg.text));
    case 'form-problem':
      return stay(withFormProblem(model, msg.text));
    case 'letter-edited':
      return editedLetter(model, msg);
    case 'filters':
      return stay(flash({ ...model, savedFilters: msg.filters }, 'good', msg.text));
    case 'perf':
      return stay(model.perf === null ? model : { ...model, perf: msg.text });
    case 'switched':
      return switched(model, msg);
  }
}

/** An answer that came after its dialog was closed is given back, so that nothing prepared stays behind. */
function waitsFor(model: Model, token: number): boolean {
  return model.dialog?.kind === 'wait' && model.dialog.token === token;
}

function prepareFailed(model: Model, { token, problem }: Extract<Msg, { readonly t: 'prepare-failed' }>): Step {
  if (!waitsFor(model, token)) return stay(model);
  const hint = problem.hint === null ? '' : ` (${problem.hint})`;
  return stay(flash({ ...model, dialog: null }, 'bad', `${problem.message}${hint}`));
}

function progress(model: Model, msg: Extract<Msg, { readonly t: 'progress' }>): Step {
  if (model.running?.token !== msg.token) return stay(model);
  return stay({ ...model, running: { ...model.running, done: msg.done, total: msg.total, failed: msg.failed, waitingUntil: msg.waitingUntil } });
}

function done(model: Model, { token, outcome }: Extract<Msg, { readonly t: 'done' }>): Step {
  const isRunning = model.running?.token === token;
  const ended: Model = { ...model, running: isRunning ? null : model.running, pace: { ...model.pace, refreshes: model.pace.refreshes + 1 } };
  const told = flash(unmarked(ended), outcome.tone, outcome.text);
  // What did not go as planned is shown until somebody has read it; a dialog that is open is not taken away.
  if ((outcome.tone === 'good' && outcome.complete) || told.dialog !== null || told.prompt !== null) return stay(told);
  return stay(openDialog(told, tell(outcome.title, outcome.lines, outcome.command)));
}

/** What was marked for the change is done with. */
function unmarked(model: Model): Model {
  const without = (list: ListState): ListState => (list.marks.length === 0 ? list : { ...list, marks: [] });
  return {
    ...model,
    jobs: { ...model.jobs, allMarked: false },
    lists: { ...model.lists, jobs: without(model.lists.jobs), letters: without(model.lists.letters) },
  };
}

function editedLetter(model: Model, { edited }: Extract<Msg, { readonly t: 'letter-edited' }>): Step {
  const { queue, sequenceNumber, edits, diff } = edited;
  if (edits.length === 0) return stay(flash(model, 'plain', 'the payload was not changed'));
  return beginPlan(model, {
    action: 'replay',
    queues: [queue],
    target: { kind: 'letters', letters: [{ queue, sequenceNumber }] },
    where: '',
    edits,
    diff,
    ...AS_USUAL,
    reasonText: null,
  });
}

/** Another installation: nothing that was shown before belongs to it. */
function switched(model: Model, { session, problem }: Extract<Msg, { readonly t: 'switched' }>): Step {
  if (problem !== null) return stay(flash(model, 'bad', problem));
  const lists = Object.fromEntries(LIST_NAMES.map((name) => [name, EMPTY_LIST])) as Record<ListName, ListState>;
  const fresh: Model = {
    ...model,
    session,
    places: [{ view: 'overview' }],
    lastRoot: null,
    queueFilter: '',
    lists,
    jobs: { ...model.jobs, filter: '', anchors: [], held: null, allMarked: false },
    dead: { ...model.dead, queue: null, filter: '', focus: 'groups' },
    slices: initialSlices(model.now),
    log: { ...model.log, entries: [], skipped: 0 },
    watched: [],
    untold: null,
    running: null,
    dialog: null,
    help: null,
    prompt: null,
    pending: null,
  };
  return stay(flash(fresh, 'good', `profile ${session.profile} is open`));
}
