// update(model, message) → [next model, effects]: all there is to know about how the dashboard behaves. Pure: no clock, no
// terminal, no backend.

import { bindingOf, type Action, type Context } from '../keymap.js';
import { isTooSmall } from '../layout.js';
import type { Msg } from '../messages.js';
import { LIST_NAMES, placeOf, type Model } from '../model.js';
import type { Key } from '../terminal/terminal.js';
import { takeData, takeEvents, takeTick } from './arrivals.js';
import { askActions, pickActions, tellActions, typeIntoDialog } from './ask.js';
import { deadActions, operationActions, operationsActions } from './dead.js';
import { jobActions, letterActions } from './detail.js';
import { formActions, pasteIntoForm, typeIntoForm } from './form.js';
import { typeIntoHelp } from './help.js';
import { askAgain, followCursor, jobsActions } from './jobs.js';
import { activeList, listActions, settleList } from './list.js';
import { goActions, paceActions } from './navigate.js';
import { pasteIntoPrompt, typeIntoPrompt } from './prompt.js';
import { takeResult } from './results.js';
import { logActions, overviewActions, workersActions } from './roots.js';
import { doing, flash, stay, type Handler, type Step } from './step.js';

export function update(model: Model, msg: Msg): Step {
  switch (msg.t) {
    case 'key':
      return press({ ...model, now: Math.max(model.now, msg.at), pace: { ...model.pace, lastKeyAt: msg.at } }, msg.key, msg.at);
    case 'paste':
      return paste(model, msg.text);
    case 'resize':
      return stay(resized({ ...model, size: msg.size }));
    case 'focus':
      return stay({ ...model, pace: { ...model.pace, focused: msg.focused } });
    case 'tick':
      return takeTick({ ...model, now: msg.now }, msg.looked);
    case 'data':
      return takeData({ ...model, now: msg.now }, msg.updates);
    case 'events':
      return takeEvents({ ...model, now: msg.now }, msg.entries, msg.skipped);
    default:
      return takeResult('at' in msg ? { ...model, now: Math.max(model.now, msg.at) } : model, msg);
  }
}

/** Where keys mean something now, the nearest first. */
export function contextsOf(model: Model): readonly Context[] {
  const { dialog } = model;
  if (dialog !== null) return dialog.kind === 'wait' ? [] : [dialog.kind];
  const { view } = placeOf(model);
  if (view === 'new-job') return ['new-job', 'everywhere'];
  return activeList(model) === undefined ? [view, 'everywhere'] : [view, 'lists', 'everywhere'];
}

const HANDLERS: Readonly<Record<Action, Handler>> = {
  ...goActions,
  ...paceActions,
  ...listActions,
  ...overviewActions,
  ...jobsActions,
  ...jobActions,
  ...deadActions,
  ...letterActions,
  ...operationsActions,
  ...operationActions,
  ...workersActions,
  ...logActions,
  ...formActions,
  ...askActions,
  ...pickActions,
  ...tellActions,
};

function press(model: Model, key: Key, at: number): Step {
  // Nobody acts on what he cannot see.
  if (isTooSmall(model.size)) {
    return key.name === 'q' || key.name === 'ctrl-c' ? doing({ ...model, ended: true }, { t: 'quit', code: 0 }) : stay(model);
  }
  if (model.help !== null) return typeIntoHelp(model, model.help, key);
  if (model.dialog !== null) return pressInDialog(model, key, at);
  if (model.prompt !== null) return typeIntoPrompt(model, model.prompt, key, at);
  const typed = placeOf(model).view === 'new-job' ? typeIntoForm(model, key) : undefined;
  if (typed !== undefined) return typed;
  return followed(act(model, key, at));
}

function pressInDialog(model: Model, key: Key, at: number): Step {
  const { dialog } = model;
  if (dialog?.kind === 'wait') {
    if (key.name === 'ctrl-c') return doing({ ...model, dialog: null, ended: true }, dialog.cancel, { t: 'quit', code: 0 });
    return key.name === 'escape' || key.name === 'q' ? doing(flash({ ...model, dialog: null }, 'plain', 'nothing was changed'), dialog.cancel) : stay(model);
  }
  return typeIntoDialog(model, key, at) ?? act(model, key, at);
}

function act(model: Model, key: Key, at: number): Step {
  const binding = bindingOf(key.name, contextsOf(model));
  return binding === undefined ? stay(model) : HANDLERS[binding.action](model, at);
}

/** After any key the loaded part of the store follows the cursor. */
function followed([model, effects]: Step): Step {
  return placeOf(model).view === 'jobs' ? [followCursor(model), effects] : [model, effects];
}

/** A paste is text, never commands. */
function paste(model: Model, text: string): Step {
  if (isTooSmall(model.size)) return stay(model);
  if (model.prompt !== null && model.dialog === null) return pasteIntoPrompt(model, model.prompt, text);
  const pasted = model.dialog === null && model.help === null ? pasteIntoForm(model, text) : undefined;
  const isTyped = model.dialog?.kind === 'ask' && model.dialog.expect !== null;
  return pasted ?? stay(flash(model, 'plain', isTyped ? 'paste ignored: these words are typed by hand' : 'paste ignored: there is no text field here'));
}

function resized(model: Model): Model {
  let next = askAgain(model, 'jobs');
  for (const list of LIST_NAMES) next = settleList(next, list);
  return next;
}
