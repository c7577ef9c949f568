// The worker as a whole: slots, several queues, drain and stop, jobs that run alone, children, heartbeats.

import { describe, expect, test } from 'vitest';

import type { Job } from '../../../src/domain/job.js';
import { start } from '../../../src/domain/lifecycle.js';
import type { HandlerContext } from '../../../src/worker/handler.js';
import type { AnyHandler } from '../../../src/worker/handler-registry.js';
import { Deferred, turns, until } from '../../support/turns.js';
import { withMethods } from '../../support/with-methods.js';
import { OTHER_QUEUE, QUEUE, World } from '../../support/worker-world.js';

function handler(run: (context: HandlerContext, payload: unknown) => Promise<unknown>, more: Partial<AnyHandler> = {}): AnyHandler {
  return { type: 'echo', run: (context, payload) => run(context, payload) as ReturnType<AnyHandler['run']>, ...more };
}

const untilAborted = ({ signal }: HandlerContext): Promise<never> =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }));

/** Keeps its jobs until the test lets them go, and counts them. */
class Gatekeeper {
  running = 0;
  most = 0;
  readonly started: unknown[] = [];
  readonly open = new Deferred();
  readonly handler: AnyHandler = handler(async (_context, payload) => {
    this.running += 1;
    this.most = Math.max(this.most, this.running);
    this.started.push(payload);
    await this.open.promise;
    this.running -= 1;
  });
}

describe('slots', () => {
  test('as many jobs run at once as there are slots, and no more messages are held', async () => {
    const world = await World.open();
    for (let n = 0; n < 12; n += 1) await world.submit('echo', n);
    const gate = new Gatekeeper();
    world.start([gate.handler], { concurrency: 5 });
    await until(() => gate.running === 5);
    await turns();
    expect(gate.most).toBe(5);
    expect(await world.counts()).toMatchObject({ locked: 5, active: 7 });
    gate.open.resolve();
    await until(async () => (await world.counts()).locked + (await world.counts()).active === 0);
    expect(gate.started).toHaveLength(12);
    expect(gate.most).toBe(5);
  });

  test('a waiting worker starts a job as soon as it is submitted', async () => {
    const world = await World.open();
    world.start([handler(async () => undefined)]);
    await turns();
    const job = await world.submit('echo');
    await world.becomes(job.jobId, 'Succeeded');
  });

  test('--max-jobs ends the worker after so many jobs, whatever else is on the queue', async () => {
    const world = await World.open();
    for (let n = 0; n < 9; n += 1) await world.submit('echo', n);
    const worker = world.worker([handler(async () => undefined)], { maxJobs: 4, concurrency: 3 });
    expect(await worker.run()).toMatchObject({ processed: 4, succeeded: 4 });
    expect(await world.counts()).toMatchObject({ active: 5, locked: 0 });
  });

  test('messages that run nothing do not count for --max-jobs', async () => {
    const world = await World.open();
    await world.backend.queue.send([1, 2, 3].map((n) => ({ queue: QUEUE, messageId: `m-${n}`, body: 'nonsense', properties: {} })));
    await world.submit('echo');
    expect(await world.worker([handler(async () => undefined)], { maxJobs: 1, concurrency: 2 }).run()).toMatchObject({ processed: 1, succeeded: 1 });
  });
});

describe('several queues', () => {
  test('share the slots fairly, and an idle one does not hold slots back', async () => {
    const world = await World.open();
    for (let n = 0; n < 20; n += 1) await world.submit('echo', `a${n}`);
    for (let n = 0; n < 20; n += 1) await world.submit('echo', `b${n}`, { queue: OTHER_QUEUE });
    const gate = new Gatekeeper();
    world.start([gate.handler], { queues: [QUEUE, OTHER_QUEUE], concurrency: 8 });
    await until(() => gate.running === 8);
    expect(gate.started.filter((payload) => String(payload).startsWith('a'))).toHaveLength(4);
    gate.open.resolve();
    await until(() => gate.started.length === 40);
  });

  test('one of them alone can use all slots', async () => {
    const world = await World.open();
    for (let n = 0; n < 20; n += 1) await world.submit('echo', n, { queue: OTHER_QUEUE });
    const gate = new Gatekeeper();
    world.start([gate.handler], { queues: [QUEUE, OTHER_QUEUE], concurrency: 8 });
    await until(() => gate.running === 8);
    gate.open.resolve();
  });

  test('a message on any of them wakes an idle worker', async () => {
    const world = await World.open();
    world.start([handler(async () => undefined)], { queues: [QUEUE, OTHER_QUEUE], concurrency: 4 });
    await turns();
    const first = await world.submit('echo', 1, { queue: OTHER_QUEUE });
    await world.becomes(first.jobId, 'Succeeded');
    const second = await world.submit('echo', 2);
    await world.becomes(second.jobId, 'Succeeded');
  });

  test('are all looked at when there are fewer slots than queues', async () => {
    const world = await World.openReal();
    const worker = world.start([handler(async () => undefined)], { queues: [QUEUE, OTHER_QUEUE], concurrency: 1 }).worker;
    const first = await world.submit('echo', 1, { queue: OTHER_QUEUE });
    const second = await world.submit('echo', 2);
    await world.becomes(first.jobId, 'Succeeded');
    await world.becomes(second.jobId, 'Succeeded');
    worker.drain('done');
  });

  test('nothing is taken from a paused one', async () => {
    const world = await World.open();
    await world.backend.admin.pause(QUEUE, 'somebody');
    const waiting = await world.submit('echo');
    const other = await world.submit('echo', 1, { queue: OTHER_QUEUE });
    world.start([handler(async () => undefined)], { queues: [QUEUE, OTHER_QUEUE] });
    await world.becomes(other.jobId, 'Succeeded');
    expect(await world.job(waiting.jobId)).toMatchObject({ status: 'Queued' });
    await world.backend.admin.resume(QUEUE);
    await world.clock.advance(10_000);
    await world.becomes(waiting.jobId, 'Succeeded');
  });
});

describe('drain', () => {
  test('takes nothing more, lets running jobs end and then ends', async () => {
    const world = await World.open();
    const jobs = [await world.submit('echo', 1), await world.submit('echo', 2)];
    const gate = new Gatekeeper();
    const { worker, ended } = world.start([gate.handler]);
    await until(() => gate.running === 2);
    worker.drain('SIGTERM');
    const late = await world.submit('echo', 'late');
    await world.clock.advance(20_000);
    expect(gate.running).toBe(2);
    gate.open.resolve();
    expect(await ended).toMatchObject({ processed: 2, succeeded: 2 });
    for (const { jobId } of jobs) expect(await world.job(jobId)).toMatchObject({ status: 'Succeeded' });
    expect(await world.job(late.jobId)).toMatchObject({ status: 'Queued', attempt: 0 });
  });

  test('gives back what still runs after its time-out, without counting the attempt', async () => {
    const world = await World.open();
    const job = await world.submit('echo');
    const stopped: unknown[] = [];
    const { worker, ended } = world.start([
      handler(async (context) => {
        await context.checkpoint.set('at', 1);
        await untilAborted(context).catch(async (error: unknown) => {
          stopped.push(error);
          // There is still time to save where it was.
          await context.checkpoint.set('at', 2);
          throw error;
        });
      }),
    ]);
    await world.becomes(job.jobId, 'Running');
    worker.drain('SIGTERM');
    await world.clock.advance(24_999);
    expect(stopped).toEqual([]);
    await world.clock.advance(1);
    expect(await ended).toMatchObject({ processed: 0, givenBack: 1 });
    expect(stopped).toMatchObject([{ kind: 'draining' }]);
    expect(await world.job(job.jobId)).toMatchObject({ status: 'Queued', attempt: 0, worker: null });
    expect(await world.backend.checkpoints.get(job.jobId, 'at')).toBe(2);
    expect(await world.counts()).toMatchObject({ active: 1, locked: 0 });
    world.start([handler(async () => undefined)]);
    expect(await world.becomes(job.jobId, 'Succeeded')).toMatchObject({ attempt: 1 });
  });

  test('gives back also what does not listen, and ends', async () => {
    const world = await World.open();
    const job = await world.submit('echo');
    const { worker, ended } = world.start([handler(() => new Promise(() => undefined))], { drainTimeoutMs: 1000, graceMs: 500 });
    await world.becomes(job.jobId, 'Running');
    worker.drain('SIGTERM');
    await world.clock.advance(1500);
    await ended;
    expect(await world.job(job.jobId)).toMatchObject({ status: 'Queued', attempt: 0 });
  });

  test('can be asked for through the registry', async () => {
    const world = await World.open();
    const { ended } = world.start([]);
    await until(async () => (await world.backend.workers.list()).length === 1);
    const [record] = await world.backend.workers.list();
    expect(record).toMatchObject({ workerId: 'worker-1', draining: false, queues: [QUEUE], concurrency: 10, running: [] });
    expect(await world.backend.workers.requestDrain('worker-1')).toBe(true);
    await world.clock.advance(2000);
    await ended;
    expect(await world.backend.workers.list()).toEqual([]);
  });

  test('stop ends at once, saves nothing and leaves the lock to expire', async () => {
    const world = await World.open();
    const job = await world.submit('echo');
    const { worker, ended } = world.start([handler(() => new Promise(() => undefined))], { lockMs: 10_000 });
    await world.becomes(job.jobId, 'Running');
    worker.drain('SIGTERM');
    worker.stop('SIGTERM');
    await ended;
    expect(await world.job(job.jobId)).toMatchObject({ status: 'Running', attempt: 1 });
    expect(await world.counts()).toMatchObject({ locked: 1 });
    await world.clock.advance(10_001);
    world.start([handler(async () => undefined)]);
    expect(await world.becomes(job.jobId, 'Succeeded')).toMatchObject({ attempt: 2, lostLocks: 1 });
  });
});

describe('--drain', () => {
  test('waits for retries and ends whatever the outcomes', async () => {
    const world = await World.openReal();
    await world.submit('echo', 'good');
    const bad = await world.submit('echo', 'bad');
    const run = handler(async (_context, payload) => {
      if (payload === 'bad') throw new Error('bad');
    });
    const summary = await world.drainAll([run], { retryPolicy: { baseMs: 20, capMs: 20 } });
    expect(summary).toMatchObject({ processed: 2, succeeded: 1, deadLettered: 1, retried: 2, delayed: 0, paused: [] });
    expect(await world.job(bad.jobId)).toMatchObject({ status: 'DeadLettered', attempt: 3 });
  });

  test('is not held up by jobs that are due later, and names them', async () => {
    const world = await World.openReal();
    await world.submit('echo', 1, { delayMs: 3_600_000 });
    await world.submit('echo', 2);
    expect(await world.drainAll([handler(async () => undefined)])).toMatchObject({ processed: 1, delayed: 1 });
  });

  test('is not held up by a paused queue, and names it', async () => {
    const world = await World.openReal();
    await world.backend.admin.pause(QUEUE, 'somebody');
    await world.submit('echo', 1);
    await world.submit('echo', 2, { queue: OTHER_QUEUE });
    const summary = await world.drainAll([handler(async () => undefined)], { queues: [QUEUE, OTHER_QUEUE] });
    expect(summary).toMatchObject({ processed: 1, paused: [QUEUE] });
  });

  test('waits for a job that another worker holds', async () => {
    const world = await World.openReal();
    const job = await world.submit('echo');
    const ends = new Deferred();
    world.start([handler(() => ends.promise)], { maxJobs: 1 });
    await world.becomes(job.jobId, 'Running');
    let over = false;
    const drained = world.drainAll([handler(async () => undefined)]).then(() => (over = true));
    await turns(50);
    expect(over).toBe(false);
    ends.resolve();
    await drained;
  });
});

describe('jobs that may kill their worker', () => {
  /** The job as it is after `lost` attempts whose workers died. */
  async function lostAttempts(world: World, job: Job, lost: number): Promise<void> {
    let current = job;
    for (let n = 0; n < lost; n += 1) {
      const [delivery] = await world.backend.queue.receive({ queue: QUEUE, max: 1, waitMs: 0, lockMs: 1000 });
      const held = { queue: QUEUE, brokerSequence: delivery?.message.brokerSequence ?? '', lockedUntil: 0 };
      current = await world.backend.store.save(start(current, world.clock.now(), { worker: 'dead', delivery: held, afterLostLock: n > 0 }));
      await world.clock.advance(1001);
    }
  }

  test('run their last attempt alone: after what runs has ended and before anything else starts', async () => {
    const world = await World.open();
    const suspect = await world.submit('echo', 'suspect');
    await lostAttempts(world, suspect, 2);
    const ends = new Map<unknown, Deferred>();
    const running = new Set<unknown>();
    const endOf = (name: string): Deferred => {
      const end = ends.get(name) ?? new Deferred();
      ends.set(name, end);
      return end;
    };
    world.start(
      [
        handler(async (_context, payload) => {
          running.add(payload);
          await endOf(String(payload)).promise;
          running.delete(payload);
        }),
      ],
      { lockMs: 10_000 },
    );
    await until(() => running.has('suspect'));
    const neighbour = await world.submit('echo', 'neighbour');
    await world.clock.advance(30_000);
    expect([...running]).toEqual(['suspect']);
    expect(await world.job(neighbour.jobId)).toMatchObject({ status: 'Queued', attempt: 0 });
    endOf('suspect').resolve();
    await until(() => running.has('neighbour'));
    expect(await world.job(suspect.jobId)).toMatchObject({ status: 'Succeeded', attempt: 3 });
    endOf('neighbour').resolve();
  });

  test('wait also for those that began in the step that brought their message', async () => {
    const world = await World.open();
    const suspect = await world.submit('echo', 'suspect');
    await lostAttempts(world, suspect, 2);
    const started: unknown[] = [];
    const end = new Deferred();
    world.start(
      [
        handler(async (_context, payload) => {
          started.push(payload);
          if (payload !== 'first') await end.promise;
        }),
      ],
      { lockMs: 10_000, concurrency: 10 },
      {
        ...world.backend,
        // The first job loads the handler; the others come in one hand-out behind it.
        queue: withMethods(world.backend.queue, { receive: (params) => world.backend.queue.receive({ ...params, queue: started.length === 0 ? OTHER_QUEUE : QUEUE }) }),
      },
    );
    await world.submit('echo', 'first', { queue: OTHER_QUEUE });
    const neighbours = [await world.submit('echo', 'a'), await world.submit('echo', 'b')];
    await world.clock.advance(20_000);
    for (const { jobId } of neighbours) expect(await world.job(jobId)).toMatchObject({ status: 'Running' });
    expect(started).toEqual(['first', 'a', 'b']);
    expect(await world.job(suspect.jobId)).toMatchObject({ attempt: 2 });
    end.resolve();
    await world.becomes(suspect.jobId, 'Succeeded');
    expect(started).toEqual(['first', 'a', 'b', 'suspect']);
  });

  test('wait for their turn under a lock that is renewed, and start only then', async () => {
    const world = await World.open();
    const suspect = await world.submit('echo', 'suspect');
    await lostAttempts(world, suspect, 2);
    const long = await world.submit('echo', 'long', { priority: 'urgent' });
    const end = new Deferred();
    const started: unknown[] = [];
    world.start(
      [
        handler(async (_context, payload) => {
          started.push(payload);
          if (payload === 'long') await end.promise;
        }),
      ],
      { lockMs: 10_000 },
    );
    await world.becomes(long.jobId, 'Running');
    await until(async () => (await world.counts()).locked === 2);
    await world.clock.advance(60_000);
    expect(started).toEqual(['long']);
    expect(await world.counts()).toMatchObject({ locked: 2 });
    expect(await world.job(suspect.jobId)).toMatchObject({ attempt: 2 });
    end.resolve();
    expect(await world.becomes(suspect.jobId, 'Succeeded')).toMatchObject({ attempt: 3 });
  });

  test('are let go when the worker drains before their turn', async () => {
    const world = await World.open();
    const suspect = await world.submit('echo', 'suspect');
    await lostAttempts(world, suspect, 2);
    await world.submit('echo', 'long', { priority: 'urgent' });
    const end = new Deferred();
    const { worker, ended } = world.start([handler(() => end.promise)], { lockMs: 10_000 });
    await until(async () => (await world.counts()).locked === 2);
    worker.drain('SIGTERM');
    await until(async () => (await world.counts()).locked === 1);
    end.resolve();
    await ended;
    expect(await world.job(suspect.jobId)).toMatchObject({ status: 'Running', attempt: 2, worker: 'dead' });
    expect(await world.counts()).toMatchObject({ active: 1, locked: 0 });
  });
});

describe('children', () => {
  const parentHandler = (children: number): AnyHandler => ({
    type: 'sleep',
    async run(context) {
      const counts = await context.children.counts();
      if (counts.stored === 0) {
        await context.children.send(Array.from({ length: children }, (_, n) => ({ key: String(n), type: 'echo', payload: n })));
        throw context.children.wait(children);
      }
      return { result: { succeeded: counts.succeeded, failed: counts.failed } };
    },
  });

  test('that end in the same instant, in two workers, resume their parent once', async () => {
    const world = await World.open();
    const parent = await world.submit('sleep', { ms: 1 });
    const gate = new Gatekeeper();
    world.start([parentHandler(10), gate.handler], { concurrency: 6 });
    world.start([parentHandler(10), gate.handler], { concurrency: 6 });
    await until(() => gate.running === 10);
    expect(await world.job(parent.jobId)).toMatchObject({ status: 'Queued', awaitsChildren: true, children: { expected: 10, succeeded: 0, failed: 0 }, attempt: 0 });
    gate.open.resolve();
    expect(await world.becomes(parent.jobId, 'Succeeded')).toMatchObject({ result: { succeeded: 10, failed: 0 }, attempt: 1, sequence: 2 });
    expect(await world.events(parent.jobId)).toEqual(['submitted', 'started', 'awaits-children', 'children-ended', 'started', 'succeeded']);
  });

  test('that end before the parent waits do not leave it waiting', async () => {
    const world = await World.open();
    const parent = await world.submit('sleep', { ms: 1 });
    const store = withMethods(world.backend.store, {
      save: async (change) => {
        // The slowest possible parent: all its children have ended when it says that it waits.
        if (change.event.type === 'awaits-children') await until(async () => (await world.backend.store.childrenOf(parent.jobId)).succeeded === 3);
        return world.backend.store.save(change);
      },
      strandedParents: () => Promise.resolve([]),
    });
    world.start([parentHandler(3), handler(async () => undefined)], {}, { ...world.backend, store });
    expect(await world.becomes(parent.jobId, 'Succeeded')).toMatchObject({ result: { succeeded: 3, failed: 0 } });
  });

  test('that fail count as ended', async () => {
    const world = await World.openReal();
    const parent = await world.submit('sleep', { ms: 1 });
    const run = handler(async (_context, payload) => {
      if (payload === 1) throw Object.assign(new Error('never'), { name: 'PermanentError' });
      if (payload === 2) throw new Error('again and again');
    });
    await world.drainAll([parentHandler(4), run], { retryPolicy: { baseMs: 10, capMs: 10 } });
    expect(await world.job(parent.jobId)).toMatchObject({ status: 'Succeeded', result: { succeeded: 2, failed: 2 } });
  });

  test('are made once, also when the parent is run again from its start', async () => {
    const world = await World.open();
    const parent = await world.submit('sleep', { ms: 1 });
    let runs = 0;
    const sender: AnyHandler = {
      type: 'sleep',
      async run(context) {
        runs += 1;
        const ids = await context.children.send([{ key: 'a', type: 'echo', payload: 1 }, { key: 'b', type: 'echo', payload: 2 }]);
        if (runs === 1) throw new Error('once more');
        return { result: ids };
      },
    };
    world.start([sender, handler(async () => undefined)]);
    await world.clock.advance(10_000);
    const { result } = await world.becomes(parent.jobId, 'Succeeded');
    const { jobs } = await world.backend.store.list({ filter: { parentJobId: parent.jobId }, limit: 10 });
    expect(jobs.map(({ jobId }) => jobId).sort()).toEqual([...(result as string[])].sort());
    expect(jobs[0]).toMatchObject({ origin: 'child', userId: 'someone', parentJobId: parent.jobId });
  });

  test('of an unknown type are refused, and the parent fails for good', async () => {
    const world = await World.open();
    const parent = await world.submit('sleep', { ms: 1 });
    world.start([{ type: 'sleep', run: async (context) => void (await context.children.send([{ key: 'a', type: 'ecko', payload: 1 }])) }]);
    expect(await world.becomes(parent.jobId, 'Failed')).toMatchObject({ error: { code: 'TYPE_UNKNOWN' } });
  });
});

describe('what a worker tells', () => {
  test('its heartbeat names what it runs', async () => {
    const world = await World.open();
    const job = await world.submit('echo');
    const gate = new Gatekeeper();
    world.start([gate.handler]);
    await until(() => gate.running === 1);
    await world.clock.advance(2000);
    const [record] = await world.backend.workers.list();
    expect(record).toMatchObject({ running: [{ jobId: job.jobId, type: 'echo' }], types: ['echo'], heartbeatAt: world.clock.now() });
    gate.open.resolve();
    await world.becomes(job.jobId, 'Succeeded');
    await world.clock.advance(2000);
    expect((await world.backend.workers.list())[0]).toMatchObject({ running: [], processed: 1, failed: 0 });
  });

  test('its loop counts as alive while it waits and while all slots are in use', async () => {
    const world = await World.open();
    const gate = new Gatekeeper();
    const { worker } = world.start([gate.handler], { concurrency: 1 });
    await world.submit('echo');
    await until(() => gate.running === 1);
    await world.clock.advance(600_000);
    expect(worker.ticked(60_000)).toBe(true);
    gate.open.resolve();
  });
});
