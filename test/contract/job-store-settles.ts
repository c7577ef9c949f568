// The promise of JobStore.save about the delivery that led to the change: completed in the same step, or left to the
// caller, and never completed for a change that was refused.

import { describe, expect, it } from 'vitest';

import { succeed } from '../../src/domain/lifecycle.js';
import type { Delivery } from '../../src/ports/message-queue.js';
import type { Job } from '../../src/domain/job.js';
import { type ContractBackend, insertJob, type MakeBackend, startOf } from './contract-backend.js';

const NO_RESULT = { result: null, resultRef: null, artifacts: [] };

export function describeJobStoreSettlesContract(name: string, make: MakeBackend): void {
  describe(`JobStore.save with the delivery it settles, on ${name}`, () => {
    it('completes the message with the change, or leaves it to the caller', async () => {
      const backend = await make();
      const { store, queue } = backend.ports;
      const { running, delivery } = await takenJob(backend);
      expect(delivery.isCompleted).toBe(false);
      const saved = await store.save(succeed(running, 9, NO_RESULT), delivery);
      expect(saved.status).toBe('Succeeded');
      if (!delivery.isCompleted) await delivery.complete();
      await expect(delivery.complete()).rejects.toMatchObject({ code: 'LOCK_LOST' });
      expect(await queue.receive({ queue: running.queue, max: 1, waitMs: 0 })).toEqual([]);
    });

    it('leaves the message as it is when the change is refused', async () => {
      const backend = await make();
      const { store } = backend.ports;
      const { running, delivery } = await takenJob(backend);
      const stale = succeed({ ...running, version: running.version - 1 }, 9, NO_RESULT);
      await expect(store.save(stale, delivery)).rejects.toMatchObject({ code: 'JOB_CONFLICT' });
      expect(delivery.isCompleted).toBe(false);
      await delivery.renewLock();
    });

    it('saves the change also when the lock is lost', async () => {
      const backend = await make();
      const { store, queue } = backend.ports;
      const { running, delivery } = await takenJob(backend);
      backend.clock.advance(60_001);
      expect((await store.save(succeed(running, 9, NO_RESULT), delivery)).status).toBe('Succeeded');
      expect(delivery.isCompleted).toBe(false);
      await onlyDelivery(queue.receive({ queue: running.queue, max: 1, waitMs: 0 }));
    });
  });
}

/** Running, with its message at hand. */
async function takenJob(backend: ContractBackend): Promise<{ running: Job; delivery: Delivery }> {
  const { store, queue } = backend.ports;
  const job = await insertJob(backend);
  const delivery = await onlyDelivery(queue.receive({ queue: job.queue, max: 1, waitMs: 0 }));
  return { running: await store.save(startOf(job, backend.clock.now())), delivery };
}

async function onlyDelivery(received: Promise<Delivery[]>): Promise<Delivery> {
  const [delivery, ...others] = await received;
  if (delivery === undefined || others.length > 0) throw new Error(`expected one delivery, got ${others.length + (delivery === undefined ? 0 : 1)}`);
  return delivery;
}
