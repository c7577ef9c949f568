// How seldom a namespace is asked for counts, on a clock that the test turns.

import { describe, expect, test } from 'vitest';

import { type CountBudget, CountedQueues } from '../../../../src/drivers/service-bus/counted-queues.js';
import type { BrokerQueue, QueueAdministration } from '../../../../src/drivers/service-bus/queue-administration.js';
import { FakeClock } from '../../../support/fake-clock.js';
import { Deferred, turns } from '../../../support/turns.js';
import { brokerQueue } from './broker-queue.js';

const BUSY = Object.assign(new Error('Please wait 30 seconds and try again.'), { code: 'ServerBusyError', name: 'RestError' });
const DOWN = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

interface World {
  readonly clock: FakeClock;
  readonly counted: CountedQueues;
  /** What the next call answers; by default one queue whose active count is the number of the call. */
  answer: (call: number) => Promise<BrokerQueue[]>;
  calls(): number;
}

function open(budget: Partial<CountBudget> = {}): World {
  const clock = new FakeClock();
  let calls = 0;
  const world = { answer: async (call: number) => [brokerQueue('jobs', { active: call })] };
  const administration = { list: () => world.answer((calls += 1)) } as unknown as QueueAdministration;
  const counted = new CountedQueues({ administration, clock, random: () => 0, budget: { maxAgeMs: 2_000, callsPerMinute: 5, ...budget } });
  return Object.assign(world, { clock, counted, calls: () => calls });
}

async function activeOf({ counted }: World): Promise<number | undefined> {
  return (await counted.read()).queues[0]?.counts.active;
}

describe('a look at the counts', () => {
  test('answers the next questions while it is fresh, and says of when it is', async () => {
    const world = open();
    const first = await world.counted.read();
    expect(first.countedAt).toBe(world.clock.now());
    await world.clock.advance(1_999);
    expect(await world.counted.read()).toBe(first);
    await world.clock.advance(1);
    expect(await activeOf(world)).toBe(2);
    expect(world.calls()).toBe(2);
  });

  test('is shared by those who ask at the same time', async () => {
    const world = open();
    const answer = new Deferred<BrokerQueue[]>();
    world.answer = () => answer.promise;
    const looks = [world.counted.read(), world.counted.read(), world.counted.read()];
    await turns();
    answer.resolve([]);
    await Promise.all(looks);
    expect(world.calls()).toBe(1);
  });

  test('is taken anew after a change, however fresh it is', async () => {
    const world = open();
    await world.counted.read();
    world.counted.forget();
    expect(await activeOf(world)).toBe(2);
  });

  test('that began before a change is not kept', async () => {
    const world = open();
    const old = new Deferred<BrokerQueue[]>();
    world.answer = () => old.promise;
    const before = world.counted.read();
    await turns();
    world.counted.forget();
    world.answer = async () => [brokerQueue('jobs', { active: 5 })];
    expect(await activeOf(world)).toBe(5);
    old.resolve([brokerQueue('jobs', { active: 1 })]);
    await before;
    expect(await activeOf(world)).toBe(5);
  });

  test('gets old when the calls of a minute are used up, and is taken again when there are some', async () => {
    const world = open();
    for (let second = 0; second < 60; second += 1) {
      await world.counted.read();
      await world.clock.advance(1_000);
    }
    expect(world.calls()).toBeLessThanOrEqual(6);
    const before = world.calls();
    await world.clock.advance(60_000);
    await world.counted.read();
    expect(world.calls()).toBe(before + 1);
  });

  test('of several pages uses up several calls', async () => {
    const world = open({ callsPerMinute: 6 });
    world.answer = async () => Array.from({ length: 250 }, (_, index) => brokerQueue(`q${index}`));
    for (let look = 0; look < 5; look += 1) {
      await world.counted.read();
      await world.clock.advance(2_000);
    }
    expect(world.calls()).toBe(2);
  });

  test('stands in while the service asks for a pause, and nobody asks before its end', async () => {
    const world = open();
    const first = await world.counted.read();
    await world.clock.advance(2_000);
    world.answer = () => Promise.reject(BUSY);
    expect(await world.counted.read()).toBe(first);
    expect(world.calls()).toBe(2);
    world.answer = async () => [brokerQueue('jobs', { active: 77 })];
    await world.clock.advance(29_000);
    expect(await world.counted.read()).toBe(first);
    await world.clock.advance(1_000);
    expect(await activeOf(world)).toBe(77);
  });

  test('does not stand in for a service that is down', async () => {
    const world = open();
    await world.counted.read();
    await world.clock.advance(2_000);
    world.answer = () => Promise.reject(DOWN);
    await expect(world.counted.read()).rejects.toMatchObject({ code: 'SB_UNREACHABLE' });
  });

  test('is tried for some seconds when there is none yet', async () => {
    const world = open();
    world.answer = (call) => (call < 3 ? Promise.reject(DOWN) : Promise.resolve([brokerQueue('jobs')]));
    const look = world.counted.read();
    await world.clock.advance(5_000);
    expect((await look).queues).toHaveLength(1);
  });

  test('ends when the service says nothing', async () => {
    const world = open();
    world.answer = () => new Promise(() => undefined);
    const look = world.counted.read().catch((error: unknown) => error);
    await world.clock.advance(30_000);
    expect(await look).toMatchObject({ code: 'SB_TIMEOUT' });
  });
});
