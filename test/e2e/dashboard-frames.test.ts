// Every byte that the dashboard writes, held against the rules of a screen that never flickers, while data changes under it,
// keys are pressed and the window gets other sizes. That a frame is one write is shown where the frame writer is tested.

import { setTimeout as pause } from 'node:timers/promises';

import { expect, onTestFinished, test } from 'vitest';

import { startProgram } from '../support/built-program.js';
import { openHome, startDashboard, type DashboardPty, type Home } from '../support/dashboard-pty.js';
import { tempDir } from '../support/temp-dir.js';

test('changing data, keys on every screen: only rows that changed are written, in whole frames', async () => {
  const home = await busyHome();
  const dashboard = startDashboard({ cwd: home.cwd });
  await dashboard.until((screen) => screen.includes('evaluation-jobs') && /Workers 1/.test(screen));
  const steps: readonly (readonly [string, RegExp])[] = [
    ['j', /Queues/], ['2', /STATUS[^]* > +[0-9a-f]{8} /], ['jjjjkG', /Jobs/], ['g', /Jobs/], ['\r', /── Job [0-9a-f]{8}/], ['\u001b', /STATUS/], ['/status = Succeeded', /status = Succeeded/], ['\u001b', /STATUS/],
    ['3', /Dead letters: all/], ['\t', /Dead letters/], ['4', /WORKER/], ['5', /── Log/], ['?', /type to filter/], ['\u001b', /── Log/], ['n', /New job/], ['\u001b', /── Log/], ['1', /Queues/],
  ];
  for (const [keys, shows] of steps) {
    dashboard.type(keys);
    await dashboard.until((screen) => shows.test(screen));
  }
  const { frames, broken, clears, rowsWritten } = await endAndAudit(dashboard);
  expect(broken).toEqual([]);
  expect(clears).toBe(0);
  expect(frames).toBeGreaterThan(steps.length);
  expect(rowsWritten / frames, 'not whole screens').toBeLessThan(25);
});

test('a window that gets other sizes again and again: one clear for each, never a torn screen', async () => {
  const home = await busyHome();
  const dashboard = startDashboard({ cwd: home.cwd });
  await dashboard.until((screen) => screen.includes('evaluation-jobs'));
  const sizes = [[120, 40], [80, 24], [48, 12], [60, 15], [200, 60], [100, 30]] as const;
  for (const [columns, rows] of sizes) {
    dashboard.resize(columns, rows);
    await dashboard.until((screen, lines) => isDrawnFor(screen, lines, columns, rows));
  }
  // A drag of the window's edge while keys are typed.
  for (let columns = 99; columns > 70; columns -= 1) {
    dashboard.resize(columns, 24 + (columns % 5));
    dashboard.type('j');
    await pause(3);
  }
  dashboard.resize(90, 26);
  await dashboard.until((screen, lines) => isDrawnFor(screen, lines, 90, 26));
  const { broken, clears } = await endAndAudit(dashboard);
  expect(broken).toEqual([]);
  expect(clears).toBeGreaterThanOrEqual(sizes.length);
  expect(clears, 'the drag is one size, or two').toBeLessThanOrEqual(sizes.length + 8);
});

test('a window that has another size for a moment only is drawn anew: what it showed meanwhile is anybody’s guess', async () => {
  const { cwd } = openHome(tempDir());
  const dashboard = startDashboard({ cwd });
  await dashboard.until((screen) => screen.includes('v nothing'));
  const from = dashboard.raw().length;
  dashboard.resize(80, 20);
  await pause(5);
  dashboard.resize(100, 30);
  await dashboard.until((screen, lines) => isDrawnFor(screen, lines, 100, 30) && /\u001b\[2J[^]*\u001b\[30;1H/.test(dashboard.raw().slice(from)));
  expect((await endAndAudit(dashboard)).broken).toEqual([]);
});

test('what row by row came to be on the screen is what a whole new drawing shows', async () => {
  const home = await busyHome();
  const dashboard = startDashboard({ cwd: home.cwd });
  await dashboard.until((screen) => /Workers 1/.test(screen));
  for (const keys of ['2', 'jjjj', '3', '1', 'p']) {
    dashboard.type(keys);
    await dashboard.until((screen) => screen !== '');
  }
  await dashboard.until((screen) => screen.includes('held') && screen.includes('── Queues'));
  const before = await still(dashboard);
  dashboard.resize(101, 30);
  await dashboard.until((screen, lines) => isDrawnFor(screen, lines, 101, 30));
  dashboard.resize(100, 30);
  await dashboard.until((screen, lines) => isDrawnFor(screen, lines, 100, 30));
  expect((await still(dashboard)).slice(1)).toEqual(before.slice(1));
  expect((await endAndAudit(dashboard)).broken).toEqual([]);
});

test('nothing is written while nothing changes', async () => {
  const home = openHome(tempDir());
  home.run('submit echo --payload {}');
  const dashboard = startDashboard({ cwd: home.cwd });
  await dashboard.until((screen) => screen.includes('evaluation-jobs') && screen.includes('Workers 0'));
  dashboard.type('2');
  await dashboard.until((screen) => screen.includes('1 of 1'));
  dashboard.type('p');
  await dashboard.until((screen) => screen.includes('held'));
  await still(dashboard);
  const from = dashboard.raw().length;
  await pause(1_500);
  // The minute of the clock may have changed, and a line that goes by itself: two rows at most.
  const since = dashboard.raw().slice(from);
  expect(since.split('\u001b[?2026h').length - 1).toBeLessThanOrEqual(2);
  expect(since.length).toBeLessThan(600);
  expect((await endAndAudit(dashboard)).broken).toEqual([]);
});

/** With a worker that always has something to do. */
async function busyHome(): Promise<Home> {
  const cwd = tempDir();
  const home = openHome(cwd);
  home.run('init --yes --set retryBaseSeconds=0.1');
  for (const payload of ['{"times":3,"message":"upstream answered 503"}', '{"times":1}']) home.run(`submit fail --payload '${payload}'`);
  const lines = Array.from({ length: 400 }, (_, number) => JSON.stringify({ type: 'sleep', payload: { ms: 20 + (number % 7) * 10 } }));
  const submit = startProgram(['submit', '--from', '-'], { cwd });
  submit.stdin.end(lines.join('\n'));
  expect(await new Promise((resolve) => submit.once('close', resolve))).toBe(0);
  const worker = startProgram(['worker', 'start', '--concurrency', '2'], { cwd });
  onTestFinished(() => void worker.kill('SIGKILL'));
  return home;
}

async function endAndAudit(dashboard: DashboardPty): ReturnType<DashboardPty['audit']> {
  dashboard.type('\u0003');
  await dashboard.ended();
  return dashboard.audit();
}

/** The newest screen is as wide and as tall as the window: the keys are on its last row, a rule is as wide as it is. */
function isDrawnFor(screen: string, rows: readonly string[], columns: number, height: number): boolean {
  if (rows.length !== height) return false;
  if (columns < 60 || height < 15) return screen.includes(`this is ${columns}x${height}`);
  return rows[2]?.length === columns && /\? help/.test(rows.at(-1) ?? '');
}

/** The screen, when two looks at it a while apart show the same. */
async function still(dashboard: DashboardPty): Promise<string[]> {
  for (let before = '', tries = 0; tries < 50; tries += 1) {
    await pause(150);
    const now = dashboard.screen();
    if (now.slice(1).join('\n') === before) return now;
    before = now.slice(1).join('\n');
  }
  throw new Error('the screen never stood still');
}
