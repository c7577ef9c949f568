import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { openSavedFilters } from '../../../../src/commands/dashboard/saved-filters.js';
import { tempDir } from '../../../support/temp-dir.js';

test('filters are kept in the data directory, each once, and given up again', () => {
  const dir = tempDir();
  const filters = openSavedFilters(dir);
  expect(filters.read()).toEqual([]);
  expect(existsSync(join(dir, 'dashboard.json'))).toBe(false);
  expect(filters.change('age < 1h', true)).toEqual(['age < 1h']);
  // Another dashboard on the same directory.
  expect(openSavedFilters(dir).change('type = echo', true)).toEqual(['age < 1h', 'type = echo']);
  expect(filters.change('age < 1h', true)).toEqual(['type = echo', 'age < 1h']);
  expect(filters.change('type = echo', false)).toEqual(['age < 1h']);
  expect(openSavedFilters(dir).read()).toEqual(['age < 1h']);
  expect(readdirSync(dir)).toEqual(['dashboard.json']);
});

test('a damaged file holds none, and the next save mends it', () => {
  const dir = tempDir();
  for (const content of ['', '{', 'null', '[]', '{"filters":3}', '{"filters":[1,"age < 1h"]}']) {
    writeFileSync(join(dir, 'dashboard.json'), content);
    expect(openSavedFilters(dir).read(), content).toEqual(content.includes('age') ? ['age < 1h'] : []);
  }
  writeFileSync(join(dir, 'dashboard.json'), '{');
  expect(openSavedFilters(dir).change('a', true)).toEqual(['a']);
});

test('a place that cannot be written to says so', () => {
  const dir = join(tempDir(), 'missing');
  expect(() => openSavedFilters(dir).change('a', true)).toThrow(expect.objectContaining({ code: 'FILE_UNWRITABLE' }) as Error);
});
