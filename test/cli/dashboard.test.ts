import { expect, test } from 'vitest';
import { runCli, runJson, startCli } from '../support/run-cli.js';
import { tempDir } from '../support/temp-dir.js';
import { openHome } from './dlq-home.js';

test('into a pipe it is one frame as text, without escapes', async () => {
  const home = await openHome();
  await home.world.deadJobs(2);
  const { code, stdout, stderr } = await home.run('dashboard');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('── Queues (');
  expect(stdout).toContain('evaluation-jobs');
  expect(stdout).toContain('dead +2 in 10 m');
  expect(stdout).not.toMatch(/\u001B/);
  for (const row of stdout.trimEnd().split('\n')) expect(row.length).toBeLessThanOrEqual(100);
});

test('every view can be printed, and COLUMNS says how wide', async () => {
  const home = await openHome();
  await home.world.deadJobs(1);
  const shown: Record<string, string> = { overview: 'Queues', jobs: 'DeadLettered', dead: 'ATTEMPTS_EXHAUSTED', workers: 'no worker is alive', log: 'Log' };
  for (const [view, text] of Object.entries(shown)) {
    const { code, stdout } = await home.run(`dashboard --once --view ${view}`, { env: { COLUMNS: '80' } });
    expect(code).toBe(0);
    expect(stdout).toContain(text);
    for (const row of stdout.trimEnd().split('\n')) expect(row.length).toBeLessThanOrEqual(80);
  }
});

test('--ascii and a locale without UTF-8 print ASCII only', async () => {
  for (const [words, env] of [['dashboard --once --ascii', {}], ['dashboard --once', { LC_ALL: 'C' }]] as const) {
    const { stdout } = await (await openHome()).run(words, { env });
    expect(stdout).toMatch(/^[ -~\n]+$/);
    expect(stdout).toContain('-- Queues');
  }
});

test('-o json prints the data with its version', async () => {
  const home = await openHome();
  await home.world.deadJobs(1);
  const answer = (await runJson(['dashboard', '--view', 'dead'], { dataDir: home.dataDir })) as Record<string, unknown>;
  expect(answer).toMatchObject({ schemaVersion: 1, view: 'dead', source: 'sqlite', profile: 'default', groups: { inQueues: 1 }, letters: { letters: [{ queue: 'evaluation-jobs' }] } });
});

test('--filter narrows jobs, and one that cannot be read ends with its place', async () => {
  const dataDir = tempDir();
  await runCli(['submit', 'echo', '--payload', '{}'], { dataDir });
  await runCli(['submit', 'sleep', '--payload', '{"ms":1}'], { dataDir });
  const { stdout } = await runCli(['dashboard', '--once', '--view', 'jobs', '--filter', 'type = sleep'], { dataDir });
  expect(stdout).toContain('sleep');
  expect(stdout).not.toContain('echo');
  expect(await runCli(['dashboard', '--once', '--filter', 'typ = sleep'], { dataDir })).toMatchObject({ code: 2, stderr: expect.stringContaining('[WHERE_INVALID]') });
});

test('keys that come from a pipe are no terminal', async () => {
  const { code, stderr } = await runCli(['dashboard'], { terminal: true, stdin: 'q', env: { TERM: 'xterm' }, stdinIsTerminal: false });
  expect(code).toBe(2);
  expect(stderr).toContain('--once');
});

test('TERM=dumb prints one frame', async () => {
  const { code, stdout } = await runCli(['dashboard'], { terminal: true, columns: 80, env: { TERM: 'dumb' } });
  expect(code).toBe(0);
  expect(stdout).toContain('Queues');
});

test('--plain appends a line per change until it is stopped', async () => {
  const dataDir = tempDir();
  await runCli(['submit', 'echo', '--payload', '{}'], { dataDir });
  const { streams, send, ended } = startCli(['dashboard', '--plain'], { dataDir });
  await streams.stdout.shows('evaluation-jobs waiting 1');
  await runCli(['submit', 'echo', '--payload', '{}'], { dataDir });
  await streams.stdout.shows('evaluation-jobs waiting 1 -> 2 (+1)');
  send('SIGINT');
  expect((await ended).code).toBe(130);
});

test('a profile that does not exist is an error with its remedy', async () => {
  expect(await runCli(['dashboard', '--profile', 'nope'], {})).toMatchObject({ code: 4, stderr: expect.stringContaining('copiloteval init --profile nope') });
});
