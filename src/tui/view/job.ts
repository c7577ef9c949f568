// One job in detail: its timeline as recorded, payload, result, error, log lines and artifacts.

import { shortId } from '../../domain/ids.js';
import type { EventView, JobStory } from '../../services/why-job.js';
import type { JobData, JobRow } from '../data.js';
import { ago, bar, dayTime, exactTime, num, size, took } from '../figures.js';
import { bodyRows } from '../layout.js';
import { JOB_SECTIONS, STATUS_LOOKS, type JobSection, type Model, type Place } from '../model.js';
import { dataOf } from '../rows.js';
import { factsOf } from '../source/event-facts.js';
import { clean, cleanLines, fitLine, left, line, right, span, wrap, wrapWords, type Line } from '../text.js';
import { block, field, missing, rule, statusSpan } from './parts.js';
import { scrolled, type Content } from './scroll.js';

type JobPlace = Extract<Place, { readonly view: 'job' }>;

const SECTION_NAMES: Readonly<Record<JobSection, string>> = { timeline: '[t]imeline', payload: '[p]ayload', result: 'res[u]lt', error: '[e]rror', logs: '[l]ogs', artifacts: '[a]rtifacts' };

export function jobTitle(model: Model, { jobId, section }: JobPlace): Line {
  const data = dataOf(model, 'job');
  const { columns } = model.size;
  const job = data?.story.job;
  const name = span(`Job ${shortId(jobId)}`, 'strong');
  const facts = job === undefined ? [] : ['  ', statusSpan(job.status), `  try ${job.attempt}/${job.maxAttempts}`, `  ${clean(job.queue)}/${clean(job.type)}`];
  const sections = JOB_SECTIONS.map((one) => span(one === section ? SECTION_NAMES[one] : briefly(SECTION_NAMES[one], columns), one === section ? 'strong' : 'faint'));
  return rule([name, ...facts], sections.flatMap((one, index) => (index === 0 ? [one] : [' ', one])), columns);
}

/** What the job is comes first: sections that are not shown are their keys where there is not room for both. */
function briefly(section: string, columns: number): string {
  if (columns >= 140) return section;
  return section.replace(columns < 80 ? /.*\[(.)\].*/ : /.*(\[.\]).*/, '$1');
}

export function jobBody(model: Model, place: JobPlace): readonly Line[] {
  const { columns } = model.size;
  const height = bodyRows(model.size);
  const data = dataOf(model, 'job');
  const absent = missing(model, 'job', columns);
  if (data === null || absent !== undefined) return block(absent ?? [], columns, height);
  const head = headOf(model, data, place);
  return [...block(head, columns, head.length), ...scrolled(sectionLines(model, data, place.section), place, columns, height - head.length)];
}

/** What is scrolled and searched. */
export function jobContent(model: Model, place: JobPlace): Content {
  const data = dataOf(model, 'job');
  if (data === null) return { lines: [], height: 1 };
  return { lines: sectionLines(model, data, place.section), height: bodyRows(model.size) - headOf(model, data, place).length };
}

function headOf({ size: { columns } }: Model, { story }: JobData, { section }: JobPlace): readonly Line[] {
  return section === 'timeline' ? headLines(story, columns) : [];
}

/** In the pane beside the list. Its record is there a moment after its row. */
export function jobSummary(row: JobRow, model: Model, cells: number): readonly Line[] {
  const { now } = model;
  const story = dataOf(model, 'job')?.story;
  return [
    line(span(row.jobId, 'strong')),
    field('status', statusSpan(row.status)),
    field('type', clean(row.type)),
    field('queue', clean(row.queue)),
    field('user', clean(row.userId)),
    field('attempt', `${row.attempt} of ${row.maxAttempts}`),
    field('age', ago(now - row.createdAt)),
    field('worker', row.worker === null ? '-' : clean(row.worker)),
    line(''),
    ...wrapWords(clean(row.note), cells - 2).map((text) => line(' ', text)),
    ...(story === undefined ? [] : [line(''), ...timelineLines(story, model, cells)]),
  ];
}

/** Why the job is where it is, and what to do. */
function headLines({ situation, next, job }: JobStory, cells: number): readonly Line[] {
  const labels = Object.entries(job.labels).map(([key, value]) => `${key}=${value}`).join(' ');
  return [
    ...wrapWords(clean(situation), cells - 2).slice(0, 3).map((text) => line(' ', span(text, 'strong'))),
    ...(labels === '' ? [] : [line(' ', span(clean(labels), 'faint'))]),
    ...next.slice(0, 2).map(({ command, purpose }) => line(' ', span('next ', 'faint'), span(clean(command), 'accent'), span(`  ${purpose}`, 'faint'))),
    line(''),
  ];
}

function sectionLines(model: Model, data: JobData, section: JobSection): readonly Line[] {
  const { columns } = model.size;
  switch (section) {
    case 'timeline':
      return timelineLines(data.story, model, columns);
    case 'payload':
      return textLines(data.payload, model);
    case 'result':
      return data.result === null ? [line(span('   no result: the job has not succeeded', 'faint'))] : textLines(data.result, model);
    case 'error':
      return errorLines(data.story, columns, model.now);
    case 'logs':
      return logLines(data, columns, model.now);
    case 'artifacts':
      return artifactLines(data.story, columns);
  }
}

function timelineLines({ events, job }: JobStory, { now }: Model, cells: number): readonly Line[] {
  const times = events.map(({ at }) => Date.parse(at));
  const gaps = times.map((at, index) => (index === 0 ? 0 : at - (times[index - 1] ?? at)));
  const longest = Math.max(1, ...gaps);
  const lines = events.map((event, index) => eventLine(event, gaps[index] ?? 0, longest, cells, now));
  const last = times.at(-1);
  const open = last === undefined || job.finishedAt !== null ? [] : [line(' ', left('', 13), span(`… ${job.status} for ${took(Math.max(0, now - last))}`, STATUS_LOOKS[job.status].tone))];
  const total = job.finishedAt === null ? [] : [line(' ', left('', 13), span(`total ${took(Date.parse(job.finishedAt) - Date.parse(job.createdAt))}`, 'faint'))];
  return [...lines, ...open, ...total];
}

function eventLine(event: EventView, gap: number, longest: number, cells: number, now: number): Line {
  const at = Date.parse(event.at);
  const clock = now - at > 86_400_000 ? dayTime(at, now).slice(0, 16) : exactTime(at);
  const facts = factsOf({ ...event, at }).join('  ');
  const barCells = cells >= 100 ? 16 : 0;
  const room = cells - 13 - 17 - 10 - barCells - 4;
  const { tone } = STATUS_LOOKS[event.status];
  return fitLine(
    line(' ', left(clock, 13), span(left(event.type, 17), tone), left(clean(facts), room), right(gap === 0 ? '' : `+${took(gap)}`, 9), ' ', barCells === 0 ? '' : span(bar(gap, longest, barCells), 'faint')),
    cells,
  );
}

/** Long lines are broken, or cut where `w` was pressed. */
export function textLines(text: string, { size: { columns }, wraps }: Pick<Model, 'size' | 'wraps'>): readonly Line[] {
  return cleanLines(text).flatMap((row) => (wraps ? wrap(row, columns - 2) : [left(row, columns - 2)]).map((part) => line(' ', jsonTone(part))));
}

/** Keys stand out a little; everything else is as it is. */
function jsonTone(row: string): ReturnType<typeof span> {
  return span(row, /^\s*"[^"]*":\s*[[{]?$/.test(row) ? 'accent' : 'plain');
}

function errorLines({ job, deadLetter }: JobStory, cells: number, now: number): readonly Line[] {
  const { error } = job;
  if (error === null) return [line(span('   no error was recorded', 'faint'))];
  return [
    field('code', span(clean(error.code), 'bad')),
    field('when', `${dayTime(Date.parse(error.at), now)} (${ago(now - Date.parse(error.at))} ago)`),
    field('can retry', error.retryable ? 'yes' : 'no: it can never work'),
    ...(deadLetter === null ? [] : [field('dead letter', `${clean(deadLetter.queue)} #${deadLetter.sequenceNumber}`)]),
    line(''),
    ...cleanLines(error.message).flatMap((row) => wrapWords(row, cells - 3).map((part) => line(' ', part))),
  ];
}

const LEVEL_TONES = { debug: 'faint', info: 'plain', warn: 'wait', error: 'bad' } as const;

function logLines({ logs }: JobData, cells: number, now: number): readonly Line[] {
  if (logs.length === 0) return [line(span('   its handler has written no lines', 'faint'))];
  return logs.flatMap(({ at, level, text }) =>
    wrap(clean(text), cells - 21).map((part, index) => line(' ', index === 0 ? span(left(dayTime(at, now), 11), 'faint') : left('', 11), span(left(index === 0 ? level : '', 7), LEVEL_TONES[level]), part)),
  );
}

function artifactLines({ job }: JobStory, cells: number): readonly Line[] {
  if (job.artifacts.length === 0) return [line(span('   it left no files', 'faint'))];
  return [
    ...job.artifacts.map(({ name, bytes, contentType }) => fitLine(line(' ', left(clean(name), 32), right(size(bytes), 10), '  ', clean(contentType)), cells)),
    line(''),
    line(span(` ${num(job.artifacts.length)} ${job.artifacts.length === 1 ? 'file' : 'files'}; get one with copiloteval results ${shortId(job.jobId)} --artifact NAME`, 'faint')),
  ];
}
