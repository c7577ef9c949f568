import { expect, test } from 'vitest';
import { PLAIN_STYLE } from '../../../src/output/style.js';
import { renderFields, renderTable } from '../../../src/output/table.js';
import { textWidth, truncateText } from '../../../src/output/text-width.js';

const pipe = { stdoutIsTerminal: false, columns: 80, style: PLAIN_STYLE };
const terminal = (columns: number) => ({ stdoutIsTerminal: true, columns, style: PLAIN_STYLE });

const table = {
  columns: [{ header: 'id' }, { header: 'error', flexible: true }, { header: 'n', align: 'right' as const }],
  rows: [
    ['a1', 'the backend did not answer in time', '7'],
    ['b22', 'none', '1200'],
  ],
};

test('aligns columns, numbers to the right, without blanks at line ends', () => {
  expect(renderTable(table, pipe)).toMatchInlineSnapshot(`
    "id   error                                  n
    a1   the backend did not answer in time     7
    b22  none                                1200"
  `);
});

test('cuts the flexible column to the width of the terminal', () => {
  const lines = renderTable(table, terminal(30)).split('\n');
  expect(lines).toMatchInlineSnapshot(`
    [
      "id   error                   n",
      "a1   the backend did no…     7",
      "b22  none                 1200",
    ]
  `);
});

test('never cuts in a pipe, however long a cell is', () => {
  expect(renderTable({ columns: [{ header: 'x', flexible: true }], rows: [['y'.repeat(500)]] }, pipe)).toContain('y'.repeat(500));
});

test('of several flexible columns cuts the widest first', () => {
  const wide = { columns: [{ header: 'a', flexible: true }, { header: 'b', flexible: true }], rows: [['x'.repeat(10), 'y'.repeat(40)]] };
  expect(renderTable(wide, terminal(32)).split('\n')[1]).toBe(`xxxxxxxxxx  ${'y'.repeat(19)}…`);
});

test('counts wide characters as two cells and cuts none in half', () => {
  expect(textWidth('日本')).toBe(4);
  expect(truncateText('日本語', 4)).toBe('日…');
  const lines = renderTable({ columns: [{ header: 'x', flexible: true }, { header: 'y' }], rows: [['日本語日本語', 'z']] }, terminal(12)).split('\n');
  expect(lines.map(textWidth)).toEqual([12, 12]);
});

test('a cell cannot break the table or act on the terminal', () => {
  expect(renderTable({ columns: [{ header: 'x' }], rows: [['a\n\u001B[2Jb']] }, pipe)).toBe('x\na b');
});

test('paints a cell after its width is settled', () => {
  const paint = (text: string) => `<${text}>`;
  const rows = [[{ text: 'ok', paint }, '1']];
  expect(renderTable({ columns: [{ header: 'state' }, { header: 'n' }], rows }, pipe).split('\n')[1]).toBe('<ok>     1');
});

test('fields stand below each other with their names in one column', () => {
  expect(renderFields([['status', 'Running'], ['id', '7f3a']], pipe)).toBe('status  Running\nid      7f3a');
});
