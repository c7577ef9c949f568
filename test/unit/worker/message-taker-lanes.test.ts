// Several receives at once: what is asked for never exceeds the slots that are free.

import { onTestFinished, test, expect } from 'vitest';

import { AppError } from '../../../src/domain/errors.js';
import type { Delivery } from '../../../src/ports/message-queue.js';
import { systemClock } from '../../../src/ports/clock.js';
import { AloneGate } from '../../../src/worker/alone-gate.js';
import { MessageTaker } from '../../../src/worker/message-taker.js';
import { type Slot, Slots } from '../../../src/worker/slots.js';
import { SILENT_LOG } from '../../../src/worker/worker-log.js';
import { Deferred, turns, until } from '../../support/turns.js';

/** Nobody looks into it here. */
const DELIVERY = {} as Delivery;

interface Ask extends Deferred<Delivery[]> {
  readonly max: number;
}

/** A queue that answers when the test says so. */
class World {
  readonly asks: Ask[] = [];
  readonly running: Slot[] = [];
  readonly slots = new Slots(4);
  readonly stop = new AbortController();
  readonly pauses: number[] = [];
  budget = Infinity;
  doneAsked = 0;
  done = false;
  readonly taker: MessageTaker;

  constructor(lanes: number) {
    onTestFinished(() => this.stop.abort());
    this.taker = new MessageTaker(
      {
        queue: {
          receive: ({ max, signal }) => {
            const ask: Ask = Object.assign(new Deferred<Delivery[]>(), { max });
            this.asks.push(ask);
            signal?.addEventListener('abort', () => ask.resolve([]), { once: true });
            return ask.promise;
          },
        },
        clock: { ...systemClock, sleep: (ms) => (this.pauses.push(ms), turns(1)) },
        log: SILENT_LOG,
        slots: this.slots,
        gate: new AloneGate(),
        signal: this.stop.signal,
        budget: () => this.budget,
        begin: () => void this.running.push(this.slots.take()),
        beginAttempt: undefined,
        isDone: () => {
          this.doneAsked += 1;
          return Promise.resolve(this.done);
        },
      },
      { queues: ['q'], lockMs: undefined, waitMs: 0, endWhenDone: false, lanes },
    );
  }

  async answer(index: number, count: number): Promise<void> {
    this.asks[index]?.resolve(Array.from({ length: count }, () => DELIVERY));
    await turns(3);
  }

  async end(count: number): Promise<void> {
    for (const slot of this.running.splice(0, count)) slot.end();
    await turns(3);
  }

  get maxima(): number[] {
    return this.asks.map(({ max }) => max);
  }
}

test('slots that become free while a receive is under way are asked for by the next lane, and no slot twice', async () => {
  const world = new World(2);
  void world.taker.run();
  await turns(3);
  expect(world.maxima).toEqual([4]);
  await world.answer(0, 4);
  expect([world.maxima, world.taker.standsStill]).toEqual([[4], true]);
  await world.end(1);
  expect(world.maxima).toEqual([4, 1]);
  await world.end(2);
  expect([world.maxima, world.taker.standsStill]).toEqual([[4, 1, 2], false]);
  await world.end(1);
  // Both lanes are waiting for an answer.
  expect(world.maxima).toEqual([4, 1, 2]);
  await world.answer(2, 2);
  expect(world.maxima).toEqual([4, 1, 2, 1]);
  await world.answer(1, 1);
  await world.answer(3, 1);
  expect([world.running.length, world.slots.free]).toEqual([4, 0]);
});

test('with one lane the slots wait for the answer', async () => {
  const world = new World(1);
  void world.taker.run();
  await turns(3);
  await world.answer(0, 4);
  await world.end(1);
  await world.end(2);
  expect(world.maxima).toEqual([4, 1]);
});

test('a failure that both lanes meet counts once', async () => {
  const world = new World(2);
  void world.taker.run();
  await turns(3);
  await world.answer(0, 4);
  await world.end(1);
  await world.end(3);
  expect(world.maxima).toEqual([4, 1, 3]);
  world.asks[1]?.reject(new AppError('DB_BUSY', 'busy'));
  world.asks[2]?.reject(new AppError('DB_BUSY', 'busy'));
  await turns(5);
  expect(new Set(world.pauses)).toEqual(new Set([500]));
});

test('both lanes keep to the budget', async () => {
  const world = new World(2);
  world.budget = 3;
  void world.taker.run();
  await turns(3);
  expect(world.maxima).toEqual([3]);
});

test('ends when all is done, also while another lane waits for an answer', async () => {
  const world = new World(2);
  const ended = world.taker.run();
  await turns(3);
  await world.answer(0, 4);
  await world.end(1);
  await world.end(3);
  expect(world.maxima).toEqual([4, 1, 3]);
  world.done = true;
  await world.answer(1, 0);
  await ended;
  expect(world.taker.standsStill).toBe(false);
});

test('a failure that waiting does not mend in one lane ends the other, and is what the run ends with', async () => {
  const world = new World(2);
  const ended = world.taker.run();
  ended.catch(() => undefined);
  await turns(3);
  await world.answer(0, 4);
  await world.end(1);
  await world.end(3);
  world.asks[2]?.reject(new AppError('DB_GONE', 'gone for good'));
  await expect(ended).rejects.toMatchObject({ code: 'DB_GONE' });
  await until(() => world.slots.held === 0);
});
