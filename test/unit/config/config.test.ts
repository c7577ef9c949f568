import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig, type Config } from '../../../src/config/config.js';
import { readConfigFile, writeConfigFile } from '../../../src/config/config-file.js';
import { locateDataDir, placeAt, userDataDir } from '../../../src/config/data-dir.js';
import { openEnvironment } from '../../../src/config/environment.js';
import { SETTING_NAMES, SETTINGS } from '../../../src/config/schema.js';
import { tempDir } from '../../support/temp-dir.js';

interface Input {
  readonly variables?: Readonly<Record<string, string>>;
  readonly file?: unknown;
  readonly dotenv?: string;
  readonly profile?: string;
}

async function load({ variables = {}, file, dotenv, profile }: Input): Promise<{ config: Config; dataDir: string; cwd: string }> {
  const dataDir = tempDir();
  const cwd = tempDir();
  if (file !== undefined) writeFileSync(join(dataDir, 'config.json'), typeof file === 'string' ? file : JSON.stringify(file));
  if (dotenv !== undefined) writeFileSync(join(cwd, '.env'), dotenv);
  const env = await openEnvironment(variables, cwd);
  return { config: loadConfig({ place: placeAt(dataDir, 'test', true), env, cwd, profile }), dataDir, cwd };
}

const inProfile = (settings: Record<string, unknown>): Input => ({ file: { profiles: { default: settings } } });

test('without a file or variables every setting has its default', async () => {
  const { config, dataDir } = await load({});
  expect(config).toMatchObject({
    profile: 'default',
    database: join(dataDir, 'copiloteval.db'),
    defaultQueue: 'evaluation-jobs',
    concurrency: 4,
    maxAttempts: undefined,
    retryBaseSeconds: 2,
    retentionDays: 90,
    trashDays: 14,
    handlers: [],
    allowCommandJobs: false,
  });
  expect(config.userId).not.toBe('');
  expect(Object.isFrozen(config)).toBe(true);
});

test('the environment wins over .env, .env over the profile, the profile over the default', async () => {
  const file = { profiles: { default: { concurrency: 5, retentionDays: 5, trashDays: 5, retryBaseSeconds: 5 } } };
  const { config, cwd, dataDir } = await load({
    file,
    dotenv: 'COPILOTEVAL_CONCURRENCY=6\nCOPILOTEVAL_RETENTION_DAYS="6"\n',
    variables: { COPILOTEVAL_CONCURRENCY: '7' },
  });
  expect([config.concurrency, config.retentionDays, config.trashDays, config.lockSeconds]).toEqual([7, 6, 5, undefined]);
  expect(config.sources.concurrency).toBe('COPILOTEVAL_CONCURRENCY');
  expect(config.sources.retentionDays).toBe(`COPILOTEVAL_RETENTION_DAYS in ${join(cwd, '.env')}`);
  expect(config.sources.trashDays).toBe(`profile default in ${join(dataDir, 'config.json')}`);
  expect(config.sources.lockSeconds).toBe('default');
});

test('an empty variable is one that is not set', async () => {
  expect((await load({ variables: { COPILOTEVAL_CONCURRENCY: '' } })).config.concurrency).toBe(4);
});

test('paths start from where they are written', async () => {
  const { config, dataDir } = await load(inProfile({ database: 'jobs.db', handlers: ['../h.mjs', '/abs.mjs'] }));
  expect(config.database).toBe(join(dataDir, 'jobs.db'));
  expect(config.handlers).toEqual([join(dataDir, '..', 'h.mjs'), '/abs.mjs']);
  const fromEnv = await load({ variables: { COPILOTEVAL_DATABASE: 'jobs.db' } });
  expect(fromEnv.config.database).toBe(join(fromEnv.cwd, 'jobs.db'));
});

test('reads types and queues of one’s own', async () => {
  const settings = {
    types: { resize: { command: ['python3', 'resize.py'], queue: 'images', timeoutSeconds: 30 } },
    queues: { images: { maxAttempts: 5, lockSeconds: 10 } },
  };
  const { config } = await load(inProfile(settings));
  expect(config.types).toEqual(settings.types);
  expect(config.queues).toEqual(settings.queues);
});

const INVALID: readonly [string, Input, string][] = [
  ['a number out of range', { variables: { COPILOTEVAL_CONCURRENCY: '0' } }, 'concurrency must be a whole number from 1 to 1000, got "0" (from COPILOTEVAL_CONCURRENCY)'],
  ['a number that is none', { dotenv: 'AZURE_SERVICE_BUS_MAX_RETRIES=three' }, 'maxAttempts must be a whole number from 1 to 100, got "three" (from AZURE_SERVICE_BUS_MAX_RETRIES in'],
  ['a value of another type', inProfile({ concurrency: '8' }), 'concurrency must be a whole number from 1 to 1000, got "8" (from profile default in'],
  ['a negative delay', inProfile({ retryBaseSeconds: -1 }), 'retryBaseSeconds must be a number from 0 to 86400, got -1'],
  ['a word that is none of the known', { variables: { LOG_LEVEL: 'loud' } }, 'logLevel must be trace, debug, info, warn, error, silent, got "loud"'],
  ['an address without a scheme', { variables: { PUBLIC_BASE_URL: 'example.com' } }, 'publicBaseUrl must be an address that begins with http:// or https://'],
  ['a type without a command', inProfile({ types: { x: { queue: 'q' } } }), 'types must be an object of names with: command'],
  ['a queue with an unknown field', inProfile({ queues: { q: { maxAtempts: 3 } } }), 'queues must be an object of names with: maxAttempts'],
  ['a user with a line break', { variables: { COPILOTEVAL_USER: 'a\nb' } }, 'userId must be a name'],
  ['a file that is not JSON', { file: '{"profiles": ' }, 'config.json is not JSON'],
  ['a file that ends in the middle', { file: '{"profiles": \n' }, 'config.json is not JSON: it ends too early'],
  ['a file that is a list', { file: [] }, 'must be an object {"profile": NAME'],
  ['settings outside a profile', { file: { concurrency: 8 } }, 'unknown key "concurrency"'],
];

test.each(INVALID)('refuses %s and says where it stands', async (_, input, message) => {
  await expect(load(input)).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(message) });
});

const PASTED: readonly [string, Input, string][] = [
  ['a connection string of Cosmos DB as its address', { variables: { COSMOS_DB_ENDPOINT: 'AccountEndpoint=https://contoso.documents.azure.com:443/;AccountKey=c2VjcmV0==;' } }, 'cosmosEndpoint must be an address'],
  ['one of a storage account as a namespace', { variables: { AZURE_SERVICE_BUS_NAMESPACE: 'AccountName=contoso;AccountKey=c2VjcmV0' } }, 'serviceBusNamespace must be a namespace'],
  ['an address with a signature', inProfile({ storageAccountUrl: 'https://contoso.blob.core.windows.net/?sv=2025-11-05&sig=c2VjcmV0' }), 'without user, password, question mark or #'],
  ['an address with a password', { dotenv: 'KEY_VAULT_URL=https://ada:c2VjcmV0@contoso.vault.azure.net' }, 'without user, password, question mark or #'],
  ['a key without quotes in the file', { file: '{"profile":"default","profiles":{"default":{\n"cosmosKey": c2VjcmV0}}}' }, "config.json is not JSON: Unexpected token 'c' in line 2"],
  ['a file that is cut off', { file: '{"profile":"default","profiles":{"default":{"cosmosKey":\n"c2VjcmV0' }, 'config.json is not JSON: Unterminated string in JSON in line 2'],
];

test.each(PASTED)('%s is refused without being shown', async (_, input, message) => {
  const error: unknown = await load(input).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(message) });
  expect(error).not.toMatchObject({ message: expect.stringContaining('c2VjcmV0') });
});

test('an unknown setting gets the nearest known one', async () => {
  await expect(load(inProfile({ concurency: 8 }))).rejects.toMatchObject({ code: 'CONFIG_INVALID', hint: 'did you mean `concurrency`?' });
});

test('the profile comes from the flag, else the variable, else the file', async () => {
  const file = { profile: 'a', profiles: { a: { concurrency: 1 }, b: { concurrency: 2 }, c: { concurrency: 3 } } };
  const chosen = async (input: Input) => (await load({ file, ...input })).config;
  expect((await chosen({})).concurrency).toBe(1);
  expect((await chosen({ variables: { COPILOTEVAL_PROFILE: 'b' } })).concurrency).toBe(2);
  const byFlag = await chosen({ variables: { COPILOTEVAL_PROFILE: 'b' }, profile: 'c' });
  expect([byFlag.concurrency, byFlag.profile, byFlag.sources.profile]).toEqual([3, 'c', '--profile']);
  await expect(chosen({ profile: 'aa' })).rejects.toMatchObject({ code: 'PROFILE_UNKNOWN', hint: 'did you mean `a`?' });
  await expect(chosen({ profile: 'staging' })).rejects.toMatchObject({ hint: expect.stringContaining('init --profile staging') });
});

test('finds the data directory: flag, variable, nearest project directory, user’s directory', async () => {
  const cwd = tempDir();
  const deep = join(cwd, 'a', 'b');
  mkdirSync(deep, { recursive: true });
  const env = await openEnvironment({ HOME: '/home/ada' }, cwd);
  const named = await openEnvironment({ HOME: '/home/ada', COPILOTEVAL_HOME: 'jobs' }, cwd);
  expect(locateDataDir({ flag: 'x', env: named, cwd }).dataDir).toBe(join(cwd, 'x'));
  expect(locateDataDir({ flag: undefined, env: named, cwd })).toMatchObject({ dataDir: join(cwd, 'jobs'), dataDirSource: 'COPILOTEVAL_HOME', named: true });
  expect(locateDataDir({ flag: undefined, env, cwd: deep }).dataDir).toBe(userDataDir(env));
  mkdirSync(join(cwd, '.copiloteval'));
  expect(locateDataDir({ flag: undefined, env, cwd: deep })).toMatchObject({ dataDir: join(cwd, '.copiloteval'), named: false });
});

test('the user’s data directory is where each system keeps such data', async () => {
  const env = await openEnvironment({ HOME: '/home/ada' }, tempDir());
  const xdg = await openEnvironment({ HOME: '/home/ada', XDG_DATA_HOME: '/data' }, tempDir());
  expect(userDataDir(env, 'linux')).toBe('/home/ada/.local/share/copiloteval');
  expect(userDataDir(xdg, 'linux')).toBe('/data/copiloteval');
  expect(userDataDir(env, 'darwin')).toBe('/home/ada/Library/Application Support/copiloteval');
});

test('config.json is written whole and read back', () => {
  const dir = join(tempDir(), 'new', 'dir');
  const file = join(dir, 'config.json');
  const content = { profile: 'a', profiles: { a: { concurrency: 2 } } };
  writeConfigFile(file, content);
  expect(readConfigFile(file)).toEqual(content);
  expect(readdirSync(dir)).toEqual(['config.json']);
});

test('a directory that cannot be written is named', () => {
  const blocked = join(tempDir(), 'file');
  writeFileSync(blocked, '');
  expect(() => writeConfigFile(join(blocked, 'config.json'), { profile: 'default', profiles: {} })).toThrow(
    expect.objectContaining({ code: 'DATA_DIR_UNUSABLE', message: expect.stringContaining(blocked) }),
  );
});

test('.env.example names every variable and nothing else', () => {
  const example = readFileSync(new URL('../../../.env.example', import.meta.url), 'utf8');
  const listed = [...example.matchAll(/^# ([A-Z_]+)=/gm)].map(([, name]) => name);
  const known = SETTING_NAMES.map((name) => SETTINGS[name].env).filter((name) => name !== undefined);
  expect(listed).toEqual(['COPILOTEVAL_HOME', 'COPILOTEVAL_PROFILE', ...known]);
});
