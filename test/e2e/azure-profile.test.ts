// From nothing to a profile with everything in Azure that works, with each wrong setting on the way.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { indexingPolicy } from '../../src/drivers/cosmos/container-definition.js';
import { type AzureWorld, openAzureWorld } from '../support/azure-world.js';
import { type CosmosProcess, openCosmosProcess } from '../support/cosmos-process.js';
import { azureCommands, checked, searchLine, usageLine } from '../support/json-contract.js';

let world: AzureWorld;

beforeAll(async () => {
  world = await openAzureWorld();
});

afterAll(() => world.stop());

/** Without the variables that lead to the counterparts, in a data directory of their own. */
const plain = (): Record<string, string> => ({ NO_COLOR: '1', LOG_LEVEL: 'warn', COPILOTEVAL_HOME: `${world.directory}/tour` });

test('init from flags, doctor, the lines of az, a job that runs on all three, and what it cost', async () => {
  const { emulator, cosmos, azurite } = world;
  const env = plain();
  const settings = { queue: 'servicebus', serviceBusAdminEndpoint: emulator.adminEndpoint, store: 'cosmos', cosmosEndpoint: cosmos.endpoint, blobs: 'azure', storageConnectionString: azurite.connectionString, cosmosKey: cosmos.key };
  const sets = Object.entries(settings).map(([name, value]) => `--set ${name}=${value}`).join(' ');
  const made = await world.run(`init --profile cloud ${sets} --set serviceBusConnectionString=-`, { env, input: emulator.connectionString });
  expect([made.code, made.stderr]).toEqual([0, '']);
  for (const next of ['copiloteval doctor', 'copiloteval azure commands', 'copiloteval queues create']) expect(made.stdout).toContain(next);

  const doctor = await world.run('doctor', { env });
  expect([doctor.code, doctor.stderr]).toEqual([0, '']);
  expect(doctor.stdout).toMatch(/warn {2}blob storage container: .* is not there.*\n.*az storage container-rm create/);
  for (const line of ['cosmos db partition key: /pk', 'cosmos db index: ', 'a read of one document costs 1 RU', 'one small document costs 5 RU', 'service bus right: send: granted']) expect(doctor.stdout).toContain(line);

  const { sections } = checked(azureCommands, JSON.parse((await world.run('azure commands -o json', { env })).stdout));
  const az = await world.run('azure commands', { env });
  expect(az.stdout.trimEnd()).toBe(sections.map(({ title, lines }) => [`# ${title}`, ...lines].join('\n')).join('\n\n'));
  expect(az.stdout).toMatch(/az cosmosdb sql container create .*--partition-key-path \/pk .*"compositeIndexes"/);
  for (const secret of [cosmos.key, emulator.connectionString, azurite.connectionString]) expect(az.stdout + doctor.stdout + made.stdout).not.toContain(secret);

  const submitted = await world.run('submit echo --payload - -o json', { env, input: JSON.stringify({ text: 'x'.repeat(60_000) }) });
  expect(JSON.parse(submitted.stdout)).toMatchObject({ queueMode: 'service_bus' });
  expect((await world.run('worker start --drain', { env })).stdout).toContain('1 succeeded');
  const listed = await world.run('list -o json', { env });
  expect(JSON.parse(listed.stdout)).toMatchObject({ jobs: [{ status: 'Succeeded', payloadRef: { bytes: 60_011 }, queueMode: 'service_bus' }] });
  expect((await world.run('list --debug', { env })).stderr).toMatch(/Cosmos DB: \d+ requests, [\d.]+ request units/);
  const billed = await world.run('list -o json --debug', { env });
  expect(checked(usageLine, JSON.parse(billed.stderr)).storeUsage.requests).toBeGreaterThan(0);
  expect(Object.keys(JSON.parse(billed.stdout) as object)).toEqual(['jobs', 'nextCursor']);
  expect((await world.run('list -o json', { env })).stderr).toBe('');
  expect(JSON.parse((await world.run('stats -o json', { env })).stdout)).toMatchObject({ source: 'servicebus', jobs: { Succeeded: 1 } });
  expect((await world.run('doctor', { env })).stdout).toContain('ok    blob storage files: one was written, read and deleted');
  expect((await world.run('queues drain --to local --yes', { env })).stderr).toContain('no local queue');
  const pruned = await world.run('prune --older-than 0s --yes -o json', { env });
  expect(JSON.parse(pruned.stdout)).toMatchObject({ prunedJobs: 1, deletedFiles: 2 });
});

test('a search that reads many jobs for few says so and what it has cost, one that an index answers is silent', async () => {
  const cosmos = await openCosmosProcess();
  const env = { ...world.env, COSMOS_DB_ENDPOINT: cosmos.endpoint, COSMOS_DB_KEY: cosmos.key };
  const lines = Array.from({ length: 900 }, (_, n) => JSON.stringify({ type: 'echo', payload: { n }, labels: n === 7 ? { team: 'search' } : {} }));
  await world.run('submit --from -', { env, input: `${lines.join('\n')}\n` });
  const search = await world.run("list --where 'payload.n = 7'", { env });
  expect(search.stdout.trim().split('\n')).toHaveLength(2);
  expect(search.stderr).toMatch(/^looked at 900 jobs for 1, \d+ request units so far; a status, .* makes it fewer\n$/);
  const { stderr } = await world.run("list --where 'payload.n = 7' -o json", { env });
  expect(checked(searchLine, JSON.parse(stderr)).search).toMatchObject({ scanned: 900, found: 1 });
  const indexed = await world.run("list --where 'label.team = search and not status = Failed'", { env });
  expect([indexed.stdout.trim().split('\n').length, indexed.stderr]).toEqual([2, '']);
  const cancelled = await world.run("cancel --where 'payload.n < 2' --yes", { env });
  expect(cancelled.stderr).toContain('looked at 900 jobs for 2, ');
  await cosmos.stop();
});

describe('a mix that cannot work is refused with 4 and the reason', () => {
  test.each([
    ['the queue in a file', { COPILOTEVAL_QUEUE_BACKEND: 'sqlite' }, /a SQLite queue and a store in Cosmos DB do not go together: /],
    ['the switch off', { USE_SERVICE_BUS: 'false' }, /USE_SERVICE_BUS is off, and jobs in Cosmos DB cannot wait in a SQLite queue/],
    ['a local fallback', { COPILOTEVAL_FALLBACK: 'local' }, /`fallback: local` needs a store that has a queue of its own/],
    ['no Service Bus', { AZURE_SERVICE_BUS_CONNECTION_STRING: '' }, /neither AZURE_SERVICE_BUS_CONNECTION_STRING nor AZURE_SERVICE_BUS_NAMESPACE/],
    ['no endpoint', { COSMOS_DB_ENDPOINT: '' }, /COSMOS_DB_ENDPOINT is not set/],
    ['tokens over http', { COSMOS_DB_KEY: '' }, /COSMOS_DB_ENDPOINT is http:.*must begin with https:/],
    ['another machine over http', { COSMOS_DB_ENDPOINT: 'http://cosmos.example' }, /must begin with https:\/\/ unless it is on this machine/],
    ['no storage account', { AZURE_STORAGE_CONNECTION_STRING: '' }, /neither AZURE_STORAGE_CONNECTION_STRING nor AZURE_STORAGE_ACCOUNT_URL/],
    ['a secret of no vault', { COSMOS_DB_KEY: 'kv:cosmos-key' }, /cosmosKey is to come from Key Vault, and KEY_VAULT_URL is not set/],
    ['a name that no secret has', { COSMOS_DB_KEY: 'kv:not a name' }, /cosmosKey must be kv:NAME/],
    ['a vault for what is no secret', { DATABASE_NAME: 'kv:name' }, /cosmosDatabase cannot come from Key Vault/],
  ])('%s', async (_what, change, reason) => {
    const { code, stdout, stderr } = await world.run('submit echo', { env: { ...world.env, ...change } });
    expect([code, stdout]).toEqual([4, '']);
    expect(stderr).toMatch(reason);
    expect(stderr).toContain('[CONFIG_INVALID]');
  });
});

describe('what doctor says of a part that is wrong', () => {
  const other = Buffer.from('another key').toString('base64');

  test.each([
    ['the key', { COSMOS_DB_KEY: other }, /FAIL {2}cosmos db container: .*\[COSMOS_UNAUTHORIZED\]\n.*az cosmosdb keys list/],
    ['the database', { DATABASE_NAME: 'nowhere' }, /FAIL {2}cosmos db container: .* has no database nowhere\n.*az cosmosdb sql database create/],
    ['the container', { COSMOS_DB_CONTAINER: 'nothing' }, /FAIL {2}cosmos db container: .* has no container nothing\n.*az cosmosdb sql container create .*--name nothing/],
    ['the address', { COSMOS_DB_ENDPOINT: 'http://localhost:9' }, /FAIL {2}cosmos db container: .*\[BACKEND_UNAVAILABLE\]\n.*check COSMOS_DB_ENDPOINT/],
    ['the storage account', { AZURE_STORAGE_CONNECTION_STRING: 'nonsense' }, /FAIL {2}blob storage container: .*\[CONFIG_INVALID\]\n.*DefaultEndpointsProtocol=/],
    ['the address of files', { AZURE_STORAGE_CONNECTION_STRING: `DefaultEndpointsProtocol=http;AccountName=a;AccountKey=${other};BlobEndpoint=http://127.0.0.1:9/a;` }, /FAIL {2}blob storage container: .*\[BACKEND_UNAVAILABLE\]/],
    ['where files go', { STORAGE_BACKEND: 'fs' }, /warn {2}files: they are in a directory of this machine/],
  ])('%s', async (_what, change, finding) => {
    const { stdout } = await world.run('doctor', { env: { ...world.env, ...change } });
    expect(stdout).toMatch(finding);
    expect(stdout).not.toContain(other);
    expect(stdout).not.toContain('FAIL  store opens');
    // One part that is wrong hides no other.
    expect(stdout).toContain('service bus right: send: granted');
  });

  test.each([
    ['another partition key', { partitionPath: '/id' }, /FAIL {2}cosmos db partition key: it is \/id, and must be \/pk; it never changes\n.*az cosmosdb sql container create/],
    ['the index that every container begins with', { definition: { defaultTtl: -1, indexingPolicy: { includedPaths: [{ path: '/*' }] } } }, /FAIL {2}cosmos db index: .*composite index.*\n.*az cosmosdb sql container update/],
    ['a time to live that would delete jobs', { definition: { defaultTtl: 3600, indexingPolicy: indexingPolicy() } }, /FAIL {2}cosmos db time to live: documents are deleted after 3600 seconds/],
  ])('a container with %s', async (_what, options, finding) => {
    const wrong: CosmosProcess = await openCosmosProcess(options);
    const { code, stdout, stderr } = await world.run('doctor', { env: { ...world.env, COSMOS_DB_ENDPOINT: wrong.endpoint, COSMOS_DB_KEY: wrong.key } });
    await wrong.stop();
    // Each trouble is told once: what follows from it is not a second one.
    expect([code, stderr]).toEqual([3, expect.stringMatching(/^error: 1 check failed: cosmos db /)]);
    expect(stdout).toMatch(finding);
  });
});
