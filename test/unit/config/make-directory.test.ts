import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeDirectory } from '../../../src/config/make-directory.js';
import { tempDir } from '../../support/temp-dir.js';

test('makes a directory with its parents, and leaves one alone that is there', () => {
  const path = join(tempDir(), 'a', 'b', 'c');
  makeDirectory(path);
  makeDirectory(path);
  expect(existsSync(path)).toBe(true);
});

test('refuses a path through a file', () => {
  const dir = tempDir();
  writeFileSync(join(dir, 'file'), '');
  for (const path of [join(dir, 'file'), join(dir, 'file', 'below')]) {
    expect(() => makeDirectory(path)).toThrow(expect.objectContaining({ code: 'DATA_DIR_UNUSABLE' }) as Error);
  }
});

test.skipIf(!existsSync('/proc/self'))('refuses a file system that takes no directories, instead of trying for ever (Linux)', () => {
  expect(() => makeDirectory('/proc/copiloteval/data')).toThrow(expect.objectContaining({ code: 'DATA_DIR_UNUSABLE' }) as Error);
});
