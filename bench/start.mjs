// Bundles the benchmarks next to the build and runs them: `npm run bench [-- --short] [-- --only NAME]`.
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const outfile = `${root}dist/bench/run.mjs`;
await build({
  entryPoints: [`${root}bench/run.ts`],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  logLevel: 'error',
});
await import(outfile);
