// What the dashboard says when something is wrong with what it looks at, and that it recovers by itself.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';

import { startProgram } from '../support/built-program.js';
import { openHome, startDashboard, type DashboardPty } from '../support/dashboard-pty.js';
import { openEmulatorProcess } from '../support/emulator-process.js';
import { tempDir } from '../support/temp-dir.js';

test('the broker is killed under it: it says so, keeps its queues on the screen, and goes on by itself', { timeout: 60_000 }, async () => {
  const cwd = tempDir();
  const emulator = await openEmulatorProcess({ directory: tempDir() });
  onTestFinished(() => emulator.kill());
  const env = {
    USE_SERVICE_BUS: 'true',
    AZURE_SERVICE_BUS_CONNECTION_STRING: emulator.connectionString,
    AZURE_SERVICE_BUS_ADMIN_ENDPOINT: emulator.adminEndpoint,
    AZURE_SERVICE_BUS_RETRY_DELAY: '0',
    LOG_LEVEL: 'silent',
  };
  const submit = (): Promise<unknown> => ended(startProgram(['submit', 'sleep', '--payload', '{"ms":1}'], { cwd, env }));
  await submit();
  const dashboard = startDashboard({ cwd, env });
  await dashboard.until((screen) => /evaluation-jobs +1 /.test(screen) && screen.includes('management requests/min'), 20_000);
  await emulator.kill();
  dashboard.type('r');
  const down = (await dashboard.until((screen) => screen.includes('DISCONNECTED') || /STALE|NO CONNECTION/.test(screen), 20_000)).join('\n');
  expect(down).toContain('evaluation-jobs');
  dashboard.type('3');
  await dashboard.until((screen) => screen.includes('── Dead letters'));
  dashboard.type('1');
  await emulator.start();
  await submit();
  await dashboard.until((screen) => /evaluation-jobs +2 /.test(screen) && !/DISCONNECTED|STALE|NO CONNECTION/.test(screen), 30_000);
  expect((await leave(dashboard)).broken).toEqual([]);
});

describe('a database', () => {
  test('that is new: what there is to do', async () => {
    const dashboard = startDashboard({ cwd: tempDir() });
    await dashboard.until((screen) => screen.includes('v nothing'));
    for (const [key, text] of [['2', 'copiloteval submit echo'], ['3', 'no dead letters'], ['4', 'copiloteval worker start']] as const) {
      dashboard.type(key);
      await dashboard.until((screen) => screen.includes(text));
    }
    await leave(dashboard);
  });

  test('that is damaged: its name, and what to do, after the terminal was given back', async () => {
    const cwd = tempDir();
    openHome(cwd).run('submit echo --payload {}');
    writeFileSync(join(cwd, 'home', 'copiloteval.db'), 'this is no database, and it is long enough to be read as one'.repeat(200));
    const dashboard = startDashboard({ cwd, inShell: true });
    const rows = await dashboard.until((screen) => screen.includes('AFTER'));
    expect(rows.join('')).toMatch(/not a copiloteval database or it is damaged.*\[DB_INVALID\].*--data-dir.*code=4/s);
  });

  test('that another process has locked: it waits, can be left, and goes on when the lock is gone', async () => {
    const cwd = tempDir();
    openHome(cwd).run('submit echo --payload {}');
    const other = new Database(join(cwd, 'home', 'copiloteval.db'));
    onTestFinished(() => void other.close());
    other.pragma('locking_mode = EXCLUSIVE');
    other.exec('BEGIN EXCLUSIVE');
    const impatient = startDashboard({ cwd });
    const patient = startDashboard({ cwd });
    await impatient.until((screen) => screen.includes('[default]') && screen.includes('connecting'));
    impatient.type('\u0003');
    await impatient.ended();
    await patient.until((screen) => screen.includes('still opening copiloteval.db: another process may hold it'));
    other.exec('COMMIT');
    other.close();
    await patient.until((screen) => /evaluation-jobs +1 /.test(screen));
    await leave(patient);
  });

  test('that is gone while it runs: it says so and does not end', async () => {
    const cwd = tempDir();
    openHome(cwd).run('submit echo --payload {}');
    const dashboard = startDashboard({ cwd });
    await dashboard.until((screen) => /evaluation-jobs +1 /.test(screen));
    const other = new Database(join(cwd, 'home', 'copiloteval.db'));
    onTestFinished(() => void other.close());
    other.exec('ALTER TABLE jobs RENAME TO jobs_elsewhere');
    dashboard.type('2');
    await dashboard.until((screen) => /STALE|NO CONNECTION/.test(screen));
    other.exec('ALTER TABLE jobs_elsewhere RENAME TO jobs');
    await dashboard.until((screen) => screen.includes('1 of 1') && !/STALE|NO CONNECTION/.test(screen));
    await leave(dashboard);
  });

  test('with 100 000 jobs: the first screen, the last row, a filter and the newest again', { timeout: 60_000 }, async () => {
    const cwd = tempDir();
    const submit = startProgram(['submit', '--from', '-'], { cwd });
    submit.stdin.end(Array.from({ length: 100_000 }, (_, n) => `{"type":"${n % 1000 === 7 ? 'echo' : 'sleep'}","payload":{"ms":${n}}}`).join('\n'));
    submit.stdout.resume();
    submit.stderr.resume();
    expect(await ended(submit)).toBe(0);
    const dashboard = startDashboard({ cwd });
    await dashboard.until((screen) => /evaluation-jobs +100k /.test(screen) && screen.includes('Jobs 100k'));
    dashboard.type('2');
    await dashboard.until((screen) => screen.includes('of 100,000') && screen.includes('sleep'));
    dashboard.type('\u0004\u0004\u0004');
    await dashboard.until((screen) => screen.includes('sleep'));
    dashboard.type('/type = echo\r');
    await dashboard.until((screen, rows) => screen.includes('── type = echo ──') && rows.filter((row) => / echo /.test(row)).length > 10 && !/ sleep /.test(screen));
    dashboard.type('\u001b');
    await dashboard.until((screen) => / sleep /.test(screen));
    expect((await leave(dashboard)).broken).toEqual([]);
  });
});

describe('a profile', () => {
  test('that does not exist: how to make it', async () => {
    const dashboard = startDashboard({ cwd: tempDir(), args: ['--profile', 'nope'], inShell: true });
    const rows = await dashboard.until((screen) => screen.includes('AFTER'));
    expect(rows.join('\n')).toMatch(/no profile "nope"[^]*copiloteval init --profile nope[^]*code=4/);
  });

  test('is switched inside, to one that works and to one that does not', async () => {
    const cwd = tempDir();
    const home = openHome(cwd);
    home.run('init --yes');
    home.run(`init --yes --profile other --set database=${join(cwd, 'other.db')}`);
    home.run(`init --yes --profile broken --set database=${join(cwd, 'broken.db')}`);
    writeFileSync(join(cwd, 'broken.db'), 'this is no database, and it is long enough to be read as one'.repeat(200));
    home.run('submit echo --payload {}');
    const dashboard = startDashboard({ cwd });
    await dashboard.until((screen) => screen.includes('[default]') && screen.includes('Jobs 1 '));
    dashboard.type('@');
    await dashboard.until((screen) => screen.includes('broken') && screen.includes('open now'));
    await choose(dashboard, 'broken');
    await dashboard.until((screen) => screen.includes('[default]') && /damaged/.test(screen));
    dashboard.type('@');
    await dashboard.until((screen) => screen.includes('open now'));
    await choose(dashboard, 'other');
    await dashboard.until((screen) => screen.includes('[other]') && screen.includes('other.db') && screen.includes('Jobs 0 '));
    expect((await leave(dashboard)).broken).toEqual([]);
  });
});

function chosen(rows: readonly string[]): string | undefined {
  return rows.find((row) => /│ +> \w/.test(row));
}

/** Moves down to the row of the list that begins with the name, and takes it. */
async function choose(dashboard: DashboardPty, name: string): Promise<void> {
  for (let moves = 0; moves < 5; moves += 1) {
    if (dashboard.screen().some((row) => new RegExp(`> ${name}\\b`).test(row))) break;
    const before = chosen(dashboard.screen());
    dashboard.type('j');
    // Half a frame may be there before the other half.
    await dashboard.until((_screen, rows) => chosen(rows) !== undefined && chosen(rows) !== before);
  }
  dashboard.type('\r');
}

async function leave(dashboard: DashboardPty): ReturnType<DashboardPty['audit']> {
  dashboard.type('\u0003');
  await dashboard.ended();
  return dashboard.audit();
}

function ended(child: ReturnType<typeof startProgram>): Promise<number | null> {
  return new Promise((resolve) => child.once('close', resolve));
}
