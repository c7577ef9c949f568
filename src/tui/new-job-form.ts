// The form of a new job, and the request and command line that it makes.

import { readDuration } from '../domain/duration.js';
import { shellWord } from '../domain/dead-letters/selection.js';
import { PRIORITIES, type Priority } from '../domain/job.js';
import type { Json } from '../domain/json.js';

export const FORM_FIELDS = ['type', 'payload', 'priority', 'delay', 'queue', 'labels', 'submit'] as const;
export type FormField = (typeof FORM_FIELDS)[number];
/** Fields that are typed into. */
export type TextField = Extract<FormField, 'type' | 'payload' | 'delay' | 'queue' | 'labels'>;

export interface NewJobForm {
  readonly field: FormField;
  readonly type: string;
  /** JSON, or `@file`. */
  readonly payload: string;
  readonly priority: Priority;
  readonly delay: string;
  /** Empty: the type's own. */
  readonly queue: string;
  /** `a=1 b=2`. */
  readonly labels: string;
  readonly cursor: number;
  readonly problem: string | null;
}

export interface NewJobRequest {
  readonly type: string;
  /** The payload, or the file it is read from. */
  readonly payload: { readonly json: Json } | { readonly file: string };
  readonly priority: Priority;
  readonly delayMs: number | null;
  readonly queue: string | null;
  readonly labels: Readonly<Record<string, string>>;
}

export const EMPTY_FORM: NewJobForm = {
  field: 'type',
  type: 'echo',
  payload: '{}',
  priority: 'normal',
  delay: '',
  queue: '',
  labels: '',
  cursor: 4,
  problem: null,
};

export function isTextField(field: FormField): field is TextField {
  return field !== 'priority' && field !== 'submit';
}

/** The request, or the sentence that says which field is wrong. */
export function readForm(form: NewJobForm): NewJobRequest | string {
  if (form.type.trim() === '') return 'type: a job needs a type, such as echo';
  const payload = readPayload(form.payload.trim());
  if (typeof payload === 'string') return payload;
  const delayMs = form.delay.trim() === '' ? null : readDuration(form.delay.trim());
  if (delayMs === undefined) return `delay: expected a span such as 90s, 10m or 2h, got ${form.delay.trim()}`;
  const labels = readLabels(form.labels);
  if (typeof labels === 'string') return labels;
  return { type: form.type.trim(), payload, priority: form.priority, delayMs, queue: form.queue.trim() === '' ? null : form.queue.trim(), labels };
}

/** `copiloteval submit …` for the same job. */
export function formCommand(form: NewJobForm): string {
  const payload = form.payload.trim();
  return [
    `submit ${shellWord(form.type.trim())}`,
    ...(payload === '' || payload === '{}' ? [] : [`--payload ${shellWord(payload)}`]),
    ...(form.priority === 'normal' ? [] : [`--priority ${form.priority}`]),
    ...(form.delay.trim() === '' ? [] : [`--delay ${shellWord(form.delay.trim())}`]),
    ...(form.queue.trim() === '' ? [] : [`--queue ${shellWord(form.queue.trim())}`]),
    ...form.labels
      .split(/\s+/)
      .filter((word) => word !== '')
      .map((word) => `--label ${shellWord(word)}`),
  ].join(' ');
}

export function nextPriority(priority: Priority, step: 1 | -1): Priority {
  const index = (PRIORITIES.indexOf(priority) + step + PRIORITIES.length) % PRIORITIES.length;
  return PRIORITIES[index] ?? 'normal';
}

function readPayload(text: string): NewJobRequest['payload'] | string {
  if (text.startsWith('@')) return text.length === 1 ? 'payload: name a file behind the @' : { file: text.slice(1) };
  try {
    return { json: text === '' ? {} : (JSON.parse(text) as Json) };
  } catch (error) {
    return `payload is not JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function readLabels(text: string): Readonly<Record<string, string>> | string {
  const words = text.split(/\s+/).filter((word) => word !== '');
  const wrong = words.find((word) => !/^[^=]+=./.test(word));
  if (wrong !== undefined) return `labels: expected key=value, got ${wrong}`;
  return Object.fromEntries(words.map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]));
}
