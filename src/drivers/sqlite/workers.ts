// WorkerRegistry: one row per worker, replaced with each heartbeat.

import type { Clock } from '../../ports/clock.js';
import type { WorkerRecord, WorkerRegistry } from '../../ports/worker-registry.js';
import { prepared } from '../connection-sqlite/prepared.js';
import type { Reader } from './reader.js';
import type { Writer } from './writer.js';

/** A worker that died without a word stays in the list this long. */
const FORGET_AFTER_MS = 24 * 60 * 60_000;

export class SqliteWorkerRegistry implements WorkerRegistry {
  readonly #writer: Writer;
  readonly #reader: Reader;
  readonly #clock: Pick<Clock, 'now'>;

  constructor(writer: Writer, reader: Reader, clock: Pick<Clock, 'now'>) {
    this.#writer = writer;
    this.#reader = reader;
    this.#clock = clock;
  }

  heartbeat(record: WorkerRecord): Promise<{ drainRequested: boolean }> {
    const text = JSON.stringify(record);
    return this.#writer.write((db) => {
      prepared(db, 'DELETE FROM workers WHERE heartbeat_at < ?').run(this.#clock.now() - FORGET_AFTER_MS);
      const row = prepared<{ drain_requested: number }>(db, UPSERT).get(record.workerId, record.heartbeatAt, text);
      return { drainRequested: row?.drain_requested === 1 };
    });
  }

  list(): Promise<readonly WorkerRecord[]> {
    return this.#reader.read((db) =>
      prepared<{ record: string }>(db, 'SELECT record FROM workers ORDER BY id')
        .all()
        .map(({ record }) => JSON.parse(record) as WorkerRecord),
    );
  }

  requestDrain(workerId: string): Promise<boolean> {
    return this.#writer.write((db) => prepared(db, 'UPDATE workers SET drain_requested = 1 WHERE id = ?').run(workerId).changes === 1);
  }

  async remove(workerId: string): Promise<void> {
    await this.#writer.write((db) => prepared(db, 'DELETE FROM workers WHERE id = ?').run(workerId));
  }
}

const UPSERT = `
  INSERT INTO workers (id, heartbeat_at, record) VALUES (?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET heartbeat_at = excluded.heartbeat_at, record = excluded.record
  RETURNING drain_requested`;
