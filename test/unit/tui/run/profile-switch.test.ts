// Another profile is opened while something goes on in the present one.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock, type Clock } from '../../../../src/ports/clock.js';
import { openHome, type Home } from '../../../cli/dlq-home.js';
import { openTestDashboard, type TestDashboard, type TestDashboardChange } from '../../../support/tui-dashboard.js';
import { typing } from '../../../support/tui-model.js';
import { until } from '../../../support/turns.js';

test('a payload that is edited meanwhile is no plan in the other profile, and an answer for a job opens none there', async () => {
  const { home, dashboard } = await openTwo({ clock: withoutPatience() });
  const { shows, press, terminal, model } = dashboard;
  const [job] = await home.world.deadJobs(1);
  let leaveEditor: (text: string) => void = () => undefined;
  let isEditing = false;
  terminal.edit = ({ text }) => {
    isEditing = true;
    return new Promise((resolve) => (leaveEditor = (word) => resolve(text.replace('{', `{"word":"${word}",`))));
  };
  press('3');
  // Not the line that tells of the letters: the groups.
  await shows(', 1 reason');
  await shows(job?.jobId ?? '');
  press('tab', 'E');
  await until(() => isEditing, 'the editor');
  press('@', 'down', 'enter');
  await shows('profile other is open');
  leaveEditor('changed');
  // Goes through the same steps after it, so what the editor left has been taken by then.
  press(':', ...typing('job 00000000'), 'enter');
  await until(() => model().flash?.tone === 'bad', 'the answer of the other profile');
  expect(model().dialog).toBeNull();
  expect(model().nextToken, 'no plan was asked for').toBe(1);
});

test('a plan that waits for its answer is given back to the profile it was made in', async () => {
  const gate = openGate();
  const { home, dashboard } = await openTwo({ beforeOther: gate.passed });
  const { shows, press, model } = dashboard;
  await home.world.deadJobs(3);
  press('3');
  // Not the line that tells of the letters: the groups.
  await shows(', 1 reason');
  press('@', 'down', 'enter');
  await shows('opening profile other');
  press('R');
  await shows('Replay 3 dead letters: plan R');
  gate.open();
  await shows('profile other is open');
  expect(model().dialog).toBeNull();
  await until(async () => (await home.world.ports.journal.list({ limit: 5 })).operations.length === 0, 'the plan to be forgotten');
  expect(await home.world.ports.deadLetters.count('evaluation-jobs')).toBe(3);
});

test('a replay that was begun meanwhile goes on in its profile to its end', async () => {
  const gate = openGate();
  const { home, dashboard } = await openTwo({ beforeOther: gate.passed });
  const { shows, press, answer, model } = dashboard;
  await home.world.deadJobs(2);
  press('3');
  // Not the line that tells of the letters: the groups.
  await shows(', 1 reason');
  press('@', 'down', 'enter');
  await shows('opening profile other');
  press('R');
  await shows('Replay 2 dead letters: plan R');
  // One a second: it still goes on when the other profile is open.
  await answer('s', 'down', 'enter');
  await shows('--rate 1/s');
  await answer('y');
  await until(() => model().running !== null, 'the replay');
  gate.open();
  await until(() => model().flash?.text.includes('profile other is not opened') === true || model().session.profile === 'other', 'an answer');
  expect(model().session.profile).toBe('default');
  await shows('replayed 2, skipped 0, failed 0, unexplained 0');
});

interface TwoProfiles {
  readonly home: Home;
  readonly dashboard: TestDashboard;
}

/** `default` is open, `other` is empty. */
async function openTwo(change: TestDashboardChange): Promise<TwoProfiles> {
  const home = await openHome();
  writeFileSync(join(home.dataDir, 'config.json'), JSON.stringify({ profile: 'default', profiles: { default: {}, other: { database: 'other.db' } } }));
  return { home, dashboard: await openTestDashboard(home.dataDir, { session: { profiles: ['default', 'other'] }, ...change }) };
}

/** What takes longer than the last steps of a profile may take is not waited for. */
function withoutPatience(): Clock {
  return { ...systemClock, sleep: (ms, signal) => (ms === 5_000 ? Promise.resolve() : systemClock.sleep(ms, signal)) };
}

function openGate(): { readonly open: () => void; readonly passed: () => Promise<void> } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, passed: () => opened };
}
