// The same program in terminals that can do less, in windows of every size, and where there is no terminal at all.

import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { programEnv, PROGRAM, runProgram, startProgram } from '../support/built-program.js';
import { openHome, startDashboard, type DashboardPty, type Home } from '../support/dashboard-pty.js';
import * as contract from '../support/json-contract.js';
import { checked } from '../support/json-contract.js';
import { startInPty } from '../support/pty-program.js';
import { tempDir } from '../support/temp-dir.js';

let made: string;

beforeAll(() => {
  made = mkdtempSync(join(tmpdir(), 'copiloteval-places-'));
  const home = openHome(made);
  home.run('init --yes --set retryBaseSeconds=0.1');
  home.run(`submit fail --payload '{"times":9,"message":"upstream answered 503"}'`);
  home.run('worker start --drain');
});

afterAll(() => rmSync(made, { recursive: true, force: true }));

describe('windows', () => {
  test('60, 80, 100, 120 and 200 columns: every view is whole, and each title is as wide as the window', async () => {
    const home = deadHome();
    const dashboard = startDashboard({ cwd: home.cwd, columns: 60, rows: 15 });
    await dashboard.until((screen) => screen.includes('evaluation-jobs'));
    for (const [columns, rows] of [[60, 15], [80, 24], [100, 30], [120, 40], [200, 50]] as const) {
      dashboard.resize(columns, rows);
      for (const [key, title] of [['1', /Queues/], ['2', /Jobs/], ['3', /Dead letters/], ['4', /Workers/], ['5', /Log/]] as const) {
        dashboard.type(key);
        await dashboard.until((_screen, lines) => lines.length === rows && lines[2]?.length === columns && title.test(lines[2]) && /\? help/.test(lines[rows - 1] ?? ''));
      }
    }
    expect((await leave(dashboard)).broken).toEqual([]);
  });

  test('48×12 says what it needs, takes q and no other key, and goes on when it has grown', async () => {
    const home = deadHome();
    const dashboard = startDashboard({ cwd: home.cwd, columns: 48, rows: 12 });
    const rows = await dashboard.until((screen) => screen.includes('this is 48x12'));
    expect(rows.join('\n')).toMatch(/needs 60x15[^]*--once[^]*q quit/);
    dashboard.type('3R');
    dashboard.resize(80, 24);
    await dashboard.until((screen) => screen.includes('── Queues'));
    dashboard.resize(48, 12);
    await dashboard.until((screen) => screen.includes('this is 48x12'));
    dashboard.type('q');
    expect(await dashboard.exited).toMatchObject({ exitCode: 0 });
  });

  test('a terminal that does not say how large it is gets COLUMNS and LINES', async () => {
    const { cwd } = deadHome();
    const dashboard = startInPty({
      file: 'sh',
      args: ['-c', `stty rows 0 cols 0; exec '${process.execPath}' '${PROGRAM}' dashboard`],
      env: { HOME: cwd, COPILOTEVAL_HOME: `${cwd}/home`, COLUMNS: '90', LINES: '20' },
      cwd,
    });
    await dashboard.until((screen, rows) => screen.includes('evaluation-jobs') && rows[2]?.length === 90 && /\? help/.test(rows[19] ?? ''));
    dashboard.type('q');
    await dashboard.exited;
  });
});

describe('what a terminal can show', () => {
  test('a locale that is not UTF-8: every byte is ASCII, and the screen says the same', async () => {
    const { cwd } = deadHome();
    for (const env of [{ LANG: 'C' }, { LANG: 'C.UTF-8', LC_ALL: 'POSIX' }, { LANG: undefined, LC_CTYPE: 'de_DE.ISO-8859-1' }, { TERM: 'linux' }]) {
      const dashboard = startDashboard({ cwd, env });
      await dashboard.until((screen) => screen.includes('-- Queues') && screen.includes('dead +1 in 10 m'));
      await leave(dashboard);
      expect(dashboard.raw()).toMatch(/^[\u0000-\u007f]*$/);
    }
  });

  test('NO_COLOR: no colour is sent, and the selected row still stands out', async () => {
    const dashboard = startDashboard({ cwd: deadHome().cwd, env: { NO_COLOR: '1' } });
    const rows = await dashboard.until((screen) => screen.includes('> evaluation-jobs'));
    expect(coloursIn(dashboard)).toEqual([]);
    const cell = dashboard.terminal().buffer.active.getLine(rows.findIndex((row) => row.includes('> evaluation-jobs')))?.getCell(3);
    expect(cell?.isInverse()).toBeTruthy();
    await leave(dashboard);
  });

  test.each([['default', ['31', '36']], ['cvd', ['38']], ['high-contrast', ['91']], ['mono', []]])('--theme %s', async (theme, wanted) => {
    const dashboard = startDashboard({ cwd: deadHome().cwd, args: ['--theme', theme] });
    await dashboard.until((screen) => screen.includes('dead +1 in 10 m'));
    const colours = coloursIn(dashboard);
    if (wanted.length === 0) expect(colours).toEqual([]);
    else expect(colours).toEqual(expect.arrayContaining(wanted));
    await leave(dashboard);
  });

  test('TERM=dumb prints one frame without an escape', async () => {
    const dashboard = startDashboard({ cwd: deadHome().cwd, env: { TERM: 'dumb' }, inShell: true });
    await dashboard.ended();
    expect(dashboard.raw()).toContain('code=0');
    expect(dashboard.raw()).toContain('── Queues');
    expect(dashboard.raw()).not.toContain('\u001b');
  });
});

describe('without a terminal', () => {
  test('stdout in a pipe: one frame, no escapes, and Ink is not read', () => {
    const home = deadHome();
    const text = home.run('dashboard');
    expect(text).toMatch(/── Queues[^]*dead \+1 in 10 m/);
    expect(text).not.toContain('\u001b');
  });

  test('stdin in a pipe: an error that says what to do, and nothing drawn', async () => {
    const { cwd } = deadHome();
    const piped = startInPty({ file: 'sh', args: ['-c', `echo q | '${process.execPath}' '${PROGRAM}' dashboard; echo "code=$?"; read _`], env: { HOME: cwd, COPILOTEVAL_HOME: `${cwd}/home` }, cwd });
    const rows = await piped.until((screen) => screen.includes('code='));
    expect(rows.join('\n')).toMatch(/standard input[^]*--once[^]*code=2/);
    expect(piped.raw()).not.toContain('\u001b[?1049h');
    piped.type('\r');
    await piped.exited;
  });

  test('a reader that goes away ends it quietly', async () => {
    const { cwd } = deadHome();
    const child = spawn('sh', ['-c', `'${process.execPath}' '${PROGRAM}' dashboard --once --view jobs | head -1`], { cwd, env: programEnv({ cwd }) });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk) => (stdout += String(chunk)));
    child.stderr.on('data', (chunk) => (stderr += String(chunk)));
    await new Promise((resolve) => child.once('close', resolve));
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toBe('');
  });

  test('-o json is as docs/json-output.md says, in every view', () => {
    const home = deadHome();
    home.run(`submit sleep --payload '{"ms":1}'`);
    const schemas = { overview: contract.dashboardOverview, jobs: contract.dashboardJobs, dead: contract.dashboardDead, workers: contract.dashboardLive, log: contract.dashboardLive };
    for (const [view, schema] of Object.entries(schemas)) {
      const frame: { readonly view: string } = checked(schema, JSON.parse(home.run(`dashboard --once --view ${view} -o json`)));
      expect(frame.view).toBe(view);
    }
    const dead = checked(contract.dashboardDead, JSON.parse(home.run('dashboard --view dead -o json')));
    expect(dead.letters?.letters).toHaveLength(1);
    const jobs = checked(contract.dashboardJobs, JSON.parse(home.run(`dashboard --view jobs --filter 'type = sleep' -o json`)));
    expect(jobs.jobs.rows.map(({ type, status }) => [type, status])).toEqual([['sleep', 'Queued']]);
    expect(jobs.jobs).toMatchObject({ total: 2, fitting: 1 });
  });

  test('--plain appends a line per change, as text and as JSON, without an escape, until it is told to stop', async () => {
    const home = deadHome();
    for (const words of [[], ['-o', 'json']]) {
      const plain = startProgram(['dashboard', '--plain', ...words], { cwd: home.cwd });
      onTestFinished(() => void plain.kill('SIGKILL'));
      let text = '';
      const shows = (wanted: string): Promise<void> => new Promise((resolve) => plain.stdout.on('data', () => text.includes(wanted) && resolve()));
      plain.stdout.on('data', (chunk) => (text += String(chunk)));
      await shows('evaluation-jobs dead 1');
      const grown = shows('evaluation-jobs waiting');
      home.run(`submit sleep --payload '{"ms":1}'`);
      await grown;
      plain.kill('SIGTERM');
      expect(await new Promise((resolve) => plain.once('exit', (code) => resolve(code)))).toBe(143);
      expect(text).not.toContain('\u001b');
      if (words.length > 0) for (const line of text.trimEnd().split('\n')) checked(contract.dashboardChange, JSON.parse(line));
    }
  });

  test('a filter or a view that does not exist is an error with exit code 2, with and without a terminal', async () => {
    const { cwd } = deadHome();
    expect(runProgram(['dashboard', '--once', '--filter', 'typ = echo'], { cwd })).toMatchObject({ code: 2 });
    expect(runProgram(['dashboard', '--view', 'nothing'], { cwd })).toMatchObject({ code: 2 });
    const dashboard = startDashboard({ cwd, args: ['--filter', 'typ = echo'], inShell: true });
    const rows = await dashboard.until((screen) => screen.includes('code='));
    expect(rows.join('\n')).toContain('did you mean');
    // What stood there while the program was read in is gone.
    expect(dashboard.raw().split('\u001b[?1049l').at(-1)).toContain('did you mean');
  });
});

/** A copy of the one with one job that failed for good. */
function deadHome(): Home {
  const cwd = tempDir();
  cpSync(made, cwd, { recursive: true });
  return openHome(cwd);
}

async function leave(dashboard: DashboardPty): ReturnType<DashboardPty['audit']> {
  dashboard.type('\u0003');
  await dashboard.ended();
  return dashboard.audit();
}

/** First numbers of the colour sequences that were sent. */
function coloursIn(dashboard: DashboardPty): string[] {
  const codes = [...dashboard.raw().matchAll(/\u001b\[(\d+)[\d;]*m/g)].map((match) => match[1] ?? '');
  return [...new Set(codes)].filter((code) => /^(3[0-8]|4[0-8]|9\d|10\d)$/.test(code));
}
