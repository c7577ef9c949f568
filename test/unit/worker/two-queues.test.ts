// Two brokers as one: both get their turn, nothing is taken beyond what was asked for, and one that is away does not hold
// up the other.

import { describe, expect, onTestFinished, test } from 'vitest';

import { AppError } from '../../../src/domain/errors.js';
import type { Delivery } from '../../../src/ports/message-queue.js';
import { TwoQueues } from '../../../src/worker/two-queues.js';
import { SILENT_LOG, type WorkerLog } from '../../../src/worker/worker-log.js';
import { FarWorld } from '../../support/far-world.js';
import { Deferred, turns, until } from '../../support/turns.js';
import { withMethods } from '../../support/with-methods.js';
import { QUEUE } from '../../support/worker-world.js';

interface Both {
  readonly world: FarWorld;
  readonly both: TwoQueues;
  readonly logged: string[];
}

async function open(): Promise<Both> {
  const world = await FarWorld.openFar();
  const logged: string[] = [];
  const log: WorkerLog = { ...SILENT_LOG, error: (_fields, text) => logged.push(text) };
  return { world, both: new TwoQueues({ far: world.far, near: world.own.queue, clock: world.clock, log }), logged };
}

async function put(world: FarWorld, where: 'far' | 'near', ...ids: string[]): Promise<void> {
  const queue = where === 'far' ? world.far : world.own.queue;
  await queue.send(ids.map((messageId) => ({ queue: QUEUE, messageId, body: messageId, properties: {} })));
}

function take({ both }: Both, max: number, waitMs = 0): Promise<Delivery[]> {
  return both.receive({ queue: QUEUE, max, waitMs });
}

const idsOf = (deliveries: readonly Delivery[]): string[] => deliveries.map(({ message }) => message.messageId).sort();

describe('what is there', () => {
  test('is taken from both, and each says where it came from', async () => {
    const both = await open();
    await put(both.world, 'far', 'f1', 'f2');
    await put(both.world, 'near', 'n1');
    const taken = [...(await take(both, 10)), ...(await take(both, 10))];
    expect(taken.map(({ message, queueMode }) => `${message.messageId} ${queueMode}`).sort()).toEqual(['f1 service_bus', 'f2 service_bus', 'n1 local']);
  });

  test('never exceeds what was asked for', async () => {
    const both = await open();
    const ids = Array.from({ length: 12 }, (_, index) => String(index).padStart(2, '0'));
    await put(both.world, 'far', ...ids.map((id) => `f${id}`));
    await put(both.world, 'near', ...ids.map((id) => `n${id}`));
    const taken: string[] = [];
    for (let round = 0; taken.length < 24; round += 1) {
      const deliveries = await take(both, 5, 1000);
      expect(deliveries.length).toBeLessThanOrEqual(5);
      expect(round).toBeLessThan(30);
      taken.push(...idsOf(deliveries));
      for (const delivery of deliveries) await delivery.complete();
    }
    expect(new Set(taken).size).toBe(24);
  });

  test('with one slot alternates, so that neither starves the other', async () => {
    const both = await open();
    const ids = ['1', '2', '3', '4', '5', '6'];
    await put(both.world, 'far', ...ids.map((id) => `f${id}`));
    await put(both.world, 'near', ...ids.map((id) => `n${id}`));
    const first: string[] = [];
    for (let round = 0; round < 8; round += 1) {
      // The far one is looked at once a second while it is not known to have something.
      await both.world.clock.advance(1000);
      const [delivery] = await take(both, 1);
      first.push(delivery?.message.messageId[0] ?? '-');
    }
    expect(first.filter((where) => where === 'f').length).toBeGreaterThanOrEqual(3);
    expect(first.filter((where) => where === 'n').length).toBeGreaterThanOrEqual(3);
  });
});

describe('waiting', () => {
  test.each(['far', 'near'] as const)('ends when something comes to the %s one', async (where) => {
    const both = await open();
    const waiting = take(both, 1, 60_000);
    await turns();
    await put(both.world, where, 'm');
    expect(idsOf(await waiting)).toEqual(['m']);
  });

  test('gives back what there is no room for when both find something in the same moment', async () => {
    const both = await open();
    const { far, own } = both.world;
    const hold = new AbortController();
    const late = new TwoQueues({
      // Each answers only when both have found something.
      far: { receive: async (params) => (params.waitMs === 0 ? [] : found(far.receive({ ...params, signal: hold.signal }))) },
      near: { receive: async (params) => (params.waitMs === 0 ? [] : found(own.queue.receive({ ...params, signal: hold.signal }))) },
      clock: both.world.clock,
      log: SILENT_LOG,
    });
    let here = 0;
    const found = async (receiving: Promise<Delivery[]>): Promise<Delivery[]> => {
      const deliveries = await receiving;
      here += 1;
      await until(() => here === 2);
      return deliveries;
    };
    const waiting = late.receive({ queue: QUEUE, max: 1, waitMs: 60_000 });
    await turns();
    await put(both.world, 'far', 'f');
    await put(both.world, 'near', 'n');
    expect(idsOf(await waiting)).toEqual(['f']);
    expect(idsOf(await own.queue.receive({ queue: QUEUE, max: 5, waitMs: 0 }))).toEqual(['n']);
  });

  test('ends with the signal, and leaves nothing behind that takes messages', async () => {
    const both = await open();
    const end = new AbortController();
    const waiting = both.both.receive({ queue: QUEUE, max: 1, waitMs: 60_000, signal: end.signal });
    await turns();
    end.abort();
    expect(await waiting).toEqual([]);
    await put(both.world, 'near', 'n');
    await put(both.world, 'far', 'f');
    await turns();
    expect(idsOf([...(await take(both, 5)), ...(await take(both, 5))])).toEqual(['f', 'n']);
  });
});

describe('a far one that is away', () => {
  test('does not hold the near one up, is told of once a try, and is asked again later', async () => {
    const both = await open();
    let asked = 0;
    both.world.far.faults = () => {
      asked += 1;
      return 'refuse';
    };
    const waiting = take(both, 5, 300);
    await turns();
    await put(both.world, 'near', 'n1');
    expect(idsOf(await waiting)).toEqual(['n1']);
    for (let round = 0; round < 5; round += 1) await take(both, 5);
    expect(asked).toBe(1);
    expect(both.logged).toHaveLength(1);
    both.world.far.faults = () => undefined;
    await put(both.world, 'far', 'f1');
    await both.world.clock.advance(500);
    expect(idsOf(await take(both, 5, 1000))).toEqual(['f1']);
  });

  test('is one failure for all requests that meet it at the same time', async () => {
    const both = await open();
    let asked = 0;
    both.world.far.faults = () => {
      asked += 1;
      return 'refuse';
    };
    await Promise.all([take(both, 1), take(both, 1), take(both, 1), take(both, 1)]);
    expect([asked, both.logged.length]).toEqual([4, 1]);
    both.world.far.faults = () => undefined;
    await put(both.world, 'far', 'f1');
    await both.world.clock.advance(500);
    expect(idsOf(await take(both, 1))).toEqual(['f1']);
  });

  test('is asked less and less often, at least every ten seconds', async () => {
    const both = await open();
    const asked: number[] = [];
    both.world.far.faults = () => {
      asked.push(both.world.clock.monotonic());
      return 'refuse';
    };
    for (let seconds = 0; seconds < 120; seconds += 0.5) {
      await take(both, 1);
      await both.world.clock.advance(500);
    }
    const pauses = asked.slice(1).map((at, index) => at - (asked[index] ?? 0));
    expect(pauses.slice(0, 4)).toEqual([500, 1000, 2000, 4000]);
    expect(Math.max(...pauses)).toBe(10_000);
  });

  test('ends the taking when its queue does not exist', async () => {
    const both = await open();
    both.world.far.error = () => new AppError('QUEUE_UNKNOWN', 'no such queue');
    both.world.far.faults = () => 'refuse';
    await expect(take(both, 1, 1000)).rejects.toMatchObject({ code: 'QUEUE_UNKNOWN' });
  });

  test('that fails for good while the near one is still being looked at ends the taking, not the process', async () => {
    const { world } = await open();
    const far = { receive: ({ waitMs }: { waitMs: number }) => (waitMs === 0 ? Promise.resolve([]) : Promise.reject(new AppError('QUEUE_UNKNOWN', 'deleted by hand'))) };
    // As the store's writer, which answers turns of the event loop after it was told to end.
    const near = { receive: async ({ waitMs }: { waitMs: number }) => (waitMs > 0 ? (await turns(5), []) : []) };
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    onTestFinished(() => void process.off('unhandledRejection', note));
    const both = new TwoQueues({ far, near, clock: world.clock, log: SILENT_LOG });
    await expect(both.receive({ queue: QUEUE, max: 1, waitMs: 1000 })).rejects.toMatchObject({ code: 'QUEUE_UNKNOWN' });
    await turns();
    expect(unhandled).toEqual([]);
  });

  test('ends the taking for a wrong key when it never worked, and not when it did', async () => {
    const both = await open();
    await take(both, 1);
    both.world.far.error = () => new AppError('SB_UNAUTHORIZED', 'refused');
    both.world.far.faults = () => 'refuse';
    expect(await take(both, 1)).toEqual([]);
    const fresh = await open();
    fresh.world.far.error = () => new AppError('SB_UNAUTHORIZED', 'refused');
    fresh.world.far.faults = () => 'refuse';
    await expect(take(fresh, 1)).rejects.toMatchObject({ code: 'SB_UNAUTHORIZED' });
  });

  test('costs no message that the near one has handed out', async () => {
    const both = await open();
    await put(both.world, 'near', 'n1');
    both.world.far.error = () => new AppError('QUEUE_UNKNOWN', 'no such queue');
    both.world.far.faults = () => 'refuse';
    expect(idsOf(await take(both, 5))).toEqual(['n1']);
  });
});

describe('a far one that does not answer', () => {
  test('does not keep the near one from being looked after, and what it brings in the end is handed out', async () => {
    const { world } = await open();
    const answer = new Deferred<Delivery[]>();
    const far = { receive: ({ waitMs }: { waitMs: number }) => (waitMs === 0 ? Promise.resolve([]) : answer.promise) };
    const both = new TwoQueues({ far, near: world.own.queue, clock: world.clock, log: SILENT_LOG });
    const receive = (): Promise<Delivery[]> => both.receive({ queue: QUEUE, max: 3, waitMs: 200 });
    const first = receive();
    await turns();
    await world.clock.advance(5000);
    await put(world, 'near', 'n1');
    await turns();
    await world.clock.advance(1000);
    expect(idsOf(await first)).toEqual(['n1']);
    await put(world, 'near', 'n2');
    expect(idsOf(await receive())).toEqual(['n2']);
    await put(world, 'far', 'f1', 'f2');
    answer.resolve(await world.far.receive({ queue: QUEUE, max: 2, waitMs: 0 }));
    await turns();
    expect(idsOf(await receive())).toEqual(['f1', 'f2']);
  });
});

describe('a near one that has no such queue', () => {
  test('is as good as empty', async () => {
    const { world } = await open();
    await world.remote.admin.create({ name: 'made-by-hand', lockMs: 60_000, ttlMs: 3_600_000, maxAttempts: 3 });
    const both = new TwoQueues({ far: world.far, near: world.own.queue, clock: world.clock, log: SILENT_LOG });
    await world.far.send([{ queue: 'made-by-hand', messageId: 'f', body: 'f', properties: {} }]);
    expect(idsOf(await both.receive({ queue: 'made-by-hand', max: 5, waitMs: 1000 }))).toEqual(['f']);
  });

  test('that fails otherwise ends the taking', async () => {
    const { world } = await open();
    const near = withMethods(world.own.queue, { receive: () => Promise.reject(new AppError('DB_GONE', 'gone')) });
    const both = new TwoQueues({ far: world.far, near, clock: world.clock, log: SILENT_LOG });
    await expect(both.receive({ queue: QUEUE, max: 5, waitMs: 1000 })).rejects.toMatchObject({ code: 'DB_GONE' });
  });
});
