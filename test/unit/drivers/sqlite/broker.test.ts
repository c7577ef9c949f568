// The broker core alone, in memory: random operations against what a queue must keep true, and the rules of hand-out.

import SqliteDatabase, { type Database } from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';

import { Broker } from '../../../../src/drivers/sqlite/broker/broker.js';
import type { LockedMessage, MovedMessage } from '../../../../src/drivers/sqlite/broker/broker-message.js';
import { MESSAGE_STATES, type MessageState } from '../../../../src/drivers/sqlite/broker/message-state.js';
import { BROKER_SCHEMA } from '../../../../src/drivers/sqlite/broker/schema.js';
import { hasCode } from '../../../../src/domain/errors.js';

const LOCK_MS = 30_000;
const TTL_MS = 600_000;
const START = 1_700_000_000_000;

interface Fixture {
  readonly db: Database;
  readonly broker: Broker;
  /** What the hook was told, summed up. */
  readonly told: Map<string, number>;
  readonly moved: MovedMessage[];
}

function openBroker(limits: { maxDeliveryCount: number | null; deadLetterOnExpiration: boolean } = { maxDeliveryCount: null, deadLetterOnExpiration: true }): Fixture {
  const db = new SqliteDatabase(':memory:');
  db.exec(BROKER_SCHEMA);
  const told = new Map<string, number>();
  const moved: MovedMessage[] = [];
  const broker = new Broker(db, {
    counted: (queue, state, delta) => void told.set(`${queue} ${state}`, (told.get(`${queue} ${state}`) ?? 0) + delta),
    moved: (messages) => void moved.push(...messages),
  });
  broker.queues.create({ name: 'q', lockMs: LOCK_MS, ttlMs: TTL_MS, attributes: '{}', ...limits });
  return { db, broker, told, moved };
}

function openForTest(limits?: Parameters<typeof openBroker>[0]): Fixture {
  const fixture = openBroker(limits);
  onTestFinished(() => void fixture.db.close());
  return fixture;
}

function send(broker: Broker, more: { rank?: number; dueAt?: number | null; expiresAt?: number | null; messageId?: string } = {}, now = START): number {
  return broker.enqueue({ queue: 'q', messageId: 'm', body: 'x', properties: '{}', rank: 0, dueAt: null, expiresAt: null, ...more }, now);
}

function lock(broker: Broker, max: number, now = START): LockedMessage[] {
  return broker.lock({ queue: 'q', max, lockMs: null, now });
}

function stored(db: Database): Map<string, number> {
  const rows = db.prepare<[], { state: number; count: number }>('SELECT state, count(*) AS count FROM broker_messages GROUP BY state').all();
  const names = Object.entries(MESSAGE_STATES) as [MessageState, number][];
  return new Map(rows.map(({ state, count }) => [`q ${names.find(([, number]) => number === state)?.[0]}`, count]));
}

function withoutZeros(counts: ReadonlyMap<string, number>): Map<string, number> {
  return new Map([...counts].filter(([, count]) => count !== 0));
}

describe('the broker under random operations', () => {
  type Step =
    | { readonly do: 'send'; readonly rank: number; readonly delayMs: number; readonly ttlMs: number | null }
    | { readonly do: 'lock'; readonly max: number }
    | { readonly do: 'settle'; readonly how: 'complete' | 'release' | 'dead-letter' | 'renew'; readonly which: number; readonly delayMs: number }
    | { readonly do: 'withdraw'; readonly which: number }
    | { readonly do: 'pass'; readonly ms: number }
    | { readonly do: 'set-back'; readonly ms: number }
    | { readonly do: 'sweep' };

  const delay = fc.constantFrom(0, 0, 1_000, 40_000);
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({ do: fc.constant('send' as const), rank: fc.nat(2), delayMs: delay, ttlMs: fc.constantFrom(null, null, 5_000, 50_000) }),
    fc.record({ do: fc.constant('lock' as const), max: fc.integer({ min: 1, max: 4 }) }),
    fc.record({
      do: fc.constant('settle' as const),
      how: fc.constantFrom('complete' as const, 'release' as const, 'dead-letter' as const, 'renew' as const),
      which: fc.nat(30),
      delayMs: delay,
    }),
    fc.record({ do: fc.constant('withdraw' as const), which: fc.nat(30) }),
    fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(1, 900, 10_000, LOCK_MS, 70_000) }),
    fc.record({ do: fc.constant('set-back' as const), ms: fc.constantFrom(500, 20_000, 86_400_000) }),
    fc.record({ do: fc.constant('sweep' as const) }),
  );

  /** Follows what happened outside the broker: who holds what until when, by a time that is never set back. */
  class Observer {
    readonly #fixture: Fixture;
    #wall = START;
    #elapsed = 0;
    readonly #handOuts: { readonly message: LockedMessage; endsAt: number; settled: boolean }[] = [];
    readonly #sent: number[] = [];
    #removed = 0;

    constructor(fixture: Fixture) {
      this.#fixture = fixture;
    }

    take(next: Step): void {
      const { broker } = this.#fixture;
      if (next.do === 'pass') [this.#wall, this.#elapsed] = [this.#wall + next.ms, this.#elapsed + next.ms];
      else if (next.do === 'set-back') this.#wall -= next.ms;
      else if (next.do === 'sweep') broker.sweep(this.#wall);
      else if (next.do === 'send') {
        const { rank, delayMs, ttlMs } = next;
        const expiresAt = ttlMs === null ? null : this.#wall + ttlMs;
        this.#sent.push(send(broker, { rank, dueAt: this.#wall + delayMs, expiresAt }, this.#wall));
      } else if (next.do === 'lock') this.#lock(next.max);
      else if (next.do === 'withdraw') this.#withdraw(next.which);
      else this.#settle(next);
      this.check();
    }

    check(): void {
      const { db, told } = this.#fixture;
      const counts = stored(db);
      expect(withoutZeros(told)).toEqual(counts);
      const present = [...counts.values()].reduce((sum, count) => sum + count, 0);
      expect(present + this.#removed).toBe(this.#sent.length);
    }

    /** A dead holder's message comes back once a whole lock has passed after somebody had a look. */
    expectNothingStaysLocked(): void {
      const { broker, db } = this.#fixture;
      broker.sweep(this.#wall);
      broker.sweep(this.#wall + LOCK_MS + 2_000);
      expect(stored(db).get('q locked')).toBeUndefined();
    }

    #lock(max: number): void {
      const messages = lock(this.#fixture.broker, max, this.#wall);
      expect(messages.length).toBeLessThanOrEqual(max);
      for (const message of messages) {
        const held = this.#handOuts.find((handOut) => handOut.message.seq === message.seq && !handOut.settled && handOut.endsAt > this.#elapsed);
        expect(held).toBeUndefined();
        expect(message.expiresAt ?? Infinity).toBeGreaterThan(this.#wall);
        this.#handOuts.push({ message, endsAt: this.#elapsed + LOCK_MS, settled: false });
      }
    }

    #settle({ how, which, delayMs }: Extract<Step, { do: 'settle' }>): void {
      const handOut = this.#handOuts[which % Math.max(1, this.#handOuts.length)];
      if (handOut === undefined) return;
      const { broker } = this.#fixture;
      const ref = { queue: 'q', seq: handOut.message.seq, token: handOut.message.token };
      const newest = this.#handOuts.findLast(({ message }) => message.seq === ref.seq) === handOut;
      try {
        if (how === 'complete') broker.complete(ref, this.#wall);
        else if (how === 'release') broker.release(ref, this.#wall + delayMs, this.#wall);
        else if (how === 'dead-letter') broker.deadLetter(ref, { reason: 'R', description: 'd' }, this.#wall);
        else broker.renew(ref, LOCK_MS, this.#wall);
      } catch (error) {
        if (!hasCode(error, 'LOCK_LOST')) throw error;
        // While its lock lasts, the newest holder is never refused.
        expect(newest && !handOut.settled && handOut.endsAt > this.#elapsed).toBe(false);
        return;
      }
      expect(newest && !handOut.settled).toBe(true);
      if (how === 'renew') handOut.endsAt = this.#elapsed + LOCK_MS;
      else handOut.settled = true;
      if (how === 'complete') this.#removed += 1;
    }

    #withdraw(which: number): void {
      const seq = this.#sent[which % Math.max(1, this.#sent.length)];
      if (seq !== undefined && this.#fixture.broker.withdraw(seq)) this.#removed += 1;
    }
  }

  test.each([null, 3])('loses nothing, counts right and never hands a held message out twice, also when the clock is set back (limit %s)', (maxDeliveryCount) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const fixture = openBroker({ maxDeliveryCount, deadLetterOnExpiration: true });
        try {
          const observer = new Observer(fixture);
          for (const next of steps) observer.take(next);
          observer.expectNothingStaysLocked();
          observer.check();
        } finally {
          fixture.db.close();
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('hand-out', () => {
  test.each([1, 3, 16, 50])('gives every sixteenth turn to lower ranks while they wait, taking %i at a time', (max) => {
    const { broker } = openForTest();
    for (let index = 0; index < 400; index += 1) send(broker, { rank: 3, messageId: 'low' });
    for (let index = 0; index < 400; index += 1) send(broker, { rank: 0, messageId: 'urgent' });
    const out: LockedMessage[] = [];
    while (out.length + max <= 320) out.push(...lock(broker, max));
    const low = out.filter(({ messageId }) => messageId === 'low').length;
    expect(low).toBe(Math.floor(out.length / 16));
  });

  test('keeps a low message from waiting for ever behind a stream of urgent ones', () => {
    const { broker } = openForTest();
    const low = send(broker, { rank: 3 });
    const out: number[] = [];
    for (let turn = 0; turn < 16; turn += 1) {
      send(broker, { rank: 0 });
      send(broker, { rank: 0 });
      out.push(...lock(broker, 1).map(({ seq }) => seq));
    }
    expect(out).toContain(low);
  });

  test('gives the turn to the message that came first among all lower ranks', () => {
    const { broker } = openForTest();
    const oldest = send(broker, { rank: 2 });
    send(broker, { rank: 3 });
    send(broker, { rank: 1 });
    for (let index = 0; index < 30; index += 1) send(broker, { rank: 0 });
    const out = lock(broker, 16).map(({ seq }) => seq);
    expect(out.at(-1)).toBe(oldest);
  });

  test('hands out nothing of a paused queue, also when time had something to do', () => {
    const { broker } = openForTest();
    send(broker);
    send(broker, { dueAt: START + 1_000 });
    broker.queues.pause('q', 'ann', START);
    expect(lock(broker, 5, START + 2_000)).toEqual([]);
    broker.queues.resume('q');
    expect(lock(broker, 5, START + 2_000)).toHaveLength(2);
  });

  test('keeps strict order while nothing lower is passed over', () => {
    const { broker } = openForTest();
    const sent = Array.from({ length: 100 }, () => send(broker));
    const out: number[] = [];
    for (let turn = 0; turn < 100; turn += 1) out.push(...lock(broker, 1).map(({ seq }) => seq));
    expect(out).toEqual(sent);
  });
});

describe('time', () => {
  test('moves many expired messages in several sweeps and hands none of them out meanwhile', () => {
    const { broker, moved, told } = openForTest();
    for (let index = 0; index < 1_300; index += 1) send(broker, { expiresAt: START + 1_000 });
    const kept = send(broker);
    const out: number[] = [];
    for (let turn = 0; turn < 10 && out.length === 0; turn += 1) out.push(...lock(broker, 5, START + 2_000).map(({ seq }) => seq));
    expect(out).toEqual([kept]);
    expect(moved).toHaveLength(1_300);
    expect(moved[0]).toMatchObject({ queue: 'q', reason: 'EXPIRED', at: START + 2_000 });
    expect(told.get('q deadLettered')).toBe(1_300);
  });

  test('drops what expires where the queue says so', () => {
    const { broker, moved, db } = openForTest({ maxDeliveryCount: null, deadLetterOnExpiration: false });
    send(broker, { expiresAt: START + 1_000 });
    broker.sweep(START + 1_000);
    expect(moved).toEqual([]);
    expect(stored(db).size).toBe(0);
  });

  test('moves a message whose lock has ended as often as the queue allows, and tells so', () => {
    const { broker, moved } = openForTest({ maxDeliveryCount: 3, deadLetterOnExpiration: true });
    const seq = send(broker);
    let now = START;
    for (let turn = 0; turn < 3; turn += 1) {
      expect(lock(broker, 1, now)).toMatchObject([{ seq, deliveryCount: turn }]);
      now += LOCK_MS;
    }
    expect(lock(broker, 1, now)).toEqual([]);
    expect(moved).toMatchObject([{ seq, reason: 'DELIVERY_LIMIT', at: now }]);
    expect(broker.deadLetters.peek({ queue: 'q', afterSeq: 0, limit: 5 })).toMatchObject([{ seq, reason: 'DELIVERY_LIMIT', deliveryCount: 3 }]);
  });

  test('does not dead-letter a message because it was released often', () => {
    const { broker, moved } = openForTest({ maxDeliveryCount: 3, deadLetterOnExpiration: true });
    send(broker);
    for (let turn = 0; turn < 6; turn += 1) {
      const [held] = lock(broker, 1);
      if (held === undefined) throw new Error('the message did not come');
      broker.release({ queue: 'q', ...held }, null, START);
    }
    expect(moved).toEqual([]);
  });

  test('names the next instant at which time alone has something to do', () => {
    const { broker } = openForTest();
    expect(broker.nextTimerAt(START)).toBeNull();
    send(broker);
    expect(broker.nextTimerAt(START)).toBe(START + TTL_MS);
    send(broker, { dueAt: START + 50_000 });
    expect(broker.nextTimerAt(START)).toBe(START + 50_000);
    lock(broker, 1);
    expect(broker.nextTimerAt(START)).toBe(START + LOCK_MS);
  });

  test('when the clock is set back, a dead holder’s message is free after one lock and a live holder keeps his', () => {
    const { broker } = openForTest();
    send(broker);
    const [held] = lock(broker, 1);
    if (held === undefined) throw new Error('the message did not come');
    const setBack = START - 86_400_000;
    expect(broker.look('q', setBack).work).toBe(true);
    expect(lock(broker, 1, setBack)).toEqual([]);
    expect(lock(broker, 1, setBack + LOCK_MS - 1)).toEqual([]);
    expect(() => broker.renew({ queue: 'q', ...held }, LOCK_MS, setBack + LOCK_MS - 1)).not.toThrow();
    const renewedAt = setBack + LOCK_MS - 1;
    expect(lock(broker, 1, renewedAt + LOCK_MS - 1)).toEqual([]);
    expect(lock(broker, 1, renewedAt + LOCK_MS)).toMatchObject([{ seq: held.seq, deliveryCount: 1 }]);
  });

  test('when the clock is set back, a letter is free at most one lock later', () => {
    const { broker } = openForTest();
    const seq = send(broker);
    const [held] = lock(broker, 1);
    if (held === undefined) throw new Error('the message did not come');
    broker.deadLetter({ queue: 'q', ...held }, { reason: 'R', description: 'd' }, START);
    const setBack = START - 86_400_000;
    expect(broker.deadLetters.lock({ queue: 'q', seq, now: START })).toMatchObject({ kind: 'held' });
    expect(broker.deadLetters.lock({ queue: 'q', seq, now: setBack })).toMatchObject({ kind: 'locked', until: setBack + 60_000 });
    expect(broker.deadLetters.lock({ queue: 'q', seq, now: setBack + 60_000 })).toMatchObject({ kind: 'held' });
  });

  test('keeps a shortened lock setting from cutting locks that are held', () => {
    const { broker } = openForTest();
    send(broker);
    const [held] = lock(broker, 1);
    if (held === undefined) throw new Error('the message did not come');
    broker.queues.create({ name: 'q', lockMs: 1_000, ttlMs: TTL_MS, maxDeliveryCount: null, deadLetterOnExpiration: true, attributes: '{}' });
    broker.sweep(START + 1);
    expect(lock(broker, 1, START + LOCK_MS - 1)).toEqual([]);
    expect(() => broker.complete({ queue: 'q', ...held }, START + LOCK_MS - 1)).not.toThrow();
  });
});

describe('numbers', () => {
  test('never gives the number of a message that is gone to another', () => {
    const { broker } = openForTest();
    const first = send(broker);
    const [held] = lock(broker, 1);
    if (held === undefined) throw new Error('the message did not come');
    broker.complete({ queue: 'q', ...held }, START);
    expect(send(broker)).toBeGreaterThan(first);
  });

  test('withdraws what waits and leaves what somebody holds or what is dead', () => {
    const { broker, told } = openForTest();
    const held = send(broker);
    const [message] = lock(broker, 1);
    if (message === undefined) throw new Error('the message did not come');
    const active = send(broker);
    const scheduled = send(broker, { dueAt: START + 10_000 });
    expect([held, active, scheduled, active].map((seq) => broker.withdraw(seq))).toEqual([false, true, true, false]);
    broker.deadLetter({ queue: 'q', ...message }, { reason: 'R', description: 'd' }, START);
    expect(broker.withdraw(held)).toBe(false);
    expect(withoutZeros(told)).toEqual(new Map([['q deadLettered', 1]]));
  });
});
