// Dead letters: groups beside their messages where there is room, one after the other where there is not.

import { formatTries } from '../../output/quantities.js';
import type { GroupRow, LetterRow } from '../data.js';
import { age, ago, num, size } from '../figures.js';
import { bodyRows, deadLayout } from '../layout.js';
import type { Model } from '../model.js';
import { dataOf, groupRows, letterRows } from '../rows.js';
import { clean, cleanLines, line, span, wrapWords, type Line, type Piece } from '../text.js';
import { beside, block, field, missing, rule } from './parts.js';
import { headerOf, tableLines, type Column } from './table.js';

export function deadTitle(model: Model): Line {
  const { dead, lists, size: screen } = model;
  const groups = dataOf(model, 'groups');
  const counts = groups === null ? '' : `${num(groups.inQueues)} ${groups.inQueues === 1 ? 'letter' : 'letters'}${screen.columns < 80 ? '' : `, ${num(groups.groups.length)} ${groups.groups.length === 1 ? 'reason' : 'reasons'}`}`;
  const looked = groups === null || screen.columns < 80 ? '' : `  looked ${ago(model.now - groups.lookedAt)} ago`;
  const marks = lists.letters.marks.length === 0 ? [] : [span(`  ${lists.letters.marks.length} marked`, 'accent')];
  const filter: readonly Piece[] = dead.filter === '' ? [] : [' ', span('── ', 'faint'), span(clean(dead.filter), 'accent')];
  return rule([span('Dead letters', 'strong'), `: ${dead.queue === null ? 'all queues' : clean(dead.queue)}`, ...filter], [span(counts, 'strong'), span(looked, 'faint'), ...marks], screen.columns);
}

export function deadBody(model: Model): readonly Line[] {
  const { columns } = model.size;
  const height = bodyRows(model.size);
  const layout = deadLayout(model.size);
  const absent = missing(model, 'groups', columns);
  if (absent !== undefined) return block([headerOf({ columns: groupColumns(model) }, layout.groupColumns), ...absent], columns, height);
  if (groupRows(model).length === 0) return block(emptyLines(model), columns, height);
  const lists = layout.isWide ? sideBySide(model, layout.groupColumns, layout.listRows) : oneList(model, layout.listRows);
  return block([...lists, ...inspector(model, layout.inspectorRows)], columns, height);
}

function sideBySide(model: Model, groupCells: number, height: number): readonly Line[] {
  const letterCells = model.size.columns - groupCells - 3;
  return beside(block(groupTable(model, groupCells, height), groupCells, height), groupCells, block(letterTable(model, letterCells, height), letterCells, height), letterCells);
}

function oneList(model: Model, height: number): readonly Line[] {
  const { columns } = model.size;
  return block(model.dead.focus === 'groups' ? groupTable(model, columns, height) : letterTable(model, columns, height), columns, height);
}

function groupTable(model: Model, cells: number, height: number): readonly Line[] {
  return tableLines({ columns: groupColumns(model), rows: groupRows(model), idOf: ({ name }) => name, list: model.lists.groups, isActive: model.dead.focus === 'groups' }, cells, height);
}

function groupColumns(model: Model): readonly Column<GroupRow>[] {
  return [
    { title: 'WHY (ids and numbers left out)', width: 20, flexible: true, cell: ({ reason }) => clean(reason) },
    { title: 'N', width: 6, align: 'right', cell: ({ count }) => num(count) },
    { title: 'FIRST', width: 5, align: 'right', drop: 2, cell: ({ firstSeenAt }) => age(model.now - firstSeenAt) },
    { title: 'LAST', width: 4, align: 'right', drop: 1, cell: ({ lastSeenAt }) => age(model.now - lastSeenAt) },
  ];
}

function letterTable(model: Model, cells: number, height: number): readonly Line[] {
  const absent = missing(model, 'letters', cells);
  if (absent !== undefined) return absent;
  const columns: readonly Column<LetterRow>[] = [
    { title: 'NUMBER', width: 8, align: 'right', cell: ({ sequenceNumber }) => sequenceNumber },
    { title: 'JOB', width: 8, cell: ({ jobId }) => jobId?.slice(-8) ?? span('-', 'faint') },
    { title: 'DEAD', width: 4, align: 'right', cell: ({ deadSince }) => age(model.now - deadSince) },
    { title: 'TRY', width: 3, align: 'right', drop: 2, cell: formatTries },
    { title: 'SIZE', width: 7, align: 'right', drop: 1, cell: ({ bytes }) => size(bytes) },
    { title: 'TYPE', width: 8, flexible: true, align: 'middle', drop: 3, cell: ({ type }) => (type === null ? span('no job', 'wait') : clean(type)) },
    ...(cells > 80 ? [{ title: 'WHY', width: 20, flexible: true, drop: 4, cell: (row: LetterRow) => clean(whyOf(row)) }] : []),
  ];
  return tableLines({ columns, rows: letterRows(model), idOf: ({ id }) => id, list: model.lists.letters, isActive: model.dead.focus === 'letters', canMark: true }, cells, height);
}

/** The message under the cursor, as far as there is room. */
function inspector(model: Model, height: number): readonly Line[] {
  if (height < 3) return [];
  const { columns } = model.size;
  const letter = letterRows(model).find(({ id }) => id === model.lists.letters.selected);
  if (letter === undefined) return block([rule(['Message'], [], columns)], columns, height);
  const title = rule([span(`Message ${letter.sequenceNumber}`, 'strong'), `  ${size(letter.bytes)}`], [span('Enter opens it', 'faint')], columns);
  const why = cleanLines(whyOf(letter)).flatMap((row) => wrapWords(row, columns - 15));
  return block(
    [
      title,
      ...why.slice(0, 3).map((row, index) => field(index === 0 ? 'why' : '', span(row, 'bad'))),
      field('job', letter.jobId === null ? 'none: its body is no job' : `${letter.jobId}  ${clean(letter.type ?? '')}`),
      field('queue', clean(letter.queue)),
      field('dead since', `${letter.deadLetteredAt ?? letter.enqueuedAt}  (${ago(model.now - letter.deadSince)} ago)`),
      field('deliveries', `${formatTries(letter)}, replayed ${letter.replayCount} times before`),
      field('message id', clean(letter.messageId)),
    ],
    columns,
    height,
  );
}

function whyOf({ reason, description }: LetterRow): string {
  if (reason === null || description === null) return reason ?? description ?? 'no reason given';
  return description.startsWith(reason) ? description : `${reason}: ${description}`;
}

function emptyLines({ dead }: Model): readonly Line[] {
  if (dead.filter !== '') return [line('   no dead letter fits ', span(clean(dead.filter), 'accent')), line(span('   Esc clears the filter', 'faint'))];
  const where = dead.queue === null ? '' : ` in ${clean(dead.queue)}`;
  return [line(span(`   v no dead letters${where}`, 'good')), line(span(dead.queue === null ? '   o shows what was replayed and purged' : '   ] goes to other queues, o shows what was replayed and purged', 'faint'))];
}
