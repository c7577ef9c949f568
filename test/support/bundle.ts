// Builds a program for a process of its own from the sources as they are now.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Inside the repository, so that packages are found. */
const BUILDS = join(root, 'node_modules', '.cache', 'copiloteval-programs');

const built = new Map<string, Promise<string>>();

/**
 * The path of the program. `contents` are its first lines, with paths from the repository. Once per process; its directory
 * is named by its content, so that test runs at the same time do not disturb each other.
 */
export function bundle(contents: string, name: string): Promise<string> {
  const known = built.get(contents) ?? buildNow(contents, name);
  built.set(contents, known);
  return known;
}

async function buildNow(contents: string, name: string): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    stdin: { contents, resolveDir: root, sourcefile: `${name}.ts`, loader: 'ts' },
    outdir: BUILDS,
    entryNames: name,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    define: { __COPILOTEVAL_VERSION__: '"source"' },
    write: false,
    logLevel: 'warning',
  });
  const hash = createHash('sha256');
  for (const { path, contents: content } of outputFiles) hash.update(basename(path)).update(content);
  const directory = join(BUILDS, hash.digest('hex').slice(0, 16));
  if (!existsSync(directory)) {
    const unfinished = `${directory}-${process.pid}`;
    mkdirSync(unfinished, { recursive: true });
    for (const { path, contents: content } of outputFiles) writeFileSync(join(unfinished, basename(path)), content);
    try {
      renameSync(unfinished, directory);
    } catch (error) {
      rmSync(unfinished, { recursive: true });
      if (!existsSync(directory)) throw error;
    }
  }
  return join(directory, `${name}.mjs`);
}
