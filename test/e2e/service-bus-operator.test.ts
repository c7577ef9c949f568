// The operator's verbs on Service Bus: queues, dead letters of any origin, wrong connections, and what is loaded for it.

import { ServiceBusClient } from '@azure/service-bus';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadedFiles } from '../support/built-program.js';
import * as contract from '../support/json-contract.js';
import { checked } from '../support/json-contract.js';
import { runCli } from '../support/run-cli.js';
import { openServiceBusHome, type ServiceBusHome } from '../support/service-bus-home.js';
import { tempDir } from '../support/temp-dir.js';

/** As another system that shares the namespace would. */
async function sendAndBury(home: ServiceBusHome, queue: string, bodies: readonly unknown[]): Promise<void> {
  const client = new ServiceBusClient(home.emulator.connectionString);
  const sender = client.createSender(queue);
  await sender.sendMessages(bodies.map((body, index) => ({ body, messageId: `theirs-${index}`, applicationProperties: { team: 'them' } })));
  const receiver = client.createReceiver(queue);
  let left = bodies.length;
  while (left > 0) {
    for (const message of await receiver.receiveMessages(left, { maxWaitTimeInMs: 2000 })) {
      await receiver.deadLetterMessage(message, { deadLetterReason: 'TheirReason', deadLetterErrorDescription: `order ${String(message.messageId)} failed` });
      left -= 1;
    }
  }
  await client.close();
}

describe('queues', () => {
  test('create says what would change before it does, and does it once', async () => {
    const home = await openServiceBusHome();
    const planned = checked(contract.queuesCreated, await home.json('queues create orders --lock 30s --max-attempts 7 --dry-run'));
    expect(planned.queues).toMatchObject([{ name: 'orders', outcome: 'planned', plan: { outcome: 'created' } }]);
    expect((await home.json<{ queues: object[] }>('queues list')).queues).toHaveLength(1);
    const made = await home.run('queues create orders --lock 30s --max-attempts 7');
    expect([made.code, made.stdout]).toEqual([0, 'orders  created\n']);
    expect(made.stderr).toContain('orders: new');
    expect((await home.run('queues create orders --lock 30s --max-attempts 7')).stdout).toBe('orders  unchanged\n');
    const change = 'queues create orders --lock 60s --max-attempts 7';
    const refused = await home.run(change);
    expect([refused.code, refused.stderr]).toEqual([7, expect.stringMatching(/orders: changed\n {2}\S.* -> .*/)]);
    expect((await home.run(`${change} --yes`)).stdout).toBe('orders  changed\n');
    expect(checked(contract.queues, await home.json('queues list orders')).queues).toMatchObject([{ name: 'orders', lockMs: 60_000, maxAttempts: 7, status: 'Active' }]);
  });

  test('pause holds workers back and not submitters; --hard switches receiving off for everybody, and resume undoes both', async () => {
    const home = await openServiceBusHome();
    expect(checked(contract.queues, await home.json('queues pause evaluation-jobs')).queues).toMatchObject([{ paused: true, pausedBy: 'operator', status: 'Active' }]);
    expect(checked(contract.submitted, await home.json('submit echo')).queueMode).toBe('service_bus');
    expect((await home.run('worker start --drain')).stdout).toContain('paused, so left as it is: evaluation-jobs');
    expect((await home.json<{ situation: string }>(`why ${(await home.json<{ jobs: { jobId: string }[] }>('list')).jobs[0]?.jobId ?? ''}`)).situation).toContain('is paused');
    expect(checked(contract.queues, await home.json('queues pause evaluation-jobs --hard')).queues).toMatchObject([{ paused: true, status: 'ReceiveDisabled' }]);
    expect((await home.run('stats')).stdout).toContain('evaluation-jobs is ReceiveDisabled on Service Bus');
    expect((await home.run('queues resume evaluation-jobs')).stdout).toBe('evaluation-jobs  open\n');
    expect((await home.run('worker start --drain')).stdout).toContain('1 succeeded');
  });

  test('--hard is refused where there is no such switch', async () => {
    const { code, stderr } = await runCli(['queues', 'pause', 'evaluation-jobs', '--hard']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('--hard is for queues of Service Bus')]);
  });
});

describe('a namespace that was there before us', () => {
  test('its queues are counted, and its dead letters looked at, replayed, purged and restored, whatever they are', async () => {
    const home = await openServiceBusHome();
    await home.run('queues create orders');
    await home.run('queues create billing');
    await sendAndBury(home, 'orders', [{ order: 1 }, Buffer.from('plain text'), Buffer.from([0xff, 0x00])]);
    await sendAndBury(home, 'billing', [{ bill: 1 }]);
    const stats = checked(contract.stats, await home.json('stats'));
    expect(Object.fromEntries(stats.queues.map(({ name, deadLetter }) => [name, deadLetter]))).toEqual({ billing: 1, 'evaluation-jobs': 0, orders: 3 });
    expect((await home.run('stats --queue orders --check dlq<3')).code).toBe(3);
    // Made with an administration client of another program: messages there never expire.
    await home.emulator.catalog.create({ name: 'plain' });
    expect((await home.run('queues list')).stdout).toMatch(/^plain .* 1 min +none  open/m);
    const { deadLetters } = await home.json<{ deadLetters: { queue: string; bodyEncoding: string; jobId: null }[] }>('dlq peek');
    expect(deadLetters.map(({ queue, bodyEncoding }) => [queue, bodyEncoding])).toEqual([['billing', 'json'], ['orders', 'json'], ['orders', 'text'], ['orders', 'base64']]);
    const { groups } = await home.json<{ groups: { count: number; reason: string; queues: string[] }[] }>('dlq groups');
    expect(groups).toMatchObject([{ count: 4, queues: ['billing', 'orders'] }]);
    expect(await home.json('dlq replay --all --queue orders --yes --reason-text fixed')).toMatchObject({ matched: 3, replayed: 3, unexplained: 0 });
    expect(await home.emulator.catalog.runtime('orders')).toMatchObject({ active: 3, deadLetter: 0 });
    const purge = await home.json<{ operation: string }>('dlq purge --all --all-queues --yes');
    expect(purge).toMatchObject({ matched: 1, purged: 1, unexplained: 0 });
    expect(await home.json(`dlq restore ${purge.operation} --yes`)).toMatchObject({ restored: 1, unexplained: 0 });
    // Nothing can be sent into a dead-letter queue there: it comes back to the queue itself.
    expect(await home.emulator.catalog.runtime('billing')).toMatchObject({ active: 1, deadLetter: 0 });
  });
});

describe('dead letters of the local queue beside Service Bus', () => {
  test('have a queue of their own name, which every command takes', async () => {
    const home = await openServiceBusHome();
    await home.down();
    const env = { COPILOTEVAL_FALLBACK: 'local' };
    const { stdout } = await home.run(`submit fail --payload {"times":3} -o json`, { env });
    const { jobId } = checked(contract.submitted, JSON.parse(stdout));
    await home.up();
    await home.run('worker start --drain', { env });
    const story = checked(contract.story, await home.json(`why ${jobId}`));
    expect(story).toMatchObject({ job: { status: 'DeadLettered' }, deadLetter: { queue: expect.stringContaining('evaluation-jobs') } });
    const queue = story.deadLetter?.queue ?? '';
    expect(await home.json(`dlq peek --queue ${queue}`)).toMatchObject({ deadLetters: [{ queue, jobId }] });
    expect(await home.json(`dlq replay --queue ${queue} --job ${jobId} --yes`)).toMatchObject({ replayed: 1, unexplained: 0 });
    await home.run('worker start --drain');
    expect(await home.json(`status ${jobId}`)).toMatchObject({ status: 'Succeeded' });
  });
});

describe('two stores on one queue', () => {
  test('are noticed by the worker, which ends with 4 and leaves the message alone', async () => {
    const home = await openServiceBusHome();
    await home.run('submit echo', { dataDir: tempDir() });
    const { code, stderr } = await home.run('worker start --drain');
    expect([code, stderr]).toEqual([4, expect.stringContaining('[STORE_MISMATCH]')]);
    expect(await home.emulator.catalog.runtime('evaluation-jobs')).toMatchObject({ active: 1, deadLetter: 0 });
  });
});

describe('a connection that is wrong', () => {
  const wrong = (home: ServiceBusHome, change: (text: string) => string): Record<string, string> => ({
    AZURE_SERVICE_BUS_CONNECTION_STRING: change(home.emulator.connectionString),
  });

  test.each([
    ['in its key', (text: string) => text.replace(/SharedAccessKey=[^;]+/, 'SharedAccessKey=d3Jvbmc='), 'SB_UNAUTHORIZED', 4],
    ['in the name of its key', (text: string) => text.replace(/SharedAccessKeyName=[^;]+/, 'SharedAccessKeyName=nobody'), 'SB_UNAUTHORIZED', 4],
    ['in its host', () => 'Endpoint=sb://no-such-namespace.invalid/;SharedAccessKeyName=a;SharedAccessKey=Yg==', 'SB_NAMESPACE_NOT_FOUND', 6],
    ['in its port', (text: string) => text.replace(/localhost:\d+|127\.0\.0\.1:\d+/, 'localhost:9'), 'SB_UNREACHABLE', 5],
  ] as const)('%s: a job is accepted all the same, and the error names its code within seconds', async (_where, change, code, exitCode) => {
    const home = await openServiceBusHome();
    const env = { ...wrong(home, change), AZURE_SERVICE_BUS_ADMIN_ENDPOINT: code === 'SB_UNAUTHORIZED' ? home.emulator.adminEndpoint : '' };
    const startedAt = performance.now();
    const submitted = await home.run('submit echo', { env });
    expect([submitted.code, submitted.stderr]).toEqual([0, expect.stringContaining(`[${code}]`)]);
    expect(submitted.stderr).not.toMatch(/SharedAccessKey=|d3Jvbmc/);
    const stats = await home.run('stats', { env });
    expect([stats.code, stats.stderr]).toEqual([exitCode, expect.stringContaining(`[${code}]\nhint: `)]);
    const doctor = await home.run('doctor', { env });
    expect(doctor.code).toBe(3);
    expect(doctor.stdout).toMatch(/FAIL {2}service bus .*\n {6}remedy: /);
    expect(performance.now() - startedAt).toBeLessThan(60_000);
  }, 90_000);

  test('a queue that is not there names the command that makes it', async () => {
    const home = await openServiceBusHome();
    await home.emulator.catalog.delete('evaluation-jobs');
    const submitted = await home.run('submit echo');
    expect([submitted.code, submitted.stderr]).toEqual([0, expect.stringMatching(/\[QUEUE_UNKNOWN\].*queues create/)]);
    expect((await home.run('queues create')).stdout).toBe('evaluation-jobs  created\n');
    expect((await home.run('worker start --drain')).stdout).toContain('1 succeeded');
  });
});

describe('modules', () => {
  const azure = (argv: readonly string[], env: Record<string, string>, cwd: string): boolean =>
    loadedFiles(argv, { cwd, env }).some((file) => file.includes('@azure') || /AmqpAnnotatedMessage|ServiceBusClient/.test(readFileSync(file, 'utf8')));

  test('no command on SQLite loads anything of Azure, and none of the store alone does beside Service Bus', () => {
    const cwd = tempDir();
    for (const argv of [['submit', 'echo'], ['worker', 'start', '--drain'], ['stats'], ['doctor'], ['dlq', 'peek']]) {
      expect([argv, azure(argv, {}, cwd)]).toEqual([argv, false]);
    }
    // Nothing listens there.
    const env = { USE_SERVICE_BUS: 'true', AZURE_SERVICE_BUS_CONNECTION_STRING: 'Endpoint=sb://localhost:9;SharedAccessKeyName=a;SharedAccessKey=Yg==;UseDevelopmentEmulator=true' };
    for (const argv of [['list'], ['submit', 'echo', '--dry-run'], ['worker', 'list'], ['dlq', 'history'], ['config', 'show']]) {
      expect([argv, azure(argv, env, cwd)]).toEqual([argv, false]);
    }
    // The check would see it.
    expect(azure(['submit', 'echo'], env, cwd)).toBe(true);
  }, 60_000);
});
