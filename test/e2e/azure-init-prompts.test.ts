// `init` on a terminal: what it asks of somebody who chooses Cosmos DB and Blob Storage, and what it asks of nobody else.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { buildProgram } from '../support/emulator-process.js';
import { type PtyProgram, startInPty } from '../support/pty-program.js';
import { tempDir } from '../support/temp-dir.js';

interface Init extends PtyProgram {
  readonly configFile: string;
}

async function startInit(more: readonly string[] = []): Promise<Init> {
  const cwd = tempDir();
  const program = startInPty({
    file: process.execPath,
    args: [await buildProgram(), 'init', '--profile', 'cloud', ...more],
    cwd,
    env: { HOME: cwd, NO_COLOR: '1', COPILOTEVAL_USER: undefined },
    columns: 200,
    rows: 50,
  });
  onTestFinished(() => program.pty.kill('SIGKILL'));
  return { ...program, configFile: join(cwd, '.copiloteval', 'config.json') };
}

/** Types each answer when its question stands there. */
async function answer(init: Init, answers: Readonly<Record<string, string>>): Promise<string[]> {
  const asked: string[] = [];
  for (const [name, text] of Object.entries(answers)) {
    await init.until((screen) => screen.split('\n').some((row) => new RegExp(`^${name}( \\[.*\\])?:$`).test(row)));
    asked.push(name);
    init.type(`${text}\r`);
  }
  return asked;
}

/** Settings begin with a small letter, and nothing else on the screen that has a colon does. */
function questionsOf(init: Init): string[] {
  return init.screen().flatMap((row) => /^([a-z]\w+)( \[.*\])?: ?/.exec(row)?.[1] ?? []).filter((name) => name !== 'warning');
}

const FIRST = { userId: 'ada', concurrency: '', retentionDays: '30', queue: 'servicebus' };
const CLOUD = { ...FIRST, serviceBusNamespace: 'contoso', store: 'cosmos', blobs: 'azure' };

test('who chooses Cosmos DB and Blob Storage is asked for both, and the answers are the profile', async () => {
  const init = await startInit();
  const answers = { ...CLOUD, cosmosEndpoint: 'https://contoso.documents.azure.com', cosmosDatabase: '', cosmosContainer: 'work', storageAccountUrl: 'https://contoso.blob.core.windows.net', storageContainer: '' };
  await answer(init, answers);
  expect((await init.exited).exitCode).toBe(0);
  expect(questionsOf(init)).toEqual(Object.keys(answers));
  await init.until((screen) => screen.includes('copiloteval azure commands'));
  const { cosmosDatabase: _d, storageContainer: _s, concurrency: _c, ...written } = answers;
  expect(JSON.parse(readFileSync(init.configFile, 'utf8'))).toEqual({ profile: 'cloud', profiles: { cloud: { database: 'cloud.db', ...written, retentionDays: 30 } } });
});

test('who keeps the jobs in SQLite and the files in directories is asked for neither', async () => {
  const init = await startInit();
  await answer(init, { ...CLOUD, store: '', blobs: '' });
  expect((await init.exited).exitCode).toBe(0);
  expect(questionsOf(init)).toEqual(Object.keys(CLOUD));
});

test('what a flag says is not asked, and leads to the questions that belong to it', async () => {
  const init = await startInit(['--set', 'queue=servicebus', '--set', 'serviceBusNamespace=contoso', '--set', 'store=cosmos', '--set', 'blobs=azure', '--set', 'cosmosEndpoint=https://contoso.documents.azure.com']);
  const answers = { userId: '', concurrency: '', retentionDays: '', cosmosDatabase: 'evals', cosmosContainer: '', storageAccountUrl: 'https://contoso.blob.core.windows.net', storageContainer: 'results' };
  await answer(init, answers);
  expect((await init.exited).exitCode).toBe(0);
  expect(questionsOf(init)).toEqual(Object.keys(answers));
  const { profiles } = JSON.parse(readFileSync(init.configFile, 'utf8')) as { profiles: Record<string, object> };
  expect(profiles['cloud']).toMatchObject({ store: 'cosmos', cosmosDatabase: 'evals', blobs: 'azure', storageContainer: 'results' });
});

test('a wrong answer is asked again, with what was expected, and costs none of the others', async () => {
  const init = await startInit();
  await answer(init, { ...FIRST, serviceBusNamespace: 'contoso', store: 'cosmo' });
  await init.until((screen) => /store must be .*cosmos.* got "cosmo"/.test(screen));
  await answer(init, { store: '', blobs: '' });
  expect((await init.exited).exitCode).toBe(0);
  expect(JSON.parse(readFileSync(init.configFile, 'utf8'))).toEqual({ profile: 'cloud', profiles: { cloud: { database: 'cloud.db', userId: 'ada', retentionDays: 30, queue: 'servicebus', serviceBusNamespace: 'contoso' } } });
});

test('the words that a question takes stand before it', async () => {
  const init = await startInit();
  await answer(init, { ...FIRST, serviceBusNamespace: '', store: '', blobs: '' });
  await init.exited;
  for (const words of ['(sqlite, servicebus)', '(sqlite, cosmos)', '(fs, azure)']) expect(init.screen().join('\n')).toContain(words);
});

test('Ctrl-C at a question ends it and writes nothing', async () => {
  const init = await startInit();
  await answer(init, CLOUD);
  await init.until((screen) => /^cosmosEndpoint/m.test(screen));
  init.type('\u0003');
  expect((await init.exited).exitCode).toBe(130);
  expect(() => readFileSync(init.configFile)).toThrow(/ENOENT/);
});
