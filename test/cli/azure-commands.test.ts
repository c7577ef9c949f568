// The az lines: what they name and what they leave to whoever reads them. That az takes them was looked up in its reference.

import { expect, test } from 'vitest';

import { QUEUES } from '../../src/domain/queue-registry.js';
import { runCli, runJson } from '../support/run-cli.js';
import { tempDir } from '../support/temp-dir.js';

const CHOSEN = { COPILOTEVAL_QUEUE_BACKEND: 'servicebus', COPILOTEVAL_STORE: 'cosmos', STORAGE_BACKEND: 'azure' };

async function linesFor(env: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const { sections } = (await runJson(['azure', 'commands'], { dataDir: tempDir(), env: { ...CHOSEN, ...env } })) as { sections: { lines: string[] }[] };
  return sections.flatMap(({ lines }) => lines);
}

/** The command's words, without its values. */
const verbOf = (line: string): string => /^az(?: [a-z][a-z-]*)+/.exec(line)?.[0] ?? line;

test('without keys: each part is made, gives its rights to the identity, and its keys are switched off', async () => {
  const lines = await linesFor({
    AZURE_SERVICE_BUS_NAMESPACE: 'contoso',
    COSMOS_DB_ENDPOINT: 'https://contoso.documents.azure.com',
    AZURE_STORAGE_ACCOUNT_URL: 'https://contosofiles.blob.core.windows.net',
    AZURE_RESOURCE_GROUP: 'jobs',
    AZURE_SUBSCRIPTION_ID: '22222222-2222-2222-2222-222222222222',
  });
  expect(lines.map(verbOf)).toEqual([
    'az servicebus namespace create',
    ...QUEUES.map(() => 'az servicebus queue create'),
    ...['az role assignment create', 'az role assignment create'],
    ...['az cosmosdb create', 'az cosmosdb sql database create', 'az cosmosdb sql container create', 'az cosmosdb sql role assignment create', 'az resource update'],
    ...['az storage account create', 'az storage container-rm create', 'az role assignment create'],
  ]);
  for (const { name, maxAttempts } of QUEUES) expect(lines.join('\n')).toContain(`-g jobs --namespace-name contoso --name ${name} --max-delivery-count ${maxAttempts} --lock-duration PT`);
  expect(lines.join('\n')).not.toMatch(/GROUP|SUBSCRIPTION|ACCOUNT|NAMESPACE/);
  for (const off of ['--disable-local-auth true', 'properties.disableLocalAuth=true', '--allow-shared-key-access false']) expect(lines.join('\n')).toContain(off);
});

test('what is not named yet stands in capitals', async () => {
  const all = (await linesFor({})).join('\n');
  for (const part of ['--name NAMESPACE ', 'az cosmosdb create -g GROUP --name ACCOUNT ', 'az storage account create -g GROUP --name ACCOUNT ']) expect(all).toContain(part);
});

test('secrets in Key Vault are not asked for: the vault is made, and who signs in may write what the identity reads', async () => {
  const env = { AZURE_SERVICE_BUS_CONNECTION_STRING: 'kv:service-bus', COSMOS_DB_KEY: 'kv:store', AZURE_STORAGE_CONNECTION_STRING: 'kv:files', KEY_VAULT_URL: 'https://contoso.vault.azure.net' };
  const lines = await linesFor(env);
  expect(lines[0]).toMatch(/^az servicebus namespace create -g GROUP --name NAMESPACE /);
  const vault = lines.slice(lines.findIndex((line) => line.startsWith('az keyvault')));
  expect(vault.map((line) => /^az keyvault \w+( \w+)?|"[^"$]+"/.exec(line)?.[0])).toEqual(['az keyvault create', '"Key Vault Secrets Officer"', 'az keyvault secret set', 'az keyvault secret set', 'az keyvault secret set', '"Key Vault Secrets User"']);
  expect((await linesFor({ ...env, AZURE_SERVICE_BUS_NAMESPACE: 'contoso' }))[0]).toContain('--name contoso ');
  expect((await linesFor({ COSMOS_DB_KEY: 'kv:store' })).join('\n')).toContain('az keyvault create -g GROUP --name VAULT ');
});

test('a connection string of a storage account tells its name and nothing else', async () => {
  const all = (await linesFor({ AZURE_STORAGE_CONNECTION_STRING: 'DefaultEndpointsProtocol=https;AccountName=contosofiles;AccountKey=c2VjcmV0;EndpointSuffix=core.windows.net' })).join('\n');
  expect(all).toContain('az storage account create -g GROUP --name contosofiles ');
  expect(all).not.toContain('c2VjcmV0');
});

test('a profile on this machine has none, and is told how to make one that has', async () => {
  const { code, stderr } = await runCli(['azure', 'commands'], { dataDir: tempDir() });
  expect([code, stderr]).toEqual([4, expect.stringContaining('copiloteval init --profile cloud')]);
});
