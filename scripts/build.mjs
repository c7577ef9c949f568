// Builds dist/: the program as one small entry file and chunks that are loaded when a command needs them, since
// reading and compiling files is most of a short command's time.

import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { mergeChunks } from './merge-chunks.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

/**
 * Bundles the package's JavaScript, fourteen small files, and takes its native binary from where its install puts it, without
 * the search that its loader makes. package.json pins the exact version: both halves must be of the same one.
 */
function nativeBinaryOf(packageName) {
  return {
    name: 'native-binary',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^bindings$/ }, () => ({ path: packageName, namespace: 'native-binary' }));
      onResolve({ filter: /\.node$/ }, ({ path }) => ({ path, external: true }));
      onLoad({ filter: /.*/, namespace: 'native-binary' }, () => ({
        contents: `module.exports = () => require('${packageName}/build/Release/better_sqlite3.node');`,
        resolveDir: root,
      }));
    },
  };
}

/**
 * Ink asks for React's developer tools when an environment variable says so; they are not installed, and a bundle must
 * not look for them.
 */
const withoutDevtools = {
  name: 'without-devtools',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^react-devtools-core$/ }, ({ path }) => ({ path, namespace: 'without-devtools' }));
    onLoad({ filter: /.*/, namespace: 'without-devtools' }, () => ({ contents: 'export default { initialize() {}, connectToDevTools() {} };' }));
  },
};

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
  // Packages that start threads from files of their own.
  external: ['pino', 'pino-pretty'],
  plugins: [nativeBinaryOf('better-sqlite3'), withoutDevtools],
  // React's development build costs twice the time and never stops taking notes.
  define: { __COPILOTEVAL_VERSION__: JSON.stringify(version), 'process.env.NODE_ENV': '"production"' },
  // Names stay as written: a stack trace in a bug report must be readable.
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  write: false,
  metafile: true,
  logLevel: 'warning',
});
const files = await mergeChunks(result, root, 'src/process-main.ts', [
  { name: 'first-paint', sources: ['src/tui/run/first-paint.ts'] },
  { name: 'shell', sources: ['src/cli.ts', 'src/output/streams.ts', 'src/commands/help-text.ts'] },
  {
    name: 'submit-path',
    sources: [
      'src/run-command.ts',
      'src/commands/submit.ts',
      'src/commands/submit-one.ts',
      'src/runtime.ts',
      'src/drivers/sqlite/open-sqlite.ts',
      'src/drivers/blob-fs/fs-blob-store.ts',
    ],
  },
  {
    name: 'dashboard-start',
    sources: ['src/commands/dashboard.ts', 'src/commands/dashboard/show-screen.ts', 'src/tui/terminal/open-terminal.ts', 'src/tui/run/skeleton.ts', 'src/tui/run/early-events.ts'],
  },
  { name: 'dashboard', sources: ['src/tui/run/open-dashboard.ts'] },
]);

// Packages in the older module format ask for Node's own modules with `require`, which ES modules do not have. Only
// the file with esbuild's stand-in for it looks for one.
const REQUIRE = "import{createRequire as $createRequire}from'node:module';const require=$createRequire(import.meta.url);";

// Each file is replaced in one step, and old ones go last: a program that starts meanwhile finds its chunks.
let bytes = 0;
for (const [file, text] of files) {
  const path = `${root}${file}`;
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, text.includes('typeof require') ? REQUIRE + text : text);
  renameSync(temporary, path);
  bytes += text.length;
}
for (const name of readdirSync(`${root}dist/chunks`)) {
  if (!files.has(`dist/chunks/${name}`)) rmSync(`${root}dist/chunks/${name}`);
}
process.stdout.write(`dist: ${files.size} files, ${Math.round(bytes / 1024)} KiB\n`);
