// The real command in a real terminal: however it ends, the terminal is as it was, and what went wrong can be read.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { describe, expect, onTestFinished, test } from 'vitest';

import { PROGRAM } from '../support/built-program.js';
import { childOf, endPty, openHome, startDashboard, type DashboardPty } from '../support/dashboard-pty.js';
import { startInPty, type PtyProgram } from '../support/pty-program.js';
import { tempDir } from '../support/temp-dir.js';

/** Read by Node before the program: on SIGUSR2 something in the process goes wrong, in the way that FAULT names. */
const FAULTS = `
process.on('SIGUSR2', () => {
  const fault = process.env.FAULT;
  if (fault === 'timer') setTimeout(() => { throw new Error('thrown in a timer'); }, 0);
  if (fault === 'promise') void Promise.reject(new Error('rejected and not awaited'));
  if (fault === 'drawing') Array.prototype.flatMap = () => { throw new Error('thrown while drawing'); };
  if (fault === 'noise') { process.stderr.write('written by a library\\n'); process.emitWarning('warned by Node'); }
});
`;

describe('every way out gives the terminal back', () => {
  const ways: readonly [string, number, (dashboard: DashboardPty) => void, { readonly fault?: string; readonly says?: string }?][] = [
    ['q', 0, (dashboard) => dashboard.type('q')],
    ['Ctrl-C', 0, (dashboard) => dashboard.type('\u0003')],
    [':quit', 0, (dashboard) => dashboard.type(':quit\r')],
    ['SIGTERM', 143, signal('SIGTERM')],
    ['SIGHUP', 129, signal('SIGHUP')],
    ['SIGINT', 130, signal('SIGINT')],
    ['SIGQUIT', 131, signal('SIGQUIT')],
    ['an exception in a timer', 70, signal('SIGUSR2'), { fault: 'timer', says: 'thrown in a timer' }],
    ['a promise nobody awaits', 70, signal('SIGUSR2'), { fault: 'promise', says: 'rejected and not awaited' }],
    [
      'an exception while a frame is drawn',
      70,
      (dashboard) => {
        signal('SIGUSR2')(dashboard);
        // Until the signal has come, keys are just keys.
        const press = setInterval(() => dashboard.type('j'), 20);
        onTestFinished(() => clearInterval(press));
        void dashboard.ended().then(() => clearInterval(press));
      },
      { fault: 'drawing', says: 'thrown while drawing' },
    ],
  ];
  test.each(ways)('%s', async (_way, code, leave, { fault = '', says } = {}) => {
    const dashboard = start({ fault });
    await dashboard.until((screen) => screen.includes('evaluation-jobs'));
    leave(dashboard);
    await dashboard.ended();
    const raw = dashboard.raw();
    expect(raw).toContain(`code=${code}`);
    const [before, after] = raw.split(/BEFORE|AFTER/);
    const settings = /speed[^]*?-?extproc/;
    expect(settings.exec(after ?? '')?.[0]).toBe(settings.exec(before ?? '')?.[0]);
    expect(setModes(raw)).toEqual([]);
    const shown = raw.slice(raw.lastIndexOf('\u001b[?1049l'));
    if (says === undefined) expect(shown).not.toMatch(/error/i);
    else expect(shown).toMatch(new RegExp(`error:.*${says}`));
  });
});

test('its window is closed: it ends by itself and without a crash', async () => {
  const { cwd } = openHome(tempDir());
  const status = join(cwd, 'status');
  const window = startInPty({
    file: 'sh',
    args: ['-c', `trap '' HUP; '${process.execPath}' '${PROGRAM}' dashboard; echo "code=$?" > '${status}'`],
    env: { HOME: cwd, COPILOTEVAL_HOME: `${cwd}/home` },
    cwd,
  });
  onTestFinished(() => endPty(window));
  await window.until((screen) => screen.includes('evaluation-jobs'));
  // All that is left of it when the terminal's program ends.
  (window.pty as typeof window.pty & { destroy(): void }).destroy();
  await expect.poll(() => existsSync(status) && readFileSync(status, 'utf8'), { timeout: 10_000 }).toBe('code=129\n');
});

test('a quit is not kept waiting: the process ends with the screen', async () => {
  const dashboard = startDashboard({ cwd: tempDir() });
  await dashboard.until((screen) => screen.includes('nothing: no stalled queue'));
  const from = performance.now();
  dashboard.type('q');
  await dashboard.exited;
  expect(performance.now() - from).toBeLessThan(3_000);
});

test('with the first bytes on the screen a key is not echoed, and Ctrl-C ends it as ever after', async () => {
  const dashboard = startDashboard({ cwd: tempDir() });
  await dashboard.until((screen) => screen.includes('connecting'));
  dashboard.type('zz\u0003');
  expect((await dashboard.exited).exitCode).toBe(0);
  expect(dashboard.raw()).not.toMatch(/zz|\^C/);
  expect(setModes(dashboard.raw())).toEqual([]);
});

test('a terminal that takes nothing any more, as behind a dead connection, does not hold up a signal', async () => {
  const { cwd } = openHome(tempDir());
  const dashboard = startDashboard({ cwd, columns: 200, rows: 60 });
  await dashboard.until((screen) => screen.includes('v nothing'));
  dashboard.pty.pause();
  // Frames for more than the system keeps.
  for (let key = 0; key < 40; key += 1) {
    dashboard.type(key % 2 === 0 ? '?' : '\u001b');
    await pause(60);
  }
  signal('SIGTERM')(dashboard);
  expect((await dashboard.exited).exitCode).toBe(143);
});

test('before the first data is there, Ctrl-C and SIGTERM end it as well', async () => {
  for (const leave of [(running: DashboardPty): void => running.type('\u0003'), signal('SIGTERM')]) {
    const dashboard = startDashboard({ cwd: tempDir() });
    await dashboard.until((screen) => screen.includes('connecting'));
    leave(dashboard);
    await dashboard.ended();
    expect(setModes(dashboard.raw())).toEqual([]);
    await dashboard.exited;
  }
});

test('keys that are typed before it is there wait for it', async () => {
  const dashboard = startDashboard({ cwd: tempDir() });
  await dashboard.until((screen) => screen.includes('copiloteval  '));
  dashboard.type('4');
  await dashboard.until((screen) => screen.includes('copiloteval worker start'));
  dashboard.type('\u0003');
  await dashboard.ended();
});

test('what a library writes to standard error stays out of the screen and is there afterwards', async () => {
  const dashboard = start({ fault: 'noise' });
  await dashboard.until((screen) => screen.includes('evaluation-jobs'));
  const from = dashboard.raw().length;
  signal('SIGUSR2')(dashboard);
  dashboard.type('4');
  await dashboard.until((screen) => screen.includes('copiloteval worker start'));
  expect(dashboard.raw().slice(from)).not.toContain('written by');
  dashboard.type('q');
  await dashboard.ended();
  const after = dashboard.raw().split('\u001b[?1049l')[1];
  expect(after).toContain('written by a library');
  expect(after).toContain('warned by Node');
});

test('Ctrl-Z gives the terminal back, fg draws the screen again, also in a window that got another size meanwhile', async () => {
  const shell = await startInShell();
  shell.type('\u001a');
  await shell.until((screen) => /Stopped[^]*shell>/i.test(screen));
  expect(setModes(shell.raw())).toEqual([]);
  shell.resize(80, 24);
  shell.type('fg\r');
  await shell.until((screen, rows) => screen.includes('evaluation-jobs') && rows[2]?.length === 80 && /\? help/.test(rows[23] ?? ''));
  await leaveForShell(shell);
});

test('stopped by SIGSTOP, of which no program hears, it reads keys and draws again after fg', async () => {
  const shell = await startInShell();
  const since = shell.raw().length;
  process.kill(childOf(shell.pty.pid), 'SIGSTOP');
  // The shell writes into the screen that was left to it.
  await shell.until(() => /Stopped/i.test(shell.raw().slice(since)));
  const from = shell.raw().length;
  // What better shells do by themselves; in raw mode only a line feed ends a line.
  shell.type('stty sane\n');
  await shell.until(() => shell.raw().slice(from).includes('shell>'));
  shell.type('fg\r');
  await shell.until(() => shell.raw().slice(from).includes('evaluation-jobs'));
  await leaveForShell(shell);
});

/** The path of an editor that runs this line of shell. */
function editorThat(runs: string): string {
  const editor = join(tempDir(), 'editor.sh');
  writeFileSync(editor, `#!/bin/sh\n${runs}\n`, { mode: 0o755 });
  return editor;
}

/** Asked to edit the payload of a new job. */
async function dashboardInEditor(options: Omit<Parameters<typeof startDashboard>[0], 'cwd'>): Promise<ReturnType<typeof startDashboard>> {
  const dashboard = startDashboard({ cwd: openHome(tempDir()).cwd, ...options });
  await dashboard.until((screen) => screen.includes('evaluation-jobs'));
  dashboard.type('n');
  await dashboard.until((screen) => screen.includes('New job') && screen.includes('echo'));
  dashboard.type('\t\r');
  return dashboard;
}

test('Ctrl-Z in the editor stops the whole job; after fg the editor goes on, and so does the dashboard', async () => {
  // As editors do it that read Ctrl-Z themselves.
  const editor = editorThat('echo editing; kill -TSTP 0; printf \'{"after":"fg"}\' > "$1"');
  const shell = await startInShell({ EDITOR: editor });
  shell.type('n');
  await shell.until((screen) => screen.includes('New job') && screen.includes('echo'));
  shell.type('\t\r');
  await shell.until((screen) => /editing[^]*Stopped[^]*shell>/i.test(screen));
  shell.type('fg\r');
  await shell.until((screen) => screen.includes('{"after":"fg"}'));
  shell.type('\u001b');
  await shell.until((screen) => screen.includes('── Queues'));
  await leaveForShell(shell);
});

test.each([['Ctrl-C', '\u0003'], ['Ctrl-\\', '\u001c']])('%s in an editor ends the editor, not the dashboard', async (_key, byte) => {
  const editor = editorThat('echo editing; read line');
  const dashboard = await dashboardInEditor({ env: { EDITOR: editor } });
  await dashboard.until((screen) => screen.includes('editing'));
  dashboard.type(byte);
  await dashboard.until((screen) => /editor/.test(screen.split('\n').at(-2) ?? ''));
  dashboard.type('\u001b');
  await dashboard.until((screen) => screen.includes('── Queues'));
  dashboard.type('q');
  expect((await dashboard.exited).exitCode).toBe(0);
});

test('$EDITOR has the terminal to itself; what it leaves is in the form, and the screen is whole again', async () => {
  const editor = editorThat('printf "editing in $(stty size)"; printf \'{"edited":true}\' > "$1"');
  const dashboard = await dashboardInEditor({ env: { EDITOR: editor } });
  await dashboard.until((screen) => screen.includes('"edited"'));
  const raw = dashboard.raw();
  const [, lent = ''] = raw.split('\u001b[?1049l');
  expect(lent).toContain('editing in 30 100');
  dashboard.type('\u0003');
  await dashboard.ended();
  expect(setModes(dashboard.raw())).toEqual([]);
});

test.each([['false', /the editor ended with an error/], ['no-such-editor -w', /the editor "no-such-editor -w" cannot be started \(set VISUAL or EDITOR/]])('an editor that fails says so, and nothing changes: %s', async (editor, says) => {
  const dashboard = await dashboardInEditor({ columns: 140, env: { EDITOR: editor } });
  await dashboard.until((screen) => says.test(screen.split('\n').at(-2) ?? ''));
});

test('a terminal that was left behind is brought back by a command', async () => {
  const { cwd } = openHome(tempDir());
  const broken = startInPty({ file: 'sh', args: ['-c', `printf '\\033[?1049h\\033[?25l\\033[?2004h'; '${process.execPath}' '${PROGRAM}' dashboard --reset-terminal`], env: { HOME: cwd }, cwd });
  await broken.exited;
  expect(setModes(broken.raw())).toEqual([]);
});

/** The dashboard as a job of an interactive shell. */
async function startInShell(env: Readonly<Record<string, string>> = {}): Promise<PtyProgram> {
  const { cwd } = openHome(tempDir());
  const shell = startInPty({ file: 'sh', args: ['-i'], env: { PS1: 'shell> ', HOME: cwd, COPILOTEVAL_HOME: `${cwd}/home`, ...env }, cwd });
  onTestFinished(() => endPty(shell));
  await shell.until((screen) => screen.includes('shell>'));
  shell.type(`'${process.execPath}' '${PROGRAM}' dashboard\r`);
  await shell.until((screen) => screen.includes('evaluation-jobs'));
  return shell;
}

/** By keys, which it must still read. */
async function leaveForShell(shell: PtyProgram): Promise<void> {
  shell.type('4');
  await shell.until((screen) => screen.includes('copiloteval worker start'));
  shell.type('q');
  await shell.until((screen) => screen.trimEnd().endsWith('shell>'));
  expect(setModes(shell.raw())).toEqual([]);
  shell.type('exit\r');
  await shell.exited;
}

function start({ fault = '' }: { readonly fault?: string } = {}): DashboardPty {
  const cwd = tempDir();
  const faults = join(cwd, 'faults.mjs');
  writeFileSync(faults, FAULTS);
  return startDashboard({ cwd, inShell: true, env: { FAULT: fault, NODE_OPTIONS: `--import ${faults}` } });
}

function signal(name: NodeJS.Signals): (dashboard: DashboardPty) => void {
  return (dashboard) => void process.kill(dashboard.pid(), name);
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
  // A shell's own line editor turns pasting marks on at its prompt.
  set.delete('2004');
  return [...set];
}
