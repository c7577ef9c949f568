import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { programEnv } from '../support/built-program.js';
import { tempDir } from '../support/temp-dir.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SQLITE_BINARY = 'node_modules/better-sqlite3/build/Release/better_sqlite3.node';

function run(command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = process.env): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, env, encoding: 'utf8', timeout: 170_000 });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${String(status ?? error)}:\n${stdout}${stderr}`);
  return stdout;
}

/**
 * Packs the package and installs the tarball globally under a prefix of its own, as a user does, with one difference:
 * compiling SQLite takes a minute, so install scripts are off and the binary that `npm ci` built for this very
 * machine is copied to where the install script would have put it.
 */
function installPacked(dir: string): { program: string; installed: string } {
  run('npm', ['pack', '--pack-destination', dir], ROOT);
  const [tarball] = readdirSync(dir).filter((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error('npm pack made no tarball');
  const prefix = join(dir, 'prefix');
  mkdirSync(prefix);
  run('npm', ['install', '--global', '--prefix', prefix, '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', join(dir, tarball)], dir);
  const installed = join(prefix, 'lib', 'node_modules', 'copiloteval');
  cpSync(join(ROOT, SQLITE_BINARY), join(installed, SQLITE_BINARY));
  return { program: join(prefix, 'bin', 'copiloteval'), installed };
}

test('the packed package installs globally and runs', { timeout: 180_000 }, () => {
  const dir = tempDir();
  const { program, installed } = installPacked(dir);
  const env = { ...programEnv({ cwd: dir }), PATH: process.env['PATH'] };
  expect(run(program, ['--version'], dir, env)).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(run(program, ['config', 'path'], dir, env)).toContain(join(dir, 'home'));

  const demo = JSON.parse(run(program, ['demo', '--dir', join(dir, 'demo'), '-o', 'json'], dir, env)) as {
    evaluations: { name: string; job: { result: { passRate: { value: number } } } }[];
    replayed: { status: string };
    seconds: number;
  };
  const rates = demo.evaluations.map(({ job }) => job.result.passRate.value);
  expect(rates).toHaveLength(2);
  expect(rates[1]).toBeGreaterThan(rates[0] ?? 1);
  expect(demo.replayed.status).toBe('Succeeded');

  // What handlers of one's own import, with its types, and nothing that belongs to development.
  writeFileSync(join(installed, 'probe.mjs'), "import { defineHandler, PermanentError } from 'copiloteval'; console.log(typeof defineHandler, new PermanentError('x').name);");
  expect(run(process.execPath, ['probe.mjs'], installed, env)).toBe('function PermanentError\n');
  expect(existsSync(join(installed, 'dist/types/public.d.ts'))).toBe(true);
  for (const name of ['src', 'test', 'bench', 'dist/bench', 'scripts']) expect(existsSync(join(installed, name)), name).toBe(false);
});
