import { chmodSync, mkdirSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { beforeEach, describe, expect, test } from 'vitest';
import { runCli, runJson, startCli, type RunCliOptions } from '../support/run-cli.js';
import { tempDir } from '../support/temp-dir.js';

let dataDir = '';
beforeEach(() => {
  dataDir = tempDir();
});

describe('stats', () => {
  test('show queues, jobs and workers', async () => {
    await cli(['submit', 'echo']);
    const { code, stdout } = await cli(['stats']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^evaluation-jobs +1 +0 +0 +0 /m);
    expect(stdout).toMatch(/^Queued 1$/m);
    expect(stdout).toMatch(/^0 workers alive$/m);
  });

  test.each([60, 80, 120])('fit a terminal of %d columns', async (columns) => {
    await cli(['queues', 'create', 'a-queue-with-a-name-that-is-longer-than-most-of-them']);
    for (const command of [['stats'], ['queues', 'list']]) {
      const { stdout } = await cli([...command, '--no-color'], { terminal: true, columns });
      for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(columns);
    }
  });

  test('end with 3 when a condition does not hold, and with 0 when all do', async () => {
    await cli(['submit', 'echo']);
    expect(await cli(['stats', '--check', 'dlq<=5,depth<1'])).toMatchObject({
      code: 3,
      stderr: 'error: does not hold: depth<1 (is 1)  [GATE_FAILED]\n',
      stdout: expect.stringContaining('dlq<=5  holds  (is 0)') as string,
    });
    expect((await cli(['stats', '--check', 'dlq<=5,depth<2'])).code).toBe(0);
    expect(await cli(['stats', '--check', 'dlqq<=5'])).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean `dlq`?') as string });
  });

  test('come again and again with --watch, until Ctrl-C', async () => {
    const watch = startCli(['stats', '--watch', '--interval', '200ms', '-o', 'json'], { dataDir });
    await watch.streams.stdout.shows('\n');
    await cli(['submit', 'echo']);
    await watch.streams.stdout.shows('"Queued":1');
    watch.send('SIGINT');
    const { code, stdout } = await watch.ended;
    expect(code).toBe(130);
    for (const line of stdout.trimEnd().split('\n')) expect(JSON.parse(line)).toHaveProperty('queues');
  });
});

describe('queues', () => {
  test('are paused and resumed: workers obey, submitting goes on', async () => {
    expect((await cli(['queues', 'pause', 'evaluation-jobs'])).stdout).toBe('evaluation-jobs  paused\n');
    await cli(['submit', 'echo']);
    expect(await json(['worker', 'start', '--drain'])).toMatchObject({ processed: 0, paused: ['evaluation-jobs'] });
    expect((await cli(['queues', 'list'])).stdout).toMatch(/paused (now|\d+ s ago) by /);
    expect((await cli(['queues', 'resume', 'evaluation-jobs'])).stdout).toBe('evaluation-jobs  open\n');
    expect(await json(['worker', 'start', '--drain'])).toMatchObject({ processed: 1 });
  });

  test('are created with their settings, changed, and left as they are when nothing is new', async () => {
    const create = ['queues', 'create', 'mine', '--lock', '10s', '--max-attempts', '7', '--ttl', '1h'];
    expect((await cli(create)).stdout).toBe('mine  created\n');
    expect((await cli(create)).stdout).toBe('mine  unchanged\n');
    expect((await cli(['queues', 'create', 'mine', '--lock', '20s'])).stdout).toBe('mine  changed\n');
    expect(await json(['queues', 'list', 'mine'])).toMatchObject({ queues: [{ lockMs: 20_000, maxAttempts: 7, ttlMs: 3_600_000 }] });
    expect(await json(['submit', 'echo', '--queue', 'mine'])).toMatchObject({ queue: 'mine' });
  });

  test.each<[argv: readonly string[], code: string]>([
    [['pause', 'nowhere'], 'QUEUE_UNKNOWN'],
    [['list', 'nowhere'], 'QUEUE_UNKNOWN'],
    [['pause'], 'USAGE_INVALID'],
    [['create', 'a queue'], 'INPUT_INVALID'],
  ])('%j is refused', async (argv, code) => {
    expect(await cli(['queues', ...argv])).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(`[${code}]`) as string });
  });
});

describe('prune', () => {
  test('counts, asks, deletes', async () => {
    await cli(['submit', 'echo', '--run']);
    await cli(['submit', 'echo']);
    const dry = await cli(['prune', '--older-than', '0', '--dry-run']);
    expect(dry.stdout).toMatch(/^1 finished job last changed more than .*: 1 Succeeded; nothing was deleted/);
    expect(await cli(['prune', '--older-than', '0'])).toMatchObject({ code: 7 });
    expect((await cli(['prune', '--older-than', '0', '--yes'])).stdout).toBe('deleted 1 job and 0 files\n');
    expect(((await json(['list'])) as { jobs: unknown[] }).jobs).toHaveLength(1);
  });

  test('keeps what is younger than the retention', async () => {
    await cli(['submit', 'echo', '--run']);
    const { stdout, stderr } = await cli(['prune']);
    expect(stderr).toMatch(/^no finished job was last changed more than 90 d ago/);
    expect(stdout).toBe('deleted 0 jobs and 0 files\n');
  });

  test('refuses a status that no finished job has', async () => {
    expect(await cli(['prune', '--status', 'Queued'])).toMatchObject({ code: 2 });
  });
});

describe('doctor', () => {
  test('finds nothing in a fresh directory', async () => {
    const { code, stdout } = await cli(['doctor']);
    expect(code).toBe(0);
    expect(stdout).not.toMatch(/^(warn|FAIL)/m);
    expect(stdout).toMatch(/^ok {4}database integrity: /m);
  });

  test('warns of a paused queue, of jobs without a worker and of dead letters, each with its remedy', async () => {
    await cli(['submit', 'fail', '--payload', '{}']);
    await cli(['worker', 'start', '--drain'], { env: { AZURE_SERVICE_BUS_MAX_RETRIES: '1' } });
    await cli(['submit', 'echo']);
    await cli(['queues', 'pause', 'evaluation-jobs']);
    const { code, stdout } = await cli(['doctor']);
    expect(code).toBe(0);
    expect(stdout).toContain('remedy: copiloteval queues resume evaluation-jobs');
    expect(stdout).toContain('remedy: copiloteval worker start --queue evaluation-jobs');
    expect(stdout).toContain('remedy: copiloteval dlq groups --queue evaluation-jobs');
  });

  test('recognises variables that have no effect any more, and keeps their values to itself', async () => {
    const { code, stdout } = await cli(['doctor'], { env: { REDIS_URL: 'redis://:secret@a', AzureWebJobsStorage: 'x', DATABASE_URL: 'y' } });
    expect(code).toBe(0);
    expect(stdout.match(/^warn {2}environment: (\w+) is set/gm)).toHaveLength(3);
    expect(stdout).not.toContain('secret');
  });

  test.each([
    [{ AZURE_SERVICE_BUS_CONNECTION_STRING: 'Endpoint=sb://a.servicebus.windows.net/;SharedAccessKey=c2VjcmV0' }, 'serviceBusConnectionString (from AZURE_SERVICE_BUS_CONNECTION_STRING) has no effect: the queues are in SQLite', 'queue: servicebus'],
    [{ COSMOS_DB_ENDPOINT: 'https://a.documents.azure.com', COSMOS_DB_KEY: 'c2VjcmV0' }, 'cosmosEndpoint (from COSMOS_DB_ENDPOINT) and cosmosKey (from COSMOS_DB_KEY) have no effect: the jobs are in SQLite', 'store: cosmos'],
    // What is not in use is not fetched, so no vault is missing.
    [{ COSMOS_DB_KEY: 'kv:store' }, 'cosmosKey (from COSMOS_DB_KEY) has no effect: the jobs are in SQLite', 'store: cosmos'],
    [{ AZURE_STORAGE_CONNECTION_STRING: 'c2VjcmV0' }, 'storageConnectionString (from AZURE_STORAGE_CONNECTION_STRING) has no effect: files are in a directory of this machine', 'blobs: azure'],
  ])('warns of an address or key of a part that is not chosen: %o', async (env, detail, choice) => {
    const { code, stdout } = await cli(['doctor'], { env });
    expect(code).toBe(0);
    expect(stdout).toContain(`warn  unused settings: ${detail}`);
    expect(stdout).toContain(`remedy: choose \`${choice}\``);
    expect(stdout).not.toContain('c2VjcmV0');
  });

  test('does not warn of Service Bus where it is switched off by hand', async () => {
    const { stdout } = await cli(['doctor'], { env: { USE_SERVICE_BUS: 'false', AZURE_SERVICE_BUS_NAMESPACE: 'contoso' } });
    expect(stdout).not.toContain('unused settings');
  });

  test('fails when the database is not one', async () => {
    writeFileSync(join(dataDir, 'copiloteval.db'), 'this is not a database, and long enough to be looked at as one: '.repeat(20));
    const { code, stdout, stderr } = await cli(['doctor']);
    expect(code).toBe(3);
    expect(stdout).toMatch(/^FAIL {2}database opens: .*\[DB_INVALID\]\n {6}remedy: /m);
    expect(stderr).toContain('[DOCTOR_FAILED]');
  });

  test('fails when a page of the database is damaged', async () => {
    await cli(['submit', '--from', '-'], { stdin: `${JSON.stringify({ type: 'echo', payload: 'x'.repeat(5000) })}\n`.repeat(50) });
    truncateSync(join(dataDir, 'copiloteval.db'), 40 * 4096);
    const { code, stdout } = await cli(['doctor']);
    expect(code).toBe(3);
    expect(stdout).toMatch(/^FAIL {2}database/m);
  });

  test('fails when a counter does not agree with a recount', async () => {
    await cli(['submit', 'echo']);
    const db = new Database(join(dataDir, 'copiloteval.db'));
    db.exec("UPDATE tallies SET count = count + 1 WHERE kind = 'jobs'");
    db.close();
    const { code, stdout } = await cli(['doctor']);
    expect(code).toBe(3);
    expect(stdout).toMatch(/^FAIL {2}counters: 1 differ: evaluation-jobs echo Queued is counted 2, there are 1$/m);
  });

  test('fails when the configuration is damaged', async () => {
    writeFileSync(join(dataDir, 'config.json'), '{');
    expect(await cli(['doctor'])).toMatchObject({ code: 3, stdout: expect.stringContaining('[CONFIG_INVALID]') as string });
  });

  test.skipIf(process.getuid?.() === 0)('fails when the data directory cannot be written (as any user but root)', async () => {
    const locked = join(dataDir, 'locked');
    mkdirSync(locked);
    chmodSync(locked, 0o500);
    expect(await cli(['doctor', '--data-dir', locked])).toMatchObject({ code: 3, stdout: expect.stringMatching(/^FAIL {2}data directory/m) as string });
  });

  test('fails when the data directory is a file, and says how to choose another', async () => {
    writeFileSync(join(dataDir, 'file'), '');
    const { code, stdout } = await cli(['doctor', '--data-dir', join(dataDir, 'file')]);
    expect(code).toBe(3);
    expect(stdout).toMatch(/^FAIL {2}data directory: .*\n {6}remedy: .*--data-dir/m);
  });

  test('leaves nothing of its own behind', async () => {
    await cli(['doctor']);
    expect(readdirSync(dataDir).filter((name) => name.startsWith('doctor'))).toEqual([]);
  });
});

function cli(argv: readonly string[], { env, ...options }: RunCliOptions = {}) {
  return runCli(argv, { dataDir, env: { LOG_LEVEL: 'silent', ...env }, ...options });
}

function json(argv: readonly string[]): Promise<unknown> {
  return runJson(argv, { dataDir, env: { LOG_LEVEL: 'silent' } });
}
