// Packages of Azure are loaded by who uses them, when they are used.

import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { loadedFiles, runProgram } from '../support/built-program.js';
import { openCosmosProcess } from '../support/cosmos-process.js';
import { tempDir } from '../support/temp-dir.js';

/** What only this package's own code says, whether it is bundled or not. */
const SIGNS: Readonly<Record<string, RegExp>> = {
  cosmos: /x-ms-documentdb-partitionkey/,
  'storage-blob': /x-ms-blob-type/,
  'service-bus': /AmqpAnnotatedMessage|ServiceBusClient/,
  identity: /AzurePowerShellCredential/,
  'keyvault-secrets': /deletedsecrets/,
  'arm-servicebus': /Microsoft\.ServiceBus\/namespaces\/\{namespaceName\}/,
};

function azurePackages(argv: readonly string[], env: Record<string, string>): string[] {
  const texts = loadedFiles(argv, { cwd: tempDir(), env }).map((file) => readFileSync(file, 'utf8'));
  return Object.keys(SIGNS).filter((name) => texts.some((text) => SIGNS[name]?.test(text)));
}

test('commands over SQLite load none of them', () => {
  const cwd = tempDir();
  const env = { COPILOTEVAL_HOME: `${cwd}/home` };
  const submitted = JSON.parse(runProgram(['submit', 'echo', '-o', 'json'], { cwd, env }).stdout) as { jobId: string };
  runProgram(['submit', 'fail', '--payload', '{"mode":"always"}'], { cwd, env: { ...env, AZURE_SERVICE_BUS_MAX_RETRIES: '1' } });
  const { jobId } = submitted;
  const lines = [
    ...['submit echo', 'list', 'list --where status=Queued', 'stats', 'queues list', 'queues create', 'worker list', 'worker start --drain'],
    ...['status', 'why', 'results', 'logs', 'tail'].map((command) => `${command} ${jobId}`),
    ...['dlq peek', 'dlq groups', 'dlq history', 'dlq replay --all-queues --all --dry-run', 'dlq purge --all-queues --all --dry-run', 'cancel --where status=Queued --yes'],
    ...['dashboard --once', 'dashboard --once --view dead', 'prune --dry-run', 'doctor', 'config show', 'schema print', 'init --profile other'],
  ];
  expect(lines.map((line) => [line, azurePackages(line.split(' '), env)])).toEqual(lines.map((line) => [line, []]));
}, 60_000);

test('files in Blob Storage cost nothing until there is one, and a store in Cosmos DB does not load the others', async () => {
  const blobs = { STORAGE_BACKEND: 'azure', AZURE_STORAGE_CONNECTION_STRING: 'DefaultEndpointsProtocol=http;AccountName=a;AccountKey=Yg==;BlobEndpoint=http://127.0.0.1:9/a;' };
  for (const argv of [['submit', 'echo'], ['list'], ['worker', 'start', '--drain']]) expect([argv, azurePackages(argv, blobs)]).toEqual([argv, []]);
  const cosmos = await openCosmosProcess();
  const env = {
    ...blobs,
    COPILOTEVAL_STORE: 'cosmos',
    COPILOTEVAL_QUEUE_BACKEND: 'servicebus',
    COSMOS_DB_ENDPOINT: cosmos.endpoint,
    COSMOS_DB_KEY: cosmos.key,
    AZURE_SERVICE_BUS_CONNECTION_STRING: 'Endpoint=sb://localhost:9;SharedAccessKeyName=a;SharedAccessKey=Yg==;UseDevelopmentEmulator=true',
  };
  try {
    expect(azurePackages(['list'], env)).toEqual(['cosmos']);
    expect(azurePackages(['config', 'show'], env)).toEqual([]);
    // The signs are seen where they are.
    expect(azurePackages(['submit', 'echo'], env)).toEqual(['cosmos', 'service-bus']);
  } finally {
    await cosmos.stop();
  }
}, 60_000);
