// Bundles the benchmarks next to the build and runs them: `npm run bench [-- --short] [-- --only NAME]`.
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const outdir = `${root}dist/bench`;
await build({
  entryPoints: [`${root}bench/run.ts`, `${root}bench/bare-process.ts`],
  outdir,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  logLevel: 'error',
});
await import(`${outdir}/run.mjs`);
