// The form of a new job: moving between its fields, typing, and asking before anything is submitted.

import type { PickDialog } from '../dialogs.js';
import type { Action } from '../keymap.js';
import type { Model, Place } from '../model.js';
import { FORM_FIELDS, formCommand, isTextField, nextPriority, readForm, type NewJobForm } from '../new-job-form.js';
import type { Key } from '../terminal/terminal.js';
import { graphemes } from '../text.js';
import { beginPlainly } from './changes.js';
import { insert, typeKey, typedText } from './edit-text.js';
import { doing, flash, placeIn, replacePlace, stay, type Handler, type Handlers, type Step } from './step.js';

type FormPlace = Extract<Place, { readonly view: 'new-job' }>;

export const formActions: Handlers<Action, 'form'> = {
  'form.next': onForm((model, place) => toField(model, place, 1)),
  'form.previous': onForm((model, place) => toField(model, place, -1)),
  'form.enter': onForm((model, place, at) => {
    if (place.form.field === 'type') return stay(pickType(model, place.form));
    if (place.form.field === 'payload' && !place.form.payload.startsWith('@')) return doing(model, { t: 'edit-payload', text: place.form.payload });
    return place.form.field === 'submit' ? submit(model, place, at) : toField(model, place, 1);
  }),
  'form.submit': onForm(submit),
};

/** Undefined: the key is for the table of keys. */
export function typeIntoForm(model: Model, key: Key): Step | undefined {
  const place = placeIn(model, 'new-job');
  if (place === undefined) return undefined;
  const { form } = place;
  if (form.field === 'priority' && (key.name === 'left' || key.name === 'right' || key.name === 'space')) {
    return stay(withForm(model, place, { ...form, priority: nextPriority(form.priority, key.name === 'left' ? -1 : 1) }));
  }
  if (!isTextField(form.field)) return undefined;
  const typed = typeKey({ text: form[form.field], cursor: form.cursor }, key);
  return typed === undefined ? undefined : stay(withForm(model, place, { ...form, [form.field]: typed.text, cursor: typed.cursor, problem: null }));
}

export function pasteIntoForm(model: Model, text: string): Step | undefined {
  const place = placeIn(model, 'new-job');
  if (place === undefined || !isTextField(place.form.field)) return undefined;
  const { form } = place;
  const typed = insert({ text: form[place.form.field], cursor: form.cursor }, text);
  return stay(withForm(model, place, { ...form, [place.form.field]: typed.text, cursor: typed.cursor, problem: null }));
}

export function withFormText(model: Model, payload: string): Model {
  const place = placeIn(model, 'new-job');
  if (place === undefined) return model;
  return withForm(model, place, { ...place.form, field: 'payload', payload, cursor: graphemes(payload).length, problem: null });
}

export function withFormProblem(model: Model, problem: string): Model {
  const place = placeIn(model, 'new-job');
  return place === undefined ? flash(model, 'bad', problem) : withForm(model, place, { ...place.form, problem });
}

function toField(model: Model, place: FormPlace, by: 1 | -1): Step {
  const { form } = place;
  const field = FORM_FIELDS[(FORM_FIELDS.indexOf(form.field) + by + FORM_FIELDS.length) % FORM_FIELDS.length] ?? 'type';
  const cursor = isTextField(field) ? typedText(form[field]).cursor : 0;
  return stay(withForm(model, place, { ...form, field, cursor }));
}

function submit(model: Model, place: FormPlace, at: number): Step {
  const request = readForm(place.form);
  if (typeof request === 'string') return stay(withForm(model, place, { ...place.form, problem: request }));
  const payload = 'file' in request.payload ? `payload from ${request.payload.file}` : `payload ${JSON.stringify(request.payload.json)}`;
  const when = request.delayMs === null ? 'at once' : `after ${place.form.delay.trim()}`;
  return beginPlainly(withForm(model, place, { ...place.form, problem: null }), {
    title: `Submit a job of type ${request.type}`,
    lines: [payload.length > 300 ? `${payload.slice(0, 299)}…` : payload, `${request.priority} priority, due ${when}`],
    verb: 'submit',
    words: formCommand(place.form),
    change: { t: 'submit', request },
  }, at);
}

function pickType(model: Model, form: NewJobForm): Model {
  const types = model.slices.types.data?.types ?? [];
  if (types.length === 0) return model;
  const dialog: PickDialog = {
    kind: 'pick',
    title: 'Job types',
    items: types.map(({ type, summary }) => ({ label: type, detail: summary, choice: { kind: 'type', type } })),
    index: Math.max(0, types.findIndex(({ type }) => type === form.type)),
    otherwise: null,
  };
  return { ...model, dialog };
}

function onForm(act: (model: Model, place: FormPlace, at: number) => Step): Handler {
  return (model, at) => {
    const place = placeIn(model, 'new-job');
    return place === undefined ? stay(model) : act(model, place, at);
  };
}

function withForm(model: Model, place: FormPlace, form: NewJobForm): Model {
  return replacePlace(model, { ...place, form });
}
