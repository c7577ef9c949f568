// The engine over the real SDK and a broker that moves messages by itself: what it relays, reads, gives back and watches.

import { join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';

import type { AnyHandler } from '../../src/worker/handler-registry.js';
import { echoHandler } from '../../src/worker/handlers/echo.js';
import { openTestEmulator } from '../support/emulator.js';
import { openServiceBusWorld as open } from '../support/service-bus-world.js';
import { tempDir } from '../support/temp-dir.js';
import { until } from '../support/turns.js';
import { QUEUE } from '../support/worker-world.js';

const FAST_RETRIES = { retryPolicy: { baseMs: 50, capMs: 200 } };

describe('jobs on Service Bus', () => {
  test('run once each, with retries as scheduled messages, and leave nothing behind', async () => {
    const world = await open();
    const runs = new Map<string, number>();
    const flaky: AnyHandler = {
      type: 'sleep',
      run: async ({ job }) => {
        runs.set(job.jobId, (runs.get(job.jobId) ?? 0) + 1);
        if (job.attempt < 2) throw new Error('not yet');
        return undefined;
      },
    };
    const echo: AnyHandler = {
      type: 'echo',
      run: async ({ job }) => {
        runs.set(job.jobId, (runs.get(job.jobId) ?? 0) + 1);
        return undefined;
      },
    };
    for (let index = 0; index < 40; index += 1) await world.submit(index % 4 === 0 ? 'sleep' : 'echo', { ms: 1 });
    const summary = await world.drainAll([flaky, echo], FAST_RETRIES);
    expect(summary).toMatchObject({ processed: 40, succeeded: 40, retried: 10 });
    expect([...runs.values()].sort()).toEqual([...Array<number>(30).fill(1), ...Array<number>(10).fill(2)]);
    const { jobs } = await world.backend.store.list({ filter: {}, limit: 100 });
    expect(new Set(jobs.map(({ queueMode }) => queueMode))).toEqual(new Set(['service_bus']));
    expect(await world.counts()).toMatchObject({ active: 0, scheduled: 0, deadLetter: 0 });
  });

  test('go on when the broker is started again in the middle', async () => {
    const file = join(tempDir(), 'emulator.db');
    const world = await open({ lockMs: 5_000 }, { file });
    const { port, adminPort } = world.emulator;
    const { worker, ended } = world.start([{ type: 'echo', run: async () => undefined }], { concurrency: 4 });
    const ids: string[] = [];
    for (let index = 0; index < 20; index += 1) ids.push((await world.submit('echo', index)).jobId);
    await until(async () => (await world.job(ids[0] ?? '')).status === 'Succeeded', 'the first job');
    await world.emulator.close();
    for (let index = 0; index < 20; index += 1) ids.push((await world.submit('echo', index)).jobId);
    const again = await openTestEmulator({ file, port, adminPort, queues: [] });
    onTestFinished(() => again.close());
    for (const jobId of ids) await until(async () => (await world.job(jobId)).status === 'Succeeded', `job ${jobId}`);
    worker.drain('done');
    await ended;
    for (const jobId of ids) expect((await world.events(jobId)).filter((type) => type === 'succeeded')).toHaveLength(1);
  }, 90_000);
});

describe('what the broker does by itself', () => {
  test('a message that expires ends its job, with its dead letter', async () => {
    const world = await open({ ttlMs: 1_000 });
    const job = await world.submit('echo');
    await world.relay();
    const watch = world.watch();
    await until(async () => (await world.counts()).deadLetter === 1, 'the dead letter');
    expect(await watch.round()).toEqual({ recorded: 1, recovered: 0, problem: null });
    expect(await world.job(job.jobId)).toMatchObject({ status: 'DeadLettered', error: { code: 'EXPIRED' } });
  });

  test('a message that it gave up on comes again while attempts are left, and its letter goes', async () => {
    const world = await open({ lockMs: 1_000, maxDeliveryCount: 1 });
    const job = await world.submit('echo');
    await world.relay();
    const [delivery] = await world.backend.queue.receive({ queue: QUEUE, max: 1, waitMs: 5_000 });
    expect(delivery?.message.messageId).toBe(`${job.jobId}:1`);
    await until(async () => (await world.counts()).deadLetter === 1, 'the dead letter');
    expect(await world.watch().round()).toEqual({ recorded: 0, recovered: 1, problem: null });
    expect(await world.counts()).toMatchObject({ deadLetter: 0 });
    expect(await world.drainAll([echoHandler])).toMatchObject({ succeeded: 1 });
    expect(await world.events(job.jobId)).toEqual(['submitted', 'recovered', 'started', 'succeeded']);
  });
});
