// Taking messages while the queue itself fails.

import { expect, test } from 'vitest';

import { AppError } from '../../../src/domain/errors.js';
import { echoHandler } from '../../../src/worker/handlers/echo.js';
import { until } from '../../support/turns.js';
import { withMethods } from '../../support/with-methods.js';
import { World } from '../../support/worker-world.js';

test('a queue that is away for a while is asked again, at growing distances', async () => {
  const world = await World.open();
  const asked: number[] = [];
  let away = true;
  const queue = withMethods(world.backend.queue, {
    receive: (params) => {
      asked.push(world.clock.monotonic());
      return away ? Promise.reject(new AppError('DB_BUSY', 'busy')) : world.backend.queue.receive(params);
    },
  });
  const job = await world.submit('echo');
  world.start([echoHandler], {}, { ...world.backend, queue });
  await world.clock.advance(20_000);
  expect(asked.slice(0, 5)).toEqual([0, 500, 1500, 3500, 7500]);
  away = false;
  await world.clock.advance(30_000);
  await world.becomes(job.jobId, 'Succeeded');
});

test.each(['DB_GONE', 'QUEUE_UNKNOWN'] as const)('a queue that fails with %s ends the worker with that error, after what it holds has ended', async (code) => {
  const world = await World.open();
  const job = await world.submit('echo');
  let gone = false;
  const queue = withMethods(world.backend.queue, {
    receive: (params) => (gone ? Promise.reject(new AppError(code, 'gone for good')) : world.backend.queue.receive(params)),
  });
  const worker = world.worker([{ type: 'echo', run: async () => void (gone = true) }], { concurrency: 1 }, { ...world.backend, queue });
  await expect(worker.run()).rejects.toMatchObject({ code });
  expect(await world.job(job.jobId)).toMatchObject({ status: 'Succeeded' });
});

test('an error of our own in a delivery ends neither the worker nor the job', async () => {
  const world = await World.open();
  const job = await world.submit('echo');
  let broken = true;
  const store = withMethods(world.backend.store, {
    get: (jobId) => {
      if (broken) throw new TypeError('a bug');
      return world.backend.store.get(jobId);
    },
  });
  const { worker } = world.start([echoHandler], {}, { ...world.backend, store });
  await until(() => worker.metrics.errors === 1);
  broken = false;
  await world.clock.advance(10_000);
  expect(await world.becomes(job.jobId, 'Succeeded')).toMatchObject({ attempt: 1 });
});
