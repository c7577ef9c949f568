import { expect, it } from 'vitest';

import { openDatabase } from '../../../../src/drivers/sqlite/database.js';
import { Writer } from '../../../../src/drivers/sqlite/writer.js';
import { AppError } from '../../../../src/domain/errors.js';
import { Ledger } from '../../../../src/emulator/broker/ledger.js';
import { EMULATOR_APPLICATION_ID, EMULATOR_MIGRATIONS } from '../../../../src/emulator/broker/schema.js';
import { join } from 'node:path';
import { tempDir } from '../../../support/temp-dir.js';

async function open(): Promise<{ ledger: Ledger; writer: Writer; gained: string[]; reload: () => Ledger }> {
  const db = await openDatabase({ file: join(tempDir(), 'emulator.db'), applicationId: EMULATOR_APPLICATION_ID, migrations: EMULATOR_MIGRATIONS });
  db.exec("INSERT INTO broker_queues (id, name, lock_ms, longest_lock_ms, dead_letter_on_expiration, attributes) VALUES (1, 'q', 1, 1, 0, '{}')");
  const ledger = new Ledger();
  const writer = new Writer(db, { collector: ledger });
  const gained: string[] = [];
  writer.afterCommit(() => gained.push(...ledger.committed()));
  await writer.write(() => ledger.open(db, { coreName: 'q', queueId: 1, now: 5 }));
  const reload = (): Ledger => {
    const fresh = new Ledger();
    fresh.load(db);
    return fresh;
  };
  return { ledger, writer, gained, reload };
}

it('is in the file what it is in memory, after every commit', async () => {
  const { ledger, writer, gained, reload } = await open();
  await writer.write(() => {
    ledger.count('q', 'active', 2);
    ledger.add('q', 'bytes', 100);
    ledger.nextNumber('q');
  });
  await writer.write(() => ledger.count('q', 'locked', 1));
  expect(reload().figures('q')).toEqual({ active: 2, locked: 1, deferred: 0, scheduled: 0, bytes: 100, lastNumber: 1, accessedAt: 5 });
  expect(reload().figures('q')).toEqual(ledger.figures('q'));
  expect(gained).toEqual(['q']);
});

it('gives the numbers of a refused operation to the next one', async () => {
  const { ledger, writer } = await open();
  const numbers: number[] = [];
  const refused = writer.write(() => {
    ledger.count('q', 'active', 1);
    ledger.nextNumber('q');
    throw new AppError('INPUT_INVALID', 'no');
  });
  const kept = [1, 2].map(() => writer.write(() => numbers.push(ledger.nextNumber('q'))));
  await Promise.allSettled([refused, ...kept]);
  expect(numbers).toEqual([1, 2]);
  expect(ledger.figures('q')).toMatchObject({ active: 0, lastNumber: 2 });
});

it('forgets what was rolled back', async () => {
  const { ledger, writer, reload } = await open();
  const failing = writer.write(() => {
    ledger.count('q', 'active', 7);
    throw new Error('a bug');
  });
  const kept = writer.write(() => ledger.nextNumber('q'));
  await expect(failing).rejects.toThrow('a bug');
  expect(await kept).toBe(1);
  expect(reload().figures('q')).toMatchObject({ active: 0, lastNumber: 1 });
  expect(ledger.figures('q')).toMatchObject({ active: 0, lastNumber: 1 });
});

it('notes an access once a minute', async () => {
  const { ledger, writer } = await open();
  await writer.write(() => ledger.accessed('q', 10_000));
  expect(ledger.figures('q').accessedAt).toBe(5);
  await writer.write(() => ledger.accessed('q', 70_000));
  expect(ledger.figures('q').accessedAt).toBe(70_000);
});
