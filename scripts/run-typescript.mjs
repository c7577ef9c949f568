// Runs a TypeScript file of this repository: `node scripts/run-typescript.mjs FILE [ARGUMENTS]`. Bundles it first,
// since Node 20 cannot read TypeScript.

import { mkdtempSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const [file] = process.argv.splice(2, 1);
// Inside the repository, so that packages are found.
const dir = mkdtempSync(join(root, 'node_modules', '.run-typescript-'));
const outfile = join(dir, `${basename(file)}.mjs`);
try {
  await build({
    entryPoints: [file],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    define: { __COPILOTEVAL_VERSION__: '"source"' },
    logLevel: 'warning',
  });
  await import(pathToFileURL(outfile).href);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
