import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { openSavedChoices } from '../../../../src/commands/dashboard/saved-choices.js';
import { tempDir } from '../../../support/temp-dir.js';

test('filters are kept in the data directory, each once, and given up again', () => {
  const dir = tempDir();
  const shelf = openSavedChoices(dir);
  expect(shelf.read()).toEqual({ filters: [], columns: {} });
  expect(existsSync(join(dir, 'dashboard.json'))).toBe(false);
  expect(shelf.changeFilter('age < 1h', true)).toEqual(['age < 1h']);
  // Another dashboard on the same directory.
  expect(openSavedChoices(dir).changeFilter('type = echo', true)).toEqual(['age < 1h', 'type = echo']);
  expect(shelf.changeFilter('age < 1h', true)).toEqual(['type = echo', 'age < 1h']);
  expect(shelf.changeFilter('type = echo', false)).toEqual(['age < 1h']);
  expect(openSavedChoices(dir).read().filters).toEqual(['age < 1h']);
  expect(readdirSync(dir)).toEqual(['dashboard.json']);
});

test('columns are kept beside the filters, and neither writes over the other', () => {
  const dir = tempDir();
  const shelf = openSavedChoices(dir);
  shelf.changeFilter('age < 1h', true);
  shelf.changeColumns({ worker: 'hidden', user: 'shown' });
  shelf.changeFilter('type = echo', true);
  expect(openSavedChoices(dir).read()).toEqual({ filters: ['age < 1h', 'type = echo'], columns: { worker: 'hidden', user: 'shown' } });
});

test('what cannot be a choice is left out', () => {
  const dir = tempDir();
  writeFileSync(join(dir, 'dashboard.json'), '{"columns":{"worker":"hidden","age":3,"type":null}}');
  expect(openSavedChoices(dir).read().columns).toEqual({ worker: 'hidden' });
});

test('a damaged file holds none, and the next save mends it', () => {
  const dir = tempDir();
  for (const content of ['', '{', 'null', '[]', '{"filters":3}', '{"filters":[1,"age < 1h"]}']) {
    writeFileSync(join(dir, 'dashboard.json'), content);
    expect(openSavedChoices(dir).read().filters, content).toEqual(content.includes('age') ? ['age < 1h'] : []);
  }
  writeFileSync(join(dir, 'dashboard.json'), '{');
  expect(openSavedChoices(dir).changeFilter('a', true)).toEqual(['a']);
});

test('a place that cannot be written to says so', () => {
  const dir = join(tempDir(), 'missing');
  expect(() => openSavedChoices(dir).changeFilter('a', true)).toThrow(expect.objectContaining({ code: 'FILE_UNWRITABLE' }) as Error);
});
