// The log: what happens to jobs, as it happens.

import { shortId } from '../../domain/ids.js';
import type { LogEntry } from '../data.js';
import { num, secondTime } from '../figures.js';
import { bodyRows } from '../layout.js';
import { STATUS_LOOKS, type Model } from '../model.js';
import { logRows } from '../rows.js';
import { clean, fitLine, left, line, span, type Line } from '../text.js';
import { block, rule } from './parts.js';

export function logTitle(model: Model): Line {
  const { log } = model;
  const skipped = log.skipped === 0 ? '' : `  ${num(log.skipped)} came too fast to be shown`;
  const filter = log.filter === '' ? [] : [' ', span('── ', 'faint'), span(clean(log.filter), 'accent')];
  return rule([span('Log', 'strong'), ...filter], [span(`${log.follow ? 'following' : 'held: f follows'}${skipped}`, 'faint')], model.size.columns);
}

export function logBody(model: Model): readonly Line[] {
  const { columns } = model.size;
  const height = bodyRows(model.size);
  const rows = logRows(model);
  if (rows.length === 0) return block([line(span(model.log.filter === '' ? '   nothing has happened since this was opened' : '   no line contains that; Esc shows all', 'faint'))], columns, height);
  const { top, selected } = model.lists.log;
  return block(rows.slice(top, top + height).map((entry) => entryLine(entry, entry.id === selected, columns)), columns, height);
}

function entryLine(entry: LogEntry, isSelected: boolean, cells: number): Line {
  const tone = entry.status === null ? (entry.kind === 'problem' ? 'bad' : 'plain') : STATUS_LOOKS[entry.status].tone;
  const pieces = line(
    isSelected ? ' > ' : '   ',
    span(left(secondTime(entry.at), 10), 'faint'),
    left(entry.jobId === null ? '' : shortId(entry.jobId), 10),
    span(left(entry.kind, 17), tone),
    cells >= 80 ? left(clean(entry.jobType ?? ''), 12) : '',
    clean(entry.text),
  );
  const fitted = fitLine(pieces, cells);
  return isSelected ? [span(fitted.map(({ text }) => text).join(''), 'selected')] : fitted;
}
