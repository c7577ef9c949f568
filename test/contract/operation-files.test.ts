// The journal in SQLite and the trash in the file system against their contracts, and what only they have.

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';

import { openSqliteJournal } from '../../src/drivers/journal-sqlite/sqlite-journal.js';
import { openFsTrash } from '../../src/drivers/trash-fs/fs-trash.js';
import type { OperationJournal } from '../../src/ports/operation-journal.js';
import { tempDir } from '../support/temp-dir.js';
import { TestClock } from './contract-backend.js';
import { type JournalUnderTest, operationJournalContract, testEntry, testOperation } from './operation-journal.js';
import { collect, testLetter, trashContract, type TrashUnderTest } from './trash.js';

function openJournal(file: string, clock: TestClock, pid: number): OperationJournal {
  const journal = openSqliteJournal({ file, clock, host: 'here', pid });
  onTestFinished(() => journal.close());
  return journal;
}

/** No process of this machine has it: numbers end at 2^22 on Linux. */
const NO_PID = 2 ** 30;

function makeJournal(): JournalUnderTest & { readonly file: string } {
  const file = join(tempDir(), 'operations.db');
  const clock = new TestClock();
  return { file, clock, journal: openJournal(file, clock, process.pid), another: ({ alive }) => openJournal(file, clock, alive ? process.ppid : NO_PID) };
}

function makeTrash(): TrashUnderTest & { readonly directory: string } {
  const directory = join(tempDir(), 'trash');
  const cutTail = (operation: string, bytes: number): void => {
    const folder = join(directory, operation);
    const last = readdirSync(folder).sort().at(-1) ?? '';
    truncateSync(join(folder, last), statSync(join(folder, last)).size - bytes);
  };
  return { directory, trash: openFsTrash(directory), cutTail };
}

operationJournalContract(makeJournal);
trashContract(makeTrash);

test('the journal makes no file until something is asked of it', async () => {
  const { file, journal } = makeJournal();
  expect(() => statSync(file)).toThrow();
  await journal.list({ limit: 1 });
  expect(statSync(file).size).toBeGreaterThan(0);
});

test('the journal refuses a file of something else and one of a later version', async () => {
  const text = join(tempDir(), 'operations.db');
  writeFileSync(text, 'this is not a database, it is a text that is long enough to be read as one'.repeat(20));
  await expect(openJournal(text, new TestClock(), process.pid).list({ limit: 1 })).rejects.toMatchObject({ code: 'DB_INVALID' });

  const foreign = join(tempDir(), 'operations.db');
  new Database(foreign).exec('CREATE TABLE mine (a)').close();
  await expect(openJournal(foreign, new TestClock(), process.pid).list({ limit: 1 })).rejects.toMatchObject({ code: 'DB_INVALID' });

  const { file, journal } = makeJournal();
  await journal.list({ limit: 1 });
  new Database(file).exec('PRAGMA user_version = 99').close();
  await expect(openJournal(file, new TestClock(), process.pid).list({ limit: 1 })).rejects.toMatchObject({ code: 'DB_NEWER' });
});

test('the journal waits for another process that writes, and says so when that takes too long', async () => {
  const { file, journal, clock } = makeJournal();
  const lease = await journal.begin(testOperation('R0000001'));
  const other = new Database(file);
  other.exec('BEGIN IMMEDIATE');
  const written = lease.addEntries([testEntry(1)]);
  setTimeout(() => other.exec('COMMIT'), 120);
  await written;
  expect(await journal.entries({ operation: 'R0000001', limit: 5 })).toHaveLength(1);

  other.exec('BEGIN IMMEDIATE');
  let now = 0;
  const impatient = openSqliteJournal({ file, clock: { ...clock, now: () => clock.now(), monotonic: () => (now += 4000), sleep: () => Promise.resolve() }, host: 'here', pid: process.pid });
  onTestFinished(() => impatient.close());
  await expect(impatient.sweep(0)).rejects.toMatchObject({ code: 'DB_BUSY' });
  other.exec('ROLLBACK');
  other.close();
});

test('the trash can be read with zcat', async () => {
  const { directory, trash } = makeTrash();
  const writer = await trash.open('P0000001');
  await writer.append(testLetter(1));
  await writer.append(testLetter(2));
  await writer.close();
  const text = execFileSync('zcat', [join(directory, 'P0000001', '0001.jsonl.gz')], { encoding: 'utf8' });
  expect(text.trim().split('\n').map((line) => (JSON.parse(line) as { sequenceNumber: string }).sequenceNumber)).toEqual(['1', '2']);
});

test('the trash stops reading at bytes that never reached the disk as a whole', async () => {
  const { directory, trash } = makeTrash();
  const writer = await trash.open('P0000001');
  await writer.append(testLetter(1));
  await writer.append(testLetter(2));
  await writer.close();
  const file = join(directory, 'P0000001', '0001.jsonl.gz');
  const bytes = statSync(file).size;
  truncateSync(file, bytes - 30);
  truncateSync(file, bytes);
  expect(await collect(trash.read('P0000001'))).toEqual([testLetter(1)]);
});

test.skipIf(process.getuid?.() === 0)('a trash that cannot be written is an error with a remedy', async () => {
  const directory = join(tempDir(), 'trash');
  mkdirSync(directory);
  chmodSync(directory, 0o500);
  await expect(openFsTrash(directory).open('P0000001')).rejects.toMatchObject({ code: 'DATA_DIR_UNUSABLE' });
  chmodSync(directory, 0o700);
});
