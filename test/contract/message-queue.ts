// What every MessageQueue promises, checked through the ports only.

import { describe, expect, test } from 'vitest';

import { PRIORITIES } from '../../src/domain/job.js';
import type { Delivery } from '../../src/ports/message-queue.js';
import {
  idsOf,
  LOCK_MS,
  type MakeQueueBackend,
  message,
  OTHER_QUEUE,
  QUEUE,
  type QueueBackend,
  receiveNow,
  receiveOne,
  textOf,
  TTL_MS,
} from './queue-backend.js';

export function describeMessageQueueContract(name: string, makeBackend: MakeQueueBackend): void {
  describe(`MessageQueue contract: ${name}`, () => {
    describe('sending and receiving', () => sendingAndReceiving(makeBackend));
    describe('waiting', () => waiting(makeBackend));
    describe('locks', () => locks(makeBackend));
    describe('settling', () => settling(makeBackend));
    describe('time', () => time(makeBackend));
    describe('order', () => order(makeBackend));
    describe('several receivers', () => severalReceivers(makeBackend));
  });
}

function sendingAndReceiving(makeBackend: MakeQueueBackend): void {
  test('hands out what was sent, untouched', async () => {
    const backend = await makeBackend();
    const properties = { text: 'ä"\\\u0000', number: 1.5, yes: true, nothing: null };
    await backend.queue.send([message('m-1', { body: '{"a":"é\u0000"}', properties })]);
    const delivery = await receiveOne(backend);
    expect(delivery.queue).toBe(QUEUE);
    expect(delivery.message).toMatchObject({ messageId: 'm-1', properties, deliveryCount: 0 });
    expect(textOf(delivery.message.body)).toBe('{"a":"é\u0000"}');
    expect(delivery.message.brokerSequence).toMatch(/^\d+$/);
    expect(delivery.lockedUntil).toBeGreaterThan(backend.now());
  });

  test('carries bytes that are no text, and only those of the view that was sent', async () => {
    const backend = await makeBackend();
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    await backend.queue.send([message('bytes', { body: bytes.subarray(10, 250) })]);
    const { body } = (await receiveOne(backend)).message;
    expect([...body]).toEqual([...bytes.subarray(10, 250)]);
  });

  test('carries an empty body', async () => {
    const backend = await makeBackend();
    await backend.queue.send([message('empty', { body: '' })]);
    expect((await receiveOne(backend)).message.body).toHaveLength(0);
  });

  test('carries a body of 190 KiB', async () => {
    const backend = await makeBackend();
    const body = 'x'.repeat(190 * 1024);
    await backend.queue.send([message('large', { body })]);
    expect(textOf((await receiveOne(backend)).message.body)).toBe(body);
  });

  test('sends to several queues in one call and keeps them apart', async () => {
    const backend = await makeBackend();
    await backend.queue.send([message('a'), message('b', { queue: OTHER_QUEUE })]);
    expect(idsOf(await receiveNow(backend, 10, OTHER_QUEUE))).toEqual(['b']);
    expect(idsOf(await receiveNow(backend))).toEqual(['a']);
  });

  test('accepts an empty send', async () => {
    const backend = await makeBackend();
    await expect(backend.queue.send([])).resolves.toBeUndefined();
  });

  test('never hands out more than max', async () => {
    const backend = await makeBackend();
    await backend.queue.send(['1', '2', '3'].map((id) => message(id)));
    expect(await receiveNow(backend, 2)).toHaveLength(2);
    expect(await receiveNow(backend, 2)).toHaveLength(1);
  });

  test('gives a second message of the same id a number of its own', async () => {
    const backend = await makeBackend();
    await backend.queue.send([message('twice')]);
    await backend.queue.send([message('twice')]);
    const sequences = new Set((await receiveNow(backend)).map((delivery) => delivery.message.brokerSequence));
    expect(sequences.size).toBe(2);
  });

  test('refuses a queue that does not exist, for sending and for receiving', async () => {
    const backend = await makeBackend();
    await expect(backend.queue.send([message('m', { queue: 'no-such-queue' })])).rejects.toMatchObject({ code: 'QUEUE_UNKNOWN' });
    await expect(receiveNow(backend, 1, 'no-such-queue')).rejects.toMatchObject({ code: 'QUEUE_UNKNOWN' });
  });
}

function waiting(makeBackend: MakeQueueBackend): void {
  const LONG_MS = 15_000;

  test('answers at once with nothing when it is not to wait', async () => {
    const backend = await makeBackend();
    expect(await receiveNow(backend)).toEqual([]);
  });

  test('ends a wait with nothing when its time is over', async () => {
    const backend = await makeBackend();
    expect(await backend.queue.receive({ queue: QUEUE, max: 1, waitMs: 30 })).toEqual([]);
  });

  test('hands out a message that the same process sends while it waits', async () => {
    const backend = await makeBackend();
    const receiving = backend.queue.receive({ queue: QUEUE, max: 1, waitMs: LONG_MS });
    await backend.queue.send([message('later')]);
    expect(idsOf(await receiving)).toEqual(['later']);
  });

  test('hands out a message that another process sends while it waits', async () => {
    const backend = await makeBackend();
    const receiving = backend.queue.receive({ queue: QUEUE, max: 1, waitMs: LONG_MS });
    await backend.other.queue.send([message('later')]);
    expect(idsOf(await receiving)).toEqual(['later']);
  });

  test('ends a wait with nothing when the signal fires', async () => {
    const backend = await makeBackend();
    const controller = new AbortController();
    const receiving = backend.queue.receive({ queue: QUEUE, max: 1, waitMs: LONG_MS, signal: controller.signal });
    controller.abort();
    expect(await receiving).toEqual([]);
  });

  test('takes nothing when the signal has fired before', async () => {
    const backend = await makeBackend();
    await backend.queue.send([message('m')]);
    expect(await backend.queue.receive({ queue: QUEUE, max: 1, waitMs: LONG_MS, signal: AbortSignal.abort() })).toEqual([]);
    expect(await receiveNow(backend)).toHaveLength(1);
  });

  test('hands out nothing of a paused queue, and goes on when it is resumed', async () => {
    const backend = await makeBackend();
    await backend.admin.pause(QUEUE, 'tester');
    await backend.queue.send([message('m')]);
    expect(await receiveNow(backend)).toEqual([]);
    const receiving = backend.queue.receive({ queue: QUEUE, max: 1, waitMs: LONG_MS });
    await backend.other.admin.resume(QUEUE);
    expect(idsOf(await receiving)).toEqual(['m']);
  });
}

function locks(makeBackend: MakeQueueBackend): void {
  test('hands a locked message to nobody else', async () => {
    const backend = await makeBackend();
    await backend.queue.send([message('m')]);
    await receiveOne(backend);
    await backend.advance(LOCK_MS - 1_000);
    expect(await receiveNow(backend)).toEqual([]);
    expect(await receiveNow(backend.other)).toEqual([]);
  });

  test('hands a message out again when its lock has ended, and counts it', async () => {
    const backend = await makeBackend();
    await backend.queue.send([message('m')]);
    const first = await receiveOne(backend);
    await backend.advance(LOCK_MS + 1_000);
    const second = await receiveOne(backend.other);
    expect(second.message).toMatchObject({ messageId: 'm', deliveryCount: 1, brokerSequence: first.message.brokerSequence });
    await backend.advance(LOCK_MS + 1_000);
    expect((await receiveOne(backend)).message.deliveryCount).toBe(2);
  });

  const verbs: readonly (readonly [string, (delivery: Delivery) => Promise<unknown>])[] = [
    ['complete', (delivery) => delivery.complete()],
    ['dead-letter', (delivery) => delivery.deadLetter({ reason: 'TEST', description: '' })],
    ['renew', (delivery) => delivery.renewLock()],
    ['release', (delivery) => delivery.release(0)],
  ];

  test.each(verbs)('refuses to %s with LOCK_LOST when the lock has ended, and changes nothing', async (_verb, settle) => {
    const backend = await makeBackend();
    await backend.queue.send([message('m')]);
    const delivery = await receiveOne(backend);
    await backend.advance(LOCK_MS + 1_000);
    await expect(settle(delivery)).rejects.toMatchObject({ code: 'LOCK_LOST' });
    expect(await backend.deadLetters.count(QUEUE)).toBe(0);
    expect((await receiveOne(backend)).message.deliveryCount).toBe(1);
  });

  test.each(verbs)('refuses to %s with LOCK_LOST while somebody else holds the message, and leaves it to him', async (_verb, settle) => {
    const backend = await makeBackend();
    await backend.queue.send([message('m')]);
    const first = await receiveOne(backend);
    await backend.advance(LOCK_MS + 1_000);
    const second = await receiveOne(backend.other);
    await expect(settle(first)).rejects.toMatchObject({ code: 'LOCK_LOST' });
    await expect(second.complete()).resolves.toBeUndefined();
    await backend.advance(LOCK_MS + 1_000);
    expect(await receiveNow(backend)).toEqual([]);
  });

  test('keeps a message that is renewed in time, from the moment of the renewal', async () => {
    const backend = await makeBackend();
    await backend.queue.send([message('m')]);
    const delivery = await receiveOne(backend);
    await backend.advance(LOCK_MS / 2);
    expect(await delivery.renewLock()).toBeGreaterThan(delivery.lockedUntil);
    await backend.advance(LOCK_MS - 1_000);
    expect(await receiveNow(backend)).toEqual([]);
    await delivery.complete();
    await backend.advance(LOCK_MS * 2);
    expect(await receiveNow(backend)).toEqual([]);
  });

  test('gives a shorter lock to a receiver that asks for one, where it can', async () => {
    const backend = await makeBackend();
    if (!backend.capabilities.shorterLocks) return;
    await backend.queue.send([message('m')]);
    const [delivery] = await backend.queue.receive({ queue: QUEUE, max: 1, waitMs: 0, lockMs: 5_000 });
    expect(delivery?.lockedUntil).toBe(backend.now() + 5_000);
    expect(await delivery?.renewLock()).toBe(backend.now() + 5_000);
    await backend.advance(6_000);
    expect((await receiveOne(backend)).message.deliveryCount).toBe(1);
  });
}

function settling(makeBackend: MakeQueueBackend): void {
  test('removes a completed message for good', async () => {
    const backend = await makeBackend();
    await backend.queue.send([message('m')]);
    await (await receiveOne(backend)).complete();
    await backend.advance(LOCK_MS + 1_000);
    expect(await receiveNow(backend)).toEqual([]);
    expect(await backend.deadLetters.count(QUEUE)).toBe(0);
  });

  test('refuses to settle a second time', async () => {
    const backend = await makeBackend();
    await backend.queue.send([message('m')]);
    const delivery = await receiveOne(backend);
    await delivery.complete();
    await expect(delivery.complete()).rejects.toMatchObject({ code: 'LOCK_LOST' });
    await expect(delivery.release(0)).rejects.toMatchObject({ code: 'LOCK_LOST' });
  });

  test('settles each of many deliveries at once and leaves the others alone', async () => {
    const backend = await makeBackend();
    await backend.queue.send(Array.from({ length: 10 }, (_, index) => message(`m-${index}`)));
    const deliveries = await receiveNow(backend, 10);
    const outcomes = await Promise.allSettled(deliveries.slice(0, 9).map((delivery, index) => (index === 3 ? delivery.renewLock() : delivery.complete())));
    expect(outcomes.every(({ status }) => status === 'fulfilled')).toBe(true);
    await backend.advance(LOCK_MS + 1_000);
    expect(idsOf(await receiveNow(backend)).sort()).toEqual(['m-3', 'm-9']);
  });

  test('moves a dead-lettered message with its reason and the start of its description', async () => {
    const backend = await makeBackend();
    await backend.queue.send([message('m', { properties: { a: 1 } })]);
    await (await receiveOne(backend)).deadLetter({ reason: 'PAYLOAD_INVALID', description: `${'é'.repeat(1_023)}😀 and more` });
    const { letters } = await backend.deadLetters.peek({ queue: QUEUE, limit: 10 });
    expect(letters).toMatchObject([{ queue: QUEUE, messageId: 'm', properties: { a: 1 }, reason: 'PAYLOAD_INVALID' }]);
    expect(letters[0]?.description).toMatch(/^é{1023}😀?$/u);
    expect(textOf(letters[0]?.body ?? new Uint8Array())).toBe('body of m');
    await backend.advance(LOCK_MS + 1_000);
    expect(await receiveNow(backend)).toEqual([]);
  });

  test('hands a released message out again, counted as a hand-out', async () => {
    const backend = await makeBackend();
    await backend.queue.send([message('m')]);
    await (await receiveOne(backend)).release(0);
    if (!backend.capabilities.releaseDelay) await backend.advance(LOCK_MS + 1_000);
    expect((await receiveOne(backend)).message.deliveryCount).toBe(1);
  });

  test('keeps a released message back for its delay, where it can', async () => {
    const backend = await makeBackend();
    if (!backend.capabilities.releaseDelay) return;
    await backend.queue.send([message('m')]);
    await (await receiveOne(backend)).release(60_000);
    await backend.advance(59_000);
    expect(await receiveNow(backend)).toEqual([]);
    await backend.advance(2_000);
    expect(idsOf(await receiveNow(backend))).toEqual(['m']);
  });
}

function time(makeBackend: MakeQueueBackend): void {
  test('hands out a message for later only when it is due', async () => {
    const backend = await makeBackend();
    await backend.queue.send([message('later', { notBefore: backend.now() + 10_000 }), message('now')]);
    expect(idsOf(await receiveNow(backend))).toEqual(['now']);
    await backend.advance(9_000);
    expect(await receiveNow(backend)).toEqual([]);
    await backend.advance(2_000);
    expect(idsOf(await receiveNow(backend))).toEqual(['later']);
  });

  test('hands out a message whose due time is past at once', async () => {
    const backend = await makeBackend();
    await backend.queue.send([message('past', { notBefore: backend.now() - 10_000 })]);
    expect(idsOf(await receiveNow(backend))).toEqual(['past']);
  });

  async function expectExpired(backend: QueueBackend, messageId: string): Promise<void> {
    expect(await receiveNow(backend)).toEqual([]);
    const { letters } = await backend.deadLetters.peek({ queue: QUEUE, limit: 10 });
    expect(letters).toMatchObject([{ messageId, reason: backend.capabilities.expiredReason }]);
  }

  test('dead-letters a message that its own time limit ends', async () => {
    const backend = await makeBackend();
    await backend.queue.send([message('m', { expiresAt: backend.now() + 5_000 })]);
    await backend.advance(6_000);
    await expectExpired(backend, 'm');
  });

  test('dead-letters a message after the queue’s time to live', async () => {
    const backend = await makeBackend();
    await backend.queue.send([message('m')]);
    await backend.advance(TTL_MS + 1_000);
    await expectExpired(backend, 'm');
  });

  test('counts the time to live from the moment a message is due', async () => {
    const backend = await makeBackend();
    await backend.queue.send([message('m', { notBefore: backend.now() + TTL_MS })]);
    await backend.advance(TTL_MS + 10_000);
    expect(idsOf(await receiveNow(backend))).toEqual(['m']);
  });

  test('lets a locked message be completed after its time limit, and expires it when it is given up', async () => {
    const backend = await makeBackend();
    const expiresAt = backend.now() + 5_000;
    await backend.queue.send([message('kept', { expiresAt }), message('given-up', { expiresAt })]);
    const [kept] = await receiveNow(backend);
    await backend.advance(10_000);
    expect(await receiveNow(backend)).toEqual([]);
    expect(await backend.deadLetters.count(QUEUE)).toBe(0);
    await kept?.complete();
    await backend.advance(LOCK_MS);
    await expectExpired(backend, 'given-up');
  });
}

function order(makeBackend: MakeQueueBackend): void {
  test('hands out messages of one priority in the order they came', async () => {
    const backend = await makeBackend();
    const ids = Array.from({ length: 30 }, (_, index) => `m-${index}`);
    for (const id of ids) await backend.queue.send([message(id)]);
    const received: string[] = [];
    while (received.length < ids.length) {
      const deliveries = await receiveNow(backend, 7);
      if (deliveries.length === 0) break;
      received.push(...idsOf(deliveries));
    }
    expect(received).toEqual(ids);
  });

  test('hands a message that comes again out in its old place', async () => {
    const backend = await makeBackend();
    await backend.queue.send([message('first'), message('second')]);
    await receiveNow(backend, 1);
    await backend.advance(LOCK_MS + 1_000);
    expect(idsOf(await receiveNow(backend))).toEqual(['first', 'second']);
  });

  test('hands out higher priorities first, where it orders by them', async () => {
    const backend = await makeBackend();
    const sent = [...PRIORITIES, ...PRIORITIES];
    await backend.queue.send(sent.map((priority, index) => message(`${priority}-${index}`, { priority })));
    const received = idsOf(await receiveNow(backend, 20));
    if (backend.capabilities.priorityOrder) {
      expect(received).toEqual(['urgent-3', 'urgent-7', 'high-2', 'high-6', 'normal-1', 'normal-5', 'low-0', 'low-4']);
    } else {
      expect(received).toEqual(sent.map((priority, index) => `${priority}-${index}`));
    }
  });

  test('treats a message without a priority as a normal one', async () => {
    const backend = await makeBackend();
    if (!backend.capabilities.priorityOrder) return;
    await backend.queue.send([message('low', { priority: 'low' }), message('none'), message('normal', { priority: 'normal' })]);
    expect(idsOf(await receiveNow(backend))).toEqual(['none', 'normal', 'low']);
  });
}

function severalReceivers(makeBackend: MakeQueueBackend): void {
  test('hands each message to exactly one of several receivers', async () => {
    const backend = await makeBackend();
    const ids = Array.from({ length: 200 }, (_, index) => `m-${index}`);
    await backend.queue.send(ids.map((id) => message(id)));
    const takeAll = async (ports: Pick<QueueBackend, 'queue' | 'deadLetters' | 'admin'>, max: number): Promise<string[]> => {
      const taken: string[] = [];
      for (;;) {
        const deliveries = await receiveNow(ports, max);
        if (deliveries.length === 0) return taken;
        taken.push(...idsOf(deliveries));
      }
    };
    const shares = await Promise.all([takeAll(backend, 3), takeAll(backend.other, 5), takeAll(backend, 1), takeAll(backend.other, 8)]);
    expect(shares.flat().sort()).toEqual([...ids].sort());
  });
}
