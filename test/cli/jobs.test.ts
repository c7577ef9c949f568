import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { runCli, runJson, startCli, type RunCliOptions } from '../support/run-cli.js';
import { tempDir } from '../support/temp-dir.js';

let dataDir = '';
beforeEach(() => {
  dataDir = tempDir();
});

/** Everything that acts on a terminal when it is printed as it is. */
const HOSTILE = '\u001b[31mred\u001b[0m \u001b]0;title\u0007 \u009b2J \u202egnp.exe \u0000 line\nbreak';

describe('list', () => {
  test('says what to do when there is nothing, and when nothing fits', async () => {
    expect(await cli(['list'])).toEqual({ code: 0, stdout: '', stderr: `no jobs yet  submit one: copiloteval submit echo --payload '{"hello":"world"}'\n` });
    expect((await cli(['list', '--status', 'Failed'])).stderr).toBe('no jobs fit  leave a filter out to see more\n');
  });

  test('shows jobs newest first, by the end of their id', async () => {
    const first = await submit('echo');
    const second = await submit('sleep', ['--payload', '{"ms":1}', '--label', 'team=search']);
    const [header, ...rows] = (await cli(['list'])).stdout.trimEnd().split('\n');
    expect(header).toMatch(/^ID +STATUS +TYPE +CREATED +ATT +NOTE$/);
    expect(rows.map((row) => row.split(/ {2,}/).slice(0, 3))).toEqual([
      [second.slice(-8), 'Queued', 'sleep'],
      [first.slice(-8), 'Queued', 'echo'],
    ]);
    expect(rows[0]).toMatch(/0\/3 {2}team=search$/);
  });

  test.each<[filter: readonly string[], found: number]>([
    [['--status', 'queued'], 2],
    [['--status', 'Queued,Failed', '--type', 'bulk_evaluation'], 0],
    [['--type', 'echo', '--type', 'sleep'], 2],
    [['--queue', 'evaluation-jobs', '--user', 'ada'], 1],
    [['--label', 'team=search'], 1],
    [['--label', 'team=search', '--label', 'run=8'], 0],
    [['--since', '1h', '--until', '0'], 2],
    [['--until', '1h'], 0],
    [['--where', 'type = sleep and payload.ms = 1'], 1],
    [['--limit', '1'], 1],
  ])('%j finds %d', async (filter, found) => {
    await submit('echo', ['--user', 'ada']);
    await submit('sleep', ['--payload', '{"ms":1}', '--label', 'team=search', '--label', 'run=7']);
    expect(((await json(['list', ...filter])) as { jobs: unknown[] }).jobs).toHaveLength(found);
  });

  test('goes on behind a page with its cursor', async () => {
    const ids = [await submit('echo'), await submit('echo'), await submit('echo')];
    const { stdout, stderr } = await cli(['list', '--limit', '2']);
    const cursor = /more: --cursor (\S+)/.exec(stderr)?.[1] ?? '';
    const second = await cli(['list', '--limit', '2', '--cursor', cursor]);
    const shown = `${stdout}${second.stdout}`.match(/^[\da-f]{8}/gm);
    expect(shown).toEqual(ids.map((id) => id.slice(-8)).reverse());
    expect(second.stderr).toBe('');
  });

  test.each([60, 80, 120])('fits a terminal of %d columns', async (columns) => {
    await submit('echo', ['--label', `long=${'x'.repeat(200)}`]);
    const { stdout } = await cli(['list'], { terminal: true, columns });
    for (const line of stdout.trimEnd().split('\n')) expect(line.replace(/\u001b\[\d+m/g, '').length).toBeLessThanOrEqual(columns);
    expect(stdout).toContain('○ Queued');
  });

  test('has no colours with --no-color on a terminal', async () => {
    await submit('echo');
    expect((await cli(['list', '--no-color'], { terminal: true })).stdout).not.toContain('\u001b');
  });
});

describe('text that came from outside', () => {
  test.each(['list', 'status', 'why', 'tail', 'logs', 'results'])('cannot act on the terminal through %s', async (command) => {
    const payload = JSON.stringify({ mode: 'permanent', message: HOSTILE });
    const label = ['--label', `note=${HOSTILE}`, '--instructions', HOSTILE];
    const id = await submit('fail', ['--payload', payload, ...label]);
    const echo = await submit('echo', ['--payload', JSON.stringify(HOSTILE)]);
    await cli(['worker', 'start', '--drain', '-q']);
    const chosen = command === 'list' ? [] : [command === 'results' ? echo : id];
    const { stdout, stderr } = await cli([command, ...chosen, '--no-color'], { terminal: true, columns: 200 });
    expect(stdout + stderr).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
    if (command !== 'logs') expect(stdout).toContain('red');
  });
});

describe('status and why', () => {
  test('tell the whole story of a job that was dead-lettered', async () => {
    const id = await submit('fail', ['--payload', '{"message":"on purpose"}']);
    await cli(['worker', 'start', '--drain', '-q'], { env: { AZURE_SERVICE_BUS_RETRY_DELAY: '0' } });
    const status = await cli(['status', id.slice(-8)]);
    expect(status.stdout).toMatch(/^status +DeadLettered$/m);
    expect(status.stdout).toMatch(/^attempt +3 of 3$/m);
    expect(status.stdout.match(/ {2}(submitted|started|retry-scheduled|dead-lettered)/g)).toHaveLength(1 + 3 + 2 + 1);
    const why = await cli(['why', id.slice(-8)]);
    expect(why.stdout).toContain('It is dead-lettered after 3 attempts');
    expect(why.stdout).toContain(`copiloteval dlq replay --queue evaluation-jobs --job ${id.slice(-8)}`);
    expect(why.stdout).toMatch(/dead letter \d+ in evaluation-jobs/);
  });
});

describe('tail and logs', () => {
  test('follow a job until it has ended', async () => {
    const id = await submit('echo');
    const tail = startCli(['tail', id], { dataDir });
    await tail.streams.stdout.shows('submitted');
    await cli(['worker', 'start', '--drain', '-q']);
    const { code, stdout } = await tail.ended;
    expect(code).toBe(0);
    expect(stdout.match(/submitted|started|succeeded/g)).toEqual(['submitted', 'started', 'succeeded']);
  });

  test('follow all jobs until Ctrl-C', async () => {
    const tail = startCli(['tail', '--type', 'echo', '-o', 'jsonl'], { dataDir });
    await untilOpen();
    await submit('sleep', ['--payload', '{"ms":1}']);
    const ids = [];
    // The tail begins at some moment: jobs before it are not its matter.
    do ids.push(await submit('echo'));
    while (tail.streams.stdout.text === '' && ids.length < 50);
    tail.send('SIGINT');
    const { code, stdout } = await tail.ended;
    expect(code).toBe(130);
    for (const line of stdout.trimEnd().split('\n')) expect(JSON.parse(line)).toMatchObject({ type: 'submitted', jobType: 'echo' });
  });

  test('name the file that an attempt with very many lines has left', async () => {
    const module = join(dataDir, 'chatty.mjs');
    writeFileSync(module, `export default { type: 'chatty', run: async ({ log }) => { for (let n = 1; n <= 1200; n += 1) log.info('line ' + n); } };`);
    writeFileSync(join(dataDir, 'config.json'), JSON.stringify({ profile: 'own', profiles: { own: { handlers: [module] } } }));
    const id = await submit('chatty');
    await cli(['worker', 'start', '--drain', '-q']);
    const { stdout, stderr } = await cli(['logs', id]);
    expect(stdout.trimEnd().split('\n')).toHaveLength(1000);
    expect(stderr).toBe(`these are its newest lines; all of an attempt: copiloteval results ${id.slice(-8)} --artifact start-1.log\n`);
    expect((await cli(['results', id, '--artifact', 'start-1.log'])).stdout.trimEnd().split('\n')).toHaveLength(1200);
  });

  test('say so when a handler wrote nothing', async () => {
    const id = await submit('echo');
    expect((await cli(['logs', id])).stderr).toBe('nothing yet; follow it with -f\n');
    await cli(['worker', 'start', '--drain', '-q']);
    expect((await cli(['logs', id])).stderr).toBe('the handler wrote nothing\n');
  });
});

describe('cancel and retry', () => {
  test('change the jobs that were named', async () => {
    const id = await submit('echo');
    expect(await cli(['cancel', id])).toEqual({ code: 0, stdout: `${id.slice(-8)}  cancelled\n`, stderr: '' });
    expect((await cli(['retry', id])).stdout).toBe(`${id.slice(-8)}  queued again\n`);
  });

  test('show what an expression fits and ask on a terminal', async () => {
    const id = await submit('echo');
    const no = await cli(['cancel', '--where', 'type = echo', '--no-color'], { terminal: true, stdin: 'n\n' });
    expect(no).toMatchObject({ code: 7, stderr: expect.stringContaining('1 job fits: 1 Queued; 1 echo') as string });
    expect(no.stderr).toContain('cancel 1 job? [y/N]');
    expect(await json(['status', id])).toMatchObject({ status: 'Queued' });
    const yes = await cli(['cancel', '--where', 'type = echo'], { terminal: true, stdin: 'y\n' });
    expect(yes.code).toBe(0);
    expect(await json(['status', id])).toMatchObject({ status: 'Cancelled' });
  });

  test('need --yes without a terminal when an expression chooses', async () => {
    const id = await submit('echo');
    expect(await cli(['cancel', '--where', 'type = echo'])).toMatchObject({ code: 7, stderr: expect.stringContaining('[CONFIRMATION_REQUIRED]') as string });
    expect((await cli(['cancel', '--where', 'type = echo', '--yes'])).code).toBe(0);
    expect(await json(['status', id])).toMatchObject({ status: 'Cancelled' });
  });

  test('change nothing in a dry run', async () => {
    const id = await submit('echo');
    expect((await cli(['cancel', id, '--dry-run'])).stdout).toBe(`${id}\nwould cancel 1 job; nothing was changed (--dry-run)\n`);
    expect(await json(['status', id])).toMatchObject({ status: 'Queued' });
  });

  test.each<[argv: readonly string[], exit: number, code: string]>([
    [['cancel'], 2, 'USAGE_INVALID'],
    [['cancel', '0badc0de', '--where', 'type = echo'], 2, 'USAGE_INVALID'],
    [['cancel', '0badc0de'], 6, 'JOB_NOT_FOUND'],
    [['cancel', '0badc0de', '0badc0d1'], 6, 'JOB_NOT_FOUND'],
    [['retry', 'nonsense'], 2, 'INPUT_INVALID'],
    [['retry', '--where', 'statu = x'], 2, 'WHERE_INVALID'],
  ])('%j ends with %d', async (argv, exit, code) => {
    expect(await cli(argv)).toMatchObject({ code: exit, stderr: expect.stringContaining(`[${code}]`) as string });
  });

  test('end with 1 when no job allows it and with 8 when some did', async () => {
    const done = await submit('echo');
    await cli(['worker', 'start', '--drain', '-q']);
    expect(await cli(['cancel', done])).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('already ended: Succeeded') as string });
    const waiting = await submit('echo');
    const mixed = await cli(['cancel', done, waiting]);
    expect(mixed).toMatchObject({ code: 8, stderr: expect.stringContaining('1 of 2 jobs could not be cancelled') as string });
    expect(mixed.stdout).toContain(`${waiting.slice(-8)}  cancelled`);
  });
});

describe('results', () => {
  test('are not there before the job succeeded', async () => {
    const id = await submit('echo');
    expect(await cli(['results', id])).toMatchObject({ code: 1, stderr: expect.stringContaining('it has no result yet') as string });
  });

  test('of an evaluation are numbers, the worst items and exports', async () => {
    const cwd = tempDir();
    writeFileSync(join(cwd, 'a.csv'), 'id,prompt,expected,answer\n1,Where?,Here,Here\n2,When?,Now,"=later\u001b[31m"\n');
    const payload = '{"evaluators":[{"type":"exact"}],"gates":[{"metric":"passRate","min":0.2}]}';
    const { stdout } = await cli(['submit', 'evaluation', '--file', 'a.csv', '--payload', payload, '--run', '-o', 'json'], { cwd });
    const { jobId } = JSON.parse(stdout) as { jobId: string };
    const text = (await cli(['results', jobId])).stdout;
    expect(text).toContain('pass rate 50.0 %  (1 of 2)  gates: passed');
    expect(text).toMatch(/passRate +>= 0\.2 +0\.5 +yes/);
    expect(text).toMatch(/^2 +When\?$/m);
    expect(text).not.toContain('\u001b');
    expect((await cli(['results', jobId, '--format', 'csv'])).stdout.split('\n')).toHaveLength(4);
    expect((await cli(['results', jobId, '--format', 'md'])).stdout).toMatch(/^# /);
    const items = (await cli(['results', jobId, '--artifact', 'items.jsonl'])).stdout.trimEnd().split('\n');
    expect(items.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(['1', '2']);
    expect((await cli(['results', jobId, '--format', 'csv'], { terminal: true })).stdout).not.toContain('\u001b');
  });

  test('are written whole, in the format that the name says, and not over a file unasked', async () => {
    const cwd = tempDir();
    const { stdout } = await cli(['submit', 'echo', '--payload', '[{"a":1}]', '--run', '-o', 'json']);
    const { jobId } = JSON.parse(stdout) as { jobId: string };
    expect((await cli(['results', jobId, '--out', 'r.csv'], { cwd })).stdout).toBe('wrote r.csv (6 B)\n');
    expect(readFileSync(join(cwd, 'r.csv'), 'utf8')).toBe('a\r\n1\r\n');
    expect(await cli(['results', jobId, '--out', 'r.csv', '--format', 'json'], { cwd })).toMatchObject({ code: 7 });
    expect(readFileSync(join(cwd, 'r.csv'), 'utf8')).toBe('a\r\n1\r\n');
    expect((await cli(['results', jobId, '--out', 'r.csv', '--format', 'json', '--yes'], { cwd })).code).toBe(0);
    expect(JSON.parse(readFileSync(join(cwd, 'r.csv'), 'utf8'))).toEqual([{ a: 1 }]);
    expect(readdirSync(cwd)).toEqual(['r.csv']);
  });

  test('say why a file cannot be written', async () => {
    const cwd = tempDir();
    mkdirSync(join(cwd, 'dir'));
    const { stdout } = await cli(['submit', 'echo', '--run', '-o', 'json']);
    const { jobId } = JSON.parse(stdout) as { jobId: string };
    for (const out of ['dir', 'missing/r.csv']) {
      expect(await cli(['results', jobId, '--out', out], { cwd })).toMatchObject({ code: 1, stderr: expect.stringContaining('[FILE_UNWRITABLE]') as string });
    }
    expect(existsSync(join(cwd, 'missing'))).toBe(false);
  });
});

function cli(argv: readonly string[], { env, ...options }: RunCliOptions = {}) {
  return runCli(argv, { dataDir, env: { LOG_LEVEL: 'silent', ...env }, ...options });
}

function json(argv: readonly string[]): Promise<unknown> {
  return runJson(argv, { dataDir });
}

async function submit(type: string, options: readonly string[] = []): Promise<string> {
  return ((await json(['submit', type, ...options])) as { jobId: string }).jobId;
}

/** The database is there, so that what follows does not wait for its tables. */
async function untilOpen(): Promise<void> {
  await cli(['stats']);
}
