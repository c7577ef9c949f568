// CosmosWorkerRegistry: one document per worker in a partition of their own, forgotten a day after the last heartbeat.

import type { WorkerRecord, WorkerRegistry } from '../../ports/worker-registry.js';
import type { CosmosCalls } from './cosmos-calls.js';
import { documentIdOf } from './document-id.js';

const PARTITION = 'workers';
const FORGET_AFTER_SECONDS = 24 * 60 * 60;

interface WorkerDocument {
  readonly record: WorkerRecord;
  readonly drainRequested: boolean;
}

export class CosmosWorkerRegistry implements WorkerRegistry {
  readonly #calls: CosmosCalls;

  constructor(calls: CosmosCalls) {
    this.#calls = calls;
  }

  /** A patch, so that a request to drain is not written over. */
  async heartbeat(record: WorkerRecord): Promise<{ drainRequested: boolean }> {
    const id = documentIdOf('worker', record.workerId);
    const written = await this.#calls.patch(PARTITION, id, [{ op: 'set', path: '/record', value: record }]);
    if (written.kind === 'done') return { drainRequested: (written.document as WorkerDocument).drainRequested };
    await this.#calls.upsert({ id, pk: PARTITION, kind: 'worker', record, drainRequested: false, ttl: FORGET_AFTER_SECONDS } as { id: string; pk: string });
    return { drainRequested: false };
  }

  async list(): Promise<readonly WorkerRecord[]> {
    return this.#calls.query<WorkerRecord>({ query: "SELECT VALUE c.record FROM c WHERE c.pk = 'workers' AND c.kind = 'worker' ORDER BY c.id" }, { partition: PARTITION });
  }

  async requestDrain(workerId: string): Promise<boolean> {
    const written = await this.#calls.patch(PARTITION, documentIdOf('worker', workerId), [{ op: 'set', path: '/drainRequested', value: true }]);
    return written.kind === 'done';
  }

  async remove(workerId: string): Promise<void> {
    await this.#calls.delete(PARTITION, documentIdOf('worker', workerId));
  }
}
