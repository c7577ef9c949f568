// Dead letters: groups, messages, and the operations on them.

import { ALL_GROUPS } from '../interest.js';
import type { Action } from '../keymap.js';
import { visibleRows } from '../layout.js';
import type { LetterTarget } from '../messages.js';
import { EMPTY_LIST, type Model } from '../model.js';
import { groupRows, idsOf, ledgerRows, letterRows, operationRows, selectedOf } from '../rows.js';
import type { LetterRow, OperationRow } from '../data.js';
import { isResumable, type Operation } from '../../domain/dead-letters/operation.js';
import { AS_USUAL, beginPlan } from './changes.js';
import { beginEdit, savePrompt } from './detail.js';
import { pickFilter, saveFilter } from './filters.js';
import { askAgain } from './jobs.js';
import { moveTo, toggleMark } from './list.js';
import { openJob, setDeadQueue } from './places.js';
import { typedText } from './edit-text.js';
import { copyText, enter, flash, placeIn, refusal, stay, withList, type Handlers, type Step } from './step.js';

export const deadActions: Handlers<Action, 'dead'> = {
  'dead.pane': (model) => stay({ ...model, dead: { ...model.dead, focus: model.dead.focus === 'groups' ? 'letters' : 'groups' } }),
  'dead.open': (model) => {
    if (model.dead.focus === 'groups') return stay({ ...model, dead: { ...model.dead, focus: 'letters' } });
    const letter = selectedLetter(model);
    if (letter === undefined) return stay(model);
    return stay(enter(model, { view: 'letter', queue: letter.queue, sequenceNumber: letter.sequenceNumber, section: 'body', scroll: 0, found: null }));
  },
  'dead.replay': (model) => beginChange(model, 'replay'),
  'dead.purge': (model) => beginChange(model, 'purge'),
  'dead.edit': (model) => {
    const letter = selectedLetter(model);
    return letter === undefined ? (refusal(model, true) ?? stay(flash(model, 'plain', 'no message is selected'))) : beginEdit(model, letter.queue, letter.sequenceNumber);
  },
  'dead.mark': (model, at) => {
    if (model.dead.focus === 'groups') return stay(flash(model, 'plain', 'R and P mean the whole group here; Tab goes to its messages'));
    const marked = withList(model, 'letters', toggleMark(model.lists.letters));
    const { letters } = marked.lists;
    return stay(withList(marked, 'letters', moveTo(letters, idsOf(marked, 'letters'), letters.index + 1, visibleRows(marked, 'letters'), at)));
  },
  'dead.mark-all': (model) => {
    const ids = idsOf(model, 'letters');
    return stay(flash(withList(model, 'letters', { ...model.lists.letters, marks: ids }), 'plain', `${ids.length} loaded messages marked`));
  },
  'dead.filter': (model) => stay({ ...model, prompt: { kind: 'filter', ...typedText(model.dead.filter), problem: null }, flash: null }),
  'dead.filters': (model) => stay(pickFilter(model, 'dead')),
  'dead.save-filter': (model) => saveFilter(model, model.dead.filter),
  'dead.next-queue': (model) => stay(otherQueue(model, 1)),
  'dead.previous-queue': (model) => stay(otherQueue(model, -1)),
  'dead.more': (model) => {
    const more = model.slices.letters.data?.more ?? false;
    if (!more) return stay(flash(model, 'plain', 'all messages are loaded'));
    return stay(askAgain({ ...model, dead: { ...model.dead, limit: model.dead.limit * 2 } }, 'letters'));
  },
  'dead.save': (model) => {
    const chosen = chooseLetters(model);
    if (typeof chosen === 'string') return stay(flash(model, 'plain', chosen));
    return savePrompt(model, { t: 'save-letters', ...chosen, where: whereOf(model, chosen.target), path: './dead-letters.jsonl' });
  },
  'dead.operations': (model) => stay(enter(withList(model, 'operations', EMPTY_LIST), { view: 'operations' })),
  'dead.copy': (model) => {
    if (model.dead.focus === 'letters') return copyText(model, selectedLetter(model)?.jobId ?? selectedLetter(model)?.messageId);
    return copyText(model, model.lists.groups.selected ?? undefined);
  },
};

export const operationsActions: Handlers<Action, 'operations'> = {
  'operations.open': (model) => {
    const row = operationRows(model).find(({ id }) => id === model.lists.operations.selected);
    if (row === undefined) return stay(model);
    if (row.operation === null) return stay(flash(model, 'plain', 'only replays, purges and restores have a ledger'));
    return stay(enter(withList(model, 'operation', EMPTY_LIST), { view: 'operation', id: row.id }));
  },
  'operations.restore': (model) => restore(model, model.lists.operations.selected),
  'operations.resume': (model) => resume(model, model.lists.operations.selected),
  'operations.copy': (model) => copyText(model, model.lists.operations.selected ?? undefined),
};

export const operationActions: Handlers<Action, 'operation'> = {
  'operation.open': (model) => {
    const row = selectedOf(ledgerRows(model), ({ id }) => id, model.lists.operation.selected);
    const jobId = row?.jobId ?? null;
    return stay(jobId === null ? flash(model, 'plain', 'the letter belongs to no job') : openJob(model, jobId));
  },
  'operation.restore': (model) => restore(model, placeIn(model, 'operation')?.id ?? null),
  'operation.resume': (model) => resume(model, placeIn(model, 'operation')?.id ?? null),
  'operation.copy': (model) => copyText(model, placeIn(model, 'operation')?.id),
};

interface ChosenLetters {
  readonly queues: readonly string[];
  readonly target: LetterTarget;
}

function beginChange(model: Model, action: 'replay' | 'purge'): Step {
  const chosen = chooseLetters(model);
  if (typeof chosen === 'string') return refusal(model, true) ?? stay(flash(model, 'plain', chosen));
  return beginPlan(model, { action, ...chosen, where: whereOf(model, chosen.target), edits: [], diff: [], ...AS_USUAL, reasonText: null });
}

/** The group, the marked messages or the selected one; or the sentence that says why there is none. */
function chooseLetters(model: Model): ChosenLetters | string {
  if (model.dead.focus === 'letters') return chooseMessages(model);
  const group = selectedOf(groupRows(model), ({ name }) => name, model.lists.groups.selected);
  if (group === undefined) return 'there is no group to choose';
  const queues = model.dead.queue === null ? group.queues : [model.dead.queue];
  return { queues, target: group.name === ALL_GROUPS ? { kind: 'all' } : { kind: 'group', name: group.name } };
}

function chooseMessages(model: Model): ChosenLetters | string {
  const { marks } = model.lists.letters;
  const selected = selectedLetter(model);
  const chosen = marks.length > 0 ? letterRows(model).filter(({ id }) => marks.includes(id)) : selected === undefined ? [] : [selected];
  const [first] = chosen;
  if (first === undefined) return 'no message is selected';
  if (chosen.some(({ queue }) => queue !== first.queue)) return 'the marked messages are of several queues; choose one queue with ]';
  return { queues: [first.queue], target: { kind: 'letters', letters: chosen.map(({ queue, sequenceNumber }) => ({ queue, sequenceNumber })) } };
}

/** Numbers say all; a group means what the filter leaves of it. */
function whereOf(model: Model, target: LetterTarget): string {
  return target.kind === 'letters' ? '' : model.dead.filter;
}

function selectedLetter(model: Model): LetterRow | undefined {
  return selectedOf(letterRows(model), ({ id }) => id, model.lists.letters.selected);
}

/** Through the queues that have dead letters, and all of them together. */
function otherQueue(model: Model, by: 1 | -1): Model {
  const filled = (model.slices.overview.data?.stats.queues ?? []).filter(({ deadLetter }) => deadLetter > 0).map(({ name }) => name);
  const choices = [null, ...filled];
  const index = Math.max(0, choices.indexOf(model.dead.queue));
  return setDeadQueue(model, choices[(index + by + choices.length) % choices.length] ?? null);
}

function restore(model: Model, id: string | null): Step {
  const operation = operationOf(model, id);
  if (operation === undefined) return stay(model);
  if (operation === null || operation.action === 'replay') return stay(flash(model, 'plain', 'only a purge can be brought back'));
  return beginPlan(model, { action: 'restore', operation: operation.id, reasonText: null });
}

function resume(model: Model, id: string | null): Step {
  const row = rowOf(model, id);
  const operation = operationOf(model, id);
  if (operation === undefined) return stay(model);
  if (operation === null || !isResumable(operation)) return stay(flash(model, 'plain', 'it is finished; there is nothing to resume'));
  if (row?.held === true) return stay(flash(model, 'plain', 'somebody works on it now'));
  if (operation.action === 'restore') return beginPlan(model, { action: 'restore', operation: operation.id, reasonText: null });
  return beginPlan(model, { action: 'resume', operation: operation.id, of: operation.action });
}

function rowOf(model: Model, id: string | null): OperationRow | undefined {
  return operationRows(model).find((row) => row.id === id) ?? model.slices.operation.data?.item;
}

function operationOf(model: Model, id: string | null): Operation | null | undefined {
  return id === null ? undefined : rowOf(model, id)?.operation;
}
