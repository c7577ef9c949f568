import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';

import { developmentKey } from '../../../src/emulator/development-key.js';
import { claimFile } from '../../../src/emulator/file-claim.js';
import { tempDir } from '../../support/temp-dir.js';

describe('the key of an emulator that was given none', () => {
  test('is made once, with all rights, in a file for its owner only', () => {
    const dir = tempDir();
    const file = join(dir, 'emulator.key');
    const key = developmentKey(file);
    expect(key).toMatchObject({ name: 'DevelopmentKey', key: expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/) as string });
    expect([...key.rights].sort()).toEqual(['Listen', 'Manage', 'Send']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(developmentKey(file)).toEqual(key);
    expect(readdirSync(dir)).toEqual(['emulator.key']);
  });

  test('differs between data directories', () => {
    expect(developmentKey(join(tempDir(), 'k')).key).not.toBe(developmentKey(join(tempDir(), 'k')).key);
  });

  test('is refused when its file holds something else or cannot be read', () => {
    const dir = tempDir();
    writeFileSync(join(dir, 'bad.key'), 'hello\n');
    mkdirSync(join(dir, 'dir.key'));
    expect(() => developmentKey(join(dir, 'bad.key'))).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    expect(() => developmentKey(join(dir, 'dir.key'))).toThrow(expect.objectContaining({ code: 'DATA_DIR_UNUSABLE' }));
    expect(() => developmentKey(join(dir, 'missing', 'k'))).toThrow(expect.objectContaining({ code: 'DATA_DIR_UNUSABLE' }));
  });
});

/** Another process that holds the lock on a file until it is killed. */
const HOLDER = `
const Database = require(process.argv[1]);
const db = new Database(process.argv[2]);
db.pragma('locking_mode = EXCLUSIVE');
db.exec('BEGIN EXCLUSIVE');
process.stdout.write('held\\n');
setInterval(() => undefined, 1000);
`;

describe('the claim on an emulator file', () => {
  test('is given to one at a time, in one process too', () => {
    const file = join(tempDir(), 'emulator.db');
    const claim = claimFile(file);
    expect(() => claimFile(file)).toThrow(expect.objectContaining({ code: 'EMULATOR_RUNNING' }));
    claim.release();
    claimFile(file).release();
  });

  test('ends with its process, however that ends', async () => {
    const file = join(tempDir(), 'emulator.db');
    const sqlite = createRequire(import.meta.url).resolve('better-sqlite3');
    const holder = spawn(process.execPath, ['-e', HOLDER, sqlite, `${file}.lock`], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void holder.kill('SIGKILL'));
    await once(holder.stdout, 'data');
    expect(() => claimFile(file)).toThrow(/another emulator has .*emulator\.db open/);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    claimFile(file).release();
  });
});
