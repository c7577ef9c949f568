import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/commands/program.js';
import * as contract from '../support/json-contract.js';
import { checked } from '../support/json-contract.js';
import { runCli, runJson } from '../support/run-cli.js';
import { tempDir } from '../support/temp-dir.js';

let dataDir = '';
beforeEach(() => {
  dataDir = tempDir();
});

describe('the JSON of each command is as docs/json-output.md says', () => {
  test('submit, status, why, list, tail, logs, results of a job that succeeded', async () => {
    const payload = JSON.stringify({ hello: 'world' });
    const label = ['--label', 'team=search', '--knowledge-source', 'kb', '--instructions', 'be brief', '--callback-url', 'http://a.example/'];
    const { jobId } = checked(contract.submitted, await json(['submit', 'echo', '--payload', payload, ...label]));
    await json(['worker', 'start', '--drain']);
    checked(contract.job, await json(['status', jobId]));
    checked(contract.story, await json(['why', jobId]));
    expect(checked(contract.list, await json(['list'])).jobs).toHaveLength(1);
    expect((await jsonLines(['tail', jobId])).map((line) => checked(contract.event, line).type)).toEqual(['submitted', 'started', 'succeeded']);
    expect(checked(contract.results, await json(['results', jobId])).result).toEqual({ hello: 'world' });
    checked(contract.written, await json(['results', jobId, '--out', join(dataDir, 'out.json')]));
  });

  test('a job that was dead-lettered, with its log, story and error', async () => {
    const { jobId } = checked(contract.submitted, await json(['submit', 'fail', '--payload', '{"message":"on purpose"}']));
    await runCli(['worker', 'start', '--drain'], { dataDir, env: { AZURE_SERVICE_BUS_RETRY_DELAY: '0', LOG_LEVEL: 'silent' } });
    expect(checked(contract.job, await json(['status', jobId]))).toMatchObject({ status: 'DeadLettered', attempt: 3 });
    expect(checked(contract.story, await json(['why', jobId])).deadLetter).not.toBeNull();
    for (const line of await jsonLines(['logs', jobId])) checked(contract.logLine, line);
    expect(checked(contract.changed, await json(['retry', jobId]))).toMatchObject({ matched: 1, results: [{ jobId, status: 'Queued' }] });
  });

  test('submit --run and --wait: the job', async () => {
    expect(checked(contract.job, await json(['submit', 'echo', '--run'])).status).toBe('Succeeded');
  });

  test('an evaluation with its file, and the parent of a batch', async () => {
    const file = join(dataDir, 'a.csv');
    writeFileSync(file, 'prompt,expected,answer\nWhere?,Here,Here\n');
    const evaluation = checked(contract.job, await json(['submit', 'evaluation', '--file', file, '--run']));
    expect(evaluation.artifacts.map(({ name }) => name)).toEqual(['items.jsonl']);
    const jobs = JSON.stringify({ jobs: [{ type: 'echo' }, { type: 'echo', key: 'b' }] });
    const parent = checked(contract.job, await json(['submit', 'batch', '--payload', jobs, '--run']));
    expect(parent.children).toEqual({ expected: 2, succeeded: 2, failed: 0 });
  });

  test('submit --dry-run', async () => {
    checked(contract.submitDryRun, await json(['submit', 'echo', '--dry-run']));
  });

  test('submit --from, also with refused lines and as a dry run', async () => {
    const good = '{"type":"echo","idKey":"a"}\n';
    expect(checked(contract.bulk, await json(['submit', '--from', '-'], { stdin: good + good }))).toMatchObject({ submitted: 1, duplicates: 1 });
    const { code, stdout, stderr } = await runCli(['submit', '--from', '-', '-o', 'json'], { dataDir, stdin: `${good}x\n` });
    expect(code).toBe(8);
    expect(checked(contract.bulk, JSON.parse(stdout)).rejected).toMatchObject([{ line: 2, code: 'INPUT_INVALID' }]);
    expect(checked(contract.errorLine, JSON.parse(stderr)).error.code).toBe('BULK_REJECTED');
    checked(contract.bulk, await json(['submit', '--from', '-', '--dry-run'], { stdin: good }));
  });

  test('cancel by id and by expression, and as a dry run', async () => {
    const { jobId } = checked(contract.submitted, await json(['submit', 'echo']));
    expect(checked(contract.changeDryRun, await json(['cancel', '--where', 'type = echo', '--dry-run'])).jobIds).toEqual([jobId]);
    checked(contract.changed, await json(['cancel', '--where', 'type = echo', '--yes']));
    const { code, stdout } = await runCli(['cancel', jobId, '0badc0de', '-o', 'json'], { dataDir });
    expect(code).toBe(8);
    expect(checked(contract.changed, JSON.parse(stdout)).results.map(({ error }) => error?.code)).toEqual([undefined, 'JOB_NOT_FOUND']);
  });

  test('stats, also with conditions', async () => {
    await json(['submit', 'echo']);
    checked(contract.stats, await json(['stats']));
    expect(checked(contract.stats, await json(['stats', '--check', 'depth<5,age<1h'])).checks).toHaveLength(2);
  });

  test('queues list, create, pause and resume', async () => {
    checked(contract.queuesCreated, await json(['queues', 'create', 'mine', '--lock', '10s', '--dry-run']));
    checked(contract.queuesCreated, await json(['queues', 'create', 'mine', '--lock', '10s']));
    expect(checked(contract.queues, await json(['queues', 'pause', 'mine'])).queues).toMatchObject([{ name: 'mine', paused: true, lockMs: 10_000 }]);
    checked(contract.queues, await json(['queues', 'resume', 'mine']));
    expect(checked(contract.queues, await json(['queues', 'list'])).queues).toHaveLength(2);
  });

  test('prune and its dry run', async () => {
    checked(contract.pruneDryRun, await json(['prune', '--dry-run']));
    checked(contract.pruned, await json(['prune', '--yes']));
  });

  test('azure commands', async () => {
    const azure = { ...AZURE, COSMOS_DB_KEY: 'c2VjcmV0LWtleQ==' };
    const { sections } = checked(contract.azureCommands, await runJson(['azure', 'commands', '--assignee', WHO], { dataDir, env: azure }));
    expect(sections.map(({ lines }) => lines.length > 0)).not.toContain(false);
    const all = sections.flatMap(({ lines }) => lines).join('\n');
    for (const part of ['az servicebus ', 'az cosmosdb sql container create ', 'az storage container-rm create ', WHO]) expect(all).toContain(part);
    expect(all).not.toContain(azure.COSMOS_DB_KEY);
    const lines = (await runCli(['azure', 'commands', '--assignee', WHO, '-o', 'jsonl'], { dataDir, env: azure })).stdout.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(sections);
  });

  test('doctor', async () => {
    expect(checked(contract.doctor, await json(['doctor'])).ok).toBe(true);
  });
});

const WHO = '00000000-0000-0000-0000-0000000000aa';
const AZURE = {
  COPILOTEVAL_QUEUE_BACKEND: 'servicebus',
  AZURE_SERVICE_BUS_NAMESPACE: 'contoso',
  COPILOTEVAL_STORE: 'cosmos',
  COSMOS_DB_ENDPOINT: 'https://contoso.documents.azure.com',
  STORAGE_BACKEND: 'azure',
  AZURE_STORAGE_ACCOUNT_URL: 'https://contoso.blob.core.windows.net',
};

describe('with -o jsonl', () => {
  test('a list is one item a line and everything else one line', async () => {
    await json(['submit', 'echo']);
    await json(['submit', 'echo']);
    const lines = await jsonLines(['list']);
    expect(lines.map((line) => checked(contract.job, line).type)).toEqual(['echo', 'echo']);
    expect(checked(contract.stats, (await jsonLines(['stats']))[0]).jobs.Queued).toBe(2);
    expect(await jsonLines(['list', '--status', 'Failed'])).toEqual([]);
  });
});

describe('an error with JSON output', () => {
  test.each([
    [['status', '0badc0de'], 6, 'JOB_NOT_FOUND'],
    [['status', 'x'], 2, 'INPUT_INVALID'],
    [['submit', 'ecoh'], 2, 'TYPE_UNKNOWN'],
    [['list', '--where', 'status ='], 2, 'WHERE_INVALID'],
    [['queues', 'pause', 'nowhere'], 2, 'QUEUE_UNKNOWN'],
    [['submit', 'echo', '--prioriy', 'low'], 2, 'USAGE_INVALID'],
  ] as const)('%j is one line on stderr, and stdout is empty', async (argv, exitCode, errorCode) => {
    const { code, stdout, stderr } = await runCli([...argv, '-o', 'json'], { dataDir });
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' });
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(checked(contract.errorLine, JSON.parse(stderr)).error.code).toBe(errorCode);
  });

  test('and a warning is a line of its own', async () => {
    const { stderr } = await runCli(['submit', 'echo', '--wait', '--timeout', '50ms', '-o', 'json'], { dataDir });
    const [warning, error] = stderr.trimEnd().split('\n');
    expect(checked(contract.warningLine, JSON.parse(warning ?? '')).warning.message).toContain('no worker is alive');
    expect(checked(contract.errorLine, JSON.parse(error ?? '')).error.code).toBe('WAIT_TIMEOUT');
  });
});

describe('docs/json-output.md', () => {
  const page = readFileSync(new URL('../../docs/json-output.md', import.meta.url), 'utf8');

  test('has every command', () => {
    for (const { path } of COMMANDS) expect(page, path.join(' ')).toMatch(new RegExp(`\`${path.join(' ')}\\b`));
  });

  test('names every field of the shapes that the tests hold it to', () => {
    for (const [name, schema] of Object.entries(contract)) {
      const shape: unknown = 'def' in schema && 'shape' in schema.def ? schema.def.shape : {};
      for (const field of Object.keys(shape as object)) expect(page, `${name}.${field}`).toMatch(new RegExp(`\`${field}\`|"${field}"|\\b${field}[,}?\`]`));
    }
  });
});

function json(argv: readonly string[], options: { stdin?: string } = {}): Promise<unknown> {
  return runJson(argv, { dataDir, ...options });
}

async function jsonLines(argv: readonly string[]): Promise<unknown[]> {
  const { stdout } = await runCli([...argv, '-o', 'jsonl'], { dataDir });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
}
