// Builds dist/: the program as one small entry file and chunks that are loaded when a command needs them, since
// reading and compiling files is most of a short command's time.

import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

const result = await build({
  absWorkingDir: root,
  // The program, and what handlers of one's own import; both share their chunks, so an error class is the same in both.
  entryPoints: ['src/process-main.ts', 'src/public.ts'],
  outdir: 'dist',
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // Native code, and packages that start threads from files of their own.
  external: ['better-sqlite3', 'pino', 'pino-pretty'],
  define: { __COPILOTEVAL_VERSION__: JSON.stringify(version) },
  // Names stay as written: a stack trace in a bug report must be readable.
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  write: false,
  logLevel: 'warning',
});

// Packages in the older module format ask for Node's own modules with `require`, which ES modules do not have. Only
// the file with esbuild's stand-in for it looks for one.
const REQUIRE = "import{createRequire as $createRequire}from'node:module';const require=$createRequire(import.meta.url);";

// Each file is replaced in one step, and old ones go last: a program that starts meanwhile finds its chunks.
let bytes = 0;
for (const { path, text } of result.outputFiles) {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, text.includes('typeof require') ? REQUIRE + text : text);
  renameSync(temporary, path);
  bytes += text.length;
}
const written = new Set(result.outputFiles.map(({ path }) => path));
for (const name of readdirSync(`${root}dist/chunks`)) {
  const path = `${root}dist/chunks/${name}`;
  if (!written.has(path)) rmSync(path);
}
process.stdout.write(`dist: ${result.outputFiles.length} files, ${Math.round(bytes / 1024)} KiB\n`);
