// The promises of WorkerRegistry.

import { describe, expect, it } from 'vitest';

import type { WorkerRecord } from '../../src/ports/worker-registry.js';
import { type MakeBackend, TEST_START } from './contract-backend.js';

export function describeWorkerRegistryContract(name: string, make: MakeBackend): void {
  describe(`WorkerRegistry on ${name}`, () => {
    it('keeps the newest heartbeat of each worker', async () => {
      const { ports } = await make();
      await ports.workers.heartbeat(record('w1'));
      await ports.workers.heartbeat(record('w2'));
      const newest = { ...record('w1'), heartbeatAt: TEST_START + 5_000, processed: 7, running: [{ jobId: 'j', type: 'echo', startedAt: 5 }] };
      await ports.workers.heartbeat(newest);
      expect(await ports.workers.list()).toEqual(expect.arrayContaining([newest, record('w2')]));
      expect(await ports.workers.list()).toHaveLength(2);
    });

    it('passes on the request to drain until the worker is removed', async () => {
      const backend = await make();
      const { workers } = backend.ports;
      const other = await backend.another();
      expect(await workers.heartbeat(record('w1'))).toEqual({ drainRequested: false });
      expect(await other.workers.requestDrain('w1')).toBe(true);
      expect(await workers.heartbeat(record('w1'))).toEqual({ drainRequested: true });
      expect(await workers.heartbeat(record('w1'))).toEqual({ drainRequested: true });
      await workers.remove('w1');
      expect(await workers.list()).toEqual([]);
      expect(await workers.heartbeat(record('w1'))).toEqual({ drainRequested: false });
    });

    it('knows no worker that never reported', async () => {
      const { ports } = await make();
      expect(await ports.workers.requestDrain('nobody')).toBe(false);
      await ports.workers.remove('nobody');
      expect(await ports.workers.list()).toEqual([]);
    });
  });
}

function record(workerId: string): WorkerRecord {
  return {
    workerId,
    host: 'host',
    pid: 1,
    version: '1.0.0',
    queues: ['first-queue'],
    types: ['echo'],
    concurrency: 4,
    startedAt: TEST_START,
    heartbeatAt: TEST_START,
    draining: false,
    running: [],
    processed: 0,
    failed: 0,
  };
}
