// The promises of EventLog: order, cursors, and being told of changes.

import { describe, expect, it } from 'vitest';

import { succeed } from '../../src/domain/lifecycle.js';
import { insertJob, type MakeBackend, runningJob } from './contract-backend.js';

const NO_RESULT = { result: null, resultRef: null, artifacts: [] };
/** Longer than any test may take: a wait that ends by itself fails the test. */
const FOREVER_MS = 60_000;

/** `ordersJobs`: false where the events of one job are in order, and those of several as they come. */
export function describeEventLogContract(name: string, make: MakeBackend, { ordersJobs } = { ordersJobs: true }): void {
  describe(`EventLog on ${name}`, () => {
    describeReading(make, ordersJobs);
    describeWaiting(make);
  });
}

function describeReading(make: MakeBackend, ordersJobs: boolean): void {
  it('reads the events of all jobs in the order they were stored', async () => {
    const backend = await make();
    const running = await runningJob(backend);
    const other = await insertJob(backend);
    await backend.ports.store.save(succeed(running, 5, NO_RESULT));
    const { events, cursor } = await backend.ports.events.read({ limit: 10 });
    const stored = [
      [running.jobId, 'submitted'],
      [running.jobId, 'started'],
      [other.jobId, 'submitted'],
      [running.jobId, 'succeeded'],
    ];
    const read = events.map(({ jobId, type }) => [jobId, type]);
    if (ordersJobs) expect(read).toEqual(stored);
    for (const job of [running, other]) expect(read.filter(([jobId]) => jobId === job.jobId)).toEqual(stored.filter(([jobId]) => jobId === job.jobId));
    expect(read).toHaveLength(stored.length);
    if (ordersJobs) expect(cursor).toBe(await backend.ports.events.latestCursor());
    expect((await backend.ports.events.read({ after: cursor, limit: 10 })).events).toEqual([]);
  });

  it('goes on after each event that it gave, and neither repeats nor skips one', async () => {
    const backend = await make();
    const jobs = await Promise.all(Array.from({ length: 12 }, () => runningJob(backend)));
    for (const job of jobs.slice(0, 6)) await backend.ports.store.save(succeed(job, 5, NO_RESULT));
    const whole = (await backend.ports.events.read({ limit: 100 })).events;
    expect(whole).toHaveLength(30);
    const read: typeof whole[number][] = [];
    let after: string | undefined;
    while (read.length < whole.length) {
      // Another opening each time: the reader was started again.
      const { events } = await (await backend.another()).events.read({ limit: 1, ...(after === undefined ? {} : { after }) });
      expect(events).toHaveLength(1);
      read.push(...events);
      after = events[0]?.cursor;
    }
    const names = (events: typeof whole): string[] => events.map(({ jobId, type }) => `${jobId} ${type}`);
    expect(names(read)).toEqual(names(whole));
    const last = await insertJob(backend);
    const rest = await backend.ports.events.read({ limit: 100, ...(after === undefined ? {} : { after }) });
    expect(names(rest.events)).toEqual([`${last.jobId} submitted`]);
  });

  it('goes on where the cursor stands, also when there was nothing', async () => {
    const backend = await make();
    const { events } = backend.ports;
    await runningJob(backend);
    const first = await events.read({ limit: 1 });
    const second = await events.read({ after: first.cursor, limit: 10 });
    const third = await events.read({ after: second.cursor, limit: 10 });
    expect([first.events.length, second.events.length, third.events.length]).toEqual([1, 1, 0]);
    const next = await insertJob(backend);
    expect((await events.read({ after: third.cursor, limit: 10 })).events.map(({ jobId }) => jobId)).toEqual([next.jobId]);
  });

  it('reads one job only, in pages', async () => {
    const backend = await make();
    const { events } = backend.ports;
    const running = await runningJob(backend);
    await insertJob(backend);
    await backend.ports.store.save(succeed(running, 5, NO_RESULT));
    await insertJob(backend);
    const seen: string[] = [];
    let after: string | undefined;
    for (let page = 0; page < 5; page += 1) {
      const read = await events.read({ jobId: running.jobId, limit: 1, ...(after === undefined ? {} : { after }) });
      seen.push(...read.events.map(({ type }) => type));
      after = read.cursor;
    }
    expect(seen).toEqual(['submitted', 'started', 'succeeded']);
  });

  it('has no events of an unknown job, and none in an empty store', async () => {
    const { ports } = await make();
    const empty = await ports.events.read({ limit: 10 });
    expect(empty.events).toEqual([]);
    expect((await ports.events.read({ jobId: 'nobody', limit: 10 })).events).toEqual([]);
    expect((await ports.events.read({ after: empty.cursor, limit: 10 })).events).toEqual([]);
  });

  it('starts at what comes with the newest cursor', async () => {
    const backend = await make();
    await runningJob(backend);
    const after = await backend.ports.events.latestCursor();
    const job = await insertJob(backend);
    expect((await backend.ports.events.read({ after, limit: 10 })).events.map(({ jobId }) => jobId)).toEqual([job.jobId]);
  });
}

function describeWaiting(make: MakeBackend): void {
  it('tells of a change that this opening made', async () => {
    const backend = await make();
    const changed = backend.ports.events.changed({ waitMs: FOREVER_MS });
    await insertJob(backend);
    await changed;
  });

  it('tells of a change that another opening made', async () => {
    const backend = await make();
    const other = await backend.another();
    for (let round = 0; round < 5; round += 1) {
      const changed = other.events.changed({ waitMs: FOREVER_MS });
      await insertJob(backend);
      await changed;
    }
  });

  it('returns when the time is over and when the signal fires', async () => {
    const { ports } = await make();
    await ports.events.changed({ waitMs: 5 });
    const stop = new AbortController();
    const changed = ports.events.changed({ waitMs: FOREVER_MS, signal: stop.signal });
    stop.abort();
    await changed;
    await ports.events.changed({ waitMs: FOREVER_MS, signal: AbortSignal.abort() });
  });

  it('tells everybody who waits', async () => {
    const backend = await make();
    const waiting = Array.from({ length: 20 }, () => backend.ports.events.changed({ waitMs: FOREVER_MS }));
    await insertJob(backend);
    await Promise.all(waiting);
  });
}
