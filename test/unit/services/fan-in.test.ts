// The parent's continuation goes out once, whoever looks and however many look at once.

import { describe, expect, test } from 'vitest';

import type { Job } from '../../../src/domain/job.js';
import { awaitChildren, cancel, requestCancel, scheduleRetry, start, succeed } from '../../../src/domain/lifecycle.js';
import { resumeParent } from '../../../src/services/fan-in.js';
import { type FencedSave, saveWithFence } from '../../../src/services/save-with-fence.js';
import { withMethods } from '../../support/with-methods.js';
import { QUEUE, World } from '../../support/worker-world.js';

const delivery = { queue: QUEUE, brokerSequence: '1', lockedUntil: 0 };

async function running(world: World, type = 'echo', parentJobId?: string): Promise<Job> {
  const job = await world.submit(type, type === 'sleep' ? { ms: 1 } : null, parentJobId === undefined ? {} : { parentJobId });
  return world.backend.store.save(start(job, world.clock.now(), { worker: 'w', delivery, afterLostLock: false }));
}

async function ended(world: World, job: Job): Promise<void> {
  await world.backend.store.save(succeed(job, world.clock.now(), { result: null, resultRef: null, artifacts: [] }));
}

async function family(world: World, children: number): Promise<{ parent: Job; children: Job[] }> {
  const started = await running(world, 'sleep');
  const made: Job[] = [];
  for (let n = 0; n < children; n += 1) made.push(await running(world, 'echo', started.jobId));
  const parent = await world.backend.store.save(awaitChildren(started, world.clock.now(), children));
  return { parent, children: made };
}

describe('fan-in', () => {
  test('waits while a child is open', async () => {
    const world = await World.open();
    const { parent, children } = await family(world, 2);
    await ended(world, children[0] as Job);
    expect(await resumeParent(world.backend, parent.jobId)).toBe('waiting');
    expect(await world.job(parent.jobId)).toMatchObject({ awaitsChildren: true, sequence: 1 });
  });

  test('lets one of many callers send the continuation', async () => {
    const world = await World.open();
    const { parent, children } = await family(world, 3);
    for (const child of children) await ended(world, child);
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => resumeParent(world.backend, parent.jobId)));
    expect(outcomes.filter((outcome) => outcome === 'resumed')).toHaveLength(1);
    expect(await world.job(parent.jobId)).toMatchObject({ awaitsChildren: false, sequence: 2, children: { expected: 3, succeeded: 3, failed: 0 } });
    expect((await world.events(parent.jobId)).filter((type) => type === 'children-ended')).toHaveLength(1);
  });

  test('has nothing to do for a parent that still runs, has ended, or does not exist', async () => {
    const world = await World.open();
    const parent = await running(world);
    expect(await resumeParent(world.backend, parent.jobId)).toBe('not-waiting');
    await ended(world, parent);
    expect(await resumeParent(world.backend, parent.jobId)).toBe('not-waiting');
    expect(await resumeParent(world.backend, '01980000-0000-7000-8000-00000000ffff')).toBe('not-waiting');
  });

  test('leaves a parent that was cancelled meanwhile alone', async () => {
    const world = await World.open();
    const { parent, children } = await family(world, 1);
    await ended(world, children[0] as Job);
    // Cancelled between the look and the save: the save is refused, the second look finds it ended.
    const store = withMethods(world.backend.store, {
      childrenOf: async (jobId) => {
        const counts = await world.backend.store.childrenOf(jobId);
        await world.backend.store.save(cancel(await world.job(jobId), world.clock.now(), 'somebody'));
        return counts;
      },
    });
    expect(await resumeParent({ ...world.backend, store }, parent.jobId)).toBe('not-waiting');
    expect(await world.job(parent.jobId)).toMatchObject({ status: 'Cancelled', sequence: 1 });
  });
});

describe('the fence', () => {
  const success = (job: Job): FencedSave => ({ change: succeed(job, 1, { result: 'mine', resultRef: null, artifacts: [] }) });

  test('applies the change again to what others have changed meanwhile', async () => {
    const world = await World.open();
    const attempt = await running(world);
    await world.backend.store.save(requestCancel(attempt, world.clock.now(), 'somebody'));
    const saved = await saveWithFence(world.backend.store, attempt, success);
    expect(saved).toMatchObject({ status: 'Succeeded', result: 'mine', cancelRequestedAt: world.clock.now() });
  });

  test('stores nothing when another attempt owns the job', async () => {
    const world = await World.open();
    const attempt = await running(world);
    const other = await world.backend.store.save(start(attempt, world.clock.now(), { worker: 'other', delivery, afterLostLock: true }));
    expect(await saveWithFence(world.backend.store, attempt, success)).toBeUndefined();
    expect(await world.job(attempt.jobId)).toEqual(other);
  });

  test.each(['ended', 'queued again'])('stores nothing when the job has %s', async (how) => {
    const world = await World.open();
    const attempt = await running(world);
    const error = { code: 'X', message: 'x', retryable: true, at: 0 };
    const change = how === 'ended' ? cancel(attempt, world.clock.now(), 'somebody') : scheduleRetry(attempt, world.clock.now(), { retryAt: 1, error });
    const stored = await world.backend.store.save(change);
    expect(await saveWithFence(world.backend.store, attempt, success)).toBeUndefined();
    expect(await world.job(attempt.jobId)).toEqual(stored);
  });

  test('passes other failures of the store on', async () => {
    const world = await World.open();
    const attempt = await running(world);
    const store = withMethods(world.backend.store, { save: () => Promise.reject(new Error('the disk is away')) });
    await expect(saveWithFence(store, attempt, success)).rejects.toThrow('the disk is away');
  });
});
