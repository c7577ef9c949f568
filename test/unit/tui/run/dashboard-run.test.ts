import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { shortId } from '../../../../src/domain/ids.js';
import { openHome } from '../../../cli/dlq-home.js';
import { openTestDashboard } from '../../../support/tui-dashboard.js';
import { typing } from '../../../support/tui-model.js';
import { tempDir } from '../../../support/temp-dir.js';
import { until } from '../../../support/turns.js';

test('an empty data directory: what there is to do is on the screen', async () => {
  const { shows, press } = await openTestDashboard(tempDir());
  await shows('evaluation-jobs');
  await shows('v nothing');
  press('2');
  await shows('no jobs yet');
  press('3');
  await shows('no dead letters');
  press('4');
  await shows('copiloteval worker start');
});

test('an incident, from the first alert to replayed and verified', async () => {
  const home = await openHome();
  const jobs = await home.world.deadJobs(5);
  const { shows, press, answer, model, screen } = await openTestDashboard(home.dataDir);
  await shows('dead +5 in 10 m');
  press('3');
  await shows('ATTEMPTS_EXHAUSTED');
  await shows(shortId(jobs[0]?.jobId ?? ''));
  press('R');
  await shows('Replay 5 dead letters: plan R');
  expect(screen()).toContain('$ copiloteval dlq replay --queue evaluation-jobs --group G');
  press('enter');
  expect(model().dialog?.kind, 'a key of the first moment does nothing').toBe('ask');
  await answer('y');
  await shows('replayed 5, skipped 0, failed 0, unexplained 0');
  await shows('no dead letters');
  press('2');
  await shows('o Queued');
  expect(await home.world.ports.deadLetters.count('evaluation-jobs')).toBe(0);
  for (const { jobId } of jobs) expect((await home.world.ports.store.get(jobId))?.status).toBe('Queued');
});

test('a purge is typed, kept in the trash, and brought back', async () => {
  const home = await openHome();
  await home.world.deadJobs(3);
  const { shows, press, answer, screen } = await openTestDashboard(home.dataDir);
  press('3');
  await shows('ATTEMPTS_EXHAUSTED');
  press('P');
  await shows('type  purge 3  to go on');
  expect(screen()).toMatch(/\d+[smhd]( ?\.\.\d+[smhd])? old, [\d.]+(Ki)?B/);
  await answer('y', 'enter', 'backspace', ...typing('purge 2'));
  expect(await home.world.ports.deadLetters.count('evaluation-jobs')).toBe(3);
  press('backspace', '3');
  await shows('purged 3, skipped 0, failed 0, unexplained 0');
  expect(await home.world.ports.deadLetters.count('evaluation-jobs')).toBe(0);
  press('o');
  await shows('purge --group');
  press('B');
  await shows('Restore 3 dead letters');
  await answer('y');
  await shows('restored 3');
  expect(await home.world.ports.deadLetters.count('evaluation-jobs')).toBe(3);
});

test('a refused plan leaves nothing behind', async () => {
  const home = await openHome();
  await home.world.deadJobs(2);
  const { shows, press, answer, profile } = await openTestDashboard(home.dataDir);
  press('3');
  await shows('ATTEMPTS_EXHAUSTED');
  press('R');
  await shows('Replay 2 dead letters');
  await answer('n');
  await shows('nothing was changed');
  const { journal } = await profile.ports.operationFiles();
  await until(async () => (await journal.list({ limit: 5 })).operations.length === 0, 'the plan to be forgotten');
  expect(await home.world.ports.deadLetters.count('evaluation-jobs')).toBe(2);
});

test('an edited payload is planned, shown as a difference, and replayed', async () => {
  const home = await openHome();
  const job = await home.world.deadJob({ payload: { url: 'http://a', retries: 1 } });
  const { shows, press, answer, terminal, screen } = await openTestDashboard(home.dataDir);
  terminal.editor = (text) => text.replace('http://a', 'http://b');
  press('3');
  await shows('ATTEMPTS_EXHAUSTED');
  await shows(shortId(job.jobId));
  press('tab', 'E');
  await shows('- url: "http://a"');
  expect(screen()).toContain('+ url: "http://b"');
  await answer('y');
  await shows('replayed 1');
  expect((await home.world.ports.store.get(job.jobId))?.payload).toEqual({ url: 'http://b', retries: 1 });
});

test('jobs are cancelled and retried by marks, and the change is in the audit log', async () => {
  const home = await openHome();
  for (const number of [1, 2, 3]) await home.run(`submit echo --payload {"n":${number}}`);
  const { shows, press, answer, profile, model } = await openTestDashboard(home.dataDir);
  press('2');
  await shows('3 of 3');
  press('space', 'space', 'C');
  await shows('Cancel 2 jobs');
  await answer('y');
  await shows('2 of 2 cancelled');
  await shows('- Cancelled');
  expect(model().lists.jobs.marks).toEqual([]);
  press('*', '*', 'R');
  await shows('Retry 3 jobs');
  await answer('y');
  await shows('2 of 3 queued again, 1 not');
  const { audit } = await profile.ports.operationFiles();
  const changes = await audit.list({ limit: 5 });
  expect(changes.map(({ what, by, outcome }) => [what.split(' ')[0], by, outcome?.changed, outcome?.failed])).toEqual([
    ['retry', 'ada', 2, 1],
    ['cancel', 'ada', 2, 0],
  ]);
});

test('a new job is checked, submitted, watched and rung for', async () => {
  const dataDir = tempDir();
  const { shows, press, answer, terminal, profile } = await openTestDashboard(dataDir);
  await shows('evaluation-jobs');
  press('n');
  await shows('return the payload');
  press('tab', 'ctrl-u', ...typing('{"hello":'), 'ctrl-s');
  await shows('payload is not JSON');
  press(...typing('"you"}'), 'ctrl-s');
  await shows('$ copiloteval submit echo --payload');
  await answer('y');
  await shows('is in evaluation-jobs');
  const [job] = (await profile.ports.store.list({ filter: {}, limit: 1 })).jobs;
  expect(job?.payload).toEqual({ hello: 'you' });
  const { cancelJob } = await import('../../../../src/services/cancel-jobs.js');
  await cancelJob(profile.ports, job?.jobId ?? '', 'somebody');
  await shows(`job ${shortId(job?.jobId ?? '')} (echo) is Cancelled`);
  expect(terminal.bells).toBe(1);
});

test('a filter that cannot be read says where; one that can narrows the list', async () => {
  const home = await openHome();
  await home.run('submit echo --payload {}');
  await home.run('submit sleep --payload {"ms":1}');
  const { shows, press, screen } = await openTestDashboard(home.dataDir);
  press('2');
  await shows('2 of 2');
  press('/', ...typing('typ = echo'), 'enter');
  await until(() => /type/.test(screen().split('\n').at(-1) ?? ''), 'the hint');
  press('ctrl-u', ...typing('type = echo'), 'enter');
  await shows('1 of 2');
  press('escape');
  await shows('2 of 2');
});

test('messages are saved to a file, and never over one', async () => {
  const home = await openHome();
  await home.world.deadJobs(2);
  const { shows, press } = await openTestDashboard(home.dataDir);
  press('3');
  await shows('ATTEMPTS_EXHAUSTED');
  press('s', 'enter');
  await shows('2 dead letters saved to ./dead-letters.jsonl');
  expect(readFileSync(join(home.dataDir, 'dead-letters.jsonl'), 'utf8').trim().split('\n')).toHaveLength(2);
  press('s', 'enter');
  await shows('there is a file of this name');
});

test('read-only blocks every change, in a production profile until --write', async () => {
  const home = await openHome();
  await home.world.deadJobs(1);
  const { shows, press, model } = await openTestDashboard(home.dataDir, { session: { readOnly: true, production: true } });
  press('3');
  await shows('ATTEMPTS_EXHAUSTED');
  press('R');
  await shows('read-only: nothing is changed (start again with --write)');
  press(':', ...typing('readonly off'), 'enter');
  await shows('this is a production profile');
  expect(model().session.readOnly).toBe(true);
});

test('in production a change needs its reason and a purge is typed with its queue', async () => {
  const home = await openHome();
  await home.world.deadJobs(2);
  const { shows, press, answer, profile } = await openTestDashboard(home.dataDir, { session: { production: true, reasonRequired: true } });
  press('3');
  await shows('ATTEMPTS_EXHAUSTED');
  press('P');
  await shows('this profile wants a reason');
  press(...typing('test data'), 'enter');
  await shows('type  evaluation-jobs 2  to go on');
  await answer(...typing('evaluation-jobs 2'));
  await shows('purged 2');
  const { journal } = await profile.ports.operationFiles();
  expect((await journal.list({ limit: 1 })).operations[0]?.operation.reasonText).toBe('test data');
});

test('what the profile allows at once is not exceeded', async () => {
  const home = await openHome();
  await home.world.deadJobs(3);
  const { shows, press, model } = await openTestDashboard(home.dataDir, { session: { maxAffected: 2 } });
  press('3');
  await shows('ATTEMPTS_EXHAUSTED');
  press('R');
  await shows('this profile allows 2 at once');
  expect(model().dialog).toBeNull();
});

test('quitting answers with 0 and leaves no plan behind', async () => {
  const home = await openHome();
  await home.world.deadJobs(1);
  const { shows, press, run } = await openTestDashboard(home.dataDir);
  press('3');
  await shows('ATTEMPTS_EXHAUSTED');
  press('R');
  await shows('Replay 1 dead letter');
  press('ctrl-c');
  expect(await run.ended).toBe(0);
  await run.close();
  expect((await home.world.ports.journal.list({ limit: 5 })).operations).toEqual([]);
  expect(await home.world.ports.deadLetters.count('evaluation-jobs')).toBe(1);
});
