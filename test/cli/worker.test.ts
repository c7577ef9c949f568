// `worker start`, `worker list` and `worker drain` as typed.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

import { runCli, runJson, startCli } from '../support/run-cli.js';
import { tempDir } from '../support/temp-dir.js';
import { until } from '../support/turns.js';

/** The worker's own log lines go to the real stderr; tests do without them. */
const env = { LOG_LEVEL: 'silent' };

interface Summary {
  readonly processed: number;
}

async function submit(dataDir: string, type: string, payload: unknown, ...more: string[]): Promise<string> {
  const { jobId } = (await runJson(['submit', type, '--payload', JSON.stringify(payload), ...more], { dataDir })) as { jobId: string };
  return jobId;
}

async function statusOf(dataDir: string, jobId: string): Promise<{ status: string; attempt: number }> {
  return (await runJson(['status', jobId], { dataDir })) as { status: string; attempt: number };
}

describe('worker start --drain', () => {
  test('runs what waits and says what became of it', async () => {
    const dataDir = tempDir();
    await submit(dataDir, 'echo', 1);
    await submit(dataDir, 'fail', { mode: 'permanent' });
    await submit(dataDir, 'echo', 2, '--delay', '1h');
    const result = await runCli(['worker', 'start', '--drain'], { dataDir, env });
    expect(result.code).toBe(0);
    expect(result.stdout).toMatch(/^2 jobs in .*: 1 succeeded, 1 failed\n1 job due later waits\n$/);
    const json = await runJson(['worker', 'start', '--drain'], { dataDir, env });
    expect(json).toEqual({
      processed: 0,
      succeeded: 0,
      failed: 0,
      deadLettered: 0,
      cancelled: 0,
      retried: 0,
      givenBack: 0,
      elapsedMs: expect.any(Number) as number,
      jobsPerSecond: 0,
      delayed: 1,
      paused: [],
    });
  });

  test('--max-jobs ends it earlier', async () => {
    const dataDir = tempDir();
    for (let n = 0; n < 3; n += 1) await submit(dataDir, 'echo', n);
    expect(((await runJson(['worker', 'start', '--max-jobs', '2'], { dataDir, env })) as Summary).processed).toBe(2);
  });

  test('runs handlers of a module, its own queue included', async () => {
    const dataDir = tempDir();
    const cwd = tempDir();
    writeFileSync(join(cwd, 'own.mjs'), `export default { type: 'own', queue: 'own-jobs', run: async (context, payload) => ({ result: [context.attempt, payload] }) };`);
    const withHandlers = { dataDir, cwd, env: { ...env, COPILOTEVAL_HANDLERS: './own.mjs' } };
    // The worker makes the queue that the module brings along.
    await runJson(['worker', 'start', '--drain'], withHandlers);
    const { jobId } = (await runJson(['submit', 'own', '--payload', '{"a":1}'], withHandlers)) as { jobId: string };
    expect(((await runJson(['worker', 'start', '--drain', '--handlers', './own.mjs'], withHandlers)) as Summary).processed).toBe(1);
    expect(await statusOf(dataDir, jobId)).toMatchObject({ status: 'Succeeded', result: [1, { a: 1 }] });
  });

  test('runs a program that the configuration names', async () => {
    const dataDir = tempDir();
    const command = [process.execPath, '-e', `console.log(JSON.stringify({type:'result',result:'from a program'}))`];
    writeFileSync(join(dataDir, 'config.json'), JSON.stringify({ profile: 'default', profiles: { default: { types: { score: { command } } } } }));
    const jobId = await submit(dataDir, 'score', { n: 1 });
    await runJson(['worker', 'start', '--drain'], { dataDir, env });
    expect(await statusOf(dataDir, jobId)).toMatchObject({ status: 'Succeeded', result: 'from a program' });
  });

  test('runs a batch to its end with all its children', async () => {
    const dataDir = tempDir();
    const jobId = await submit(dataDir, 'batch', { jobs: [{ type: 'echo', payload: 1 }, { type: 'echo', payload: 2 }, { type: 'fail', payload: { mode: 'permanent' } }], allowPartial: true });
    expect(((await runJson(['worker', 'start', '--drain'], { dataDir, env })) as Summary).processed).toBe(4);
    expect(await statusOf(dataDir, jobId)).toMatchObject({ status: 'Succeeded', result: { expected: 3, succeeded: 2, failed: 1 } });
  });
});

describe('what cannot be', () => {
  test.each([
    [['--queue', 'nowhere'], 2, 'QUEUE_UNKNOWN'],
    [['--concurrency', '0'], 2, 'USAGE_INVALID'],
    [['--handlers', './missing.mjs'], 4, 'HANDLER_INVALID'],
    [['--lock-seconds', 'soon'], 2, 'USAGE_INVALID'],
  ])('%j ends at once with %i %s', async (argv, code, errorCode) => {
    const result = await runCli(['worker', 'start', ...argv], { env });
    expect(result).toMatchObject({ code, stdout: '' });
    expect(result.stderr).toContain(`[${errorCode}]`);
  });

  test('draining a worker that is not there', async () => {
    expect(await runCli(['worker', 'drain', 'nobody'])).toMatchObject({ code: 6, stderr: expect.stringContaining('[WORKER_NOT_FOUND]') as string });
  });
});

describe('a running worker', () => {
  test('is listed, drains when it is asked to, and is gone from the list then', async () => {
    const dataDir = tempDir();
    const worker = startCli(['worker', 'start', '-o', 'json'], { dataDir, env });
    const list = async (): Promise<readonly { workerId: string; state: string }[]> => ((await runJson(['worker', 'list'], { dataDir })) as { workers: { workerId: string; state: string }[] }).workers;
    await until(async () => (await list()).length === 1);
    const [record] = await list();
    expect(record).toMatchObject({ state: 'running', queues: ['evaluation-jobs'], concurrency: 4, pid: process.pid, running: [], processed: 0 });
    expect((await runCli(['worker', 'list'], { dataDir })).stdout).toMatch(/WORKER +STATE .*\n.* running /);
    const workerId = record?.workerId ?? '';
    expect(await runJson(['worker', 'drain', workerId.slice(-6)], { dataDir })).toEqual({ workerId, drainRequested: true, running: 0 });
    expect(await worker.ended).toMatchObject({ code: 0 });
    expect(await list()).toEqual([]);
  });

  test('drains on the first signal: the running job may end', async () => {
    const dataDir = tempDir();
    const jobId = await submit(dataDir, 'sleep', { ms: 300 });
    const worker = startCli(['worker', 'start', '-o', 'json'], { dataDir, env });
    await until(async () => (await statusOf(dataDir, jobId)).status === 'Running');
    worker.send('SIGTERM');
    const { code, stdout } = await worker.ended;
    expect({ code, processed: (JSON.parse(stdout) as Summary).processed }).toEqual({ code: 0, processed: 1 });
    expect(await statusOf(dataDir, jobId)).toMatchObject({ status: 'Succeeded' });
  });

  test('gives the job back when it does not end within --drain-timeout', async () => {
    const dataDir = tempDir();
    const jobId = await submit(dataDir, 'sleep', { ms: 60_000 });
    const worker = startCli(['worker', 'start', '--drain-timeout', '50ms'], { dataDir, env });
    await until(async () => (await statusOf(dataDir, jobId)).status === 'Running');
    worker.send('SIGINT');
    expect(await worker.ended).toMatchObject({ code: 0 });
    expect(await statusOf(dataDir, jobId)).toMatchObject({ status: 'Queued', attempt: 0 });
  });

  test('stops at once on the second signal, with the exit code of the signal', async () => {
    const dataDir = tempDir();
    const jobId = await submit(dataDir, 'sleep', { ms: 60_000 });
    const worker = startCli(['worker', 'start', '--lock-seconds', '0.3'], { dataDir, env });
    await until(async () => (await statusOf(dataDir, jobId)).status === 'Running');
    worker.send('SIGTERM');
    worker.send('SIGTERM');
    expect(await worker.ended).toMatchObject({ code: 143 });
    expect(await statusOf(dataDir, jobId)).toMatchObject({ status: 'Running', attempt: 1 });
  });

  test('answers probes on --health-port', async () => {
    const dataDir = tempDir();
    const worker = startCli(['worker', 'start', '--health-port', '0'], { dataDir, env });
    await worker.streams.stderr.shows('/health');
    const port = /localhost:(\d+)/.exec(worker.streams.stderr.text)?.[1] ?? '';
    expect((await fetch(`http://localhost:${port}/ready`)).status).toBe(200);
    expect(await (await fetch(`http://localhost:${port}/metrics`)).text()).toContain('# TYPE messages_processed_total counter');
    worker.send('SIGTERM');
    await worker.ended;
  });
});
