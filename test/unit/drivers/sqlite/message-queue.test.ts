// Waiting of the SQLite queue where the moment matters: a commit between the look and the wait.

import SqliteDatabase from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';

import { Broker } from '../../../../src/drivers/sqlite/broker/broker.js';
import { BROKER_SCHEMA } from '../../../../src/drivers/sqlite/broker/schema.js';
import { type ChangeNotice, SqliteMessageQueue } from '../../../../src/drivers/sqlite/message-queue.js';
import { Reader } from '../../../../src/drivers/sqlite/reader.js';
import { Writer } from '../../../../src/drivers/sqlite/writer.js';
import { systemClock } from '../../../../src/ports/clock.js';
import { tempDir } from '../../../support/temp-dir.js';

function openQueue(makeNotice: (broker: Broker) => ChangeNotice): SqliteMessageQueue {
  const db = new SqliteDatabase(`${tempDir()}/queue.db`);
  onTestFinished(() => void db.close());
  db.exec(BROKER_SCHEMA);
  const broker = new Broker(db, { counted: () => undefined, moved: () => undefined });
  broker.queues.create({ name: 'q', lockMs: 30_000, ttlMs: null, maxDeliveryCount: null, deadLetterOnExpiration: true, attributes: '{}' });
  const writer = new Writer(db, { collector: { keep: () => undefined, drop: () => undefined, flush: () => undefined } });
  return new SqliteMessageQueue({ writer, reader: new Reader(db), broker, notice: makeNotice(broker), clock: systemClock });
}

test('finds a message that was committed after the look and before the wait began, without being told', async () => {
  const queue = openQueue((broker) => ({
    changed: ({ signal }) => {
      broker.enqueue({ queue: 'q', messageId: 'between', body: 'x', properties: '{}', rank: 0, dueAt: null, expiresAt: null }, systemClock.now());
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    },
  }));
  const [delivery] = await queue.receive({ queue: 'q', max: 1, waitMs: 60_000 });
  expect(delivery?.message.messageId).toBe('between');
});

test('passes an error of the notice on to the receiver', async () => {
  const gone = new Error('the file is gone');
  const queue = openQueue(() => ({ changed: () => Promise.reject(gone) }));
  await expect(queue.receive({ queue: 'q', max: 1, waitMs: 60_000 })).rejects.toBe(gone);
});
