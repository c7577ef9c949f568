// A job in detail, and a dead letter in detail: sections, scrolling, and what can be done with them.

import type { Action } from '../keymap.js';
import { bodyRows } from '../layout.js';
import type { Effect, LetterTarget, PlanRequest } from '../messages.js';
import { JOB_SECTIONS, LETTER_SECTIONS, type JobSection, type LetterSection, type Model, type Place } from '../model.js';
import { dataOf } from '../rows.js';
import { shortId } from '../../domain/ids.js';
import { lastScroll } from '../view/scroll.js';
import { AS_USUAL, beginJobChange, beginPlan } from './changes.js';
import { askForText, contentOf, inNewSection, nextFound, readPlace } from './find.js';
import { openJob, showDead } from './places.js';
import { typedText } from './edit-text.js';
import { copyText, doing, flash, placeIn, refusal, replacePlace, stay, type Handler, type Handlers, type Step } from './step.js';

export const jobActions: Handlers<Action, 'job'> = {
  'job.next': onJob((model, place) => toJobSection(model, place, step(JOB_SECTIONS, place.section, 1))),
  'job.previous': onJob((model, place) => toJobSection(model, place, step(JOB_SECTIONS, place.section, -1))),
  'job.timeline': onJob((model, place) => toJobSection(model, place, 'timeline')),
  'job.payload': onJob((model, place) => toJobSection(model, place, 'payload')),
  'job.result': onJob((model, place) => toJobSection(model, place, 'result')),
  'job.error': onJob((model, place) => toJobSection(model, place, 'error')),
  'job.logs': onJob((model, place) => toJobSection(model, place, 'logs')),
  'job.artifacts': onJob((model, place) => toJobSection(model, place, 'artifacts')),
  'job.down': scrollBy(() => 1),
  'job.up': scrollBy(() => -1),
  'job.page-down': scrollBy((rows) => rows - 2),
  'job.page-up': scrollBy((rows) => 2 - rows),
  'job.first': scrollBy(() => -Infinity),
  'job.last': scrollBy(() => Infinity),
  'job.wrap': toggleWrap,
  'job.find': askForText,
  'job.find-next': nextFound(1),
  'job.find-previous': nextFound(-1),
  'job.retry': onJob((model, { jobId }) => beginJobChange(model, 'retry', { kind: 'ids', ids: [jobId] })),
  'job.cancel': onJob((model, { jobId }) => beginJobChange(model, 'cancel', { kind: 'ids', ids: [jobId] })),
  'job.dead': onJob((model) => {
    const queue = dataOf(model, 'job')?.story.job.queue;
    return stay(queue === undefined ? model : showDead(model, queue));
  }),
  'job.copy': onJob((model, { jobId }) => copyText(model, jobId)),
  'job.copy-json': onJob((model) => {
    const data = dataOf(model, 'job');
    return copyText(model, data === null ? undefined : JSON.stringify(data.story.job, null, 2));
  }),
  'job.save': onJob((model, place) => {
    const text = jobSectionText(model, place.section);
    return text === undefined ? stay(flash(model, 'plain', 'nothing to save here')) : savePrompt(model, { t: 'save-text', path: `./job-${shortId(place.jobId)}-${place.section}.txt`, text });
  }),
};

export const letterActions: Handlers<Action, 'letter'> = {
  'letter.next': onLetter((model, place) => toLetterSection(model, place, step(LETTER_SECTIONS, place.section, 1))),
  'letter.previous': onLetter((model, place) => toLetterSection(model, place, step(LETTER_SECTIONS, place.section, -1))),
  'letter.body': onLetter((model, place) => toLetterSection(model, place, 'body')),
  'letter.headers': onLetter((model, place) => toLetterSection(model, place, 'headers')),
  'letter.error': onLetter((model, place) => toLetterSection(model, place, 'error')),
  'letter.diff': onLetter((model, place) => toLetterSection(model, place, 'diff')),
  'letter.down': scrollBy(() => 1),
  'letter.up': scrollBy(() => -1),
  'letter.page-down': scrollBy((rows) => rows - 2),
  'letter.page-up': scrollBy((rows) => 2 - rows),
  'letter.first': scrollBy(() => -Infinity),
  'letter.last': scrollBy(() => Infinity),
  'letter.wrap': toggleWrap,
  'letter.find': askForText,
  'letter.find-next': nextFound(1),
  'letter.find-previous': nextFound(-1),
  'letter.replay': onLetter((model, place) => beginPlan(model, planOf(place, 'replay'))),
  'letter.purge': onLetter((model, place) => beginPlan(model, planOf(place, 'purge'))),
  'letter.edit': onLetter((model, { queue, sequenceNumber }) => beginEdit(model, queue, sequenceNumber)),
  'letter.job': onLetter((model) => {
    const jobId = dataOf(model, 'letter')?.letter.jobId ?? null;
    return stay(jobId === null ? flash(model, 'plain', 'the message belongs to no job') : openJob(model, jobId));
  }),
  'letter.save': onLetter((model, { sequenceNumber }) => {
    const body = dataOf(model, 'letter')?.body;
    return body === undefined ? stay(model) : savePrompt(model, { t: 'save-text', path: `./letter-${sequenceNumber}.txt`, text: body });
  }),
  'letter.copy': onLetter((model) => copyText(model, dataOf(model, 'letter')?.letter.jobId ?? undefined)),
  'letter.copy-json': onLetter((model) => {
    const data = dataOf(model, 'letter');
    return copyText(model, data === null ? undefined : JSON.stringify(data.letter, null, 2));
  }),
};

/** The editor is opened first, the change is planned and asked for then. */
export function beginEdit(model: Model, queue: string, sequenceNumber: string): Step {
  return refusal(model, true) ?? doing(model, { t: 'edit-letter', queue, sequenceNumber });
}

export function savePrompt(model: Model, effect: Extract<Effect, { readonly t: 'save-letters' | 'save-text' }>): Step {
  return stay({ ...model, pending: { kind: 'save', effect }, prompt: { kind: 'save', ...typedText(effect.path), problem: null }, flash: null });
}

type JobPlace = Extract<Place, { readonly view: 'job' }>;
type LetterPlace = Extract<Place, { readonly view: 'letter' }>;

function onJob(act: (model: Model, place: JobPlace) => Step): Handler {
  return (model) => {
    const place = placeIn(model, 'job');
    return place === undefined ? stay(model) : act(model, place);
  };
}

function onLetter(act: (model: Model, place: LetterPlace) => Step): Handler {
  return (model) => {
    const place = placeIn(model, 'letter');
    return place === undefined ? stay(model) : act(model, place);
  };
}

/** No further than the last line is in sight, so that the way back begins at once. */
function scrollBy(rows: (page: number) => number): Handler {
  return (model) => {
    const place = readPlace(model);
    if (place === undefined) return stay(model);
    const { lines, height } = contentOf(model, place);
    const last = lastScroll(lines.length, height);
    const from = Math.min(place.scroll, last);
    return stay(replacePlace(model, { ...place, scroll: Math.min(last, Math.max(0, from + rows(bodyRows(model.size)))) }));
  };
}

function toggleWrap(model: Model): Step {
  return stay(flash({ ...model, wraps: !model.wraps }, 'plain', model.wraps ? 'long lines are cut' : 'long lines are broken'));
}

function toJobSection(model: Model, place: JobPlace, section: JobSection): Step {
  return stay(replacePlace(model, { ...place, section, ...inNewSection(place) }));
}

function toLetterSection(model: Model, place: LetterPlace, section: LetterSection): Step {
  return stay(replacePlace(model, { ...place, section, ...inNewSection(place) }));
}

function step<T>(all: readonly T[], from: T, by: 1 | -1): T {
  return all[(all.indexOf(from) + by + all.length) % all.length] ?? from;
}

function planOf({ queue, sequenceNumber }: LetterPlace, action: 'replay' | 'purge'): PlanRequest {
  const target: LetterTarget = { kind: 'letters', letters: [{ queue, sequenceNumber }] };
  return { action, queues: [queue], target, where: '', edits: [], diff: [], ...AS_USUAL, reasonText: null };
}

function jobSectionText(model: Model, section: JobSection): string | undefined {
  const data = dataOf(model, 'job');
  if (data === null) return undefined;
  switch (section) {
    case 'payload':
      return data.payload;
    case 'result':
      return data.result ?? undefined;
    case 'logs':
      return data.logs.map(({ at, level, text }) => `${new Date(at).toISOString()} ${level} ${text}`).join('\n');
    case 'error':
      return data.story.job.error === null ? undefined : JSON.stringify(data.story.job.error, null, 2);
    case 'timeline':
      return JSON.stringify(data.story.events, null, 2);
    case 'artifacts':
      return JSON.stringify(data.story.job.artifacts, null, 2);
  }
}
