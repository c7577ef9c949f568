import { closeSync, openSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';

import SqliteDatabase from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';

import { Waker } from '../../src/drivers/sqlite/waker.js';
import { systemClock } from '../../src/ports/clock.js';
import { tempDir } from '../support/temp-dir.js';

function wakerOn(file: string): Waker {
  const db = new SqliteDatabase(file);
  const waker = new Waker(db, { clock: systemClock, fileProblem: () => undefined });
  onTestFinished(() => {
    waker.close();
    db.close();
  });
  return waker;
}

test('whoever has committed touches the log, so that others look when there is something to see', () => {
  const file = join(tempDir(), 'jobs.db');
  const log = `${file}-wal`;
  closeSync(openSync(log, 'w'));
  utimesSync(log, 0, 0);
  wakerOn(file).poke();
  expect(Date.now() - statSync(log).mtimeMs).toBeLessThan(60_000);
});

test('a log that is not there is nothing to stumble over', () => {
  const waker = wakerOn(join(tempDir(), 'jobs.db'));
  expect(() => waker.poke()).not.toThrow();
});
