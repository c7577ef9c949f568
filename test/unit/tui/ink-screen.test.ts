import { expect, test } from 'vitest';
import { textWidth } from '../../../src/output/text-width.js';
import { paintLine } from '../../../src/tui/theme.js';
import type { Painted } from '../../../src/tui/view/app.js';
import { frame } from '../../../src/tui/view/frame.js';
import { openInkScreen } from '../../../src/tui/view/ink-screen.js';
import { screen, SCREENS, type ScreenName } from '../../support/tui-screens.js';

function painted(name: ScreenName, columns: number, rows: number): Painted {
  const model = screen(name, columns, rows);
  return { columns, rows: frame(model).map((row) => paintLine(row, { theme: 'default', ascii: false })) };
}

const plain = (text: string): string => text.replace(/\u001B\[[\d;]*m/g, '');

test('Ink hands over one whole frame for each change, and the first at once: what a newer Ink must still do', () => {
  const frames: string[] = [];
  const ink = openInkScreen(painted('overview', 100, 30), (text) => frames.push(text));
  expect(frames).toHaveLength(1);
  for (const [index, name] of SCREENS.entries()) {
    ink.show(painted(name, 100, 30));
    expect(frames.length, name).toBeGreaterThanOrEqual(index + 1);
    expect(frames.length, name).toBeLessThanOrEqual(index + 2);
  }
  ink.close();
});

test.each(SCREENS)('the frame of %s that comes out of Ink is the frame that went in, at any size', (name) => {
  let newest = '';
  const ink = openInkScreen({ columns: 80, rows: ['x'] }, (text) => (newest = text));
  for (const [columns, rows] of [[100, 30], [60, 15], [130, 40], [80, 24]] as const) {
    const wanted = painted(name, columns, rows);
    ink.show(wanted);
    const got = newest.split('\n');
    expect(got).toHaveLength(rows);
    expect(got.map((row) => plain(row).trimEnd())).toEqual(wanted.rows.map((row) => plain(row).trimEnd()));
    for (const row of got) expect(textWidth(plain(row))).toBeLessThanOrEqual(columns);
  }
  ink.close();
});

test('styles come out as they went in', () => {
  let newest = '';
  const ink = openInkScreen({ columns: 20, rows: ['\u001B[1;31mdead\u001B[0m and \u001B[7mselected\u001B[0m'.padEnd(20)] }, (text) => (newest = text));
  expect(newest).toContain('dead');
  expect(newest).toMatch(/31m/);
  expect(newest).toMatch(/7mselected/);
  ink.close();
});

test('nothing is drawn after it was closed', () => {
  const frames: string[] = [];
  const ink = openInkScreen(painted('jobs', 80, 24), (text) => frames.push(text));
  ink.close();
  const before = frames.length;
  ink.show(painted('dead', 80, 24));
  expect(frames).toHaveLength(before);
});
