// Nobody has a key: Cosmos DB and Blob Storage are signed in to, the connection of Service Bus comes from Key Vault. Over https,
// with the program as a process that trusts the certificate of the test.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { startAzurite, type Azurite } from '../support/azurite.js';
import { type AzureProgram, openAzureProgram } from '../support/azure-world.js';
import { localCertificate } from '../support/certificate.js';
import { type CosmosProcess, openCosmosProcess } from '../support/cosmos-process.js';
import { TEST_KEY } from '../support/emulator.js';
import { type EmulatorProcess, openEmulatorProcess } from '../support/emulator-process.js';
import { unsignedToken, writeFakeAz } from '../support/fake-az.js';
import { type KeyVaultFake, startKeyVaultFake } from '../support/key-vault-fake.js';

const TENANT = '11111111-1111-1111-1111-111111111111';
const NOW = Math.floor(Date.now() / 1000);
const claims = (aud: string): object => ({ aud, iss: `https://sts.windows.net/${TENANT}/`, tid: TENANT, oid: 'ann', upn: 'ann@shop.example', iat: NOW - 60, nbf: NOW - 60, exp: NOW + 3_600 });
const TOKENS = { storage: unsignedToken(claims('https://storage.azure.com')), vault: unsignedToken(claims('https://vault.azure.net')), cosmos: unsignedToken(claims('https://cosmos.azure.com')) };

let program: AzureProgram;
let emulator: EmulatorProcess;
let cosmos: CosmosProcess;
let azurite: Azurite;
let vault: KeyVaultFake;

/** The doubles' own hosts stand in for the services' in what tokens are asked for. */
const AZ = (): Record<string, string> => ({ 'storage.azure.com': TOKENS.storage, 'vault.azure.net': TOKENS.vault, [new URL(cosmos.endpoint).host]: TOKENS.cosmos, 'cosmos.azure.com': TOKENS.cosmos });

beforeAll(async () => {
  program = await openAzureProgram();
  const { directory } = program;
  const certificate = await localCertificate();
  const [keyFile, certFile] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  writeFileSync(keyFile, certificate.key);
  writeFileSync(certFile, certificate.cert);
  mkdirSync(join(directory, 'bin'));
  mkdirSync(join(directory, 'emulator'));
  [emulator, cosmos, azurite] = await Promise.all([
    openEmulatorProcess({ directory: join(directory, 'emulator') }),
    openCosmosProcess({ tls: certificate, token: TOKENS.cosmos }),
    startAzurite({ tls: { keyFile, certFile } }),
  ]);
  vault = await startKeyVaultFake({ secrets: { 'service-bus': emulator.connectionString }, token: TOKENS.vault, tls: certificate });
});

afterAll(async () => {
  await Promise.all([emulator.kill(), cosmos.stop(), azurite.stop(), vault.stop()]);
  program.remove();
});

function env(): Record<string, string> {
  const { directory } = program;
  return { PATH: `${join(directory, 'bin')}:/usr/bin:/bin`, NODE_EXTRA_CA_CERTS: join(directory, 'cert.pem'), COPILOTEVAL_PROFILE: 'cloud', NO_COLOR: '1', LOG_LEVEL: 'warn' };
}

test('a profile without a key works for whoever is signed in, and says who that is', async () => {
  writeFakeAz(join(program.directory, 'bin'), AZ());
  const settings = {
    queue: 'servicebus',
    serviceBusConnectionString: 'kv:service-bus',
    serviceBusAdminEndpoint: emulator.adminEndpoint,
    keyVaultUrl: vault.url,
    store: 'cosmos',
    cosmosEndpoint: cosmos.endpoint,
    blobs: 'azure',
    storageAccountUrl: azurite.url,
  };
  const sets = Object.entries(settings).map(([name, value]) => `--set ${name}=${value}`).join(' ');
  const made = await program.run(`init --profile cloud ${sets}`, { env: { ...env(), COPILOTEVAL_PROFILE: '' } });
  expect([made.code, made.stderr]).toEqual([0, '']);

  const doctor = await program.run('doctor', { env: env() });
  expect([doctor.code, doctor.stderr, doctor.stdout]).toEqual([0, '', expect.any(String)]);
  for (const line of ['key vault sign-in: by Azure CLI', 'key vault secret service-bus: read for serviceBusConnectionString', 'cosmos db sign-in: by Azure CLI', 'blob storage sign-in: by Azure CLI']) expect(doctor.stdout).toContain(line);
  expect(doctor.stdout).toContain('ann@shop.example');

  const payload = JSON.stringify({ text: 'x'.repeat(60_000) });
  expect((await program.run('submit echo --payload - --debug', { env: env(), input: payload })).stderr).toMatch(/Cosmos DB: \d+ requests, [\d.]+ request units/);
  expect((await program.run('worker start --drain', { env: env() })).stdout).toContain('1 succeeded');
  expect(vault.given.length).toBeGreaterThan(2);

  const shown = await program.run('config show -o json', { env: env() });
  const setting = (JSON.parse(shown.stdout) as { settings: { name: string; value: unknown; source: string }[] }).settings.find(({ name }) => name === 'serviceBusConnectionString');
  expect(setting).toMatchObject({ value: 'kv:service-bus', source: expect.stringMatching(/^profile cloud in .*, from Key Vault https:/) });
  expect(shown.stdout).not.toContain(TEST_KEY.key);
});

test('each identity that is missing a right is named, with the line that gives it', async () => {
  const bin = join(program.directory, 'bin');
  writeFakeAz(bin, {});
  const nobody = await program.run('submit echo', { env: env() });
  expect([nobody.code, nobody.stderr]).toEqual([4, expect.stringMatching(/cannot sign in to Azure: .*\[AZURE_CREDENTIAL\]\nhint: .*az login/s)]);
  writeFakeAz(bin, { ...AZ(), 'vault.azure.net': unsignedToken(claims('https://vault.azure.net')).replace('c2ln', 'b3RoZXI') });
  const noVault = await program.run('doctor', { env: env() });
  expect(noVault.code).toBe(3);
  expect(noVault.stdout).toMatch(/FAIL {2}key vault secret service-bus: .*\[KEY_VAULT_UNAUTHORIZED\]\n.*az role assignment create --role "Key Vault Secrets User"/);
  const host = new URL(cosmos.endpoint).host;
  writeFakeAz(bin, { ...AZ(), [host]: 'another', 'cosmos.azure.com': 'another', 'storage.azure.com': unsignedToken(claims('https://elsewhere')) });
  const noData = await program.run('doctor', { env: env() });
  expect(noData.code).toBe(3);
  expect(noData.stdout).toMatch(/FAIL {2}cosmos db container: .*\[COSMOS_UNAUTHORIZED\]\n.*az cosmosdb sql role assignment create/);
  expect(noData.stdout).toMatch(/FAIL {2}blob storage container: .*\[BLOB_UNAUTHORIZED\]\n.*az role assignment create --role "Storage Blob Data Contributor"/);
  writeFakeAz(bin, AZ());
  const noSecret = await program.run('submit echo', { env: { ...env(), AZURE_SERVICE_BUS_CONNECTION_STRING: 'kv:other' } });
  expect([noSecret.code, noSecret.stderr]).toEqual([4, expect.stringMatching(/has no secret other +\[KEY_VAULT_SECRET_MISSING\]\nhint: .*az keyvault secret set/)]);
});
