// What a profile marked `production` asks for, and the audit log.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Command } from '../../src/commands/command.js';
import { COMMANDS } from '../../src/commands/program.js';
import { runCli, runJson, type CliResult } from '../support/run-cli.js';
import { tempDir } from '../support/temp-dir.js';

let dataDir = '';
const profile = (settings: object): void => writeFileSync(join(dataDir, 'config.json'), JSON.stringify({ profiles: { default: settings } }));
const run = (line: string, options: object = {}): Promise<CliResult> => runCli(words(line), { dataDir, env: { NO_COLOR: '1', AZURE_SERVICE_BUS_RETRY_DELAY: '0', LOG_LEVEL: 'silent' }, ...options });
const words = (line: string): string[] => [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');

beforeEach(() => {
  dataDir = tempDir();
});

async function deadLetters(count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) await run('submit fail --payload {"message":"no"}');
  await run('worker start --drain');
}

describe('a production profile', () => {
  test('is read only: commands that change something are refused before anything opens, those that look are not', async () => {
    profile({ production: true });
    const loaded = await Promise.all(COMMANDS.map(async ({ load }) => load()));
    const changing = loaded.filter((command: Command) => command.changes).map(({ path }) => path.join(' '));
    expect(changing).toEqual([
      'submit', 'cancel', 'retry', 'worker start', 'worker drain', 'queues create', 'queues pause', 'queues resume', 'queues drain',
      'dlq replay', 'dlq purge', 'dlq restore', 'prune',
    ]);
    for (const line of ['submit echo', 'worker start --drain', 'cancel 1a2b3c4d', 'prune --yes', 'dlq purge --all --queue evaluation-jobs --yes']) {
      const { code, stdout, stderr } = await run(line);
      expect([line, code, stdout]).toEqual([line, 7, '']);
      expect(stderr).toContain('is marked production and read only');
      expect(stderr).toContain('--write');
    }
    for (const line of ['list', 'stats', 'dlq peek', 'queues list', 'dlq history', 'prune --dry-run', 'submit echo --dry-run']) {
      expect([line, (await run(line)).code]).toEqual([line, 0]);
    }
  });

  test('is announced on stderr, once, for people only', async () => {
    profile({ production: true });
    const { stdout, stderr } = await run('list');
    expect(stderr.match(/PRODUCTION/g)).toHaveLength(1);
    expect(stderr).toContain('profile default: read only');
    expect(stdout).not.toContain('PRODUCTION');
    expect((await run('stats --write')).stderr).toContain('changes are allowed');
    expect((await run('list -o json')).stderr).toBe('');
  });

  test('asks for a reason, and the audit log keeps it', async () => {
    await run('submit sleep --payload {"ms":1} --id-key a');
    const [job] = (await runJson(['list'], { dataDir }) as { jobs: { jobId: string }[] }).jobs;
    profile({ production: true, userId: 'ada' });
    const refused = await run(`cancel ${job?.jobId ?? ''} --write`);
    expect([refused.code, refused.stderr]).toEqual([7, expect.stringContaining('--reason-text')]);
    expect((await run(`cancel ${job?.jobId ?? ''} --write --reason-text 'not needed'`)).code).toBe(0);
    expect(await runJson(['dlq', 'history'], { dataDir })).toMatchObject({
      operations: [],
      changes: [{ by: 'ada', reasonText: 'not needed', what: `cancel ${job?.jobId ?? ''}`, production: true, changed: 1, failed: 0, error: null }],
    });
  });

  test('has a purge confirmed by typing queue and count; --yes is not enough', async () => {
    await deadLetters(2);
    profile({ production: true });
    const purge = 'dlq purge --all --queue evaluation-jobs --write --reason-text test';
    expect(await run(`${purge} --yes`)).toMatchObject({ code: 7, stderr: expect.stringContaining('[CONFIRMATION_REQUIRED]') });
    const wrong = await run(purge, { terminal: true, stdin: 'y\n' });
    expect([wrong.code, wrong.stderr]).toEqual([7, expect.stringContaining('Type "evaluation-jobs 2" to go on')]);
    expect(await run(`${purge} --confirm 'evaluation-jobs 3'`)).toMatchObject({ code: 7, stderr: expect.stringContaining('evaluation-jobs 2') });
    expect(await runJson(['dlq', 'history'], { dataDir })).toMatchObject({ operations: [] });
    expect((await run(purge, { terminal: true, stdin: 'evaluation-jobs 2\n' })).code).toBe(0);
    expect((await run('dlq peek')).stdout).toBe('no dead letters\n');
    expect((await run('dlq history')).stdout).toContain('purge --all');
  });

  test('takes the confirmation as an option where nobody can type', async () => {
    await deadLetters(1);
    profile({ production: true });
    const purge = `dlq purge --all --queue evaluation-jobs --write --reason-text test --confirm 'evaluation-jobs 1'`;
    expect(await run(purge)).toMatchObject({ code: 0, stdout: expect.stringContaining('purged 1') });
  });
});

describe('maxAffected', () => {
  test('refuses a command that would change more, and leaves no trace of its plan', async () => {
    await deadLetters(3);
    profile({ maxAffected: 2 });
    for (const line of ['dlq replay --all --queue evaluation-jobs --yes', 'dlq purge --all --queue evaluation-jobs --yes', `retry --where 'status = DeadLettered' --yes`, 'prune --older-than 0s --yes']) {
      const { code, stderr } = await run(line);
      expect([line, code]).toEqual([line, 7]);
      expect(stderr).toContain('allows 2 at once (maxAffected)');
    }
    expect(await runJson(['dlq', 'history'], { dataDir })).toMatchObject({ operations: [], changes: [] });
    const allowed = await run('dlq replay --all --queue evaluation-jobs --yes', { env: { COPILOTEVAL_MAX_AFFECTED: '3' } });
    expect([allowed.code, allowed.stdout]).toEqual([0, expect.stringContaining('replayed 3')]);
  });

  test('does not count jobs that are submitted', async () => {
    profile({ maxAffected: 1 });
    expect((await run('submit --from -', { stdin: '{"type":"echo"}\n'.repeat(3) })).code).toBe(0);
  });
});

describe('the audit log', () => {
  test('is one list with replays and purges, newest first, in pages', async () => {
    await deadLetters(1);
    await run(`queues pause evaluation-jobs --reason-text 'upgrade of the target'`);
    await run('dlq replay --all --queue evaluation-jobs --yes');
    await run('queues resume evaluation-jobs');
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page = (await runJson(['dlq', 'history', '--limit', '1', ...(cursor === '' ? [] : ['--cursor', cursor])], { dataDir })) as {
        operations: { action: string }[];
        changes: { what: string }[];
        nextCursor: string | null;
      };
      seen.push(...page.operations.map(({ action }) => action), ...page.changes.map(({ what }) => what));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(['queues resume evaluation-jobs', 'replay', 'queues pause evaluation-jobs']);
    const { stdout } = await run('dlq history');
    expect(stdout).toContain('upgrade of the target');
    expect(await run('dlq history --cursor x')).toMatchObject({ code: 2 });
  });

  test('says what ended a change that failed', async () => {
    await run('worker drain nobody');
    expect(await runJson(['dlq', 'history'], { dataDir })).toMatchObject({ changes: [] });
    await run('queues create bad --lock 1s');
    expect(await runJson(['dlq', 'history'], { dataDir })).toMatchObject({ changes: [{ what: 'queues create bad --lock 1s', changed: 1, error: null }] });
  });
});
