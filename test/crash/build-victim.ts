// Builds victim.ts the way the program is built, so that what is killed is what people run.

import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * The path of the built program. `name` is the test file's: files run at the same time and must not overwrite each
 * other. The directory is inside the repository, so that packages are found, and one that git ignores.
 */
export async function buildVictim(name: string): Promise<string> {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const outdir = join(root, 'dist', 'test-crash', name);
  rmSync(outdir, { recursive: true, force: true });
  mkdirSync(outdir, { recursive: true });
  await build({
    absWorkingDir: root,
    entryPoints: ['test/crash/victim.ts'],
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    define: { __COPILOTEVAL_VERSION__: JSON.stringify(version) },
    logLevel: 'warning',
  });
  return join(outdir, 'victim.mjs');
}
