// A store with its file beside queues on Service Bus, through every state: sent, away, fallen back, without a worker, switched off.

import { describe, expect, test } from 'vitest';
import * as contract from '../support/json-contract.js';
import { checked } from '../support/json-contract.js';
import { runCli } from '../support/run-cli.js';
import { openServiceBusHome, type ServiceBusHome } from '../support/service-bus-home.js';
import { tempDir } from '../support/temp-dir.js';

interface Submitted {
  readonly jobId: string;
  readonly queueMode: string;
}

async function submit(home: ServiceBusHome, line = 'submit echo', options = {}): Promise<Submitted> {
  return checked(contract.submitted, await home.json(line, options));
}

async function statusOf(home: ServiceBusHome, jobId: string): Promise<string> {
  return checked(contract.job, await home.json(`status ${jobId}`)).status;
}

/** Its messages, bodies and all, as the emulator's own administration counts them. */
async function onService(home: ServiceBusHome, queue = 'evaluation-jobs'): Promise<{ active: number; scheduled: number; deadLetter: number }> {
  const runtime = await home.emulator.catalog.runtime(queue);
  if (runtime === undefined) throw new Error(`the emulator has no queue ${queue}`);
  return { active: runtime.active, scheduled: runtime.scheduled, deadLetter: runtime.deadLetter };
}

describe('with the flag on and a connection', () => {
  test('a job goes over Service Bus, and every command says the same', async () => {
    const home = await openServiceBusHome();
    const { jobId, queueMode } = await submit(home);
    expect(queueMode).toBe('service_bus');
    expect(await onService(home)).toEqual({ active: 1, scheduled: 0, deadLetter: 0 });
    const stats = checked(contract.stats, await home.json('stats'));
    expect(stats).toMatchObject({ source: 'servicebus', degraded: null, problem: null, outbox: [], leftOnServiceBus: 0, queues: [{ name: 'evaluation-jobs', active: 1, status: 'Active' }] });
    expect((await home.run('stats')).stdout).toContain('counted by Service Bus (localhost');
    expect(checked(contract.story, await home.json(`why ${jobId}`)).situation).toContain('no worker is alive for the queue evaluation-jobs');
    expect((await home.run('worker start --drain')).stdout).toContain('1 succeeded');
    expect(await statusOf(home, jobId)).toBe('Succeeded');
    expect(await onService(home)).toEqual({ active: 0, scheduled: 0, deadLetter: 0 });
    expect(await home.json(`status ${jobId}`)).toMatchObject({ queueMode: 'service_bus' });
  });

  test('a priority is kept and said, once, to change nothing', async () => {
    const home = await openServiceBusHome();
    const one = await home.run('submit echo --priority urgent');
    expect(one.stderr.match(/first in, first out/g)).toHaveLength(1);
    const lines = ['high', 'low', 'normal'].map((priority) => JSON.stringify({ type: 'echo', priority })).join('\n');
    expect((await home.run('submit --from -', { stdin: lines })).stderr.match(/first in, first out/g)).toHaveLength(1);
    expect((await home.run('submit --from -', { stdin: '{"type":"echo"}' })).stderr).not.toContain('first in');
  });

  test('many jobs are sent while they are read', async () => {
    const home = await openServiceBusHome();
    const result = checked(contract.bulk, await home.json('submit --from -', { stdin: '{"type":"echo","payload":{"n":1}}\n'.repeat(1500) }));
    expect(result).toMatchObject({ submitted: 1500, queueModes: { service_bus: 1500, local: 0, pending: 0 } });
    expect(await onService(home)).toMatchObject({ active: 1500 });
  });

  test('--run and --wait end with the outcome', async () => {
    const home = await openServiceBusHome();
    expect(checked(contract.job, await home.json('submit echo --run'))).toMatchObject({ status: 'Succeeded', queueMode: 'service_bus' });
    const waited = await home.run('submit echo --wait -o json', { env: { COPILOTEVAL_NO_WORKER: 'run' } });
    expect(JSON.parse(waited.stdout)).toMatchObject({ status: 'Succeeded' });
  });

  test('--wait without a worker says so and waits', async () => {
    const home = await openServiceBusHome();
    const { code, stderr } = await home.run('submit echo --wait --timeout 1s');
    expect(code).toBe(1);
    expect(stderr).toContain('no worker is alive for the queue evaluation-jobs; the job waits');
  });

  test('retry and replay put their jobs on Service Bus again', async () => {
    const home = await openServiceBusHome();
    const { jobId } = await submit(home, `submit fail --payload {"times":3}`);
    await home.run('worker start --drain');
    expect(await statusOf(home, jobId)).toBe('DeadLettered');
    expect(await onService(home)).toMatchObject({ active: 0, deadLetter: 1 });
    expect(await home.json('dlq replay --all --queue evaluation-jobs --yes')).toMatchObject({ matched: 1, replayed: 1, unexplained: 0 });
    expect(await onService(home)).toEqual({ active: 1, scheduled: 0, deadLetter: 0 });
    await home.run('worker start --drain');
    expect(await statusOf(home, jobId)).toBe('Succeeded');
    const second = await submit(home, `submit fail --payload {"mode":"permanent"}`);
    await home.run('worker start --drain');
    expect(await home.json(`retry ${second.jobId}`)).toMatchObject({ results: [{ status: 'Queued' }] });
    expect(await onService(home)).toMatchObject({ active: 1 });
  });
});

describe('with the flag on and no connection', () => {
  test.each([
    ['none', {}],
    ['one that is not one', { AZURE_SERVICE_BUS_CONNECTION_STRING: 'Endpoint=nonsense;SharedAccessKey=c2VjcmV0' }],
  ])('%s: one warning, and jobs run locally', async (_what, connection) => {
    const dataDir = tempDir();
    const env = { USE_SERVICE_BUS: 'True', NO_COLOR: '1', LOG_LEVEL: 'silent', ...connection };
    const submitted = await runCli(['submit', 'echo', '-o', 'json'], { dataDir, env });
    expect(submitted.code).toBe(0);
    expect(checked(contract.submitted, JSON.parse(submitted.stdout)).queueMode).toBe('local');
    expect(submitted.stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(checked(contract.warningLine, JSON.parse(submitted.stderr)).warning.message).toContain('USE_SERVICE_BUS is on, but jobs use the local queue');
    expect(submitted.stderr).not.toContain('c2VjcmV0');
    const stats = await runCli(['stats', '-o', 'json'], { dataDir, env });
    expect(checked(contract.stats, JSON.parse(stats.stdout))).toMatchObject({ source: 'sqlite', degraded: expect.stringContaining('USE_SERVICE_BUS is on') });
    const doctor = await runCli(['doctor', '-o', 'json'], { dataDir, env });
    expect(JSON.parse(doctor.stdout)).toMatchObject({ checks: expect.arrayContaining([expect.objectContaining({ name: 'degraded', status: 'warn' })]) });
    expect((await runCli(['worker', 'start', '--drain'], { dataDir, env })).stdout).toContain('1 succeeded');
  });

  test('a profile that chose Service Bus ends with 4, and doctor says which setting', async () => {
    const dataDir = tempDir();
    await runCli(['init', '--set', 'queue=servicebus'], { dataDir });
    for (const env of [{}, { AZURE_SERVICE_BUS_CONNECTION_STRING: 'Endpoint=nonsense' }, { AZURE_SERVICE_BUS_NAMESPACE: 'a_b' }]) {
      const { code, stdout, stderr } = await runCli(['submit', 'echo'], { dataDir, env });
      expect([code, stdout]).toEqual([4, '']);
      expect(stderr).toMatch(/\[CONFIG_INVALID\]\nhint: /);
    }
    const doctor = await runCli(['doctor', '-o', 'json'], { dataDir });
    expect(doctor.code).toBe(3);
    expect(JSON.parse(doctor.stdout)).toMatchObject({ ok: false });
  });

  test('the flag off wins over a profile that chose Service Bus', async () => {
    const dataDir = tempDir();
    await runCli(['init', '--set', 'queue=servicebus'], { dataDir });
    const { code, stdout } = await runCli(['submit', 'echo', '-o', 'json'], { dataDir, env: { USE_SERVICE_BUS: 'false' } });
    expect([code, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ queueMode: 'local' })]);
  });
});

describe('while Service Bus is away', () => {
  test('a job is accepted, every command tells where it is, and it runs when Service Bus is back', async () => {
    const home = await openServiceBusHome();
    await home.down();
    const { code, stdout, stderr } = await home.run('submit echo');
    expect([code, stdout]).toEqual([0, expect.stringContaining('submitted to evaluation-jobs, not sent yet')]);
    expect(stderr).toMatch(/warning: saved, and not sent to Service Bus yet \(1 job; a worker sends what waits\): .*\[SB_UNREACHABLE\]/);
    const [job] = checked(contract.list, await home.json('list')).jobs;
    expect(job).toMatchObject({ status: 'Queued', queueMode: 'pending' });
    expect((await home.run('list')).stdout).toContain('not sent yet');
    const stats = await home.run('stats -o json');
    expect(stats.code).toBe(5);
    expect(checked(contract.stats, JSON.parse(stats.stdout))).toMatchObject({
      problem: { code: 'SB_UNREACHABLE' },
      outbox: [{ queue: 'evaluation-jobs', waiting: 1, problem: expect.stringContaining('SB_UNREACHABLE') }],
      jobs: { Queued: 1 },
    });
    expect((await home.run('stats --check depth<5')).code).toBe(5);
    expect(checked(contract.story, await home.json(`why ${job?.jobId ?? ''}`))).toMatchObject({ message: { state: 'unsent' } });
    const doctor = await home.run('doctor -o json');
    expect([doctor.code, JSON.parse(doctor.stdout)]).toEqual([3, expect.objectContaining({ checks: expect.arrayContaining([expect.objectContaining({ name: 'outbox', status: 'warn' })]) })]);
    await home.up();
    expect((await home.run('worker start --drain')).stdout).toContain('1 succeeded');
    expect(await statusOf(home, job?.jobId ?? '')).toBe('Succeeded');
    expect(checked(contract.stats, await home.json('stats'))).toMatchObject({ outbox: [], problem: null });
  });

  test('what was left unsent is sent by the next submit', async () => {
    const home = await openServiceBusHome();
    await home.down();
    for (let index = 0; index < 3; index += 1) await home.run('submit echo');
    await home.up();
    await submit(home);
    // Entries that were refused rest a little; the one submit sends its own at once and the others when their time has come.
    await expect.poll(async () => ((await submit(home)), (await home.json<{ outbox: unknown[] }>('stats')).outbox), { timeout: 15_000, interval: 500 }).toEqual([]);
    expect(checked(contract.list, await home.json('list')).jobs.every(({ queueMode }) => queueMode === 'service_bus')).toBe(true);
  });

  test('with fallback local it goes to the local queue, and workers of the profile run it at once', async () => {
    const home = await openServiceBusHome();
    await home.down();
    const env = { COPILOTEVAL_FALLBACK: 'local' };
    const { stdout, stderr } = await home.run('submit echo -o json', { env });
    const { jobId, queueMode } = checked(contract.submitted, JSON.parse(stdout));
    expect(queueMode).toBe('local');
    expect(stderr).toContain('so the local queue has it now');
    const stats = await home.run('stats -o json', { env });
    expect(checked(contract.stats, JSON.parse(stats.stdout)).queues).toMatchObject([{ name: 'evaluation-jobs@local', active: 1 }]);
    expect(checked(contract.story, await home.json(`why ${jobId}`, { env })).events.map(({ type }) => type)).toEqual(['submitted', 'moved-to-local']);
    await home.up();
    await home.run('worker start --drain', { env });
    expect(await home.json(`status ${jobId}`)).toMatchObject({ status: 'Succeeded', queueMode: 'local' });
  });

  test('many jobs are accepted, and the answer counts those that wait', async () => {
    const home = await openServiceBusHome();
    await home.down();
    const { code, stdout, stderr } = await home.run('submit --from - -o json', { stdin: '{"type":"echo"}\n'.repeat(50) });
    expect(code).toBe(0);
    expect(checked(contract.bulk, JSON.parse(stdout))).toMatchObject({ submitted: 50, queueModes: { service_bus: 0, local: 0, pending: 50 } });
    expect(checked(contract.warningLine, JSON.parse(stderr)).warning.message).toContain('50 jobs');
  });

  test('commands that only read the store do not ask for it', async () => {
    const home = await openServiceBusHome();
    const { jobId } = await submit(home);
    await home.down();
    for (const line of [`status ${jobId}`, 'list', `logs ${jobId}`, 'worker list', 'dlq history', `why ${jobId}`, `cancel ${jobId}`]) {
      expect([line, (await home.run(line)).code]).toEqual([line, 0]);
    }
  });
});
