// What the dashboard relies on in Ink, beyond what Ink promises: another version of it must pass these before it is taken.

import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';

import { Box, render, Text } from 'ink';
import { createElement } from 'react';
import { expect, onTestFinished, test } from 'vitest';

import { paintLine, THEMES } from '../../../../src/tui/theme.js';
import { frame } from '../../../../src/tui/view/frame.js';
import { openInkScreen } from '../../../../src/tui/view/ink-screen.js';
import { screen, SCREENS } from '../../../support/tui-screens.js';

test('it is the version that all of this was seen on, and package.json takes no other', () => {
  const read = (path: string): Record<string, unknown> => JSON.parse(readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8')) as Record<string, unknown>;
  expect(read('node_modules/ink/package.json')['version']).toBe('6.8.0');
  expect(read('package.json')['dependencies']).toMatchObject({ ink: '6.8.0' });
});

/** Ink by itself, with the options of the dashboard. */
function startInk(rows: readonly string[]): { readonly writes: string[]; show(rows: readonly string[]): void } {
  const writes: string[] = [];
  const stdout = Object.assign(new EventEmitter(), { isTTY: true, columns: 40, rows: 4, write: (text: string) => writes.push(text) > 0 });
  const tree = (texts: readonly string[]) => createElement(Box, { flexDirection: 'column', width: 40 }, ...texts.map((text, key) => createElement(Text, { key }, text)));
  const instance = render(tree(rows), {
    stdout: stdout as unknown as NodeJS.WriteStream,
    stdin: new Readable({ read: () => undefined }) as unknown as NodeJS.ReadStream,
    debug: true,
    patchConsole: false,
    exitOnCtrlC: false,
  });
  onTestFinished(() => instance.unmount());
  return { writes, show: (next) => instance.rerender(tree(next)) };
}

test('in debug mode a commit is one write, made before rerender returns, of the whole frame, without a sequence that moves or erases', () => {
  const { writes, show } = startInk(['a', 'b', 'c', 'd']);
  expect(writes.splice(0)).toEqual(['a\nb\nc\nd']);
  for (const rows of [['a', 'b', 'x', 'd'], ['1', '2', '3', '4'], [' ', ' ', ' ', 'z']]) {
    show(rows);
    expect(writes.splice(0)).toEqual([rows.map((row) => row.trimEnd()).join('\n')]);
  }
});

test('a frame as tall as the terminal, or taller, is handed over like any other: nothing is cleared', () => {
  const { writes, show } = startInk(['a', 'b', 'c', 'd', 'e', 'f']);
  show(['a', 'b', 'c', 'd', 'e', 'g']);
  expect(writes).toEqual(['a\nb\nc\nd\ne\nf', 'a\nb\nc\nd\ne\ng']);
});

test.each(THEMES)('rows painted in %s come out byte for byte: what was drawn before Ink was loaded is not drawn again', (theme) => {
  for (const name of SCREENS) {
    const rows = frame(screen(name, 100, 30)).map((row) => paintLine(row, { theme, ascii: false }).trimEnd());
    let newest = '';
    openInkScreen({ columns: 100, rows }, (text) => (newest = text)).close();
    expect(newest.split('\n')).toEqual(rows);
  }
});
