// The dashboard's terminal in a real one: whatever ends the program, the terminal is as it was.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { startInPty, type PtyProgram } from '../support/pty-program.js';
import { tempDir } from '../support/temp-dir.js';

let program: string;

beforeAll(async () => {
  program = join(mkdtempSync(join(tmpdir(), 'copiloteval-terminal-')), 'program.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL('../support/terminal-program.ts', import.meta.url))],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
  });
});

afterAll(() => rmSync(dirname(program), { recursive: true }));

/** In a shell that reports the terminal's settings before and after, and the exit code. */
function start(environment: Record<string, string> = {}): PtyProgram {
  return startInPty({ file: 'sh', args: ['-c', `stty -a; echo BEFORE; "${process.execPath}" "${program}"; echo "code=$?"; stty -a; echo AFTER; read _`], env: environment });
}

describe('every way out gives the terminal back', () => {
  const ways: readonly [string, number, (running: PtyProgram) => void][] = [
    ['q', 0, (running) => running.type('q')],
    ['Ctrl-C', 0, (running) => running.type('\u0003')],
    ['SIGTERM', 143, (running) => signal(running, 'SIGTERM')],
    ['SIGHUP', 129, (running) => signal(running, 'SIGHUP')],
    ['an exception in a timer', 70, (running) => running.type('t')],
    ['a promise nobody awaits', 70, (running) => running.type('r')],
  ];
  test.each(ways)('%s', async (_way, code, leave) => {
    const running = start();
    await running.until((screen) => screen.includes('100x30'));
    leave(running);
    // Not the end of the shell: what it wrote last may still be on its way then.
    await running.until((screen) => screen.includes('AFTER'));
    expect(running.raw()).toContain(`code=${code}`);
    const [before, after] = running.raw().split(/BEFORE|AFTER/);
    const settings = /speed[^]*?-?extproc/;
    expect(settings.exec(after ?? '')?.[0]).toBe(settings.exec(before ?? '')?.[0]);
    expect(setModes(running.raw())).toEqual([]);
  });
});

test('what went wrong is printed after the screen was given back', async () => {
  const running = start();
  await running.until((screen) => screen.includes('100x30'));
  running.type('t');
  await running.until((screen) => screen.includes('AFTER'));
  expect(running.raw().split('\u001b[?1049l')[1]).toContain('error: thrown in a timer');
});

test('keys sent faster than they are read, and pasted text, arrive whole', async () => {
  const running = start();
  await running.until((screen) => screen.includes('100x30'));
  running.type('jjj\u001b[B\u001b[200~qt\r\u001b[B\u001b[201~k');
  await running.until((screen) => screen.includes('events: j j j down paste("qt\\r\\u001b[B") k'));
  running.type('q');
  await running.until((screen) => screen.includes('AFTER'));
});

test('a storm of sizes ends with the last one, and not with a clear for each', async () => {
  const running = start();
  await running.until((screen) => screen.includes('100x30'));
  const from = running.raw().length;
  for (let columns = 99; columns > 60; columns -= 3) running.resize(columns, 20);
  running.resize(70, 18);
  await running.until((screen) => screen.includes('70x18'));
  // One, unless the machine stood still in the middle of the fifteen.
  expect(running.raw().slice(from).split('\u001b[2J').length - 1).toBeLessThanOrEqual(3);
  running.type('q');
  await running.until((screen) => screen.includes('AFTER'));
});

test('an answer that the terminal still owes at the end is taken, and not left to the shell', async () => {
  const running = start();
  await running.until(() => running.raw().includes('\u001b[5n'));
  await running.until((screen) => screen.includes('100x30'));
  // Later than a line that keeps up: from now on every frame asks.
  await pause(300);
  running.type('\u001b[0n');
  running.type('j');
  await running.until(() => running.raw().split('\u001b[5n').length === 3);
  running.type('q');
  await running.until(() => running.raw().includes('\u001b[?1049l'));
  running.type('\u001b[0n');
  const from = performance.now();
  await running.until((screen) => screen.includes('AFTER'));
  expect(performance.now() - from, 'not for longer than the answer needs').toBeLessThan(2_500);
  running.type('\r');
  await running.exited;
  expect(running.raw()).toContain('code=0');
  expect(running.raw()).not.toContain('^[');
});

test('an editor has the terminal to itself and its text comes back', async () => {
  const script = join(tempDir(), 'editor.sh');
  writeFileSync(script, '#!/bin/sh\nprintf "edited in $(stty size)" > "$1"\n', { mode: 0o755 });
  const running = start({ EDITOR: script });
  await running.until((screen) => screen.includes('100x30'));
  running.type('e');
  await running.until((screen) => screen.includes('edited(edited in 30 100)'));
  running.type('q');
  await running.until((screen) => screen.includes('AFTER'));
});

test('Ctrl-Z stops the program with the terminal given back; continued, it draws its screen again', async () => {
  const running = startInPty({ file: 'sh', args: ['-i'], env: { PS1: 'shell> ' } });
  await running.until((screen) => screen.includes('shell>'));
  running.type(`'${process.execPath}' '${program}'\r`);
  await running.until((screen) => screen.includes('100x30'));
  running.type('\u001a');
  await running.until((screen) => /Stopped[^]*shell>/i.test(screen));
  expect(setModes(running.raw())).toEqual([]);
  running.type('fg\r');
  await running.until((screen) => screen.includes('events: ctrl-z'));
  running.type('q');
  await running.until((screen) => screen.trimEnd().endsWith('shell>'));
  running.type('exit\r');
  await running.exited;
});

test('copying and the bell go to the terminal as they are', async () => {
  const running = start();
  await running.until((screen) => screen.includes('100x30'));
  running.type('yb');
  await running.until((screen) => screen.includes('events: y b'));
  expect(running.raw()).toContain(`\u001b]52;c;${Buffer.from('job 1').toString('base64')}\u0007`);
  running.type('q');
  await running.until((screen) => screen.includes('AFTER'));
});

/** To the program alone: its number is on its screen. */
function signal(running: PtyProgram, name: NodeJS.Signals): void {
  const [, pid] = /pid (\d+)/.exec(running.screen().join('\n')) ?? [];
  process.kill(Number(pid), name);
}

/** Private modes that are set and not reset at the end; wrapping and the cursor are the ones set from the start. */
function setModes(raw: string): string[] {
  const set = new Set<string>();
  for (const [, mode = '', action] of raw.matchAll(/\u001b\[\?(\d+)([hl])/g)) {
    const isOn = action === 'h';
    const normal = mode === '7' || mode === '25';
    if (isOn === normal) set.delete(mode);
    else set.add(mode);
  }
  // The shell's own line editor turns pasting marks on at its prompt.
  set.delete('2004');
  return [...set];
}
