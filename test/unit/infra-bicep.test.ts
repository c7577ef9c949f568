// The infrastructure files, read with a grammar: what can be told without the compiler and without Azure.

import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { beforeAll, describe, expect, test } from 'vitest';
import { Language, type Node, Parser } from 'web-tree-sitter';

import { SETTINGS } from '../../src/config/schema.js';
import { readIsoDuration } from '../../src/domain/iso-duration.js';
import { azLines } from '../../src/drivers/cosmos/az-lines.js';
import { DEFAULT_TTL, INDEXED_PATHS, indexingPolicy } from '../../src/drivers/cosmos/container-definition.js';
import { listQuery } from '../../src/drivers/cosmos/job-list.js';
import { QUEUES } from '../../src/domain/queue-registry.js';
import { COSMOS_CONTAINER } from '../support/cosmos-double/container.js';

const INFRA = fileURLToPath(new URL('../../infra', import.meta.url));
const FILES = ['main.bicep', ...readdirSync(join(INFRA, 'modules')).map((name) => `modules/${name}`)];
/** Stable API versions that were looked up; another one is looked up before it is added. */
const TYPES = new Set([
  'Microsoft.Authorization/roleAssignments@2022-04-01',
  'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2025-04-15',
  'Microsoft.DocumentDB/databaseAccounts/sqlDatabases@2025-04-15',
  'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments@2025-04-15',
  'Microsoft.DocumentDB/databaseAccounts@2025-04-15',
  'Microsoft.Insights/actionGroups@2023-01-01',
  'Microsoft.Insights/diagnosticSettings@2021-05-01-preview',
  'Microsoft.Insights/metricAlerts@2018-03-01',
  'Microsoft.KeyVault/vaults@2024-11-01',
  'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31',
  'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01',
  'Microsoft.Network/privateDnsZones@2024-06-01',
  'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-05-01',
  'Microsoft.Network/privateEndpoints@2024-05-01',
  'Microsoft.OperationalInsights/workspaces@2023-09-01',
  'Microsoft.ServiceBus/namespaces/queues@2024-01-01',
  'Microsoft.ServiceBus/namespaces@2024-01-01',
  'Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01',
  'Microsoft.Storage/storageAccounts/blobServices@2024-01-01',
  'Microsoft.Storage/storageAccounts/managementPolicies@2024-01-01',
  'Microsoft.Storage/storageAccounts@2024-01-01',
]);
const FUNCTIONS = new Set(['empty', 'environment', 'guid', 'loadJsonContent', 'map', 'resourceGroup', 'split', 'subscriptionResourceId', 'take', 'tenant', 'uniqueString']);

/** https://learn.microsoft.com/azure/role-based-access-control/built-in-roles; no other right is given. */
const ROLES: Readonly<Record<string, string>> = {
  sender: '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39',
  receiver: '4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0',
  owner: '090c5cfd-751d-490a-894a-3ce6f1109419',
  contributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe',
  secretsUser: '4633458b-17de-408a-b874-0445c86b69e6',
  secretsOfficer: 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7',
};

let parser: Parser;

beforeAll(async () => {
  const { resolve } = createRequire(import.meta.url);
  await Parser.init({ locateFile: () => resolve('web-tree-sitter/tree-sitter.wasm') });
  parser = new Parser();
  parser.setLanguage(await Language.load(resolve('tree-sitter-bicep/tree-sitter-bicep.wasm')));
});

function read(file: string): { text: string; root: Node } {
  const text = readFileSync(join(INFRA, file), 'utf8');
  const tree = parser.parse(text);
  if (tree === null) throw new Error(`${file} was not read`);
  return { text, root: tree.rootNode };
}

function* nodesOf(node: Node): Generator<Node> {
  yield node;
  for (const child of node.children) if (child !== null) yield* nodesOf(child);
}

describe.each(FILES)('%s', (file) => {
  test('has no syntax errors', () => {
    const wrong = [...nodesOf(read(file).root)].filter((node) => node.isError || node.isMissing);
    expect(wrong.map((node) => `${node.startPosition.row + 1}: ${node.text.slice(0, 60)}`)).toEqual([]);
  });

  test('has only resource types and versions that are known', () => {
    const used = [...read(file).text.matchAll(/'(Microsoft\.[\w./]+@[\w-]+)'/g)].map(([, type = '']) => type);
    expect(used.filter((type) => !TYPES.has(type))).toEqual([]);
  });

  test('uses only names that it declares', () => {
    const { root } = read(file);
    const declared = new Set<string>();
    for (const node of nodesOf(root)) {
      if (/_declaration$/.test(node.type)) for (const child of node.children) if (child?.type === 'identifier') declared.add(child.text);
      if (node.type === 'for_statement' || node.type === 'lambda_expression') for (const child of node.children) if (child !== null) for (const inner of nodesOf(child)) if (inner.type === 'identifier') declared.add(inner.text);
    }
    const used = [...nodesOf(root)].filter((node) => node.type === 'identifier' && isUse(node)).map(({ text }) => text);
    expect(used.filter((name) => !declared.has(name) && !FUNCTIONS.has(name))).toEqual([]);
  });

  test('uses each parameter and variable that it declares', () => {
    const text = read(file).text.replace(/^\s+\w+: /gm, '');
    const unused = [...text.matchAll(/^(?:param|var) (\w+)/gm)].map(([, name = '']) => name).filter((name) => [...text.matchAll(new RegExp(`\\b${name}\\b`, 'g'))].length < 2);
    expect(unused).toEqual([]);
  });

  test('gives no secret away', () => {
    const { text } = read(file);
    expect(text).not.toMatch(/listKeys|connectionString|AccountKey|SharedAccessKey=/);
  });
});

/** Not a key of an object, not a member after a dot, not a type. */
function isUse(node: Node): boolean {
  const { parent } = node;
  if (/decorator/.test(parent?.parent?.type ?? '')) return false;
  if (parent === null || ['object_property', 'property_identifier', 'type', 'primitive_type', 'decorator', 'member_expression'].includes(parent.type)) {
    return parent?.type === 'object_property' ? parent.firstChild?.id !== node.id : parent?.type === 'member_expression' && parent.firstChild?.id === node.id;
  }
  return true;
}

describe('the modules', () => {
  const main = (): string => read('main.bicep').text;

  test.each(FILES.filter((file) => file !== 'main.bicep'))('%s gets the parameters that it declares, and its outputs are used', (file) => {
    const { text } = read(file);
    const declared = [...text.matchAll(/^param (\w+)/gm)].map(([, name]) => name);
    const calls = [...main().matchAll(new RegExp(`^module (\\w+) '${file}' =[^{]*\\{([^]*?)^\\}`, 'gm'))];
    expect(calls.length).toBeGreaterThan(0);
    for (const [, , body = ''] of calls) expect([...(/params: \{([^]*)/.exec(body)?.[1] ?? '').matchAll(/^ {4}(\w+):/gm)].map(([, name]) => name).toSorted()).toEqual(declared.toSorted());
    const outputs = [...text.matchAll(/^output (\w+)/gm)].map(([, name = '']) => name);
    const used = calls.flatMap(([, symbol = '']) => [...main().matchAll(new RegExp(`\\b${symbol}\\.outputs\\.(\\w+)`, 'g'))].map(([, name = '']) => name));
    expect(outputs.toSorted()).toEqual([...new Set(used)].toSorted());
  });

  test('give rights of known roles only, each to who has a reason for it', () => {
    for (const file of FILES) {
      const { text } = read(file);
      for (const [, name = '', id] of text.matchAll(/^var (\w+) = subscriptionResourceId\('Microsoft\.Authorization\/roleDefinitions', '([^']+)'\)/gm)) expect([name, id]).toEqual([name, ROLES[name]]);
    }
    const given = FILES.flatMap((file) => [...read(file).text.matchAll(/roleDefinitionId: (\S+)\n\s+principalId: (\w+)/g)].map(([, role = '', who = '']) => `${/sqlRoleDefinitions\/([-0-9]+)/.exec(role)?.[1] ?? role} ${who}`));
    const data = '00000000-0000-0000-0000-000000000002';
    expect(given.toSorted()).toEqual(
      [
        ...['sender submitterPrincipalId', 'sender workerPrincipalId', 'receiver workerPrincipalId', 'owner operatorGroupId'],
        ...['submitterPrincipalId', 'workerPrincipalId', 'operatorGroupId'].flatMap((who) => [`${data} ${who}`, `contributor ${who}`]),
        ...['secretsUser submitterPrincipalId', 'secretsUser workerPrincipalId', 'secretsOfficer operatorGroupId'],
      ].toSorted(),
    );
  });

  test('leave no public way in beside private endpoints, whose names are found inside the network', () => {
    for (const module of ['servicebus', 'database', 'storage', 'keyvault']) expect(read(`modules/${module}.bicep`).text).toMatch(/publicNetworkAccess: isPrivate \? '[Dd]isabled' : '[Ee]nabled'/);
    const links = [...main().matchAll(/serviceId: (\w+)\.outputs\.\w+\s+groupId: '(\w+)'\s+zoneName: '([^']+)'/g)].map((link) => link.slice(1));
    expect(links).toEqual([
      ['servicebus', 'namespace', 'privatelink.servicebus.windows.net'],
      ['database', 'Sql', 'privatelink.documents.azure.com'],
      ['storage', 'blob', 'privatelink.blob.${environment().suffixes.storage}'],
      ['keyvault', 'vault', 'privatelink.vaultcore.azure.net'],
    ]);
  });

  test('tell of more dead letters than five in a queue, by the highest number and not by a sum', () => {
    const { text } = read('modules/monitoring.bicep');
    expect(main()).toContain('param deadLetterThreshold int = 5');
    for (const line of ["metricName: 'DeadletteredMessages'", "operator: 'GreaterThan'", 'threshold: deadLetterThreshold', "timeAggregation: 'Maximum'", "name: 'EntityName'", 'values: [queueName]']) expect(text).toContain(line);
  });
});

describe('what the files and the program must agree on', () => {
  test('keys are switched off everywhere', () => {
    expect(read('modules/servicebus.bicep').text).toContain('disableLocalAuth: true');
    expect(read('modules/database.bicep').text).toContain('disableLocalAuth: true');
    expect(read('modules/storage.bicep').text).toContain('allowSharedKeyAccess: false');
    expect(read('modules/keyvault.bicep').text).toContain('enableRbacAuthorization: true');
  });

  test('the queues are those of the registry', () => {
    const queues = JSON.parse(readFileSync(join(INFRA, 'queues.json'), 'utf8')) as { name: string; maxDeliveryCount: number; lockDuration: string; timeToLive: string }[];
    const settings = queues.map(({ name, maxDeliveryCount, lockDuration, timeToLive }) => [name, maxDeliveryCount, readIsoDuration(lockDuration), readIsoDuration(timeToLive)]);
    expect(settings).toEqual(QUEUES.map(({ name, maxAttempts, lockMs, ttlMs }) => [name, maxAttempts, lockMs, ttlMs]));
    expect(read('main.bicep').text).toContain("loadJsonContent('queues.json')");
    const { text } = read('modules/servicebus.bicep');
    for (const line of ['lockDuration: item.lockDuration', 'maxDeliveryCount: item.maxDeliveryCount', 'defaultMessageTimeToLive: item.timeToLive', 'deadLetteringOnMessageExpiration: true']) expect(text).toContain(line);
  });

  test('queues have nothing that the Basic tier refuses', () => {
    expect(read('modules/servicebus.bicep').text).not.toMatch(/requiresDuplicateDetection|requiresSession|forwardTo|autoDeleteOnIdle|enablePartitioning/);
  });

  test('the container, its partition key and its index are the ones the driver needs', () => {
    const { text } = read('modules/database.bicep');
    expect(text).toContain(`var containerName = '${COSMOS_CONTAINER.id}'`);
    expect(text).toContain(`paths: ['${COSMOS_CONTAINER.partitionPath}']`);
    expect(text).toContain(`defaultTtl: ${DEFAULT_TTL}`);
    const composite = [...text.matchAll(/path: '(\/\w+)'\s+order: '(\w+)'/g)].map(([, path, order]) => ({ path, descending: order === 'descending' }));
    expect(composite).toEqual(COSMOS_CONTAINER.rules.compositeIndexes.flat());
  });

  test('every property that the driver filters or sorts by is indexed', () => {
    const indexed = [...read('modules/database.bicep').text.matchAll(/\{ path: '(\/[^']+)' \}/g)].map(([, path = '']) => path.replace(/\/\?$|\/\[\]\/\?$|\/\*$/g, ''));
    for (const property of usedProperties()) expect(indexed, property).toContain(property);
  });

  test('the index is the one that doctor compares with and that the az line creates', () => {
    const { text } = read('modules/database.bicep');
    const included = text.slice(text.indexOf('includedPaths'), text.indexOf('excludedPaths'));
    expect([...included.matchAll(/path: '([^']+)'/g)].map(([, path]) => path)).toEqual(INDEXED_PATHS);
    const az = azLines({ endpoint: 'https://contoso.documents.azure.com', database: 'copiloteval', container: 'jobs' });
    expect(az.createContainer).toContain('--account-name contoso');
    expect(JSON.parse(/--idx '(.*)'/.exec(az.createContainer)?.[1] ?? '')).toEqual(indexingPolicy());
  });

  test('each environment has its parameters', () => {
    const declared = new Set([...read('main.bicep').text.matchAll(/^param (\w+)/gm)].map(([, name]) => name));
    for (const name of ['dev', 'staging', 'prod']) {
      const { parameters } = JSON.parse(readFileSync(join(INFRA, 'parameters', `${name}.parameters.json`), 'utf8')) as { parameters: Record<string, { value: unknown }> };
      expect(parameters['environmentName']?.value).toBe(name);
      expect(Object.keys(parameters).filter((key) => !declared.has(key))).toEqual([]);
      // A file must not go before the job that names it.
      expect(parameters['fileRetentionDays']?.value ?? Number(/param fileRetentionDays int = (\d+)/.exec(read('main.bicep').text)?.[1])).toBeGreaterThan(SETTINGS.retentionDays.default);
    }
  });
});

/** From the texts of the queries in the driver's files, and from one that has every filter. */
function usedProperties(): Set<string> {
  const folder = fileURLToPath(new URL('../../src/drivers/cosmos', import.meta.url));
  const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  const conditions = texts.flatMap((text) => [...text.matchAll(/(?:WHERE|ORDER BY) [^`"]*?(?= GROUP BY|[`"])/g)].map(([condition]) => condition));
  const everything = listQuery({ statuses: ['Queued'], types: ['a'], queues: ['b'], userId: 'c', parentJobId: 'd', createdFrom: 1, createdBefore: 2 }, 0);
  const properties = new Set<string>();
  for (const condition of [...conditions, everything?.query ?? '']) {
    for (const [, path = ''] of condition.matchAll(/\bc\.([A-Za-z]+(?:\.[A-Za-z]+)*)/g)) properties.add(`/${path.replaceAll('.', '/')}`);
  }
  properties.delete('/id');
  return properties;
}
