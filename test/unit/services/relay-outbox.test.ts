// The relay against a queue that refuses, hangs, loses replies and repeats: nothing is dropped, nothing waits for a
// neighbour's fault, and the answer says what really happened.

import { describe, expect, test } from 'vitest';

import { AppError, type ErrorCode } from '../../../src/domain/errors.js';
import { messageIdOf } from '../../../src/domain/message.js';
import { FarWorld } from '../../support/far-world.js';
import { oneAfterAnother } from '../../support/far-queue.js';
import type { Clock } from '../../../src/ports/clock.js';
import { relayOutbox } from '../../../src/services/relay-outbox.js';
import { turns } from '../../support/turns.js';
import { withMethods } from '../../support/with-methods.js';
import { OTHER_QUEUE, QUEUE } from '../../support/worker-world.js';

const EMPTY = { sent: 0, moved: 0, left: 0, problem: null, error: null };
const NOTHING = { sent: 0, moved: 0, left: 0 };

async function submitMany(world: FarWorld, count: number, queue = QUEUE): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) ids.push((await world.submit('echo', index, { queue })).jobId);
  return ids;
}

/** The next `times` sends are answered with this error. */
function refuse(world: FarWorld, code: ErrorCode, times = 1, details?: Record<string, unknown>): void {
  world.far.faults = oneAfterAnother('send', ...Array<'refuse'>(times).fill('refuse'));
  world.far.error = () => new AppError(code, 'no', details === undefined ? {} : { details });
}

describe('a queue that accepts', () => {
  test('gets every message with its number, its time and its end, and the jobs say that they are there', async () => {
    const world = await FarWorld.openFar();
    const now = await world.submit('echo', { a: 1 });
    const later = await world.submit('echo', null, { delayMs: 60_000 });
    expect(now.queueMode).toBe('pending');
    expect(await world.relay()).toEqual({ ...EMPTY, sent: 2 });
    expect(world.far.sent.map(({ messageId, notBefore, expiresAt }) => [messageId, notBefore, expiresAt])).toEqual([
      [messageIdOf(now.jobId, 1), null, now.expiresAt],
      [messageIdOf(later.jobId, 1), later.nextAttemptAt, later.expiresAt],
    ]);
    expect(world.far.sent[0]?.properties).toMatchObject({ jobId: now.jobId, sequence: 1, storeId: world.backend.store.storeId });
    for (const { jobId } of [now, later]) expect(await world.job(jobId)).toMatchObject({ queueMode: 'service_bus' });
    expect(await world.relay()).toEqual(EMPTY);
  });

  test('gets thousands in the order they were saved', async () => {
    const world = await FarWorld.openFar();
    const ids = await submitMany(world, 450);
    expect(await world.relay()).toEqual({ ...EMPTY, sent: 450 });
    expect(world.far.sent.map(({ properties }) => properties['jobId'])).toEqual(ids);
  });

  test('gets only the messages of the jobs asked for', async () => {
    const world = await FarWorld.openFar();
    const [first, second] = await submitMany(world, 2);
    expect(await world.relay({ jobIds: [second ?? ''] })).toEqual({ ...EMPTY, sent: 1 });
    expect(await world.job(first ?? '')).toMatchObject({ queueMode: 'pending' });
  });

  test('gets a message again whose answer was lost, under the same id', async () => {
    const world = await FarWorld.openFar();
    const [jobId] = await submitMany(world, 1);
    world.far.faults = oneAfterAnother('send', 'lose-reply');
    expect(await world.relay()).toMatchObject({ sent: 0, left: 1 });
    await world.clock.advance(5_000);
    expect(await world.relay()).toMatchObject({ sent: 1 });
    expect(world.far.sent.map(({ messageId }) => messageId)).toEqual([messageIdOf(jobId ?? '', 1), messageIdOf(jobId ?? '', 1)]);
  });
});

describe('a queue that refuses, with the policy to wait', () => {
  test('leaves everything in the outbox, with the reason, and is not asked again at once', async () => {
    const world = await FarWorld.openFar();
    const [jobId] = await submitMany(world, 3);
    refuse(world, 'SB_UNREACHABLE');
    expect(await world.relay()).toMatchObject({ ...NOTHING, left: 3, problem: '[SB_UNREACHABLE] no' });
    expect(await world.relay()).toEqual(EMPTY);
    expect(await world.outbox.waiting()).toMatchObject([{ queue: QUEUE, count: 3, problem: '[SB_UNREACHABLE] no' }]);
    expect(await world.job(jobId ?? '')).toMatchObject({ queueMode: 'pending', status: 'Queued' });
    await world.clock.advance(2_000);
    expect(await world.relay()).toEqual({ ...EMPTY, sent: 3 });
  });

  test('waits longer with each try, up to a minute', async () => {
    const world = await FarWorld.openFar();
    await submitMany(world, 1);
    const waits: number[] = [];
    for (let tries = 0; tries < 9; tries += 1) {
      refuse(world, 'SB_TIMEOUT');
      expect(await world.relay()).toMatchObject({ left: 1 });
      const from = world.clock.now();
      while ((await world.outbox.claim({ leaseMs: 1, limit: 1 })).length === 0) await world.clock.advance(250);
      waits.push(world.clock.now() - from);
      await world.clock.advance(1);
    }
    expect(waits.slice(0, 4)).toEqual([750, 1500, 3000, 6000]);
    expect(waits.at(-1)).toBe(45_000);
  });

  test('is left alone for as long as it asks', async () => {
    const world = await FarWorld.openFar();
    await submitMany(world, 1);
    refuse(world, 'SB_THROTTLED', 1, { retryAfterMs: 20_000 });
    await world.relay();
    await world.clock.advance(19_999);
    expect(await world.relay()).toEqual(EMPTY);
    await world.clock.advance(1);
    expect(await world.relay()).toEqual({ ...EMPTY, sent: 1 });
  });

  test('ends the round: a service that is away is not asked for each batch', async () => {
    const world = await FarWorld.openFar();
    await submitMany(world, 250);
    let asked = 0;
    world.far.error = () => new AppError('SB_UNREACHABLE', 'no');
    world.far.faults = () => {
      asked += 1;
      return 'refuse';
    };
    expect(await world.relay()).toMatchObject({ sent: 0, left: 200 });
    expect(asked).toBe(1);
  });

  test('does not keep other queues from theirs', async () => {
    const world = await FarWorld.openFar();
    await submitMany(world, 2);
    const [other] = await submitMany(world, 1, OTHER_QUEUE);
    refuse(world, 'SB_ENTITY_DISABLED');
    expect(await world.relay()).toMatchObject({ ...NOTHING, sent: 1, left: 2, problem: '[SB_ENTITY_DISABLED] no' });
    expect(await world.job(other ?? '')).toMatchObject({ queueMode: 'service_bus' });
  });

  test('one message that cannot be sent keeps no other back', async () => {
    const world = await FarWorld.openFar();
    const ids = await submitMany(world, 9);
    const poison = messageIdOf(ids[4] ?? '', 1);
    const send = world.far.send.bind(world.far);
    world.far.send = async (messages) => {
      if (messages.some(({ messageId }) => messageId === poison)) throw new AppError('SB_MESSAGE_TOO_LARGE', 'too large');
      await send(messages);
    };
    expect(await world.relay()).toMatchObject({ ...NOTHING, sent: 8, left: 1, problem: '[SB_MESSAGE_TOO_LARGE] too large' });
    expect(await world.outbox.waiting()).toMatchObject([{ count: 1 }]);
    expect(await world.job(ids[4] ?? '')).toMatchObject({ queueMode: 'pending' });
  });
});

describe('a queue that does not answer', () => {
  test('is waited for as long as the budget says; its late answer still counts', async () => {
    const world = await FarWorld.openFar();
    const [jobId] = await submitMany(world, 1);
    const send = world.far.send.bind(world.far);
    let answer: (() => void) | undefined;
    world.far.send = async (messages) => {
      await new Promise<void>((resolve) => (answer = resolve));
      await send(messages);
    };
    const relayed = world.relay({ budgetMs: 2_000 });
    await world.clock.advance(2_000);
    expect(await relayed).toMatchObject({ ...NOTHING, left: 1, problem: 'the queue did not answer within 2000 ms' });
    expect(await world.relay()).toEqual(EMPTY);
    answer?.();
    await turns();
    expect(await world.job(jobId ?? '')).toMatchObject({ queueMode: 'service_bus' });
  });

  test('is not blamed for being asked late: no send begins that could not be waited for', async () => {
    const world = await FarWorld.openFar();
    await submitMany(world, 401);
    const send = world.far.send.bind(world.far);
    world.far.send = async (messages) => {
      await world.clock.sleep(900);
      await send(messages);
    };
    const relayed = world.relay({ budgetMs: 2_000 });
    for (let step = 0; step < 30; step += 1) await world.clock.advance(100);
    expect(await relayed).toEqual({ ...EMPTY, sent: 400 });
    expect(await world.outbox.waiting()).toMatchObject([{ count: 1, problem: null }]);
  });

  test('is not blamed when the relay is told to end: nothing else is moved for it', async () => {
    const world = await FarWorld.openFar();
    await world.submit('echo');
    const { jobId } = await world.submit('echo', null, { queue: OTHER_QUEUE });
    world.far.faults = () => 'hang';
    const end = new AbortController();
    const relayed = world.relay({ signal: end.signal }, 'local');
    await turns();
    end.abort();
    expect(await relayed).toEqual({ ...EMPTY, left: 2 });
    expect(await world.job(jobId)).toMatchObject({ queueMode: 'pending', sequence: 1 });
    expect(await world.outbox.waiting()).toMatchObject([{ problem: null }, { problem: null }]);
  });

  test('gets the message again when nothing came of it', async () => {
    const world = await FarWorld.openFar();
    await submitMany(world, 1);
    world.far.faults = oneAfterAnother('send', 'hang');
    const relayed = world.relay({ budgetMs: 2_000 });
    await world.clock.advance(2_000);
    await relayed;
    await world.clock.advance(4_999);
    expect(await world.relay()).toEqual(EMPTY);
    await world.clock.advance(1);
    expect(await world.relay()).toEqual({ ...EMPTY, sent: 1 });
  });

  test('holds nobody up who is told to end, and then nothing is moved', async () => {
    const world = await FarWorld.openFar();
    const [jobId] = await submitMany(world, 1);
    world.far.faults = oneAfterAnother('send', 'hang');
    const end = new AbortController();
    const relayed = world.relay({ signal: end.signal }, 'local');
    await turns();
    end.abort();
    expect(await relayed).toMatchObject({ left: 1, moved: 0 });
    expect(await world.job(jobId ?? '')).toMatchObject({ queueMode: 'pending', sequence: 1 });
  });
});

describe('with the policy to use the own queue', () => {
  test('what is refused goes there under the next number', async () => {
    const world = await FarWorld.openFar();
    const [jobId] = await submitMany(world, 3);
    refuse(world, 'SB_UNREACHABLE');
    expect(await world.relay({}, 'local')).toMatchObject({ ...NOTHING, moved: 3, problem: '[SB_UNREACHABLE] no' });
    expect(await world.job(jobId ?? '')).toMatchObject({ queueMode: 'local', sequence: 2 });
    expect(await world.events(jobId ?? '')).toEqual(['submitted', 'moved-to-local']);
    expect(await world.own.admin.list([QUEUE])).toMatchObject([{ counts: { active: 3 } }]);
  });

  test('what is not accepted in time goes there, and the copy that did arrive is superseded', async () => {
    const world = await FarWorld.openFar();
    const [jobId] = await submitMany(world, 1);
    const send = world.far.send.bind(world.far);
    world.far.send = async (messages) => {
      await send(messages);
      await new Promise(() => undefined);
    };
    const relayed = world.relay({ budgetMs: 2_000 }, 'local');
    await world.clock.advance(2_000);
    expect(await relayed).toMatchObject({ moved: 1 });
    expect(await world.job(jobId ?? '')).toMatchObject({ queueMode: 'local', sequence: 2 });
    const [copy] = await world.far.receive({ queue: QUEUE, max: 5, waitMs: 0 });
    expect(copy?.message.properties).toMatchObject({ sequence: 1 });
  });

  test('a service that is away is asked once, and all that waits is moved', async () => {
    const world = await FarWorld.openFar();
    await submitMany(world, 450);
    let asked = 0;
    world.far.faults = () => {
      asked += 1;
      return 'refuse';
    };
    expect(await world.relay({}, 'local')).toMatchObject({ moved: 450, left: 0 });
    expect(asked).toBe(1);
  });

  test('what there was no time to try is left for the next one, not moved', async () => {
    const world = await FarWorld.openFar();
    await submitMany(world, 2);
    const [untried] = await submitMany(world, 1, OTHER_QUEUE);
    let now = 0;
    const clock = withMethods<Clock>(world.clock, { monotonic: () => now });
    const send = world.far.send.bind(world.far);
    world.far.send = async (messages) => {
      await send(messages);
      // Accepted just in time; nothing is left for the second queue.
      now = 5_000;
    };
    const { store, queue, random } = world.backend;
    const result = await relayOutbox({ store, queue, clock, random, outbox: world.outbox, fallback: 'local' }, { budgetMs: 5_000 });
    expect(result).toEqual({ ...EMPTY, sent: 2, left: 1 });
    expect(await world.job(untried ?? '')).toMatchObject({ queueMode: 'pending', sequence: 1 });
    expect(await world.relay()).toEqual({ ...EMPTY, sent: 1 });
  });
});
