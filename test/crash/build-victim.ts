// Builds victim.ts the way the program is built, so that what is killed is what people run.

import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { build } from 'esbuild';

import type { StartOptions } from './place.js';

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
    entryPoints: ['test/crash/victim.ts', 'test/crash/shifted-clock.ts', 'test/crash/file-mines.ts'],
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // As scripts/build.mjs has it.
    minifySyntax: true,
    minifyWhitespace: true,
    external: ['better-sqlite3', 'pino', 'pino-pretty'],
    banner: { js: "import{createRequire as $createRequire}from'node:module';const require=$createRequire(import.meta.url);" },
    define: { __COPILOTEVAL_VERSION__: JSON.stringify(version) },
    logLevel: 'warning',
  });
  return join(outdir, 'victim.mjs');
}

/** Start options for a process whose wall clock is `shiftMs` off, and `stepMs` more after SIGUSR2. */
export function withClock(program: string, clock: { readonly shiftMs?: number; readonly stepMs?: number }): Pick<StartOptions, 'env' | 'nodeOptions'> {
  return {
    nodeOptions: preload(program, 'shifted-clock'),
    env: { CLOCK_SHIFT_MS: String(clock.shiftMs ?? 0), CLOCK_STEP_MS: String(clock.stepMs ?? 0) },
  };
}

/** Start options for a process that dies at one of its operations on files, or names them all in a file. */
export function withFileMines(program: string, mines: { readonly crashAt?: number; readonly trace?: string }): Pick<StartOptions, 'env' | 'nodeOptions'> {
  const env = { FILE_CRASH_AT: String(mines.crashAt ?? 0), ...(mines.trace === undefined ? {} : { FILE_TRACE: mines.trace }) };
  return { nodeOptions: preload(program, 'file-mines'), env };
}

function preload(program: string, name: string): string[] {
  return ['--import', pathToFileURL(join(dirname(program), `${name}.mjs`)).href];
}
