// Dialogs: a box in the middle of the body. What has to be pressed is written in it, and Enter is never it.

import type { AskDialog, Dialog, DialogLine, PickDialog } from '../dialogs.js';
import { clean, fitLine, left, line, lineWidth, middle, plainText, span, wrapWords, type Line } from '../text.js';
import { typedLine } from './typed-line.js';

const WIDEST = 96;

/** The body with the dialog over it. */
export function withDialog(body: readonly Line[], dialog: Dialog, cells: number): readonly Line[] {
  const boxCells = Math.min(WIDEST, cells - 2);
  const box = boxLines(dialog, boxCells, body.length);
  const top = Math.max(0, Math.floor((body.length - box.length) / 2));
  const indent = Math.floor((cells - boxCells) / 2);
  return body.map((row, index) => {
    const own = box[index - top];
    return own === undefined ? dimmed(row) : fitLine(line(' '.repeat(indent), ...own), cells);
  });
}

/** What is behind a dialog stays readable and steps back. */
function dimmed(row: Line): Line {
  return [span(plainText(row), 'faint')];
}

function boxLines(dialog: Dialog, cells: number, height: number): readonly Line[] {
  const inner = cells - 4;
  const rows = contentOf(dialog, inner, height - 4);
  const title = ` ${left(clean(dialog.title), Math.min(inner - 2, clean(dialog.title).length))} `;
  const head = line('┌─', span(title, 'strong'), '─'.repeat(Math.max(0, cells - 3 - title.length)), '┐');
  return [head, ...rows.map((row) => line('│ ', ...fitLine(row, inner), ' │')), line(`└${'─'.repeat(cells - 2)}┘`)];
}

function contentOf(dialog: Dialog, cells: number, height: number): readonly Line[] {
  switch (dialog.kind) {
    case 'ask':
      return askLines(dialog, cells, height);
    case 'wait':
      return [...texts([{ text: `${dialog.text} …`, tone: 'plain' }], cells), ...commandLines(dialog.command, cells), line(''), ...keys([['Esc', 'cancel']], cells)];
    case 'pick':
      return pickLines(dialog, cells, height);
    case 'tell':
      return [...texts(dialog.lines, cells).slice(0, Math.max(1, height - 3)), ...commandLines(dialog.command, cells), line(''), ...keys([['Esc', 'close'], ...(dialog.command === null ? [] : [['y', 'copy the command'] as const])], cells)];
  }
}

function askLines(dialog: AskDialog, cells: number, height: number): readonly Line[] {
  const { details, showsDetails, command, verb, refusal, expect, typed, request } = dialog;
  const asked =
    expect === null
      ? keys([['y', verb], ['n, Esc, Enter', refusal], ...(details.length > 0 ? [['v', showsDetails ? 'less' : 'list'] as const] : []), ...(request?.action === 'replay' ? [['t', 'to'] as const, ['s', 'speed'] as const] : []), ...(command === null ? [] : [['c', 'copy'] as const])], cells)
      : [line('type  ', span(expect, 'strong'), '  to go on:'), line('> ', ...typedLine(typed, typed.length, cells - 3)), ...keys([['Esc', 'cancel']], cells)];
  const foot = [...commandLines(command, cells), line(''), ...asked];
  const body = [...texts(dialog.lines, cells), ...(showsDetails ? [line(''), ...texts(details, cells)] : [])];
  return [...body.slice(0, Math.max(1, height - foot.length)), ...foot];
}

function pickLines({ items, index }: PickDialog, cells: number, height: number): readonly Line[] {
  const rows = Math.max(1, height - 2);
  const top = Math.max(0, Math.min(index - Math.floor(rows / 2), items.length - rows));
  const labelCells = Math.min(Math.floor(cells / 2), Math.max(...items.map(({ label }) => label.length)) + 2);
  const shown = items.slice(top, top + rows).map(({ label, detail }, offset) => {
    const row = fitLine(line(top + offset === index ? ' > ' : '   ', left(clean(label), labelCells), span(clean(detail), 'faint')), cells);
    return top + offset === index ? [span(plainText(row), 'selected')] : row;
  });
  return [...shown, line(''), ...keys([['Enter', 'take'], ['Esc', 'close']], cells)];
}

function texts(lines: readonly DialogLine[], cells: number): readonly Line[] {
  return lines.flatMap(({ text, tone }) => wrapWords(clean(text), cells).map((row) => line(span(row, tone))));
}

/** The command line that does the same, whole where it fits. */
function commandLines(command: string | null, cells: number): readonly Line[] {
  if (command === null) return [];
  const rows = wrapWords(`$ ${clean(command)}`, cells);
  return (rows.length > 4 ? [middle(`$ ${clean(command)}`, cells)] : rows).map((row) => line(span(row, 'faint')));
}

/** In as many lines as they need. */
function keys(pairs: readonly (readonly [string, string])[], cells: number): readonly Line[] {
  const lines: Line[] = [];
  let row: Line = [];
  for (const [key, what] of pairs) {
    const piece = line(span(`[${key}]`, 'accent'), ` ${what}`);
    const longer = row.length === 0 ? piece : line(...row, '   ', ...piece);
    if (row.length > 0 && lineWidth(longer) > cells) lines.push(row);
    row = row.length > 0 && lineWidth(longer) > cells ? piece : longer;
  }
  return [...lines, row];
}
