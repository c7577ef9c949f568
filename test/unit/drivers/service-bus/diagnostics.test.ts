// What `doctor` says of a Service Bus in each state it can be in: against the emulator, and against peers that are not one.

import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';

import { describe, expect, onTestFinished, test } from 'vitest';

import type { AzureCredential } from '../../../../src/drivers/azure-access/credentials.js';
import { diagnoseServiceBus } from '../../../../src/drivers/service-bus/diagnostics.js';
import { azLines } from '../../../../src/drivers/service-bus/diagnostics/az-lines.js';
import { checkSettings } from '../../../../src/drivers/service-bus/diagnostics/check-settings.js';
import type { ServiceBusTarget } from '../../../../src/drivers/service-bus/target.js';
import { type AccessKey, ALL_RIGHTS } from '../../../../src/emulator/sas/access-key.js';
import { type Clock, systemClock } from '../../../../src/ports/clock.js';
import type { HealthCheck } from '../../../../src/ports/diagnostics.js';
import type { QueueSettings } from '../../../../src/ports/queue-admin.js';
import { openTestEmulator, type TestEmulator } from '../../../support/emulator.js';

const ALL: AccessKey = { name: 'all', key: 'c2VjcmV0LW9mLWFsbA', rights: ALL_RIGHTS };
const LISTENER: AccessKey = { name: 'listener', key: 'c2VjcmV0LW9mLWxpc3Rlbg', rights: new Set(['Listen']) };
const SENDER: AccessKey = { name: 'sender', key: 'c2VjcmV0LW9mLXNlbmQ', rights: new Set(['Send']) };
const WORKER: AccessKey = { name: 'worker', key: 'c2VjcmV0LW9mLXdvcmtlcg', rights: new Set(['Send', 'Listen']) };
const JOBS: QueueSettings = { name: 'jobs', lockMs: 30_000, ttlMs: 3_600_000, maxAttempts: 3 };

async function emulator(queues: readonly QueueSettings[] = [JOBS]): Promise<TestEmulator> {
  return openTestEmulator({
    keys: [ALL, LISTENER, SENDER, WORKER],
    queues: queues.map(({ name, lockMs, ttlMs, maxAttempts }) => ({ name, lockMs, ttlMs, maxDeliveryCount: maxAttempts, deadLetterOnExpiration: true })),
  });
}

function targetOf({ adminEndpoint, connectionStringOf }: TestEmulator, key: AccessKey = ALL): Extract<ServiceBusTarget, { kind: 'connection-string' }> {
  return { kind: 'connection-string', connectionString: connectionStringOf(key), adminEndpoint };
}

async function diagnose(target: ServiceBusTarget, more: { registry?: readonly QueueSettings[]; clock?: Clock; credential?: AzureCredential } = {}): Promise<readonly HealthCheck[]> {
  const checks = await diagnoseServiceBus({ target, registry: more.registry ?? [JOBS], clock: more.clock ?? systemClock, ...(more.credential === undefined ? {} : { credential: more.credential }) });
  const shown = JSON.stringify(checks);
  for (const { key } of [ALL, LISTENER, SENDER, WORKER]) expect(shown).not.toContain(key);
  // Whoever is told that something is wrong is told what to do.
  for (const check of checks) if (check.status === 'fail') expect(check.remedy).toMatch(/\S/);
  return checks;
}

function linesOf(checks: readonly HealthCheck[]): string[] {
  return checks.map(({ name, status, detail }) => `${status} ${name}: ${detail}`);
}

async function listen(onSocket: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function at(host: string, more = 'UseDevelopmentEmulator=true'): Extract<ServiceBusTarget, { kind: 'connection-string' }> {
  return { kind: 'connection-string', connectionString: `Endpoint=sb://${host};SharedAccessKeyName=all;SharedAccessKey=${ALL.key};${more}` };
}

/** Waits a tenth of the time, and tells how long it would have been. */
function hurried(): Clock & { waited(): number } {
  const started = performance.now();
  return { ...systemClock, sleep: (ms, signal) => systemClock.sleep(ms / 10, signal), waited: () => (performance.now() - started) * 10 };
}

describe('a Service Bus where all is well', () => {
  test('gets a line for each step', async () => {
    const checks = await diagnose(targetOf(await emulator()));
    expect(checks.map(({ status }) => status)).toEqual(checks.map(() => 'ok'));
    expect(checks.map(({ name }) => name)).toEqual([
      'service bus settings', 'service bus address', 'service bus connection', 'service bus right: send', 'service bus right: listen', 'service bus right: manage',
      'service bus tier', 'service bus clock', 'service bus queues',
    ]);
    expect(linesOf(checks).join('\n')).toMatch(/1 expected, all there and as configured/);
  });

  test('is left as it was: nothing is sent, locked or made', async () => {
    const running = await emulator();
    await diagnose(targetOf(running), { registry: [JOBS, { ...JOBS, name: 'missing' }] });
    expect((await running.catalog.list()).map(({ name }) => name)).toEqual(['jobs']);
    expect(await running.catalog.runtime('jobs')).toMatchObject({ active: 0, scheduled: 0, deadLetter: 0 });
  });
});

describe('rights', () => {
  test('of a worker without Manage are enough to work with, and its queues are looked for all the same', async () => {
    const running = await emulator();
    const checks = await diagnose(targetOf(running, WORKER), { registry: [JOBS, { ...JOBS, name: 'missing' }] });
    expect(linesOf(checks)).toEqual(expect.arrayContaining([
      expect.stringMatching(/^ok service bus right: send/),
      expect.stringMatching(/^ok service bus right: listen/),
      expect.stringMatching(/^warn service bus right: manage: not granted/),
      'fail service bus queues: missing is missing',
    ]));
  });

  test.each([
    [SENDER, 'ok', 'warn'],
    [LISTENER, 'warn', 'ok'],
  ])('of %o are told one by one, with the command that grants the other', async (key, send, listens) => {
    const checks = await diagnose(targetOf(await emulator(), key));
    const byName = new Map(checks.map((check) => [check.name, check]));
    expect(byName.get('service bus right: send')?.status).toBe(send);
    expect(byName.get('service bus right: listen')?.status).toBe(listens);
    const missing = checks.find(({ name, status }) => status === 'warn' && /send|listen/.test(name));
    expect(missing?.remedy).toMatch(/copiloteval emulator start --key copiloteval-(send|listen)=SECRET:(Send|Listen)/);
  });

  test('of a wrong key are none, and the usual reasons are named', async () => {
    const started = performance.now();
    const checks = await diagnose(targetOf(await emulator(), { ...ALL, key: 'wrong' }));
    expect(linesOf(checks).filter((line) => line.startsWith('fail'))).toEqual([expect.stringMatching(/right: send: refused/), expect.stringMatching(/right: listen: refused/)]);
    expect(checks.find(({ status }) => status === 'fail')?.remedy).toMatch(/cut off.*the emulator prints its connection strings/);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

describe('queues', () => {
  test('that are missing come with two commands that make them', async () => {
    const checks = await diagnose(targetOf(await emulator([])), { registry: [JOBS] });
    const missing = checks.find(({ name }) => name === 'service bus queues');
    expect(missing).toMatchObject({ status: 'fail', detail: 'jobs is missing' });
    expect(missing?.remedy).toContain('copiloteval queues create jobs');
    expect(missing?.remedy).toContain('copiloteval emulator start --queues FILE');
    expect(linesOf(checks).join('\n')).toContain('cannot be told while the queue jobs is missing');
  });

  test('that differ are told with what they are and should be', async () => {
    const running = await emulator([{ ...JOBS, lockMs: 60_000, maxAttempts: 10 }]);
    await running.catalog.update({ name: 'jobs', deadLetterOnExpiration: false });
    const line = linesOf(await diagnose(targetOf(running))).find((one) => one.includes('service bus queues'));
    expect(line).toBe('warn service bus queues: jobs: lock duration is PT1M and should be PT30S, max delivery count is 10 and should be 3, dead-letter expired messages is false and should be true');
  });

  test('that somebody disabled are told', async () => {
    const running = await emulator();
    await running.catalog.update({ name: 'jobs', status: 'ReceiveDisabled' });
    const checks = await diagnose(targetOf(running));
    expect(checks).toContainEqual(expect.objectContaining({ status: 'warn', detail: 'jobs is ReceiveDisabled', remedy: expect.stringContaining('queues resume jobs --hard') }));
  });
});

test('the commands of az have in them what is known of the namespace', () => {
  const shop: ServiceBusTarget = { kind: 'connection-string', connectionString: `Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=k;SharedAccessKey=x` };
  expect(azLines(shop).createQueue(JOBS)).toBe(
    '`az servicebus queue create -g GROUP --namespace-name shop --name jobs --max-delivery-count 3 --lock-duration PT30S --default-message-time-to-live PT1H --enable-dead-lettering-on-message-expiration true`',
  );
  expect(azLines(shop).createPolicy('worker', ['Listen', 'Send'])).toBe('`az servicebus namespace authorization-rule create -g GROUP --namespace-name shop --name worker --rights Listen Send`');
  expect(azLines(shop).setStatus('jobs', 'Active')).toBe('`az servicebus queue update -g GROUP --namespace-name shop --name jobs --status Active`');
  const known: ServiceBusTarget = { kind: 'entra', namespace: 'shop', credential: 'cli', arm: { subscriptionId: 'sub-1', resourceGroup: 'group-1' } };
  expect(azLines(known).grantRole('Reader')).toBe(
    '`az role assignment create --role "Reader" --assignee WHO --scope /subscriptions/sub-1/resourceGroups/group-1/providers/Microsoft.ServiceBus/namespaces/shop`',
  );
});

describe('the network', () => {
  test('a port where nobody listens', async () => {
    const port = await listen(() => undefined);
    const checks = await diagnose(at(`127.0.0.1:${port === 65_535 ? port - 1 : port + 1}`));
    expect(linesOf(checks).at(-1)).toMatch(/^fail service bus connection: .*ECONNREFUSED/);
    expect(checks.at(-1)?.remedy).toContain('copiloteval emulator start');
  });

  test('a name that has no address', async () => {
    const checks = await diagnose(at('no-such-namespace.invalid'));
    expect(linesOf(checks).at(-1)).toMatch(/^fail service bus address: /);
  });

  test.each([
    ['without TLS', 'UseDevelopmentEmulator=true'],
    ['with TLS', 'UseDevelopmentEmulator=false'],
  ])('a peer that accepts and then says nothing, %s, is given up within seconds', async (_how, flag) => {
    const port = await listen(() => undefined);
    const clock = hurried();
    const checks = await diagnose(at(`localhost:${port}`, flag), { clock });
    expect(linesOf(checks).at(-1)).toMatch(/^fail service bus connection: .*no answer within 3 s/);
    expect(clock.waited()).toBeLessThan(5_000);
  });

  test('an address that swallows what is sent to it is given up within seconds', async () => {
    const clock = hurried();
    const checks = await diagnose(at('192.0.2.1'), { clock });
    expect(linesOf(checks).at(-1)).toMatch(/^fail service bus connection: /);
    expect(clock.waited()).toBeLessThan(5_000);
  });

  test('a peer that is no AMQP broker', async () => {
    const server = createHttpServer((_request, response) => response.end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const checks = await diagnose(at(`127.0.0.1:${(server.address() as AddressInfo).port}`));
    expect(linesOf(checks).at(-1)).toMatch(/^fail service bus connection: .*not an AMQP broker/);
  });

  test('an AMQP broker without TLS where TLS is expected', async () => {
    const running = await emulator();
    const checks = await diagnose(at(`127.0.0.1:${running.port}`, 'UseDevelopmentEmulator=false'));
    expect(linesOf(checks)[0]).toMatch(/^warn service bus settings: .*no `UseDevelopmentEmulator=true`/);
    expect(checks.at(-1)).toMatchObject({ status: 'fail', name: 'service bus connection' });
  });

  test('an administration address where nobody answers does not hide the rest', async () => {
    const running = await emulator();
    const port = await listen((socket) => void socket.destroy());
    const checks = await diagnose({ ...targetOf(running), adminEndpoint: `http://127.0.0.1:${port}` });
    expect(linesOf(checks)).toEqual(expect.arrayContaining([
      expect.stringMatching(/^ok service bus right: send/),
      expect.stringMatching(/^ok service bus right: listen/),
      expect.stringMatching(/^fail service bus right: manage/),
      expect.stringMatching(/^ok service bus queues: 1 expected, all there/),
    ]));
    expect(checks.find(({ name }) => name === 'service bus right: manage')?.remedy).toContain('AZURE_SERVICE_BUS_ADMIN_ENDPOINT');
  });

  test('a broker that stops answering after its greeting is given up within ten seconds', async () => {
    const port = await listen((socket) => void socket.once('data', () => socket.write(Buffer.from([0x41, 0x4d, 0x51, 0x50, 3, 1, 0, 0]))));
    const silent = await listen(() => undefined);
    const clock = hurried();
    const { connectionString } = at(`127.0.0.1:${port}`);
    const checks = await diagnose({ kind: 'connection-string', connectionString, adminEndpoint: `http://127.0.0.1:${silent}` }, { clock });
    expect(checks.some(({ status }) => status === 'fail')).toBe(true);
    expect(clock.waited()).toBeLessThan(10_000);
  });
});

describe('the clock', () => {
  test.each([
    [90_000, 'warn', /(89|90|91) s ahead of/],
    [-600_000, 'fail', /(599|600|601) s behind/],
  ])('that is off by %d ms is told', async (offMs, status, says) => {
    const clock: Clock = { ...systemClock, now: () => systemClock.now() + offMs };
    const checks = await diagnose(targetOf(await emulator()), { clock });
    expect(checks.find(({ name }) => name === 'service bus clock')).toMatchObject({ status, detail: expect.stringMatching(says), remedy: expect.stringContaining('time server') });
  });
});

describe('settings', () => {
  const KEY = `${'Ab3+/'.repeat(8)}xyz=`;

  test('that cannot work end the walk, with every mistake named', async () => {
    const checks = await diagnose({ kind: 'connection-string', connectionString: 'Endpoint=http://shop.servicebus.windows.net;SharedAccessKeyName=x' });
    expect(linesOf(checks)).toEqual([
      expect.stringContaining('begins with http://'),
      expect.stringContaining('it has no SharedAccessKey'),
    ]);
  });

  test('with the key of everything are warned of, with the commands that make a smaller one', () => {
    const checks = checkSettings({ kind: 'connection-string', connectionString: `Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=${KEY}` });
    expect(checks).toContainEqual(expect.objectContaining({ name: 'service bus key', status: 'warn', remedy: expect.stringMatching(/authorization-rule create -g GROUP --namespace-name shop .*--rights Listen Send/) }));
    expect(JSON.stringify(checks)).not.toContain(KEY);
  });

  test('of an administration address that is none are refused', async () => {
    const checks = await diagnose({ ...targetOf(await emulator()), adminEndpoint: 'localhost:5300' });
    expect(checks).toMatchObject([{ status: 'fail', remedy: expect.stringContaining('http://localhost:5300') }]);
  });
});

describe('a sign-in', () => {
  const entra: ServiceBusTarget = { kind: 'entra', namespace: 'no-such-namespace.invalid', credential: 'auto' };

  function credential(answers: Awaited<ReturnType<AzureCredential['answers']>>): AzureCredential {
    return { remedy: 'ask ann', getToken: () => Promise.reject(new Error('not asked')), answers: async () => answers };
  }

  test('that failed shows what each credential says', async () => {
    const answers = [{ name: 'Azure CLI (az)', ok: false, detail: "Please run 'az login'" }, { name: 'environment', ok: false, detail: 'no variables' }];
    const checks = await diagnose(entra, { credential: credential(answers) });
    expect(checks).toContainEqual(expect.objectContaining({ name: 'service bus sign-in', remedy: 'ask ann' }));
    expect(linesOf(checks)).toEqual(expect.arrayContaining([
      'fail service bus sign-in: no credential could sign in',
      "warn credential: Azure CLI (az): Please run 'az login'",
      'warn credential: environment: no variables',
    ]));
  });

  test('that worked says by which, and the others are no trouble', async () => {
    const answers = [{ name: 'environment', ok: false, detail: 'no variables' }, { name: 'Azure CLI (az)', ok: true, detail: 'signed in as ann' }];
    const checks = await diagnose(entra, { credential: credential(answers) });
    expect(linesOf(checks)).toEqual(expect.arrayContaining(['ok service bus sign-in: by Azure CLI (az)', 'ok credential: environment: not used: no variables', 'ok credential: Azure CLI (az): signed in as ann']));
  });
});
