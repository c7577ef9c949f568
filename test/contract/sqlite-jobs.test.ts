// What the SQLite store does beyond the port because its queue shares the file: a cancelled job's message is deleted in
// the same transaction, and a message that the broker moves takes its job along. And how it behaves with many rows.

import { describe, expect, it } from 'vitest';

import { cancel, retry, scheduleRetry, submit, succeed } from '../../src/domain/lifecycle.js';
import { parseWhere } from '../../src/domain/where/parser.js';
import type { JobFilter } from '../../src/ports/job-store.js';
import { type ContractBackend, HOUR_MS, insertJob, runningJob, testJob } from './contract-backend.js';
import { makeSqliteBackend } from './sqlite-backend.js';

const NO_RESULT = { result: null, resultRef: null, artifacts: [] };
const ERROR = { code: 'X', message: 'no', retryable: true, at: 1 };

describe('a cancelled job on SQLite', () => {
  it('takes its waiting message out of the queue', async () => {
    const backend = await makeSqliteBackend();
    const [now, later] = [await insertJob(backend), await insertJob(backend, { dueAt: backend.clock.now() + 1_000 })];
    await backend.ports.store.save(cancel(now, 1, 'me'));
    await backend.ports.store.save(cancel(later, 1, 'me'));
    const [info] = await backend.ports.admin.list([backend.queues[0]]);
    expect(info?.counts).toEqual({ active: 0, locked: 0, scheduled: 0, deadLetter: 0 });
  });

  it('takes the message of its newest retry', async () => {
    const backend = await makeSqliteBackend();
    const running = await runningJob(backend);
    const [delivery] = await backend.ports.queue.receive({ queue: backend.queues[0], max: 1, waitMs: 0 });
    const waiting = await backend.ports.store.save(scheduleRetry(running, 1, { retryAt: backend.clock.now() + 500, error: ERROR }));
    await delivery?.complete();
    await backend.ports.store.save(cancel(waiting, 2, 'me'));
    expect((await backend.ports.admin.list([backend.queues[0]]))[0]?.counts).toMatchObject({ active: 0, scheduled: 0 });
  });
});

describe('a message that the broker moves to the dead letters', () => {
  it('dead-letters its job in the same step when its time is over', async () => {
    const backend = await makeSqliteBackend();
    const { jobId } = await insertJob(backend);
    backend.clock.advance(HOUR_MS + 1);
    await sweep(backend);
    const job = await backend.ports.store.get(jobId);
    expect(job).toMatchObject({ status: 'DeadLettered', error: { code: 'EXPIRED', retryable: false } });
    const { events } = await backend.ports.events.read({ jobId, limit: 10 });
    expect(events.map(({ type }) => type)).toEqual(['submitted', 'dead-lettered']);
    expect((await backend.ports.counters.totals()).map(({ status, count }) => [status, count])).toEqual([['DeadLettered', 1]]);
    expect(await backend.ports.deadLetters.count(backend.queues[0])).toBe(1);
  });

  it('dead-letters a running job whose locks ran out too often', async () => {
    const backend = await makeSqliteBackend();
    const { ports, clock, queues } = backend;
    const { jobId } = await insertJob(backend, { ttlMs: 100 * HOUR_MS });
    for (let round = 0; round < 20; round += 1) {
      await ports.queue.receive({ queue: queues[0], max: 1, waitMs: 0 });
      clock.advance(60_001);
    }
    await sweep(backend);
    expect(await ports.store.get(jobId)).toMatchObject({ status: 'DeadLettered', error: { code: 'DELIVERY_LIMIT', retryable: true } });
  });

  it('leaves a job alone that has a newer message, or has ended', async () => {
    const backend = await makeSqliteBackend();
    const { store, queue } = backend.ports;
    const newer = await runningJob(backend);
    const ended = await runningJob(backend);
    await queue.receive({ queue: backend.queues[0], max: 2, waitMs: 0, lockMs: 1 });
    const again = await store.save(scheduleRetry({ ...newer, expiresAt: (newer.expiresAt ?? 0) + HOUR_MS }, 1, { retryAt: backend.clock.now() + HOUR_MS + 30_000, error: ERROR }));
    const done = await store.save(succeed(ended, 1, NO_RESULT));
    backend.clock.advance(HOUR_MS + 1);
    await sweep(backend);
    expect(await store.get(newer.jobId)).toEqual(again);
    expect(await store.get(ended.jobId)).toEqual(done);
    expect(await backend.ports.deadLetters.count(backend.queues[0])).toBe(2);
  });

  it('can be queued again by retry, with a message of its own', async () => {
    const backend = await makeSqliteBackend();
    const { jobId } = await insertJob(backend);
    backend.clock.advance(HOUR_MS + 1);
    await sweep(backend);
    const job = await backend.ports.store.get(jobId);
    if (job === undefined) throw new Error('the job is gone');
    await backend.ports.store.save(retry(job, backend.clock.now(), { ttlMs: HOUR_MS, by: 'me' }));
    const [delivery] = await backend.ports.queue.receive({ queue: backend.queues[0], max: 5, waitMs: 0 });
    expect(delivery?.message.properties).toMatchObject({ jobId, sequence: 2 });
  });
});

describe('a clock that is set back', () => {
  it('hinders no save, and orders events by when they were stored', async () => {
    const backend = await makeSqliteBackend();
    const running = await runningJob(backend);
    backend.clock.advance(-2 * HOUR_MS);
    const done = await backend.ports.store.save(succeed(running, backend.clock.now(), NO_RESULT));
    const next = await insertJob(backend);
    expect(done.updatedAt).toBeLessThan(running.updatedAt);
    const { events } = await backend.ports.events.read({ limit: 10 });
    expect(events.map(({ type }) => type)).toEqual(['submitted', 'started', 'succeeded', 'submitted']);
    expect((await backend.ports.store.list({ filter: {}, limit: 10 })).jobs.map(({ jobId }) => jobId)).toEqual([done.jobId, next.jobId]);
    const minutes = await backend.ports.counters.perMinute({ from: backend.clock.now(), to: backend.clock.now() + 1 });
    expect(minutes.map(({ status }) => status).sort()).toEqual(['Queued', 'Succeeded']);
  });
});

describe('many jobs', () => {
  it('are searched in steps that let the event loop go on, without missing one at their borders', async () => {
    const backend = await makeSqliteBackend();
    const jobs = Array.from({ length: 6_500 }, (_, index) => testJob(backend, { payload: { n: index }, createdAt: backend.clock.now() + Math.floor(index / 3), type: index % 1_000 === 7 ? 'sleep' : 'echo' }));
    for (let from = 0; from < jobs.length; from += 500) await backend.ports.store.insert(jobs.slice(from, from + 500).map(submit));
    const expected = jobs.filter(({ type }) => type === 'sleep').map(({ jobId }) => jobId).reverse();
    const filters: JobFilter[] = [
      { types: ['sleep'] },
      { where: parseWhere('type=sleep') },
      { where: parseWhere('payload.n in (7, 1007, 2007, 3007, 4007, 5007, 6007)') },
      { types: ['sleep'], statuses: ['Queued', 'Failed'] },
    ];
    for (const filter of filters) {
      let turns = 0;
      let next = setImmediate(function count() {
        turns += 1;
        next = setImmediate(count);
      });
      const page = await backend.ports.store.list({ filter, limit: 100 });
      clearImmediate(next);
      expect(page.jobs.map(({ jobId }) => jobId)).toEqual(expected);
      expect(turns).toBeGreaterThanOrEqual(3);
      const first = await backend.ports.store.list({ filter, limit: 4 });
      const rest = await backend.ports.store.list({ filter, limit: 4, cursor: first.nextCursor ?? '' });
      expect([...first.jobs, ...rest.jobs].map(({ jobId }) => jobId)).toEqual(expected);
    }
  });
});

/** Lets the broker do what time asks for. */
async function sweep(backend: ContractBackend): Promise<void> {
  await backend.ports.queue.receive({ queue: backend.queues[1], max: 1, waitMs: 0 });
  await backend.ports.admin.list();
}
