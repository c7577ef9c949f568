// Locks that are renewed over a network: a renewal that is late, fails or never answers.

import { describe, expect, test } from 'vitest';

import { AppError } from '../../../src/domain/errors.js';
import type { Delivery } from '../../../src/ports/message-queue.js';
import { Deadlines } from '../../../src/worker/deadlines.js';
import { type HeldLock, LockRenewer } from '../../../src/worker/lock-renewer.js';
import { SILENT_LOG } from '../../../src/worker/worker-log.js';
import { FakeClock } from '../../support/fake-clock.js';

const LOCK_MS = 60_000;

interface Held {
  readonly clock: FakeClock;
  readonly lock: HeldLock;
  /** When renewals were asked for, and when the lock was lost, by the monotonic clock. */
  readonly renewals: number[];
  readonly lostAt: () => number | undefined;
}

function hold(renew: (clock: FakeClock) => Promise<number>, queueMode: Delivery['queueMode'] = 'service_bus'): Held {
  const clock = new FakeClock();
  const renewals: number[] = [];
  let lostAt: number | undefined;
  const delivery: Delivery = {
    queue: 'q',
    queueMode,
    message: { messageId: 'm', body: new Uint8Array(), properties: {}, brokerSequence: '1', enqueuedAt: 0, expiresAt: null, deliveryCount: 0 },
    lockedUntil: clock.now() + LOCK_MS,
    isCompleted: false,
    complete: async () => undefined,
    deadLetter: async () => undefined,
    release: async () => undefined,
    renewLock: () => {
      renewals.push(clock.monotonic());
      return renew(clock);
    },
  };
  const lock = new LockRenewer({ clock, deadlines: new Deadlines(clock), log: SILENT_LOG }).hold(delivery);
  lock.onLost = () => {
    lostAt ??= clock.monotonic();
  };
  return { clock, lock, renewals, lostAt: () => lostAt };
}

const away = (): Promise<number> => Promise.reject(new AppError('SB_UNREACHABLE', 'away'));

describe('a lock of another system', () => {
  test('is renewed at half of its time, again and again', async () => {
    const { clock, renewals, lostAt } = hold(async (at) => at.now() + LOCK_MS);
    await clock.advance(5 * LOCK_MS);
    expect(renewals.slice(0, 3)).toEqual([30_000, 60_000, 90_000]);
    expect(lostAt()).toBeUndefined();
  });

  test('is tried again while there is time, and counts as lost a little before its end', async () => {
    const { clock, renewals, lostAt } = hold(away);
    await clock.advance(LOCK_MS);
    expect(renewals.length).toBeGreaterThanOrEqual(4);
    expect(lostAt()).toBeLessThanOrEqual(58_000 + 20);
    expect(lostAt()).toBeGreaterThan(55_000);
  });

  test('survives a renewal that fails for a while', async () => {
    const { clock, lostAt } = hold((at) => (at.monotonic() < 50_000 ? away() : Promise.resolve(at.now() + LOCK_MS)));
    await clock.advance(2 * LOCK_MS);
    expect(lostAt()).toBeUndefined();
  });

  test('counts as lost when a renewal never answers', async () => {
    const { clock, lock, lostAt } = hold(() => new Promise(() => undefined));
    await clock.advance(57_999);
    expect(lock.lost).toBe(false);
    await clock.advance(1);
    expect([lock.lost, lostAt()]).toEqual([true, 58_000]);
  });

  test('stays lost when the answer comes after its end', async () => {
    let answer: ((until: number) => void) | undefined;
    const { clock, lock, renewals } = hold(() => new Promise((resolve) => (answer = resolve)));
    await clock.advance(59_000);
    answer?.(clock.now() + LOCK_MS);
    await clock.advance(2 * LOCK_MS);
    expect(lock.lost).toBe(true);
    expect(renewals).toHaveLength(1);
  });

  test('is not lost when it is let go while a renewal is under way', async () => {
    const { clock, lock, lostAt } = hold(() => new Promise(() => undefined));
    await clock.advance(31_000);
    lock.release();
    await clock.advance(LOCK_MS);
    expect([lock.lost, lostAt()]).toEqual([false, undefined]);
  });
});

test('a lock of the own broker is relied on to its last moment', async () => {
  const { clock, lock } = hold(() => new Promise(() => undefined), 'local');
  await clock.advance(LOCK_MS - 1);
  expect(lock.lost).toBe(false);
  await clock.advance(1);
  expect(lock.lost).toBe(true);
});
