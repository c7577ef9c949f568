import { readdirSync } from 'node:fs';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';
import { expect, test } from 'vitest';

const root = new URL('../../../', import.meta.url);
// Snippets belong to no project, so the rules that ask the compiler are off here.
const eslint = new ESLint({ cwd: root.pathname, overrideConfig: [tseslint.configs.disableTypeChecked] });

async function rulesBrokenBy(code: string, filePath: string): Promise<string[]> {
  const results = await eslint.lintText(code, { filePath });
  return results.flatMap((result) => result.messages.map(({ ruleId, message }) => `${ruleId ?? 'parser'}: ${message}`));
}

/** A file in each layer that a snippet can import. */
const DRIVER = firstFileOf('drivers/sqlite');
const SERVICE = firstFileOf('services');
const WORKER = firstFileOf('worker');

const FORBIDDEN_IMPORTS: readonly [string, string, string][] = [
  ['domain', `../services/${SERVICE}`, 'src/domain may import only'],
  ['domain', '../ports/clock.js', 'src/domain may import only'],
  ['ports', `../services/${SERVICE}`, 'src/ports may import only'],
  ['evaluation', '../ports/clock.js', 'src/evaluation may import only'],
  ['services', `../drivers/sqlite/${DRIVER}`, 'Ask for the port'],
  ['services', '../output/io.js', 'src/services may import only'],
  ['drivers/sqlite', `../../services/${SERVICE}`, 'A driver implements ports'],
  ['worker', `../drivers/sqlite/${DRIVER}`, 'src/worker may import only'],
  ['worker', '../output/io.js', 'src/worker may import only'],
  ['output', `../services/${SERVICE}`, 'src/output may import only'],
  ['config', `../services/${SERVICE}`, 'src/config may import only'],
  ['commands', `../drivers/sqlite/${DRIVER}`, 'context.runtime()'],
  ['tui', '../commands/program.js', 'src/tui may import only'],
  ['api', '../commands/program.js', 'src/api may import only'],
];

test.each(FORBIDDEN_IMPORTS)('src/%s may not import %s', async (folder, specifier, says) => {
  const broken = await rulesBrokenBy(`import { x } from '${specifier}';\nexport const y = x;\n`, `src/${folder}/snippet.ts`);
  expect(broken).toContainEqual(expect.stringContaining('import-x/no-restricted-paths'));
  expect(broken.join('\n')).toContain(says);
});

test.each([
  ['domain', './errors.js'],
  ['services', '../ports/clock.js'],
  ['drivers/sqlite', '../../domain/errors.js'],
  ['commands', '../output/io.js'],
])('src/%s may import %s', async (folder, specifier) => {
  const broken = await rulesBrokenBy(`import { x } from '${specifier}';\nexport const y = x;\n`, `src/${folder}/snippet.ts`);
  expect(broken).toEqual([]);
});

test('only the composition root imports drivers, and on demand is no way around it', async () => {
  const code = `export const open = () => import('./drivers/sqlite/${DRIVER}');\n`;
  expect(await rulesBrokenBy(code, 'src/run-command.ts')).toContainEqual(expect.stringContaining('Only src/runtime.ts'));
  expect(await rulesBrokenBy(code, 'src/runtime.ts')).toEqual([]);
});

test('commands load the worker on demand', async () => {
  const code = `import { x } from '../worker/${WORKER}';\nexport const y = x;\n`;
  expect(await rulesBrokenBy(code, 'src/commands/snippet.ts')).toContainEqual(expect.stringContaining('Load it on demand'));
  const onDemand = `export const load = () => import('../worker/${WORKER}');\n`;
  expect(await rulesBrokenBy(onDemand, 'src/commands/snippet.ts')).toEqual([]);
});

test.each([
  ['better-sqlite3', 'src/services/snippet.ts', 'src/drivers/sqlite/snippet.ts'],
  ['commander', 'src/services/snippet.ts', 'src/commands/snippet.ts'],
  ['chalk', 'src/commands/snippet.ts', 'src/output/snippet.ts'],
  ['dotenv', 'src/commands/snippet.ts', 'src/config/snippet.ts'],
])('%s is refused in %s and accepted in %s', async (name, refusedIn, acceptedIn) => {
  const code = `import x from '${name}';\nexport const y = x;\n`;
  expect(await rulesBrokenBy(code, refusedIn)).toContainEqual(expect.stringContaining('no-restricted-imports'));
  expect(await rulesBrokenBy(code, acceptedIn)).toEqual([]);
});

test.each([
  ['process.exit(1);', 'src/commands/snippet.ts'],
  ['export const x = process.env;', 'src/services/snippet.ts'],
  ['export const x = Date.now();', 'src/services/snippet.ts'],
  ['export const x = new Date();', 'src/drivers/sqlite/snippet.ts'],
  ["console.log('x');", 'src/commands/snippet.ts'],
  ['export default 1;', 'src/domain/snippet.ts'],
  ['export const x = (y: any) => y;', 'src/domain/snippet.ts'],
  ["export * from './errors.js';", 'src/domain/snippet.ts'],
  ['export const x = (y: { iterate(): unknown }) => y.iterate();', 'src/emulator/snippet.ts'],
  ["import { z } from 'zod';\nexport const y = z;", 'src/domain/snippet.ts'],
  [`export function f() {\n${'  f();\n'.repeat(41)}}`, 'src/domain/snippet.ts'],
  [`export const x = 1;\n${'// x\n'.repeat(300)}`, 'src/domain/snippet.ts'],
])('refuses %s', async (code, filePath) => {
  expect(await rulesBrokenBy(code, filePath)).toHaveLength(1);
});

test('Date.now is the clock’s alone, the environment the configuration’s', async () => {
  expect(await rulesBrokenBy('export const x = Date.now();\n', 'src/ports/clock.ts')).toEqual([]);
  expect(await rulesBrokenBy('export const x = process.env;\n', 'src/config/snippet.ts')).toEqual([]);
});

function firstFileOf(folder: string): string {
  const name = readdirSync(new URL(`src/${folder}`, root)).find((file) => file.endsWith('.ts'));
  if (name === undefined) throw new Error(`no file in src/${folder}`);
  return name.replace(/\.ts$/, '.js');
}
