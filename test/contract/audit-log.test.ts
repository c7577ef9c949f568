import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { openSqliteAuditLog } from '../../src/drivers/journal-sqlite/sqlite-audit-log.js';
import { openSqliteJournal } from '../../src/drivers/journal-sqlite/sqlite-journal.js';
import type { AuditLog, NewAuditedChange } from '../../src/ports/audit-log.js';
import { systemClock } from '../../src/ports/clock.js';
import { tempDir } from '../support/temp-dir.js';

const change = (what: string, at = 1000): NewAuditedChange => ({ at, by: 'ada', reasonText: null, what, profile: 'default', production: false });

function open(file = join(tempDir(), 'operations.db')): { log: AuditLog; file: string } {
  const log = openSqliteAuditLog({ file, clock: systemClock });
  onTestFinished(() => log.close());
  return { log, file };
}

test('keeps what was begun, and what came of it, for another process', async () => {
  const { log, file } = open();
  expect(existsSync(file)).toBe(false);
  const done = await log.begin(change('cancel 1'));
  await log.begin(change('cancel 2'));
  await log.end(done, { endedAt: 2000, changed: 1, failed: 0, error: null });
  const changes = await open(file).log.list({ limit: 10 });
  expect(changes.map(({ what, outcome }) => [what, outcome])).toEqual([
    ['cancel 2', null],
    ['cancel 1', { endedAt: 2000, changed: 1, failed: 0, error: null }],
  ]);
});

test('is read in pages, newest first', async () => {
  const { log } = open();
  for (const what of ['a', 'b', 'c']) await log.begin(change(what));
  const [newest] = await log.list({ limit: 1 });
  expect(newest?.what).toBe('c');
  expect((await log.list({ limit: 5, cursor: newest?.cursor ?? '' })).map(({ what }) => what)).toEqual(['b', 'a']);
});

test('forgets what is old', async () => {
  const { log } = open();
  await log.begin(change('old', 1));
  await log.begin(change('new', 2));
  expect(await log.sweep(2)).toBe(1);
  expect((await log.list({ limit: 5 })).map(({ what }) => what)).toEqual(['new']);
});

test('finds its place in a journal that was made before there was an audit log', async () => {
  const file = join(tempDir(), 'operations.db');
  const journal = openSqliteJournal({ file, clock: systemClock, host: 'here', pid: process.pid });
  onTestFinished(() => journal.close());
  await journal.list({ limit: 1 });
  const db = new Database(file);
  db.exec('DROP TABLE changes; PRAGMA user_version = 1');
  db.close();
  const { log } = open(file);
  await log.begin(change('later'));
  expect(await log.list({ limit: 1 })).toHaveLength(1);
  expect((await journal.list({ limit: 1 })).operations).toEqual([]);
});
