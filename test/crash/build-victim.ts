// Builds victim.ts the way the program is built, so that what is killed is what people run.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { build, type OutputFile } from 'esbuild';

import type { StartOptions } from './place.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Inside the repository, so that packages are found. */
const BUILDS = join(root, 'node_modules', '.cache', 'copiloteval-victims');
const KEPT_MS = 24 * 60 * 60_000;

/**
 * The path of the built program. Its directory is named by its content: test files and test runs at the same time share
 * it or have their own, and none pulls it away from under another.
 */
export async function buildVictim(): Promise<string> {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['test/crash/victim.ts', 'test/crash/far-victim.ts', 'test/crash/shifted-clock.ts', 'test/crash/file-mines.ts'],
    outdir: BUILDS,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // As scripts/build.mjs has it.
    minifySyntax: true,
    minifyWhitespace: true,
    // What no test here uses stays outside.
    external: ['better-sqlite3', 'pino', 'pino-pretty', '@azure/*', 'rhea', 'ink', 'react'],
    banner: { js: "import{createRequire as $createRequire}from'node:module';const require=$createRequire(import.meta.url);" },
    define: { __COPILOTEVAL_VERSION__: JSON.stringify(version) },
    write: false,
    logLevel: 'warning',
  });
  return join(put(outputFiles), 'victim.mjs');
}

/** The program whose queue is another system's, beside the one that buildVictim answers. */
export function farVictim(program: string): string {
  return join(dirname(program), 'far-victim.mjs');
}

/** The directory appears with all its files or not at all. */
function put(files: readonly OutputFile[]): string {
  const hash = createHash('sha256');
  for (const { path, contents } of files) hash.update(basename(path)).update(contents);
  const directory = join(BUILDS, hash.digest('hex').slice(0, 16));
  if (existsSync(directory)) {
    utimesSync(directory, new Date(), new Date());
    return directory;
  }
  const unfinished = `${directory}-${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  for (const { path, contents } of files) writeFileSync(join(unfinished, basename(path)), contents);
  try {
    renameSync(unfinished, directory);
  } catch (error) {
    rmSync(unfinished, { recursive: true });
    if (!existsSync(directory)) throw error;
  }
  removeOld();
  return directory;
}

function removeOld(): void {
  for (const name of readdirSync(BUILDS)) {
    const age = Date.now() - (statSync(join(BUILDS, name), { throwIfNoEntry: false })?.mtimeMs ?? Infinity);
    if (age > KEPT_MS) rmSync(join(BUILDS, name), { recursive: true, force: true });
  }
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
