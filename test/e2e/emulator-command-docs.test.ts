// docs/emulator.md does what it says: its JavaScript runs, its file of queues is read, its tables name what there is.

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect, onTestFinished, test } from 'vitest';

import { emulatorOptions } from '../../src/commands/emulator/start.js';
import { FAULT_KINDS } from '../../src/emulator/faults.js';
import { readQueuesFile } from '../../src/emulator/queues-file.js';
import { openTestEmulator } from '../support/emulator.js';
import { tempDir } from '../support/temp-dir.js';

const page = readFileSync(new URL('../../docs/emulator.md', import.meta.url), 'utf8');

function blocks(language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, code = '']) => code);
}

/** Below the repository, so that packages are found. */
function scriptDirectory(): string {
  const cache = fileURLToPath(new URL('../../node_modules/.cache/', import.meta.url));
  mkdirSync(cache, { recursive: true });
  const dir = mkdtempSync(join(cache, 'docs-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return dir;
}

test('its JavaScript sends, receives and counts', async () => {
  const emulator = await openTestEmulator();
  const [messages = '', administration = '', ...more] = blocks('js');
  expect(more).toEqual([]);
  const run = async (name: string, code: string): Promise<string> => {
    const file = join(scriptDirectory(), name);
    writeFileSync(file, code);
    const { stdout } = await promisify(execFile)(process.execPath, [file], { env: { PATH: process.env['PATH'], CONNECTION_STRING: emulator.connectionString } });
    return stdout;
  };
  expect(await run('messages.mjs', messages)).toBe("{ hello: 'world' }\n");
  expect(administration).toContain('sb://localhost:5300');
  expect(await run('administration.mjs', administration.replace('5300', String(emulator.adminPort)))).toContain('activeMessageCount: 0');
});

test('its file of queues is one', async () => {
  const file = join(tempDir(), 'queues.yaml');
  writeFileSync(file, blocks('yaml').join(''));
  expect((await readQueuesFile(file)).map(({ name, lockMs }) => [name, lockMs])).toEqual([
    ['plain', undefined],
    ['orders', 30_000],
  ]);
});

test('it names every option and every fault', () => {
  for (const kind of Object.keys(FAULT_KINDS)) expect(page).toContain(`| \`${kind}\` |`);
  for (const { flags } of Object.values(emulatorOptions)) expect(page).toContain(flags.split(' ')[0]);
});
