// A real terminal (tmux), a real worker, the real program: an incident from the first alert to replayed and verified.

import { expect, onTestFinished, test } from 'vitest';

import { PROGRAM, startProgram } from '../support/built-program.js';
import { auditFrames } from '../support/dashboard-audit.js';
import { openHome, wholeScreen } from '../support/dashboard-pty.js';
import { tempDir } from '../support/temp-dir.js';
import { HAS_TMUX, openTmux } from '../support/tmux.js';

test.runIf(HAS_TMUX)('an incident in tmux, from the first alert to replayed and verified', { timeout: 60_000 }, async () => {
  const cwd = tempDir();
  const home = openHome(cwd);
  home.run('init --yes --set retryBaseSeconds=0.1');
  const worker = startProgram(['worker', 'start'], { cwd });
  onTestFinished(() => void worker.kill('SIGKILL'));
  const window = await openTmux({ file: process.execPath, args: [PROGRAM, 'dashboard'], cwd, env: { COPILOTEVAL_HOME: `${cwd}/home`, COPILOTEVAL_USER: 'ada' } });
  await window.until((screen) => screen.includes('Workers 1') && screen.includes('v nothing'));

  // Something breaks: four jobs fail three times each.
  for (let job = 0; job < 4; job += 1) home.run(`submit fail --payload '{"times":3,"message":"upstream answered 503"}'`);
  await window.until((screen) => screen.includes('dead +4 in 10 m: DRILL_FAILURE'));
  await window.until((screen) => screen.includes('Dead letters 4!'));

  // What is it?
  await window.press('3');
  await window.until((screen) => /DRILL_FAILURE: upstream a.* 4 /.test(screen) && screen.includes('deliveries  1'));
  await window.press('Tab', 'Enter');
  await window.until((screen) => screen.includes('"times": 3'));
  await window.press('e');
  await window.until((screen) => screen.includes('upstream answered 503'));
  await window.press('Escape');
  await window.until((screen) => screen.includes('Dead letters: all queues'));
  await window.press('Escape');

  // Enter does not confirm, and what a replay would do is told before it does.
  await window.press('R');
  const plan = (await window.until((screen) => screen.includes('Replay 4 dead letters'))).join('\n');
  expect(plan).toContain('$ copiloteval dlq replay --queue evaluation-jobs --group G');
  await repeatUntil(window, 'Enter', (screen) => !screen.includes('Replay 4 dead letters'));
  expect(home.run('dlq groups')).toContain('DRILL_FAILURE');
  await window.press('R');
  await window.until((screen) => screen.includes('Replay 4 dead letters'));
  // A dialog takes no answer in its first moment: it is given until it is taken.
  await repeatUntil(window, 'y', (screen) => screen.includes('replayed 4, skipped 0, failed 0, unexplained 0'));
  await window.until((screen) => screen.includes('no dead letters'));

  // Verified: on the screen, in the job's own story, and by a command.
  await window.press('2');
  await window.until((screen) => screen.split('v Succeeded').length - 1 === 4);
  await window.press('Enter');
  await window.until((screen) => /replayed[^]*succeeded/.test(screen));
  await window.resize(80, 24);
  await window.until((screen, rows) => rows.length === 24 && screen.includes('── Job') && /\? help/.test(rows[23] ?? ''));
  await window.press('1');
  await window.until((screen) => /Dead letters {2}/.test(screen) && screen.includes('Queues'));
  await window.press('q');
  await window.until((screen) => screen.includes('code=0'));
  expect(home.run(`stats --check 'dlq=0'`)).toContain('dlq=0  holds');
  expect(home.run('dlq history')).toMatch(/replay.*ada|ada.*replay/);

  const raw = window.raw();
  const own = raw.slice(raw.indexOf('\u001b[?1049h'), raw.lastIndexOf('\u001b[?1049l') + '\u001b[?1049l'.length);
  const at = own.search(/\u001b\[0m\u001b\[2J/);
  const { broken, frames } = await auditFrames(own, [{ at: 0, columns: 100, rows: 30 }, { at: at - '\u001b[?2026h'.length, columns: 80, rows: 24 }], wholeScreen);
  expect(broken).toEqual([]);
  expect(frames).toBeGreaterThan(10);
});

async function repeatUntil(window: Awaited<ReturnType<typeof openTmux>>, key: string, fits: (screen: string) => boolean): Promise<void> {
  for (let tries = 0; tries < 20; tries += 1) {
    await window.press(key);
    const seen = await window.until(fits, 500).then(() => true, () => false);
    if (seen) return;
  }
  throw new Error(`${key} was pressed for nothing; the screen was:\n${(await window.screen()).join('\n')}`);
}
