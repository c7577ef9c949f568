// `emulator start` as typed: what it prints, what it refuses, how it ends.

import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';

import { ServiceBusClient } from '@azure/service-bus';
import { describe, expect, onTestFinished, test } from 'vitest';

import { openAdminClient } from '../support/admin-client.js';
import { localCertificate } from '../support/certificate.js';
import { checked, emulatorStarted } from '../support/json-contract.js';
import { type RunningCli, runCli, startCli } from '../support/run-cli.js';
import { tempDir } from '../support/temp-dir.js';

const FREE = ['--port', '0', '--admin-port', '0'];
/** The emulator's own log lines go to the real stderr; tests do without them. */
const env = { LOG_LEVEL: 'silent' };

interface Running {
  readonly cli: RunningCli;
  readonly started: ReturnType<typeof checked<typeof emulatorStarted>>;
}

async function start(argv: readonly string[] = [], dataDir = tempDir(), ports = FREE): Promise<Running> {
  const cli = startCli(['emulator', 'start', ...ports, ...argv, '-o', 'jsonl'], { dataDir, env });
  await Promise.race([cli.streams.stdout.shows('\n'), cli.ended]);
  const { stdout, stderr } = cli.streams;
  if (stdout.text === '') throw new Error(stderr.text);
  onTestFinished(async () => {
    cli.send('SIGTERM');
    await cli.ended;
  });
  return { cli, started: checked(emulatorStarted, JSON.parse(stdout.text)) };
}

function client(connectionString: string): ServiceBusClient {
  const opened = new ServiceBusClient(connectionString, { retryOptions: { maxRetries: 0, timeoutInMs: 5000 } });
  onTestFinished(() => opened.close());
  return opened;
}

describe('emulator start', () => {
  test('prints a connection string that works as it is, and nothing else on stdout', async () => {
    const dataDir = tempDir();
    const cli = startCli(['emulator', 'start', ...FREE], { dataDir, env });
    await cli.streams.stderr.shows('queues: ');
    const [connectionString = '', ...rest] = cli.streams.stdout.text.split('\n');
    expect(rest).toEqual(['']);
    expect(connectionString).toMatch(/^Endpoint=sb:\/\/localhost:\d+;SharedAccessKeyName=DevelopmentKey;SharedAccessKey=[^;]{44};UseDevelopmentEmulator=true$/);
    const bus = new ServiceBusClient(connectionString);
    await bus.createSender('evaluation-jobs').sendMessages({ body: { hello: 'world' } });
    const [message] = await bus.createReceiver('evaluation-jobs').receiveMessages(1);
    expect(message?.body).toEqual({ hello: 'world' });
    await bus.close();
    cli.send('SIGINT');
    expect(await cli.ended).toMatchObject({ code: 0 });
    expect(cli.streams.stderr.text).toMatch(/^AMQP on port \d+; administration at http:\/\/localhost:\d+\nfile: .*emulator\.db; queues: evaluation-jobs\n$/);
  });

  test('keeps everything in its data directory, the key in a file for its owner only', async () => {
    const dataDir = tempDir();
    const { started, cli } = await start([], dataDir);
    expect(started).toMatchObject({ file: join(dataDir, 'emulator.db'), keyFile: join(dataDir, 'emulator.key'), queues: ['evaluation-jobs'], tlsPort: null });
    expect(statSync(join(dataDir, 'emulator.key')).mode & 0o777).toBe(0o600);
    expect(started.connectionString).toContain(readFileSync(join(dataDir, 'emulator.key'), 'utf8').trim());
    cli.send('SIGTERM');
    await cli.ended;
    const again = await start([], dataDir);
    expect(again.started.keys[0]?.name).toBe('DevelopmentKey');
    expect(again.started.connectionString.replace(/localhost:\d+/, '')).toBe(started.connectionString.replace(/localhost:\d+/, ''));
  });

  test('has the queues of the configuration as the service would have them', async () => {
    const dataDir = tempDir();
    const profiles = { default: { queues: { 'own-jobs': { lockSeconds: 20, maxAttempts: 7, ttlSeconds: 3600 } } } };
    writeFileSync(join(dataDir, 'config.json'), JSON.stringify({ profile: 'default', profiles }));
    const { started } = await start([], dataDir);
    expect(started.queues).toEqual(['evaluation-jobs', 'own-jobs']);
    const admin = openAdminClient(started.adminEndpoint, started.connectionString);
    expect(await admin.getQueue('own-jobs')).toMatchObject({
      lockDuration: 'PT20S',
      maxDeliveryCount: 7,
      defaultMessageTimeToLive: 'PT1H',
      deadLetteringOnMessageExpiration: true,
    });
    expect(await admin.getQueue('evaluation-jobs')).toMatchObject({ lockDuration: 'PT5M', maxDeliveryCount: 3, defaultMessageTimeToLive: 'P14D' });
  });

  test('makes and changes the queues of a file, and leaves what was changed by others of the configuration', async () => {
    const dataDir = tempDir();
    const file = join(dataDir, 'queues.yaml');
    writeFileSync(file, '- {name: orders, lockDuration: 30s}\n');
    const first = await start(['--queues', file], dataDir);
    expect(first.started.queues).toEqual(['evaluation-jobs', 'orders']);
    const admin = openAdminClient(first.started.adminEndpoint, first.started.connectionString);
    await admin.updateQueue({ ...(await admin.getQueue('orders')), lockDuration: 'PT1M', maxDeliveryCount: 4 });
    await admin.updateQueue({ ...(await admin.getQueue('evaluation-jobs')), maxDeliveryCount: 9 });
    first.cli.send('SIGTERM');
    await first.cli.ended;
    const second = await start(['--queues', file], dataDir);
    const after = openAdminClient(second.started.adminEndpoint, second.started.connectionString);
    expect(await after.getQueue('orders')).toMatchObject({ lockDuration: 'PT30S', maxDeliveryCount: 4 });
    expect(await after.getQueue('evaluation-jobs')).toMatchObject({ maxDeliveryCount: 9 });
  });

  test('gives each key its own rights, on both sides', async () => {
    const { started } = await start(['--key', 'sender=c2VuZGVy:Send', '--key', 'reader=cmVhZGVy:Listen', '--key', 'root=cm9vdA==']);
    expect(started.keyFile).toBeNull();
    expect(started.keys.map(({ name, rights }) => [name, rights])).toEqual([
      ['sender', ['Send']],
      ['reader', ['Listen']],
      ['root', ['Send', 'Listen', 'Manage']],
    ]);
    const [sender, reader, root] = started.keys.map(({ connectionString }) => client(connectionString));
    await sender?.createSender('evaluation-jobs').sendMessages({ body: 1 });
    const refused = { code: 'UnauthorizedAccess' };
    await expect(reader?.createSender('evaluation-jobs').sendMessages({ body: 2 })).rejects.toMatchObject(refused);
    await expect(sender?.createReceiver('evaluation-jobs').receiveMessages(1, { maxWaitTimeInMs: 1000 })).rejects.toMatchObject(refused);
    expect(await reader?.createReceiver('evaluation-jobs').receiveMessages(1)).toHaveLength(1);
    await root?.createSender('evaluation-jobs').sendMessages({ body: 3 });
    const wrong = client(started.connectionString.replace('c2VuZGVy', 'd3Jvbmc='));
    await expect(wrong.createSender('evaluation-jobs').sendMessages({ body: 4 })).rejects.toMatchObject(refused);
    const [senderKey, , rootKey] = started.keys;
    await expect(openAdminClient(started.adminEndpoint, senderKey?.connectionString ?? '').getQueue('evaluation-jobs')).rejects.toMatchObject({ statusCode: 401 });
    await openAdminClient(started.adminEndpoint, rootKey?.connectionString ?? '').getQueue('evaluation-jobs');
  });

  test('fails on request, and says at its end how often', async () => {
    const { started } = await start(['--fault', 'server-busy=1']);
    await expect(client(started.connectionString).createSender('evaluation-jobs').sendMessages({ body: 1 })).rejects.toMatchObject({ code: 'ServiceBusy' });
    await expect(openAdminClient(started.adminEndpoint, started.connectionString).getQueue('evaluation-jobs')).rejects.toMatchObject({ statusCode: 503 });
  });

  test('does not wait for a clean end on the second signal', async () => {
    const { cli } = await start();
    cli.send('SIGINT');
    cli.send('SIGINT');
    expect(await cli.ended).toMatchObject({ code: 130 });
    expect(cli.endedBy).toEqual([]);
  });

  test('says so when other machines can reach it', async () => {
    const cli = startCli(['emulator', 'start', ...FREE, '--host', '0.0.0.0'], { env });
    await cli.streams.stderr.shows('in the clear');
    cli.send('SIGTERM');
    expect(await cli.ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Endpoint=sb:\/\/localhost:/) as string });
  });

  test('serves TLS before both sides when it has a certificate', async () => {
    const dir = tempDir();
    const { cert, key } = await localCertificate();
    writeFileSync(join(dir, 'cert.pem'), cert);
    writeFileSync(join(dir, 'key.pem'), key);
    const { started } = await start(['--tls-cert', join(dir, 'cert.pem'), '--tls-key', join(dir, 'key.pem'), '--tls-port', '0']);
    const connectionString = started.keys[0]?.tlsConnectionString ?? '';
    expect(connectionString).toMatch(new RegExp(`^Endpoint=sb://localhost:${started.tlsPort};SharedAccessKeyName=DevelopmentKey;SharedAccessKey=[^;]+$`));
  });
});

describe('emulator start is refused', () => {
  const refused = (argv: readonly string[], dataDir = tempDir()) => runCli(['emulator', 'start', ...argv], { dataDir, env });

  test.each([
    ['an unknown fault', ['--fault', 'sever-busy=1'], 2, /a fault is KIND=RATE.*\[USAGE_INVALID\]\nhint: +did you mean `server-busy`/],
    ['a rate over one', ['--fault', 'slow=2'], 2, /the rate of slow must be a number from 0 to 1, got "slow=2" +\[USAGE_INVALID\]/],
    ['a port that is none', ['--port', '70000'], 2, /--port must be a whole number from 0 to 65535, got "70000" +\[USAGE_INVALID\]/],
    ['a key without a name', ['--key', 'topsecret'], 2, /an access key is NAME=KEY.*\[USAGE_INVALID\]/],
    ['an unknown right', ['--key', 'a=topsecret:Sned'], 2, /the rights of a must be Send, Listen or Manage.*\[USAGE_INVALID\]\nhint: +did you mean `Send`/],
    ['two keys with one name', ['--key', 'a=x', '--key', 'a=y'], 2, /two keys are named a +\[USAGE_INVALID\]/],
    ['a certificate without its key', ['--tls-cert', 'c.pem'], 2, /--tls-cert and --tls-key belong together, got only --tls-cert +\[USAGE_INVALID\]/],
    ['a certificate that is not there', ['--tls-cert', '/nowhere/c', '--tls-key', '/nowhere/k'], 2, /--tls-cert: \/nowhere\/c cannot be read: ENOENT +\[FILE_UNREADABLE\]/],
    ['a file of queues that is not there', ['--queues', '/nowhere/q'], 2, /\/nowhere\/q cannot be read: ENOENT +\[FILE_UNREADABLE\]/],
    ['an address of another machine', ['--host', '192.0.2.1', ...FREE], 4, /cannot listen on 192\.0\.2\.1:0: this machine does not have that address +\[PORT_UNUSABLE\]\nhint: +choose another address with `--host`/],
  ])('with %s', async (_what, argv, code, message) => {
    const result = await refused(argv);
    expect(result).toMatchObject({ code, stdout: '' });
    expect(result.stderr).toMatch(message);
    expect(result.stderr).not.toContain('topsecret');
  });

  test('with a queue of the configuration that the service would not take', async () => {
    const dataDir = tempDir();
    writeFileSync(join(dataDir, 'config.json'), JSON.stringify({ profile: 'default', profiles: { default: { lockSeconds: 600 } } }));
    const { code, stderr } = await refused(FREE, dataDir);
    expect(code).toBe(4);
    expect(stderr).toMatch(/the queue evaluation-jobs of the configuration cannot be on Service Bus: LockDuration must be from PT0\.1S to PT5M, got PT10M +\[CONFIG_INVALID\]/);
  });

  test.each([
    ['--port', (port: number) => ['--port', String(port), '--admin-port', '0']],
    ['--admin-port', (port: number) => ['--port', '0', '--admin-port', String(port)]],
  ])('on a %s that is taken, and leaves nothing open', async (flag, argv) => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    const dataDir = tempDir();
    const { code, stdout, stderr } = await refused(argv(port), dataDir);
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^error: cannot listen on 127\\.0\\.0\\.1:${port}: another program listens there +\\[PORT_UNUSABLE\\]\\nhint: +choose another port with \`${flag}\`, or 0 for any free one\\n$`));
    await start([], dataDir);
  });

  test('on a file that another emulator has open', async () => {
    const dataDir = tempDir();
    await start([], dataDir);
    const { code, stderr } = await refused(FREE, dataDir);
    expect(code).toBe(4);
    expect(stderr).toMatch(/^error: another emulator has .*emulator\.db open +\[EMULATOR_RUNNING\]\nhint: +stop it first, or choose another file with `--file`\n$/);
  });

  test("on the product's own database", async () => {
    const dataDir = tempDir();
    await runCli(['submit', 'echo'], { dataDir });
    const { code, stderr } = await refused([...FREE, '--file', join(dataDir, 'copiloteval.db')], dataDir);
    expect(code).toBe(4);
    expect(stderr).toMatch(/copiloteval\.db is not a file of the emulator +\[DB_INVALID\]/);
  });

  test('on any other file, and leaves nothing beside it', async () => {
    const dataDir = tempDir();
    const dir = tempDir();
    for (const text of ['notes', 'x'.repeat(5000)]) {
      writeFileSync(join(dir, 'notes.txt'), text);
      expect((await refused([...FREE, '--file', join(dir, 'notes.txt')], dataDir)).stderr).toContain('[DB_INVALID]');
      expect(readdirSync(dir)).toEqual(['notes.txt']);
    }
  });
});
