// Both ways of administering a namespace, through the real SDKs: the same promises, each against its own server.

import { describe, expect, onTestFinished, test } from 'vitest';

import { openArmAdministration } from '../../../../src/drivers/service-bus/arm-administration.js';
import { openAtomAdministration } from '../../../../src/drivers/service-bus/atom-administration.js';
import { ARM_SCOPE, type AzureCredential } from '../../../../src/drivers/azure-access/credentials.js';
import type { BrokerSettings, QueueAdministration } from '../../../../src/drivers/service-bus/queue-administration.js';
import { serviceBusError } from '../../../../src/drivers/service-bus/service-bus-errors.js';
import { serveAtom } from '../../../../src/emulator/atom/serve-atom.js';
import { type AccessKey, ALL_RIGHTS } from '../../../../src/emulator/sas/access-key.js';
import { systemClock } from '../../../../src/ports/clock.js';
import { ARM_NAMESPACE, ARM_PLACE, ARM_TOKEN, type ArmFake, openArmFake } from '../../../support/arm-fake.js';
import { MemoryCatalog } from '../../emulator/memory-catalog.js';

const SETTINGS: BrokerSettings = { lockMs: 45_000, ttlMs: 3_600_000, maxDeliveryCount: 3, deadLetterOnExpiration: true, status: 'Active' };
const KEY: AccessKey = { name: 'all', key: 'the-key', rights: ALL_RIGHTS };
const LISTENER: AccessKey = { name: 'listener', key: 'other-key', rights: new Set(['Listen']) };

interface Opened {
  readonly administration: QueueAdministration;
  readonly catalog: MemoryCatalog;
}

async function openAtom(key: AccessKey = KEY): Promise<Opened & { port: number }> {
  const catalog = new MemoryCatalog(systemClock.now);
  const server = await serveAtom({ host: '127.0.0.1', port: 0, catalog, keys: [KEY, LISTENER], clock: systemClock });
  onTestFinished(() => server.close());
  return { administration: await atomAt(server.port, key), catalog, port: server.port };
}

function atomAt(port: number, { name, key }: Pick<AccessKey, 'name' | 'key'>): Promise<QueueAdministration> {
  const connectionString = `Endpoint=sb://127.0.0.1;SharedAccessKeyName=${name};SharedAccessKey=${key};UseDevelopmentEmulator=true`;
  return openAtomAdministration({ kind: 'connection-string', connectionString, adminEndpoint: `http://127.0.0.1:${port}` });
}

function tokenFor(scopes: string[], token = ARM_TOKEN): AzureCredential {
  return {
    remedy: 'sign in',
    getToken: async (scope) => {
      scopes.push([scope].flat().join());
      return { token, expiresOnTimestamp: Date.now() + 3_600_000 };
    },
    answers: async () => [],
  };
}

async function openArm(options: { namespace?: string; token?: string } = {}): Promise<Opened & { fake: ArmFake; scopes: string[] }> {
  const catalog = new MemoryCatalog(systemClock.now);
  const fake = await openArmFake(catalog);
  const scopes: string[] = [];
  const place = { ...ARM_PLACE, endpoint: fake.endpoint, certificateAuthority: fake.certificateAuthority };
  const administration = await openArmAdministration({ place, namespace: options.namespace ?? ARM_NAMESPACE, credential: tokenFor(scopes, options.token) });
  return { administration, catalog, fake, scopes };
}

function options(): { signal: AbortSignal } {
  return { signal: new AbortController().signal };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'done',
    (error: unknown) => serviceBusError(error, { operation: 'look' }).code,
  );
}

describe.each<[string, () => Promise<Opened>]>([
  ['ATOM', openAtom],
  ['Resource Manager', openArm],
])('administration by %s', (_name, open) => {
  test('makes a queue once and says so', async () => {
    const { administration, catalog } = await open();
    expect(await administration.create('jobs', SETTINGS, options())).toBe('created');
    expect(await administration.create('jobs', { ...SETTINGS, lockMs: 10_000 }, options())).toBe('exists');
    expect(await catalog.get('jobs')).toMatchObject({ lockMs: 45_000, ttlMs: 3_600_000, maxDeliveryCount: 3, deadLetterOnExpiration: true, status: 'Active' });
  });

  test('lists queues with settings and counts', async () => {
    const { administration, catalog } = await open();
    await catalog.create({ name: 'jobs', lockMs: 30_000, ttlMs: null, status: 'SendDisabled', requiresDuplicateDetection: true });
    catalog.counts.set('jobs', { active: 7, deadLetter: 5, scheduled: 3, transfer: 0, sizeInBytes: 99 });
    expect(await administration.list(options())).toEqual([
      {
        name: 'jobs', lockMs: 30_000, ttlMs: null, maxDeliveryCount: 10, deadLetterOnExpiration: false, status: 'SendDisabled',
        requiresSession: false, requiresDuplicateDetection: true, partitioned: false, forwardTo: null, counts: { active: 7, scheduled: 3, deadLetter: 5 },
      },
    ]);
    expect(await administration.get('jobs', options())).toMatchObject({ counts: { active: 7, scheduled: 3, deadLetter: 5 } });
  });

  test('lists none, and more than a page of them', async () => {
    const { administration, catalog } = await open();
    expect(await administration.list(options())).toEqual([]);
    for (let index = 0; index < 230; index += 1) await catalog.create({ name: `q${String(index).padStart(3, '0')}` });
    expect((await administration.list(options())).map(({ name }) => name)).toEqual((await catalog.list()).map(({ name }) => name));
  });

  test('names with slashes are one queue', async () => {
    const { administration } = await open();
    await administration.create('team/jobs', SETTINGS, options());
    expect(await administration.get('team/jobs', options())).toMatchObject({ name: 'team/jobs' });
  });

  test('changes what is said and leaves the rest', async () => {
    const { administration, catalog } = await open();
    await catalog.create({ name: 'jobs', ttlMs: 1_000_000, maxSizeMb: 2048, deadLetterOnExpiration: true });
    expect(await administration.update('jobs', { lockMs: 20_000 }, options())).toBe(true);
    expect(await catalog.get('jobs')).toMatchObject({ lockMs: 20_000, ttlMs: 1_000_000, maxSizeMb: 2048, deadLetterOnExpiration: true, status: 'Active' });
    await administration.update('jobs', { status: 'ReceiveDisabled' }, options());
    expect(await catalog.get('jobs')).toMatchObject({ lockMs: 20_000, status: 'ReceiveDisabled' });
  });

  test('says when there is no such queue', async () => {
    const { administration } = await open();
    expect(await administration.get('jobs', options())).toBeUndefined();
    expect(await administration.update('jobs', { lockMs: 20_000 }, options())).toBeUndefined();
  });

  test('tells name and tier of the namespace', async () => {
    const { administration } = await open();
    const { name, tier } = await administration.namespace(options());
    expect(name).toMatch(/\S/);
    expect(['Basic', 'Standard']).toContain(tier);
  });
});

describe('ATOM only', () => {
  test('a wrong key and a key without Manage are unauthorised', async () => {
    const { port, administration } = await openAtom(LISTENER);
    expect(await codeOf(administration.list(options()))).toBe('SB_UNAUTHORIZED');
    const wrong = await atomAt(port, { name: 'all', key: 'wrong' });
    expect(await codeOf(wrong.list(options()))).toBe('SB_UNAUTHORIZED');
    expect(await codeOf(wrong.namespace(options()))).toBe('SB_UNAUTHORIZED');
  });

  test('a port where nobody listens fails at once', async () => {
    const { port } = await openAtom();
    const nobody = await atomAt(port === 1 ? 2 : 1, KEY);
    expect(await codeOf(nobody.list(options()))).toBe('SB_UNREACHABLE');
  });
});

describe('Resource Manager only', () => {
  test('asks for a token of the public cloud, also with an endpoint of its own', async () => {
    const { administration, scopes } = await openArm();
    await administration.list(options());
    expect(scopes).toEqual([ARM_SCOPE]);
  });

  test('makes one call for each page of queues', async () => {
    const { administration, fake, catalog } = await openArm();
    for (const name of ['a', 'b', 'c', 'd', 'e']) await catalog.create({ name });
    fake.pageSize = 2;
    expect(await administration.list(options())).toHaveLength(5);
    expect(fake.calls).toEqual(['GET /queues', 'GET /queues', 'GET /queues']);
  });

  test('sends no field that Basic does not take', async () => {
    const { administration, fake } = await openArm();
    await administration.create('jobs', SETTINGS, options());
    await administration.update('jobs', { lockMs: 20_000 }, options());
    const sent = fake.bodies.map((body) => (body as { properties: object }).properties);
    expect(Object.keys(sent[0] ?? {}).sort()).toEqual(['deadLetteringOnMessageExpiration', 'defaultMessageTimeToLive', 'lockDuration', 'maxDeliveryCount', 'status']);
    for (const field of ['autoDeleteOnIdle', 'maxMessageSizeInKilobytes', 'forwardTo', 'countDetails', 'createdAt']) expect(sent[1]).not.toHaveProperty(field);
  });

  test.each([
    [{ status: 403, code: 'AuthorizationFailed' }, 'SB_UNAUTHORIZED'],
    [{ status: 429, code: 'TooManyRequests', retryAfter: 17 }, 'SB_THROTTLED'],
    [{ status: 404, code: 'ResourceGroupNotFound' }, 'SB_NAMESPACE_NOT_FOUND'],
    [{ status: 500, code: 'InternalServerError' }, 'SB_UNREACHABLE'],
  ])('%j is told at once, as %s', async (refusal, code) => {
    const { administration, fake } = await openArm();
    fake.next.push(refusal);
    expect(await codeOf(administration.list(options()))).toBe(code);
    expect(fake.calls).toHaveLength(1);
  });

  test('a missing namespace is not taken for a missing queue', async () => {
    const { administration } = await openArm({ namespace: 'another-one' });
    expect(await codeOf(administration.get('jobs', options()))).toBe('SB_NAMESPACE_NOT_FOUND');
    expect(await codeOf(administration.list(options()))).toBe('SB_NAMESPACE_NOT_FOUND');
  });

  test('a token that is not taken is unauthorised', async () => {
    const { administration } = await openArm({ token: 'old' });
    expect(await codeOf(administration.list(options()))).toBe('SB_UNAUTHORIZED');
  });

  test('a certificate that nobody signed is not trusted', async () => {
    const fake = await openArmFake(new MemoryCatalog(systemClock.now));
    const administration = await openArmAdministration({ place: { ...ARM_PLACE, endpoint: fake.endpoint }, namespace: ARM_NAMESPACE, credential: tokenFor([]) });
    const error = await administration.list(options()).catch((thrown: unknown) => serviceBusError(thrown, { operation: 'list' }));
    expect(error).toMatchObject({ code: 'SB_UNREACHABLE', hint: expect.stringContaining('NODE_EXTRA_CA_CERTS') });
    expect(fake.calls).toEqual([]);
  });
});

test('with a ready-made signature instead of a key nothing is asked: the refusal says why', async () => {
  const connectionString = 'Endpoint=sb://127.0.0.1:1;SharedAccessSignature=SharedAccessSignature sr=x&sig=y&se=1&skn=z;UseDevelopmentEmulator=true';
  const administration = await openAtomAdministration({ kind: 'connection-string', connectionString, adminEndpoint: 'http://127.0.0.1:1' });
  const error = await administration.list(options()).catch((thrown: unknown) => serviceBusError(thrown, { operation: 'list the queues' }));
  expect(error).toMatchObject({ code: 'SB_UNAUTHORIZED', message: expect.stringContaining('ready-made signature') });
});
