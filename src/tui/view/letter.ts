// One dead letter in detail.

import { formatTries } from '../../output/quantities.js';
import { ago, size } from '../figures.js';
import { bodyRows } from '../layout.js';
import { LETTER_SECTIONS, type LetterSection, type Model, type Place } from '../model.js';
import { dataOf } from '../rows.js';
import type { LetterData } from '../data.js';
import { clean, cleanLines, line, span, wrapWords, type Line } from '../text.js';
import { block, field, missing, rule, statusSpan } from './parts.js';
import { textLines } from './job.js';
import { scrolled, type Content } from './scroll.js';

type LetterPlace = Extract<Place, { readonly view: 'letter' }>;

const SECTION_NAMES: Readonly<Record<LetterSection, string>> = { body: '[b]ody', headers: '[h]eaders', error: '[e]rror', diff: '[d]iff' };

export function letterTitle(model: Model, { queue, sequenceNumber, section }: LetterPlace): Line {
  const data = dataOf(model, 'letter');
  const facts = data === null ? [] : [`  ${size(data.letter.bytes)}`, ...(data.job === null ? [] : ['  job ', statusSpan(data.job.status)])];
  const isNarrow = model.size.columns < 100;
  const sections = LETTER_SECTIONS.map((one) => (one === section ? span(SECTION_NAMES[one], 'strong') : span(isNarrow ? SECTION_NAMES[one].slice(0, 3) : SECTION_NAMES[one], 'faint')));
  return rule([span(`Message ${sequenceNumber}`, 'strong'), ` of ${clean(queue)}`, ...facts], sections.flatMap((one, index) => (index === 0 ? [one] : [' ', one])), model.size.columns);
}

export function letterBody(model: Model, place: LetterPlace): readonly Line[] {
  const { columns } = model.size;
  const height = bodyRows(model.size);
  const data = dataOf(model, 'letter');
  const absent = missing(model, 'letter', columns);
  if (data === null || absent !== undefined) return block(absent ?? [], columns, height);
  return scrolled(sectionLines(model, data, place.section), place, columns, height);
}

/** What is scrolled and searched. */
export function letterContent(model: Model, place: LetterPlace): Content {
  const data = dataOf(model, 'letter');
  return { lines: data === null ? [] : sectionLines(model, data, place.section), height: bodyRows(model.size) };
}

function sectionLines({ now, size: screen, wraps }: Model, { letter, body, job, changes }: LetterData, section: LetterSection): readonly Line[] {
  switch (section) {
    case 'body':
      return textLines(body, { size: screen, wraps });
    case 'headers':
      return [
        field('message id', clean(letter.messageId), 18),
        field('enqueued', letter.enqueuedAt, 18),
        field('dead-lettered', letter.deadLetteredAt ?? 'the broker does not tell', 18),
        field('deliveries', formatTries(letter), 18),
        field('replayed before', String(letter.replayCount), 18),
        field('body', `${size(letter.bytes)}, ${letter.bodyEncoding}`, 18),
        ...Object.entries(letter.properties).map(([name, value]) => field(clean(name), clean(String(value)), 18)),
      ];
    case 'diff':
      return changes.flatMap(({ text, tone }) => wrapWords(clean(text), screen.columns - 2).map((row) => line(' ', span(row, tone))));
    case 'error':
      return [
        field('reason', span(clean(letter.reason ?? 'none given'), 'bad'), 14),
        field('dead since', ago(now - Date.parse(letter.deadLetteredAt ?? letter.enqueuedAt)), 14),
        field('job', job === null ? 'no stored job' : `${job.jobId} is ${job.status}`, 14),
        ...cleanLines(letter.description ?? '').flatMap((row) => wrapWords(row, screen.columns - 17)).map((row, index) => field(index === 0 ? 'description' : '', row, 14)),
      ];
  }
}
