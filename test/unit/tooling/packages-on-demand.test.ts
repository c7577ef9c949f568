// Packages that are loaded on demand: what the sources take out of them must be there in the bundle too. A CommonJS package
// has its names for Node.js and only `default` in a bundle, so this cannot be seen by running the sources.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** Not in the bundle: Node.js itself loads them. */
const OUTSIDE = new Set(['pino', 'pino-pretty']);
const TAKEN = /const \{ ([^}]+) \} = await import\('((?!node:)[^'.][^']*)'\)/g;

interface Taken {
  readonly file: string;
  readonly name: string;
  readonly from: string;
}

function taken(): Taken[] {
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file));
  return files.flatMap((file) =>
    [...readFileSync(join(ROOT, 'src', file), 'utf8').matchAll(TAKEN)].flatMap(([, names = '', from = '']) =>
      names.split(',').map((name) => ({ file, name: name.replace(/:.*/, '').trim(), from })),
    ),
  );
}

async function namesInBundle(from: string): Promise<readonly string[]> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    stdin: { contents: `export const loaded = import('${from}');`, resolveDir: ROOT, sourcefile: 'entry.js' },
    outdir: 'out',
    ...{ bundle: true, splitting: true, write: false, metafile: true, logLevel: 'silent' },
    ...{ format: 'esm', platform: 'node', target: 'node20' },
  });
  const [entry] = Object.values(metafile.outputs).filter(({ entryPoint }) => entryPoint !== undefined && !entryPoint.includes('entry.js'));
  return entry?.exports ?? [];
}

test('each name that is taken out of a package on demand is one that the bundle has', async () => {
  const all = taken().filter(({ from }) => !OUTSIDE.has(from));
  expect(all.map(({ from }) => from)).toContain('chalk');
  const packages = new Map(await Promise.all([...new Set(all.map(({ from }) => from))].map(async (from) => [from, await namesInBundle(from)] as const)));
  expect(all.filter(({ name, from }) => packages.get(from)?.includes(name) !== true)).toEqual([]);
}, 60_000);
