// A World whose queue is another system's: the store in one SQLite file, with its own queue beside it, and a second file
// that stands for the other system and fails as a test says.

import { join } from 'node:path';
import { onTestFinished } from 'vitest';

import type { Job } from '../../src/domain/job.js';
import { DEFAULT_QUEUE, QUEUES } from '../../src/domain/queue-registry.js';
import { FsBlobStore } from '../../src/drivers/blob-fs/fs-blob-store.js';
import { openSqliteBackend, type SqliteBackend } from '../../src/drivers/sqlite/open-sqlite.js';
import type { Backend } from '../../src/ports/backend.js';
import { type Clock, systemClock } from '../../src/ports/clock.js';
import type { Outbox } from '../../src/ports/outbox.js';
import { relayOutbox, type RelayRequest, type RelayResult, type OutboxFallback } from '../../src/services/relay-outbox.js';
import { FakeClock } from './fake-clock.js';
import { FarQueue } from './far-queue.js';
import { tempDir } from './temp-dir.js';
import { OTHER_QUEUE, World } from './worker-world.js';

interface FarParts {
  readonly far: FarQueue;
  /** The other system's side. */
  readonly remote: SqliteBackend;
  /** The store's own file. */
  readonly own: SqliteBackend;
  readonly ownFile: string;
}

export class FarWorld<C extends Clock = FakeClock> extends World<C> {
  readonly far: FarQueue;
  readonly remote: SqliteBackend;
  readonly own: SqliteBackend;
  readonly ownFile: string;

  private constructor(backend: Backend, clock: C, { far, remote, own, ownFile }: FarParts) {
    super(backend, clock);
    this.far = far;
    this.remote = remote;
    this.own = own;
    this.ownFile = ownFile;
  }

  /** With a clock the test turns. */
  static openFar(): Promise<FarWorld> {
    return FarWorld.make(new FakeClock(), () => 0.5);
  }

  static openFarReal(): Promise<FarWorld<Clock>> {
    return FarWorld.make(systemClock, Math.random);
  }

  private static async make<C extends Clock>(clock: C, random: () => number): Promise<FarWorld<C>> {
    const directory = tempDir();
    const queues = QUEUES.flatMap((queue) => (queue.name === DEFAULT_QUEUE ? [queue, { ...queue, name: OTHER_QUEUE }] : []));
    const open = async (name: string, messages: 'own-queue' | 'outbox'): Promise<SqliteBackend> => {
      const backend = await openSqliteBackend({ file: join(directory, name), queues, clock, random, messages });
      onTestFinished(() => backend.close());
      return backend;
    };
    const remote = await open('remote.db', 'own-queue');
    const own = await open('store.db', 'outbox');
    const far = new FarQueue(remote.queue);
    const blobs = new FsBlobStore({ directory: join(directory, 'blobs'), clock });
    const backend: Backend = { ...own, queue: far, localQueue: own.queue, deadLetters: remote.deadLetters, admin: remote.admin, blobs, clock, random };
    return new FarWorld(backend, clock, { far, remote, own, ownFile: join(directory, 'store.db') });
  }

  get outbox(): Outbox {
    const { outbox } = this.own;
    if (outbox === undefined) throw new Error('the store has no outbox');
    return outbox;
  }

  relay(request: Partial<RelayRequest> = {}, fallback: OutboxFallback = 'relay'): Promise<RelayResult> {
    const { store, queue, clock, random } = this.backend;
    return relayOutbox({ store, queue, clock, random, outbox: this.outbox, fallback }, { budgetMs: 5_000, ...request });
  }

  /** Saved and sent. */
  async submitSent(type: string, more: Parameters<World['submit']>[2] = {}): Promise<Job> {
    const { jobId } = await this.submit(type, null, more);
    await this.relay();
    return this.job(jobId);
  }
}
