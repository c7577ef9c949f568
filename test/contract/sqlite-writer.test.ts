// Group commit, locks of other processes and failing disks exist only where store and queue share one SQLite file.

import { rmSync, renameSync, copyFileSync } from 'node:fs';
import { join } from 'node:path';

import SqliteDatabase, { type Database } from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';

import { AppError } from '../../src/domain/errors.js';
import { openDatabase } from '../../src/drivers/sqlite/database.js';
import type { LockWait } from '../../src/drivers/sqlite/lock-wait.js';
import { Reader } from '../../src/drivers/sqlite/reader.js';
import { Tallies, readTallies } from '../../src/drivers/sqlite/tally.js';
import { Writer } from '../../src/drivers/sqlite/writer.js';
import { APPLICATION_ID, MIGRATIONS } from '../../src/drivers/sqlite/migrations.js';
import { systemClock } from '../../src/ports/clock.js';
import { tempDir } from '../support/temp-dir.js';

describe('Writer', () => {
  it('commits what is asked for in one turn together, in order', async () => {
    const { db, writer, commits } = await open();
    const values = await Promise.all([1, 2, 3].map((value) => writer.write(() => put(db, value))));
    expect([values, numbers(db), commits()]).toEqual([[1, 2, 3], [1, 2, 3], 1]);
    await writer.write(() => put(db, 4));
    expect(commits()).toBe(2);
  });

  it('waits for the disk unless nothing in the transaction is to last', async () => {
    const { db, writer } = await open();
    // 2: FULL, 1: NORMAL.
    const level = (): unknown => db.pragma('synchronous', { simple: true });
    const levels = [await writer.write(level), await writer.write(level, { lasting: false })];
    levels.push(...(await Promise.all([writer.write(level, { lasting: false }), writer.write(level)])));
    levels.push(await writer.write(level, { lasting: false }), await writer.write(level));
    expect(levels).toEqual([2, 1, 2, 2, 1, 2]);
  });

  it('resolves when another connection can read what was written', async () => {
    const { db, file, writer } = await open();
    const other = connect(file);
    const write = writer.write(() => put(db, 1));
    expect(numbers(other)).toEqual([]);
    await write;
    expect(numbers(other)).toEqual([1]);
  });

  it('refuses one operation alone when it says no before it wrote', async () => {
    const { db, writer, commits } = await open();
    const refused = writer.write(() => {
      throw new AppError('JOB_CONFLICT', 'no');
    });
    const settled = await Promise.allSettled([writer.write(() => put(db, 1)), refused, writer.write(() => put(db, 2))]);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    await expect(refused).rejects.toMatchObject({ code: 'JOB_CONFLICT' });
    expect([numbers(db), commits()]).toEqual([[1, 2], 1]);
  });

  it('undoes a failing operation and keeps its neighbours, each in a transaction of its own', async () => {
    const { db, writer, commits } = await open();
    const settled = await Promise.allSettled([
      writer.write(() => put(db, 1)),
      writer.write(() => {
        put(db, 99);
        throw new Error('a bug');
      }),
      writer.write(() => put(db, 2)),
    ]);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect([numbers(db), commits()]).toEqual([[1, 2], 2]);
  });

  it.each([
    ['refused', new AppError('JOB_CONFLICT', 'no')],
    ['undone', new Error('a bug')],
  ])('does not count what an operation counted that was %s', async (_how, error) => {
    const { db, writer, tallies } = await open();
    const add = (delta: number) => tallies.add(delta, 'jobs', 'q', 't', 's');
    const failing = writer.write(() => {
      add(10);
      throw error;
    });
    await Promise.allSettled([writer.write(() => add(1)), failing, writer.write(() => add(1))]);
    await expect(failing).rejects.toThrow(error.message);
    await writer.write(() => add(-3));
    expect(readTallies(db, 'jobs').map(({ count }) => count)).toEqual([-1]);
  });

  it('keeps counters apart whose parts run together', async () => {
    const { db, writer, tallies } = await open();
    await writer.write(() => {
      tallies.add(1, 'jobs', 'ab', 'c', 's');
      tallies.add(1, 'jobs', 'a', 'bc', 's');
      tallies.add(1, 'jobs', 'a\u0000b', 'c', 's');
      tallies.add(1, 'transitions', 5, 'q', 't', 's');
      tallies.add(1, 'transitions', 5, 'q', 't', 's');
    });
    expect(readTallies(db, 'jobs')).toHaveLength(3);
    expect(readTallies(db, 'transitions')).toEqual([{ a: 5, b: 'q', c: 't', d: 's', count: 2 }]);
  });

  it('gives other processes and the event loop a turn during a flood of operations', async () => {
    let now = 0;
    const clock = { monotonic: () => (now += 10), sleep: (ms: number) => systemClock.sleep(ms) };
    const { db, writer, commits } = await open({ clock });
    await Promise.all(Array.from({ length: 20 }, (_, value) => writer.write(() => put(db, value))));
    expect(numbers(db)).toHaveLength(20);
    expect(commits()).toBeGreaterThan(4);
  });

  it('is idle when everything asked for is settled', async () => {
    const { db, writer } = await open();
    let settled = 0;
    for (const value of [1, 2, 3]) void writer.write(() => put(db, value)).then(() => (settled += 1));
    void writer
      .write(() => {
        throw new AppError('JOB_CONFLICT', 'no');
      })
      .catch(() => (settled += 1));
    await writer.idle();
    expect(settled).toBe(4);
    await writer.idle();
  });
});

describe('a lock held by another process', () => {
  it('is waited for without stopping the event loop, and nothing is lost', async () => {
    const { db, file, writer } = await open();
    const other = connect(file);
    other.exec('BEGIN IMMEDIATE');
    const writes = [writer.write(() => put(db, 1))];
    let turns = 0;
    // Each turn of the loop may be held up by one blocking wait inside SQLite, not by the whole wait.
    while (turns < 20) {
      await new Promise((resolve) => setImmediate(resolve));
      turns += 1;
    }
    writes.push(writer.write(() => put(db, 2)));
    expect(numbers(db)).toEqual([]);
    other.exec('COMMIT');
    expect(await Promise.all(writes)).toEqual([1, 2]);
  });

  it('ends in DB_BUSY with a hint after the longest wait, and the next write works', async () => {
    const { db, file, writer } = await open({ waitMs: 60 });
    const other = connect(file);
    other.exec('BEGIN IMMEDIATE');
    await expect(writer.write(() => put(db, 1))).rejects.toMatchObject({ code: 'DB_BUSY', hint: expect.stringContaining('transaction') as string });
    other.exec('ROLLBACK');
    expect(await writer.write(() => put(db, 2))).toBe(2);
    expect(numbers(db)).toEqual([2]);
  });

  it('does not hinder reading', async () => {
    const { db, file, writer, reader } = await open();
    await writer.write(() => put(db, 1));
    const other = connect(file);
    other.exec('BEGIN IMMEDIATE; INSERT INTO numbers VALUES (7)');
    expect(await reader.read(numbers)).toEqual([1]);
    other.exec('ROLLBACK');
  });
});

describe('a disk that fails', () => {
  it('refuses with DB_FULL what does not fit, keeps what fits, and goes on when there is room', async () => {
    const { db, writer, tallies } = await open();
    const pages = Number(db.pragma('page_count', { simple: true }));
    db.pragma(`max_page_count = ${pages + 2}`);
    const big = writer.write(() => {
      tallies.add(1, 'jobs', 'q', 't', 's');
      for (let row = 0; row < 50; row += 1) db.prepare('INSERT INTO texts VALUES (?)').run('x'.repeat(3_000));
    });
    const small = writer.write(() => put(db, 1));
    await expect(big).rejects.toMatchObject({ code: 'DB_FULL', hint: expect.stringContaining('prune') as string });
    expect(await small).toBe(1);
    expect([db.prepare('SELECT count(*) AS n FROM texts').get(), readTallies(db, 'jobs')]).toEqual([{ n: 0 }, []]);
    db.pragma(`max_page_count = ${pages + 100}`);
    await writer.write(() => db.prepare('INSERT INTO texts VALUES (?)').run('x'.repeat(3_000)));
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
  });

  it.each(['removed', 'replaced'])('refuses every write with DB_GONE once the file was %s', async (how) => {
    const { db, file, writer } = await open();
    await writer.write(() => put(db, 1));
    if (how === 'removed') rmSync(file);
    else {
      copyFileSync(file, `${file}.copy`);
      renameSync(`${file}.copy`, file);
    }
    const writes = await Promise.allSettled([writer.write(() => put(db, 2)), writer.write(() => put(db, 3))]);
    for (const write of writes) expect(write).toMatchObject({ status: 'rejected', reason: { code: 'DB_GONE' } });
    await expect(writer.write(() => put(db, 4))).rejects.toMatchObject({ code: 'DB_GONE', hint: expect.stringContaining('stop all workers') as string });
  });
});

interface Opened {
  readonly file: string;
  readonly db: Database;
  readonly writer: Writer;
  readonly reader: Reader;
  readonly tallies: Tallies;
  readonly commits: () => number;
}

async function open(wait: Partial<LockWait> = {}): Promise<Opened> {
  const file = join(tempDir(), 'queue.db');
  const db = await openDatabase({ file, applicationId: APPLICATION_ID, migrations: MIGRATIONS });
  onTestFinished(() => void db.close());
  db.exec('CREATE TABLE numbers (n INTEGER); CREATE TABLE texts (t TEXT)');
  const tallies = new Tallies();
  const writer = new Writer(db, { ...wait, collector: tallies });
  let commits = 0;
  writer.afterCommit(() => (commits += 1));
  return { file, db, writer, reader: new Reader(db), tallies, commits: () => commits };
}

function connect(file: string): Database {
  const db = new SqliteDatabase(file, { timeout: 0 });
  onTestFinished(() => void db.close());
  return db;
}

function put(db: Database, value: number): number {
  db.prepare('INSERT INTO numbers VALUES (?)').run(value);
  return value;
}

function numbers(db: Database): number[] {
  return db.prepare<[], { n: number }>('SELECT n FROM numbers').all().map(({ n }) => n);
}
