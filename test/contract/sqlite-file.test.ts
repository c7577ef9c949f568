// What only a database file can be: foreign, newer, damaged, locked, taken away, opened by many at once.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import SqliteDatabase from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';

import { submit } from '../../src/domain/lifecycle.js';
import { tempDir } from '../support/temp-dir.js';
import { insertJob, runningJob, TestClock, testJob } from './contract-backend.js';
import { makeSqliteBackend, openTestSqlite, TEST_QUEUES } from './sqlite-backend.js';

describe('opening a SQLite file', () => {
  it('creates the directory and the file, and finds everything again', async () => {
    const file = join(tempDir(), 'a', 'b', 'queue.db');
    const clock = new TestClock();
    const first = await openTestSqlite(file, clock);
    const job = await runningJob({ ports: first, clock, queues: TEST_QUEUES, another: () => Promise.reject(new Error('none')) });
    const { storeId } = first.store;
    await first.close();
    const second = await openTestSqlite(file, clock);
    expect(second.store.storeId).toBe(storeId);
    expect(await second.store.get(job.jobId)).toEqual(job);
    expect((await second.events.read({ limit: 10 })).events).toHaveLength(2);
    expect((await second.admin.list()).map(({ name }) => name)).toEqual([...TEST_QUEUES]);
  });

  it('gives each store an id of its own', async () => {
    const [a, b] = [await makeSqliteBackend(), await makeSqliteBackend()];
    expect(a.ports.store.storeId).not.toBe(b.ports.store.storeId);
  });

  it('lets many processes make a new file at once', async () => {
    const file = join(tempDir(), 'queue.db');
    const clock = new TestClock();
    const all = await Promise.all(Array.from({ length: 8 }, () => openTestSqlite(file, clock)));
    expect(new Set(all.map(({ store }) => store.storeId)).size).toBe(1);
  });

  it('looks at a new file at one moment, so that what another process makes of it meanwhile is not taken for a foreign file', async () => {
    const file = join(tempDir(), 'queue.db');
    const others: unknown[] = [];
    afterFirstLook(() => others.push(makeTables(file)));
    expect((await openTestSqlite(file, new TestClock())).store.storeId).toMatch(/^[0-9a-f]{32}$/);
    expect(others).toEqual(['SQLITE_BUSY']);
  });

  it('takes an empty file for a new one', async () => {
    const file = join(tempDir(), 'queue.db');
    writeFileSync(file, '');
    expect((await openTestSqlite(file, new TestClock())).store.storeId).toMatch(/^[0-9a-f]{32}$/);
  });

  it('refuses a file of a newer version and leaves it alone', async () => {
    const file = join(tempDir(), 'queue.db');
    await (await openTestSqlite(file, new TestClock())).close();
    setPragma(file, 'user_version = 99');
    const before = readFileSync(file);
    await expect(openTestSqlite(file, new TestClock())).rejects.toMatchObject({ code: 'DB_NEWER', message: expect.stringContaining('format 99') as string });
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it('refuses the SQLite file of another program and leaves it alone', async () => {
    const file = join(tempDir(), 'queue.db');
    const other = new SqliteDatabase(file);
    other.exec('CREATE TABLE bookmarks (url TEXT)');
    other.close();
    const before = readFileSync(file);
    await expect(openTestSqlite(file, new TestClock())).rejects.toMatchObject({ code: 'DB_INVALID', message: expect.stringContaining('another program') as string });
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it('refuses a file that is no database and leaves it alone', async () => {
    const file = join(tempDir(), 'queue.db');
    const text = 'These are my notes.\n'.repeat(500);
    writeFileSync(file, text);
    await expect(openTestSqlite(file, new TestClock())).rejects.toMatchObject({ code: 'DB_INVALID' });
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it('refuses a damaged file', async () => {
    const file = join(tempDir(), 'queue.db');
    await (await openTestSqlite(file, new TestClock())).close();
    const bytes = readFileSync(file);
    bytes.fill(0xee, 4096);
    writeFileSync(file, bytes);
    await expect(openTestSqlite(file, new TestClock())).rejects.toMatchObject({ code: 'DB_INVALID' });
  });

  it('says that the directory cannot be used when a file is in its place, or a directory in the file’s', async () => {
    const dir = tempDir();
    writeFileSync(join(dir, 'occupied'), '');
    mkdirSync(join(dir, 'queue.db'));
    await expect(openTestSqlite(join(dir, 'occupied', 'queue.db'), new TestClock())).rejects.toMatchObject({ code: 'DATA_DIR_UNUSABLE' });
    await expect(openTestSqlite(join(dir, 'queue.db'), new TestClock())).rejects.toMatchObject({ code: 'DATA_DIR_UNUSABLE' });
  });

  it('is DB_BUSY when another process holds a new file’s lock for too long', async () => {
    const file = join(tempDir(), 'queue.db');
    const other = new SqliteDatabase(file);
    other.exec('BEGIN EXCLUSIVE');
    await expect(openTestSqlite(file, new TestClock(), { lockWaitMs: 50 })).rejects.toMatchObject({ code: 'DB_BUSY' });
    other.close();
  });

  it('waits for a lock that another process gives back', async () => {
    const file = join(tempDir(), 'queue.db');
    const other = new SqliteDatabase(file);
    other.exec('BEGIN EXCLUSIVE');
    const opening = openTestSqlite(file, new TestClock());
    for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    other.exec('ROLLBACK');
    expect((await opening).store.storeId).not.toBe('');
    other.close();
  });

  it('flushes every commit to disk before it is told of', async () => {
    const { file } = await makeSqliteBackend();
    // The setting belongs to the connection, so it is read from the one place that makes connections.
    const { openDatabase } = await import('../../src/drivers/sqlite/database.js');
    const { APPLICATION_ID, MIGRATIONS } = await import('../../src/drivers/sqlite/migrations.js');
    const db = await openDatabase({ file, applicationId: APPLICATION_ID, migrations: MIGRATIONS });
    expect([db.pragma('synchronous', { simple: true }), db.pragma('journal_mode', { simple: true })]).toEqual([2, 'wal']);
    db.close();
  });
});

describe('a SQLite file in use', () => {
  it('keeps all that several openings write at the same time', async () => {
    const backend = await makeSqliteBackend();
    const openings = [backend.ports, await backend.another(), await backend.another()];
    await Promise.all(
      openings.flatMap(({ store }) => Array.from({ length: 60 }, () => store.insert([submit(testJob(backend)), submit(testJob(backend))]))),
    );
    expect(await backend.ports.counters.totals()).toEqual([{ queue: backend.queues[0], type: 'echo', status: 'Queued', count: 360 }]);
    expect((await backend.ports.store.list({ filter: {}, limit: 500 })).jobs).toHaveLength(360);
  });

  it('tells whoever waits that the file was removed', async () => {
    const backend = await makeSqliteBackend();
    const changed = backend.ports.events.changed({ waitMs: 60_000 });
    rmSync(backend.file);
    await expect(changed).rejects.toMatchObject({ code: 'DB_GONE' });
    await expect(insertJob(backend)).rejects.toMatchObject({ code: 'DB_GONE' });
  });

  it('writes what was asked for before it closes', async () => {
    const backend = await makeSqliteBackend();
    const other = await backend.another();
    const pending = backend.ports.store.insert([submit(testJob(backend))]);
    await (backend.ports as typeof backend.ports & { close(): Promise<void> }).close();
    expect((await pending)[0]?.kind).toBe('inserted');
    expect((await other.store.list({ filter: {}, limit: 5 })).jobs).toHaveLength(1);
  });
});

function setPragma(file: string, pragma: string): void {
  const db = new SqliteDatabase(file);
  db.pragma(pragma);
  db.close();
}

/** Calls `act` when a connection has looked for the first time whose file it is. */
function afterFirstLook(act: () => void): void {
  const { prototype } = SqliteDatabase;
  const pragma = Reflect.get(prototype, 'pragma');
  onTestFinished(() => void (prototype.pragma = pragma));
  let looked = false;
  prototype.pragma = function look(this: SqliteDatabase.Database, source, options) {
    const answer: unknown = pragma.call(this, source, options);
    if (!looked && source === 'application_id') {
      looked = true;
      act();
    }
    return answer;
  };
}

/** As the process that comes first does; it tries once. Answers what kept it from doing so. */
function makeTables(file: string): string | undefined {
  const other = new SqliteDatabase(file, { timeout: 0 });
  try {
    other.exec('BEGIN IMMEDIATE; CREATE TABLE jobs (job INTEGER PRIMARY KEY); PRAGMA application_id = 77; COMMIT');
    return undefined;
  } catch (error) {
    return error instanceof SqliteDatabase.SqliteError ? error.code : String(error);
  } finally {
    other.close();
  }
}
