// The form of a new job.

import { bodyRows } from '../layout.js';
import type { Model, Place } from '../model.js';
import { FORM_FIELDS, formCommand, isTextField, type FormField, type NewJobForm } from '../new-job-form.js';
import { blanks, clean, fitLine, line, span, wrapWords, type Line } from '../text.js';
import { block, rule } from './parts.js';
import { typedLine } from './typed-line.js';

const LABELS: Readonly<Record<FormField, string>> = {
  type: 'type',
  payload: 'payload',
  priority: 'priority',
  delay: 'delay',
  queue: 'queue',
  labels: 'labels',
  submit: '',
};

const HINTS: Readonly<Record<FormField, string>> = {
  type: 'Enter shows the types',
  payload: 'JSON, or @file; Enter opens your editor',
  priority: 'left and right change it',
  delay: 'such as 10m; empty: at once',
  queue: "empty: the type's own",
  labels: 'key=value key=value',
  submit: '',
};

export function newJobTitle(model: Model): Line {
  return rule([span('New job', 'strong')], [span('Ctrl-s shows what will be submitted and asks', 'faint')], model.size.columns);
}

export function newJobBody(model: Model, { form }: Extract<Place, { readonly view: 'new-job' }>): readonly Line[] {
  const { columns } = model.size;
  const type = model.slices.types.data?.types.find((one) => one.type === form.type);
  const rows = FORM_FIELDS.flatMap((field) => [fieldLine(form, field, columns), ...(field === 'type' && type !== undefined ? [line(blanks(14), span(clean(`${type.summary}; queue ${type.queue}`), 'faint'))] : [])]);
  const problem = form.problem === null ? [] : wrapWords(clean(form.problem), columns - 4).map((text) => line('   ', span(text, 'bad')));
  const command = wrapWords(`copiloteval ${formCommand(form)}`, columns - 4).map((text) => line('   ', span(clean(text), 'faint')));
  return block([line(''), ...rows, line(''), ...problem, line(''), ...command], columns, bodyRows(model.size));
}

function fieldLine(form: NewJobForm, field: FormField, cells: number): Line {
  const isHere = form.field === field;
  const marker = isHere ? ' > ' : '   ';
  if (field === 'submit') return line('', marker, span('[ Submit … ]', isHere ? 'selected' : 'strong'));
  const label = span(LABELS[field].padEnd(11), isHere ? 'strong' : 'faint');
  if (!isTextField(field)) return line(marker, label, isHere ? `< ${form.priority} >` : form.priority, isHere ? span(`   ${HINTS[field]}`, 'faint') : '');
  const hint = isHere ? `   ${HINTS[field]}` : '';
  const room = Math.max(12, cells - 14 - hint.length - 1);
  const value = isHere ? typedLine(form[field], form.cursor, Math.min(room, Math.max(24, form[field].length + 1))) : line(clean(form[field]));
  return fitLine(line(marker, label, ...value, span(hint, 'faint')), cells);
}
