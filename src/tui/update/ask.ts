// Dialogs: asking, preparing, choosing, telling. A change happens on `y` or on the typed words, and on nothing else.

import { DIALOG_GUARD_MS, type AskDialog, type Dialog, type PickDialog, type TellDialog } from '../dialogs.js';
import type { Action } from '../keymap.js';
import type { Key } from '../terminal/terminal.js';
import type { PlanRequest } from '../messages.js';
import type { Model } from '../model.js';
import { choose } from './choose.js';
import { copyText, doing, flash, stay, type Handlers, type Step } from './step.js';
import { typeKey } from './edit-text.js';
import { pickRate, pickTarget } from './tune.js';

/** Typed into a dialog that wants words. Undefined: the key is for the table of keys. */
export function typeIntoDialog(model: Model, key: Key, at: number): Step | undefined {
  const { dialog } = model;
  if (dialog?.kind !== 'ask' || dialog.expect === null) return undefined;
  if (isGuarded(dialog, at)) return stay(model);
  if (key.name === 'enter') return stay(model);
  const typed = key.name === 'escape' || key.name === 'ctrl-c' ? undefined : typeKey({ text: dialog.typed, cursor: dialog.typed.length }, key);
  if (typed === undefined) return undefined;
  const next: AskDialog = { ...dialog, typed: typed.text };
  return typed.text === dialog.expect ? confirm(model, next, at) : stay({ ...model, dialog: next });
}

/** Keys of the first moment were meant for the screen before. */
export function isGuarded(dialog: Dialog, at: number): boolean {
  return dialog.kind === 'ask' && at - dialog.openedAt < DIALOG_GUARD_MS;
}

export const askActions: Handlers<Action, 'ask'> = {
  'ask.yes': (model, at) => withAsk(model, at, (dialog) => (dialog.expect === null ? confirm(model, dialog, at) : stay(model))),
  'ask.no': (model, at) => withAsk(model, at, (dialog) => refuse(model, dialog)),
  'ask.details': (model, at) => withAsk(model, at, (dialog) => stay({ ...model, dialog: { ...dialog, showsDetails: !dialog.showsDetails } })),
  'ask.target': (model, at) => withPlan(model, at, pickTarget),
  'ask.rate': (model, at) => withPlan(model, at, (_model, request) => pickRate(request)),
  'ask.copy': (model, at) => withAsk(model, at, (dialog) => copyText(model, dialog.command ?? undefined)),
  'ask.quit': (model) => {
    const cancel = model.dialog?.kind === 'ask' ? model.dialog.cancel : null;
    return doing({ ...model, dialog: null, ended: true }, ...(cancel === null ? [] : [cancel]), { t: 'quit', code: 0 });
  },
};

export const pickActions: Handlers<Action, 'pick'> = {
  'pick.down': (model) => withPick(model, (dialog) => stay({ ...model, dialog: { ...dialog, index: (dialog.index + 1) % Math.max(1, dialog.items.length) } })),
  'pick.up': (model) =>
    withPick(model, (dialog) => stay({ ...model, dialog: { ...dialog, index: (dialog.index + dialog.items.length - 1) % Math.max(1, dialog.items.length) } })),
  'pick.choose': (model, at) =>
    withPick(model, (dialog) => {
      const item = dialog.items[dialog.index];
      const closed = { ...model, dialog: null };
      return item === undefined ? stay(closed) : choose(closed, item.choice, at);
    }),
  'pick.close': (model, at) =>
    withPick(model, ({ otherwise }) => {
      const closed = { ...model, dialog: null };
      return otherwise === null ? stay(closed) : choose(closed, otherwise, at);
    }),
};

export const tellActions: Handlers<Action, 'tell'> = {
  'tell.close': (model) => stay({ ...model, dialog: null }),
  'tell.copy': (model) => copyText(model, model.dialog?.kind === 'tell' ? (model.dialog.command ?? undefined) : undefined),
};

export function tell(title: string, lines: TellDialog['lines'], command: string | null): TellDialog {
  return { kind: 'tell', title, lines, command };
}

function confirm(model: Model, dialog: AskDialog, at: number): Step {
  const closed: Model = { ...model, dialog: null, lastCommand: dialog.command };
  if (dialog.expiresAt !== null && at > dialog.expiresAt) {
    return doing(flash(closed, 'wait', 'the plan was too old and was given up; make a new one'), ...(dialog.cancel === null ? [] : [dialog.cancel]));
  }
  return doing(started(closed, dialog), dialog.confirm);
}

/** What is being done, by the word that was agreed to. */
const DOING: Readonly<Record<string, string>> = { send: 'Replaying', purge: 'Purging', bring: 'Bringing back', cancel: 'Cancelling', retry: 'Retrying' };

/** What takes longer shows its progress from the start. */
function started(model: Model, { confirm: effect, verb }: AskDialog): Model {
  if (effect.t !== 'apply' && effect.t !== 'change-jobs') return model;
  const [word = ''] = verb.split(' ');
  return { ...model, running: { token: effect.token, verb: DOING[word] ?? verb, done: 0, total: 0, failed: 0, stopping: false, waitingUntil: null } };
}

function refuse(model: Model, dialog: AskDialog): Step {
  return doing(flash({ ...model, dialog: null }, 'plain', 'nothing was changed'), ...(dialog.cancel === null ? [] : [dialog.cancel]));
}

function withAsk(model: Model, at: number, act: (dialog: AskDialog) => Step): Step {
  const { dialog } = model;
  if (dialog?.kind !== 'ask' || isGuarded(dialog, at)) return stay(model);
  return act(dialog);
}

/** The plan is given up for the choice of another one; closing the choice makes it anew as it was. */
function withPlan(model: Model, at: number, pick: (model: Model, request: PlanRequest) => PickDialog | undefined): Step {
  return withAsk(model, at, ({ request, cancel }) => {
    const dialog = request === null ? undefined : pick(model, request);
    return dialog === undefined ? stay(model) : doing({ ...model, dialog }, ...(cancel === null ? [] : [cancel]));
  });
}

function withPick(model: Model, act: (dialog: PickDialog) => Step): Step {
  return model.dialog?.kind === 'pick' ? act(model.dialog) : stay(model);
}
