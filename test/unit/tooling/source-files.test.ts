import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { generatedFiles } from '../../../scripts/generated-files.js';

const root = new URL('../../../', import.meta.url);

test('generated files are as `npm run generate` writes them', async () => {
  for (const { path, content } of await generatedFiles()) {
    expect(readFileSync(new URL(path, root), 'utf8'), path).toBe(content);
  }
});

test('file names are in kebab case and say what is inside', () => {
  const names = readdirSync(new URL('src', root), { recursive: true, encoding: 'utf8' }).filter((name) => /\.tsx?$/.test(name));
  expect(names.length).toBeGreaterThan(50);
  const drawers = /^types\.|(^|-)(utils?|helpers?|common|misc|manager|base|lib)(-|\.)/;
  for (const name of names) {
    expect(basename(name)).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*\.(d\.)?tsx?$/);
    expect(basename(name)).not.toMatch(drawers);
  }
});
