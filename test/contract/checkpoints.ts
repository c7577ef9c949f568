// The promises of Checkpoints.

import { describe, expect, it } from 'vitest';

import { succeed } from '../../src/domain/lifecycle.js';
import { insertJob, type MakeBackend, runningJob, startOf } from './contract-backend.js';

export function describeCheckpointsContract(name: string, make: MakeBackend): void {
  describe(`Checkpoints on ${name}`, () => {
    it('keeps values of any JSON, and the newest under a key', async () => {
      const backend = await make();
      const { checkpoints } = backend.ports;
      const attempt = await runningJob(backend);
      await checkpoints.put(attempt, [
        { key: 'a', value: { nested: [1, 'two', null, true] } },
        { key: 'b', value: null },
      ]);
      await checkpoints.put(attempt, [{ key: 'b', value: 'new' }]);
      expect(await checkpoints.get(attempt.jobId, 'a')).toEqual({ nested: [1, 'two', null, true] });
      expect(await checkpoints.get(attempt.jobId, 'b')).toBe('new');
      expect(await checkpoints.get(attempt.jobId, 'c')).toBeUndefined();
      expect(await checkpoints.get('nobody', 'a')).toBeUndefined();
    });

    it('lists by key, below a prefix, in pages', async () => {
      const backend = await make();
      const { checkpoints } = backend.ports;
      const attempt = await runningJob(backend);
      const keys = ['item/2', 'item/1', 'item/3', 'item', 'items/1', 'other', 'item/🎯', 'item/é'];
      await checkpoints.put(attempt, keys.map((key) => ({ key, value: key })));
      const list = async (afterKey?: string) =>
        (await checkpoints.list({ jobId: attempt.jobId, prefix: 'item/', limit: 2, ...(afterKey === undefined ? {} : { afterKey }) })).map(({ key }) => key);
      expect([await list(), await list('item/2'), await list('item/é'), await list('item/🎯')]).toEqual([['item/1', 'item/2'], ['item/3', 'item/é'], ['item/🎯'], []]);
      expect(await checkpoints.list({ jobId: attempt.jobId, prefix: '', limit: 100 })).toHaveLength(keys.length);
    });

    it('is there for the next attempt', async () => {
      const backend = await make();
      const first = await runningJob(backend);
      await backend.ports.checkpoints.put(first, [{ key: 'a', value: 1 }]);
      const second = await backend.ports.store.save(startOf(first, backend.clock.now(), { afterLostLock: true }));
      await backend.ports.checkpoints.put(second, [{ key: 'b', value: 2 }]);
      expect(await backend.ports.checkpoints.list({ jobId: first.jobId, prefix: '', limit: 10 })).toEqual([{ key: 'a', value: 1 }, { key: 'b', value: 2 }]);
    });

    it('stores nothing for an attempt that is over, ended, unknown or not begun', async () => {
      const backend = await make();
      const { checkpoints, store } = backend.ports;
      const entries = [{ key: 'a', value: 1 }];
      const first = await runningJob(backend);
      const second = await store.save(startOf(first, backend.clock.now(), { afterLostLock: true }));
      await expect(checkpoints.put(first, entries)).rejects.toMatchObject({ code: 'JOB_LOST' });
      await store.save(succeed(second, 1, { result: null, resultRef: null, artifacts: [] }));
      await expect(checkpoints.put(second, entries)).rejects.toMatchObject({ code: 'JOB_LOST' });
      await expect(checkpoints.put({ jobId: 'nobody', runEpoch: 1 }, entries)).rejects.toMatchObject({ code: 'JOB_LOST' });
      await expect(checkpoints.put(await insertJob(backend), entries)).rejects.toMatchObject({ code: 'JOB_LOST' });
      expect(await checkpoints.list({ jobId: first.jobId, prefix: '', limit: 10 })).toEqual([]);
    });

    it('lets no value of a lost attempt through while the job is taken over', async () => {
      const backend = await make();
      const other = await backend.another();
      const first = await runningJob(backend);
      const takeOver = other.store.save(startOf(first, backend.clock.now(), { afterLostLock: true }));
      const puts = Array.from({ length: 30 }, (_, index) => backend.ports.checkpoints.put(first, [{ key: `k${index}`, value: index }]).then(() => index));
      await takeOver;
      const late = backend.ports.checkpoints.put(first, [{ key: 'late', value: 1 }]);
      await expect(late).rejects.toMatchObject({ code: 'JOB_LOST' });
      const kept = (await Promise.allSettled(puts)).filter(({ status }) => status === 'fulfilled').length;
      expect(await backend.ports.checkpoints.list({ jobId: first.jobId, prefix: 'k', limit: 100 })).toHaveLength(kept);
    });
  });
}
