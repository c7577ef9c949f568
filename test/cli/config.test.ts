import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCli, runJson } from '../support/run-cli.js';
import { tempDir } from '../support/temp-dir.js';

const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

test('init writes a profile into ./.copiloteval, which later commands find from below', async () => {
  const cwd = tempDir();
  const place = { cwd, dataDir: null, env: { HOME: tempDir() } };
  const { code, stdout, stderr } = await runCli(['init', '--set', 'concurrency=8', '--set', 'handlers=./h.mjs'], place);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain('wrote profile default to .copiloteval/config.json');
  expect(stdout).toContain('Next:');
  expect(read(join(cwd, '.copiloteval', 'config.json'))).toEqual({ profile: 'default', profiles: { default: { concurrency: 8, handlers: ['../h.mjs'] } } });
  expect(readFileSync(join(cwd, '.copiloteval', '.gitignore'), 'utf8')).toBe('*\n');
  const below = join(cwd, 'deep');
  mkdirSync(below);
  const shown = await runJson(['config', 'show'], { ...place, cwd: below });
  expect(shown).toMatchObject({
    dataDir: join(cwd, '.copiloteval'),
    settings: expect.arrayContaining([
      expect.objectContaining({ name: 'concurrency', value: 8, source: expect.stringContaining('profile default') }),
      expect.objectContaining({ name: 'handlers', value: [join(cwd, 'h.mjs')] }),
    ]),
  });
});

test('init overwrites nothing without --force', async () => {
  const dataDir = tempDir();
  const file = join(dataDir, 'config.json');
  await runCli(['init', '--set', 'concurrency=8'], { dataDir });
  const before = readFileSync(file, 'utf8');
  const again = await runCli(['init', '--set', 'concurrency=9'], { dataDir });
  expect(again.code).toBe(7);
  expect(again.stderr).toContain('[REFUSED]');
  expect(again.stderr).toContain('--force');
  expect(readFileSync(file, 'utf8')).toBe(before);
  expect((await runCli(['init', '--set', 'concurrency=9', '--force'], { dataDir })).code).toBe(0);
  expect(read(file)).toMatchObject({ profiles: { default: { concurrency: 9 } } });
});

test('a second profile has a database of its own and is used when chosen', async () => {
  const dataDir = tempDir();
  await runCli(['init'], { dataDir });
  const made = await runCli(['init', '--profile', 'staging'], { dataDir });
  expect(made.stdout).toContain('copiloteval config use staging');
  expect(await runJson(['config', 'show'], { dataDir })).toMatchObject({ profile: 'default' });
  const wrong = await runCli(['config', 'use', 'stagin'], { dataDir });
  expect([wrong.code, wrong.stderr]).toEqual([4, expect.stringContaining('did you mean `staging`?')]);
  expect((await runCli(['config', 'use', 'staging'], { dataDir })).code).toBe(0);
  expect(await runJson(['config', 'show'], { dataDir })).toMatchObject({
    profile: 'staging',
    settings: expect.arrayContaining([expect.objectContaining({ name: 'database', value: join(dataDir, 'staging.db') })]),
  });
  expect((await runCli(['config', 'use', 'default'], { dataDir })).code).toBe(0);
  expect(await runJson(['config', 'show'], { dataDir })).toMatchObject({ profile: 'default' });
});

test('init --dry-run writes nothing', async () => {
  const dataDir = join(tempDir(), 'new');
  const { stdout } = await runCli(['init', '--dry-run', '--set', 'trashDays=3'], { dataDir });
  expect(JSON.parse(stdout)).toEqual({ profile: 'default', profiles: { default: { trashDays: 3 } } });
  expect(existsSync(dataDir)).toBe(false);
});

test('init asks on a terminal and keeps only what differs from the default', async () => {
  const dataDir = tempDir();
  const { code, stderr } = await runCli(['init'], { dataDir, terminal: true, stdin: 'ada\n\n30\n', env: { NO_COLOR: '1' } });
  expect(code).toBe(0);
  expect(stderr).toContain('concurrency [4]: ');
  expect(read(join(dataDir, 'config.json'))).toEqual({ profile: 'default', profiles: { default: { userId: 'ada', retentionDays: 30 } } });
});

test('init asks again after a wrong answer, and an input that ends takes what stands before the colon', async () => {
  const dataDir = tempDir();
  const { code, stderr } = await runCli(['init'], { dataDir, terminal: true, stdin: 'ada\nmany\n6\n' });
  expect([code, stderr]).toEqual([0, expect.stringContaining('concurrency must be a whole number from 1 to 1000, got "many"')]);
  expect(read(join(dataDir, 'config.json'))).toEqual({ profile: 'default', profiles: { default: { userId: 'ada', concurrency: 6 } } });
});

test('a wrong setting writes nothing', async () => {
  const dataDir = tempDir();
  const flagged = await runCli(['init', '--set', 'retentiondays=x'], { dataDir });
  expect([flagged.code, flagged.stderr]).toEqual([2, expect.stringContaining('did you mean `retentionDays`?')]);
  const named = await runCli(['init', '--profile', 'a/b'], { dataDir });
  expect(named.code).toBe(2);
  expect(existsSync(join(dataDir, 'config.json'))).toBe(false);
});

test('a damaged config.json stops commands that read it, not those that show or replace it', async () => {
  const dataDir = tempDir();
  writeFileSync(join(dataDir, 'config.json'), '{ "profile": ');
  const shown = await runCli(['config', 'show'], { dataDir });
  expect([shown.code, shown.stdout]).toEqual([4, '']);
  expect(shown.stderr).toContain('config.json is not JSON');
  expect((await runCli(['config', 'path'], { dataDir })).code).toBe(0);
  expect((await runCli(['completion', 'bash'], { dataDir })).code).toBe(0);
  expect((await runCli(['init'], { dataDir })).code).toBe(4);
  expect((await runCli(['init', '--force'], { dataDir })).code).toBe(0);
  expect((await runCli(['config', 'show'], { dataDir })).code).toBe(0);
});

test('a data directory that cannot be made is named with the way out', async () => {
  const blocked = join(tempDir(), 'file');
  writeFileSync(blocked, '');
  const { code, stderr } = await runCli(['init'], { dataDir: join(blocked, 'home') });
  expect(code).toBe(4);
  expect(stderr).toContain('[DATA_DIR_UNUSABLE]');
  expect(stderr).toContain('--data-dir');
});

test('config show names the source of each value', async () => {
  const { stdout } = await runCli(['config', 'show'], { env: { COPILOTEVAL_CONCURRENCY: '9' } });
  expect(stdout).toMatch(/^concurrency +9 +COPILOTEVAL_CONCURRENCY$/m);
  expect(stdout).toMatch(/^retentionDays +90 +default$/m);
  const bad = await runCli(['config', 'show'], { env: { COPILOTEVAL_CONCURRENCY: 'nine' } });
  expect(bad.code).toBe(4);
  expect(bad.stderr).toContain('concurrency must be a whole number from 1 to 1000, got "nine" (from COPILOTEVAL_CONCURRENCY)');
});

test('config show is one setting a line with jsonl', async () => {
  const { stdout } = await runCli(['config', 'show', '-o', 'jsonl']);
  const lines = stdout.trimEnd().split('\n').map((line) => JSON.parse(line) as { name: string });
  expect(lines[0]).toMatchObject({ name: 'database', env: 'COPILOTEVAL_DATABASE' });
});

test('schema print gives the JSON Schema of a message', async () => {
  const schema = await runJson(['schema', 'print', 'job-message']);
  expect(schema).toMatchObject({ title: 'JobMessage', type: 'object', required: expect.arrayContaining(['jobId', 'type']) });
  expect(await runJson(['schema', 'print'])).toEqual(schema);
});

test('init makes a profile for Service Bus, with its secret from standard input and hidden everywhere', async () => {
  const dataDir = tempDir();
  const secret = 'Endpoint=sb://contoso.servicebus.windows.net/;SharedAccessKeyName=app;SharedAccessKey=c2VjcmV0';
  const argv = ['init', '--profile', 'cloud', '--set', 'queue=servicebus', '--set', 'serviceBusConnectionString=-'];
  const made = await runCli([...argv, '-o', 'json'], { dataDir, stdin: `${secret}\n` });
  expect([made.code, made.stderr]).toEqual([0, '']);
  expect(made.stdout).not.toContain('c2VjcmV0');
  const file = join(dataDir, 'config.json');
  expect(read(file)).toMatchObject({ profiles: { cloud: { queue: 'servicebus', serviceBusConnectionString: secret, database: 'cloud.db' } } });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  for (const line of [['config', 'show', '-o', 'json'], ['config', 'show'], [...argv, '--force', '--dry-run']]) {
    const { stdout, stderr } = await runCli(line, { dataDir, env: { COPILOTEVAL_PROFILE: line[0] === 'config' ? 'cloud' : 'default' }, stdin: secret });
    expect([line, `${stdout}${stderr}`.includes('c2VjcmV0'), stdout.includes('(hidden)')]).toEqual([line, false, true]);
  }
});

test('init takes several secrets from standard input, a line each in the order of the flags', async () => {
  const dataDir = tempDir();
  const argv = ['init', '--profile', 'cloud', '--set', 'cosmosKey=-', '--set', 'concurrency=2', '--set', 'storageConnectionString=-'];
  const one = await runCli(argv, { dataDir, stdin: 'first\n' });
  expect([one.code, one.stderr]).toEqual([2, expect.stringContaining('expected 2 lines on standard input, for cosmosKey, storageConnectionString in this order, got 1')]);
  expect((await runCli(argv, { dataDir, stdin: 'first\nsecond\n' })).code).toBe(0);
  expect(read(join(dataDir, 'config.json'))).toMatchObject({ profiles: { cloud: { cosmosKey: 'first', storageConnectionString: 'second', concurrency: 2 } } });
});

test('a connection string in the wrong setting is not repeated', async () => {
  const { code, stderr } = await runCli(['config', 'show'], { env: { AZURE_SERVICE_BUS_NAMESPACE: 'Endpoint=sb://x/;SharedAccessKeyName=a;SharedAccessKey=c2VjcmV0' } });
  expect(code).toBe(4);
  expect(stderr).toContain('serviceBusNamespace must be');
  expect(stderr).not.toContain('c2VjcmV0');
});

test('init asks for the namespace when the queues go to Service Bus', async () => {
  const dataDir = tempDir();
  const { code, stderr } = await runCli(['init'], { dataDir, terminal: true, stdin: '\n\n\nservicebus\ncontoso\n', env: { NO_COLOR: '1', COPILOTEVAL_USER: 'ada' } });
  expect([code, stderr]).toEqual([0, expect.stringContaining('queue [sqlite]: ')]);
  expect(read(join(dataDir, 'config.json'))).toMatchObject({ profiles: { default: { queue: 'servicebus', serviceBusNamespace: 'contoso' } } });
});
