// A .env file, read by the built program.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { runProgram } from '../support/built-program.js';
import { tempDir } from '../support/temp-dir.js';

test('a .env file stands between real variables and the profile', () => {
  const cwd = tempDir();
  expect(runProgram(['init', '--set', 'cosmosDatabase=of-profile', '--set', 'cosmosContainer=of-profile', '--set', 'storageContainer=of-profile'], { cwd }).code).toBe(0);
  writeFileSync(join(cwd, '.env'), 'DATABASE_NAME="of-file"\nCOSMOS_DB_CONTAINER=of-file\n');
  const { code, stdout, stderr } = runProgram(['config', 'show', '-o', 'json'], { cwd, env: { DATABASE_NAME: 'real' } });
  expect([code, stderr]).toEqual([0, '']);
  const { settings } = JSON.parse(stdout) as { settings: { name: string; value: unknown; source: string }[] };
  const of = (wanted: string): unknown[] => settings.filter(({ name }) => name === wanted).flatMap(({ value, source }) => [value, source]);
  expect(of('cosmosDatabase')).toEqual(['real', 'DATABASE_NAME']);
  expect(of('cosmosContainer')).toEqual(['of-file', `COSMOS_DB_CONTAINER in ${join(cwd, '.env')}`]);
  expect(of('storageContainer')).toEqual(['of-profile', expect.stringMatching(/^profile default in /)]);
});
