// The chain of credentials with the real @azure/identity: programs stand in for az and azd, a local server for the
// identity that Azure gives.

import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';

import { afterProbe, openCredentials } from '../../../../src/drivers/azure-access/credential-chain.js';
import { createCredential, SERVICE_BUS_SCOPE } from '../../../../src/drivers/azure-access/credentials.js';
import type { CredentialPlace } from '../../../../src/drivers/azure-access/credential-chain.js';
import { systemClock } from '../../../../src/ports/clock.js';
import { SettableClock } from '../../../support/settable-clock.js';
import { tempDir } from '../../../support/temp-dir.js';

const LIMIT_MS = 3_000;
const CLAIMS = { upn: 'ann@shop.example', tid: 'tenant-1' };

afterEach(() => void vi.unstubAllEnvs());

function jwt(claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part(claims)}.c2ln`;
}

/** Only these programs are found, and no variable signs anybody in. */
function machine(programs: Record<string, string> = {}): string {
  const directory = tempDir();
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(directory, name), `#!/bin/sh\necho asked >> ${directory}/${name}.log\n${script}\n`);
    chmodSync(join(directory, name), 0o755);
  }
  vi.stubEnv('PATH', `${directory}:/usr/bin:/bin`);
  for (const name of ['AZURE_TENANT_ID', 'AZURE_CLIENT_ID', 'AZURE_CLIENT_SECRET', 'IDENTITY_ENDPOINT', 'MSI_ENDPOINT', 'AZURE_FEDERATED_TOKEN_FILE']) vi.stubEnv(name, undefined);
  return directory;
}

function azAnswers(claims: object, seconds = 3_600): string {
  const token = { accessToken: jwt(claims), expires_on: Math.floor(Date.now() / 1000) + seconds, tokenType: 'Bearer' };
  return `echo '${JSON.stringify(token)}'`;
}

function place(credential: CredentialPlace['credential'], more: Partial<CredentialPlace> = {}): CredentialPlace {
  return { credential, ...more };
}

function timesAsked(directory: string, program: string): number {
  return readFileSync(join(directory, `${program}.log`), 'utf8').trim().split('\n').length;
}

describe('the chain', () => {
  test('asks az on a machine where somebody is signed in, and says who', async () => {
    machine({ az: azAnswers(CLAIMS) });
    const credential = await createCredential(place('auto'), systemClock, LIMIT_MS);
    expect((await credential.getToken(SERVICE_BUS_SCOPE)).token).toBe(jwt(CLAIMS));
    const answers = await credential.answers(SERVICE_BUS_SCOPE);
    expect(answers.map(({ name, ok }) => `${name}: ${ok}`)).toEqual([
      'environment (AZURE_TENANT_ID, AZURE_CLIENT_ID, …): false', 'Azure CLI (az): true', 'Azure Developer CLI (azd): false',
    ]);
    expect(answers[1]?.detail).toMatch(/^signed in as ann@shop\.example of tenant tenant-1, until 20/);
  });

  test('names the reason of each when nobody is signed in, in time', async () => {
    machine({ az: "echo \"Please run 'az login' to setup account.\" >&2; exit 1" });
    const credential = await createCredential(place('auto'), systemClock, LIMIT_MS);
    const started = performance.now();
    const error = await credential.getToken(SERVICE_BUS_SCOPE).catch((thrown: unknown) => thrown);
    expect(performance.now() - started).toBeLessThan(LIMIT_MS);
    expect(error).toMatchObject({ code: 'AZURE_CREDENTIAL', hint: credential.remedy, details: { reasons: [expect.stringMatching(/^environment/), expect.stringMatching(/az login/), expect.stringMatching(/^Azure Developer CLI/)] } });
  });

  test('does not wait for an az that hangs longer than its limit', async () => {
    machine({ az: 'exec sleep 40' });
    const credential = await createCredential(place('cli'), systemClock, 500);
    const started = performance.now();
    await expect(credential.getToken(SERVICE_BUS_SCOPE)).rejects.toMatchObject({ code: 'AZURE_CREDENTIAL' });
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  test.each([
    ['environment', ['environment (AZURE_TENANT_ID, AZURE_CLIENT_ID, …)']],
    ['cli', ['Azure CLI (az)', 'Azure Developer CLI (azd)']],
    ['managed-identity', ['managed identity']],
  ] as const)('of the choice %s has only what it names', async (choice, names) => {
    machine();
    expect((await openCredentials(place(choice), systemClock, LIMIT_MS)).map(({ name }) => name)).toEqual(names);
  });

  test.each([
    ['cli', 'az login', 'AZURE_CLIENT_SECRET'],
    ['environment', 'AZURE_CLIENT_SECRET', 'az login'],
    ['managed-identity', 'az vm identity assign', 'az login'],
  ] as const)('says for the choice %s what helps there, and nothing that does not', async (choice, said, unsaid) => {
    machine({ az: 'exit 1' });
    const { remedy } = await createCredential(place(choice), systemClock, LIMIT_MS);
    expect(remedy).toContain(said);
    expect(remedy).not.toContain(unsaid);
  });

  test('does not ask for the identity of a virtual machine where the metadata address does not answer', async () => {
    const asked: string[] = [];
    const credential = { getToken: async () => (asked.push('asked'), { token: 't', expiresOnTimestamp: 0 }) };
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const there = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
    await afterProbe(credential, systemClock, there).getToken(SERVICE_BUS_SCOPE);
    expect(asked).toEqual(['asked']);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await expect(afterProbe(credential, systemClock, there).getToken(SERVICE_BUS_SCOPE)).rejects.toThrow('metadata address');
    // An address for documentation, which no network delivers: refused at once, or swallowed until the limit.
    await expect(afterProbe(credential, systemClock, { host: '192.0.2.1', port: 80 }).getToken(SERVICE_BUS_SCOPE)).rejects.toThrow('metadata address');
    expect(asked).toEqual(['asked']);
  });

  test('asks for the identity that Azure gives where there is one', async () => {
    machine();
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      const expires = Math.floor(Date.now() / 1000) + 3_600;
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ access_token: jwt({ appid: 'worker-app' }), expires_on: String(expires), resource: 'x', token_type: 'Bearer' }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    vi.stubEnv('IDENTITY_ENDPOINT', `http://127.0.0.1:${(server.address() as AddressInfo).port}/msi/token`);
    vi.stubEnv('IDENTITY_HEADER', 'secret-header');
    const credential = await createCredential(place('auto', { inAzure: true, clientId: 'client-1' }), systemClock, LIMIT_MS);
    expect((await credential.getToken(SERVICE_BUS_SCOPE)).token).toBe(jwt({ appid: 'worker-app' }));
    expect(asked[0]).toContain('client-1');
    expect(await credential.answers(SERVICE_BUS_SCOPE)).toContainEqual(expect.objectContaining({ name: 'managed identity', ok: true, detail: expect.stringContaining('as worker-app') }));
  });
});

describe('tokens', () => {
  test('are kept while they are good, and asked for once by those who ask together', async () => {
    const directory = machine({ az: azAnswers(CLAIMS) });
    const credential = await createCredential(place('cli'), systemClock, LIMIT_MS);
    await Promise.all([credential.getToken(SERVICE_BUS_SCOPE), credential.getToken(SERVICE_BUS_SCOPE), credential.getToken([SERVICE_BUS_SCOPE])]);
    await credential.getToken(SERVICE_BUS_SCOPE);
    expect(timesAsked(directory, 'az')).toBe(1);
    await credential.getToken('https://management.azure.com/.default');
    expect(timesAsked(directory, 'az')).toBe(2);
  });

  test('are asked for again five minutes before their end, and when the service refuses them', async () => {
    const directory = machine({ az: azAnswers(CLAIMS, 3_600) });
    const clock = new SettableClock(Date.now());
    const credential = await createCredential(place('cli'), clock, LIMIT_MS);
    await credential.getToken(SERVICE_BUS_SCOPE);
    clock.advance(54 * 60_000);
    await credential.getToken(SERVICE_BUS_SCOPE);
    expect(timesAsked(directory, 'az')).toBe(1);
    clock.advance(2 * 60_000);
    await credential.getToken(SERVICE_BUS_SCOPE);
    expect(timesAsked(directory, 'az')).toBe(2);
  });

  test('are asked for again after a failure', async () => {
    const directory = machine({ az: 'exit 1' });
    const credential = await createCredential(place('cli'), systemClock, LIMIT_MS);
    await expect(credential.getToken(SERVICE_BUS_SCOPE)).rejects.toMatchObject({ code: 'AZURE_CREDENTIAL' });
    writeFileSync(join(directory, 'az'), `#!/bin/sh\n${azAnswers(CLAIMS)}\n`);
    expect((await credential.getToken(SERVICE_BUS_SCOPE)).token).toBe(jwt(CLAIMS));
  });

  test('never stand in what is shown', async () => {
    machine({ az: `echo 'not json ${jwt({ secret: 'x'.repeat(40) })}'` });
    const credential = await createCredential(place('cli'), systemClock, LIMIT_MS);
    const error = await credential.getToken(SERVICE_BUS_SCOPE).catch((thrown: unknown) => thrown);
    expect(JSON.stringify([error, (error as Error).message, await credential.answers(SERVICE_BUS_SCOPE)])).not.toContain(jwt({ secret: 'x'.repeat(40) }).split('.')[1]);
  });
});
