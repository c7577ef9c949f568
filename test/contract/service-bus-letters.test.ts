// What only Service Bus has about dead letters: no letter can be asked for by its number, so taking some means walking
// over the others.

import { afterEach, describe, expect, test } from 'vitest';

import type { ServiceBusBackend } from '../../src/drivers/service-bus/open-service-bus.js';
import { systemClock } from '../../src/ports/clock.js';
import type { DeadLetter, TakenLetter } from '../../src/ports/dead-letter-queue.js';
import type { QueueSettings } from '../../src/ports/queue-admin.js';
import { openTestEmulator } from '../support/emulator.js';
import { openServiceBusSdk, type SdkSide } from '../support/service-bus-sdk.js';
import { deadLetterAll, LOCK_MS, message, OTHER_QUEUE, QUEUE } from './queue-backend.js';
import { EMULATED_QUEUES, makeServiceBus, openTestServiceBus } from './service-bus-backend.js';

let sdk: SdkSide | undefined;
afterEach(async () => {
  await sdk?.close();
  sdk = undefined;
});

type Letters = Pick<ServiceBusBackend, 'queue' | 'deadLetters' | 'admin'>;

async function allLetters({ deadLetters }: Letters, queue = QUEUE): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page: Awaited<ReturnType<typeof deadLetters.peek>> = await deadLetters.peek({ queue, limit: 400, ...(cursor === undefined ? {} : { cursor }) });
    letters.push(...page.letters);
    cursor = page.nextCursor;
  }
  return letters;
}

async function bury(ports: Letters, count: number): Promise<readonly DeadLetter[]> {
  for (let from = 0; from < count; from += 500) await deadLetterMany(ports, from, Math.min(500, count - from));
  return allLetters(ports);
}

async function deadLetterMany(ports: Letters, from: number, count: number): Promise<void> {
  await ports.queue.send(Array.from({ length: count }, (_, index) => message(`m-${from + index}`)));
  for (let left = count; left > 0; ) {
    const deliveries = await ports.queue.receive({ queue: QUEUE, max: left, waitMs: 5_000 });
    await Promise.all(deliveries.map((delivery) => delivery.deadLetter({ reason: 'TEST', description: '' })));
    left -= deliveries.length;
  }
}

async function takeAll(ports: Letters, chosen: readonly DeadLetter[], inFlight = 16): Promise<{ answers: string[]; left: { count: number; until: number } | undefined }> {
  const answers: string[] = [];
  let left: { count: number; until: number } | undefined;
  const pending: Promise<void>[] = [];
  const sequenceNumbers = new Set(chosen.map(({ sequenceNumber }) => sequenceNumber));
  for await (const taken of ports.deadLetters.take({ queue: QUEUE, sequenceNumbers, inFlight, onLeftLocked: (told) => (left = told) })) {
    answers.push(taken.kind === 'held' ? taken.letter.sequenceNumber : taken.kind);
    if (taken.kind === 'held') pending.push(taken.complete());
    if (pending.length >= inFlight) await Promise.all(pending.splice(0));
  }
  await Promise.all(pending);
  return { answers, left };
}

function sequencesOf(letters: readonly DeadLetter[]): string[] {
  return letters.map(({ sequenceNumber }) => sequenceNumber);
}

describe('taking some letters of many', () => {
  test('finds those behind more than a link can hold, and leaves all others where they were', { timeout: 90_000 }, async () => {
    const emulator = await openTestEmulator({ queues: EMULATED_QUEUES.map((queue) => ({ ...queue, lockMs: 300_000 })) });
    const backend = await openTestServiceBus(emulator, { queues: SLOW_LOCKS });
    const letters = await bury(backend, 2_300);
    const chosen = letters.filter((_, index) => index % 997 === 5 || index === letters.length - 1);
    const { answers, left } = await takeAll(backend, chosen);
    expect(answers.sort()).toEqual(sequencesOf(chosen).sort());
    const others = letters.filter((letter) => !chosen.includes(letter));
    expect(sequencesOf(await allLetters(backend))).toEqual(sequencesOf(others));
    // Every one of them was met: none was on its way when a link was closed.
    expect(left?.count).toBe(others.length);
  });

  test('says how many nobody can take now, until when, and is right', async () => {
    const backend = await makeServiceBus();
    await deadLetterAll(backend, ['a', 'b', 'c', 'd']);
    const letters = await allLetters(backend);
    const { left } = await takeAll(backend, letters.slice(2, 3), 1);
    expect(left).toEqual({ count: 2, until: backend.now() + LOCK_MS });
    expect((await takeAll(backend.other, letters)).answers.sort()).toEqual(['locked', 'locked', letters[3]?.sequenceNumber, 'gone'].sort());
    await backend.advance(LOCK_MS + 1_000);
    expect((await takeAll(backend.other, letters.slice(0, 2))).answers).toEqual(sequencesOf(letters.slice(0, 2)));
  });

  test('leaves nothing locked when everything was chosen', async () => {
    const backend = await makeServiceBus();
    await deadLetterAll(backend, ['a', 'b', 'c', 'd']);
    expect(await takeAll(backend, await allLetters(backend))).toMatchObject({ answers: [expect.any(String), expect.any(String), expect.any(String), expect.any(String)], left: undefined });
  });

  test('goes on in another pass when the first locks are about to end, and meets nothing for ever', { timeout: 60_000 }, async () => {
    // Locks of two seconds: a pass lasts one and a half, the slow taker needs several.
    const lockMs = 2_000;
    const emulator = await openTestEmulator({ queues: EMULATED_QUEUES.map((queue) => ({ ...queue, lockMs })) });
    const queues: readonly QueueSettings[] = SLOW_LOCKS.map((queue) => ({ ...queue, lockMs }));
    const backend = await openTestServiceBus(emulator, { queues });
    const letters = await bury(backend, 60);
    const chosen = letters.filter((_, index) => index % 4 === 3);
    const answers: string[] = [];
    for await (const taken of backend.deadLetters.take({ queue: QUEUE, sequenceNumbers: new Set(sequencesOf(chosen)) })) {
      if (taken.kind !== 'held') throw new Error(`${taken.sequenceNumber} is ${taken.kind}`);
      answers.push(taken.letter.sequenceNumber);
      await systemClock.sleep(300);
      await taken.complete();
    }
    expect(answers.sort()).toEqual(sequencesOf(chosen).sort());
    expect(await allLetters(backend)).toHaveLength(45);
  });

  test('survives a connection that is cut in the middle', { timeout: 60_000 }, async () => {
    const emulator = await openTestEmulator({ queues: EMULATED_QUEUES });
    const backend = await openTestServiceBus(emulator);
    const letters = await bury(backend, 300);
    const answers: TakenLetter['kind'][] = [];
    const completed: string[] = [];
    for await (const taken of backend.deadLetters.take({ queue: QUEUE, sequenceNumbers: new Set(sequencesOf(letters)), inFlight: 20 })) {
      answers.push(taken.kind);
      if (answers.length % 60 === 10) emulator.dropConnections();
      if (taken.kind !== 'held') continue;
      await taken.complete();
      completed.push(taken.letter.sequenceNumber);
    }
    expect(answers).toHaveLength(letters.length);
    const there = new Set(sequencesOf(await allLetters(backend)));
    expect(completed.filter((sequence) => there.has(sequence))).toEqual([]);
    expect(completed.length + there.size).toBe(letters.length);
  });
});

/** As the emulator's queues of the first test have them. */
const SLOW_LOCKS: readonly QueueSettings[] = [QUEUE, OTHER_QUEUE].map((name) => ({ name, lockMs: 300_000, ttlMs: 3_600_000, maxAttempts: 3 }));

describe('letters of others', () => {
  test('are shown whatever their body and properties are', async () => {
    const emulator = await openTestEmulator({ queues: EMULATED_QUEUES });
    const backend = await openTestServiceBus(emulator);
    sdk = await openServiceBusSdk(emulator.connectionString);
    const bytes = Buffer.from([0, 1, 254, 255]);
    await sdk.send(QUEUE, [
      { messageId: 'bytes', body: bytes, applicationProperties: { when: new Date(0), big: 2 ** 40, nothing: null } },
      { messageId: 'json', body: { a: [1, 'two'] } },
      { messageId: 'value', body: { a: 1 }, bodyType: 'value' },
      { messageId: 'sequence', body: [[1, 'two']], bodyType: 'sequence' },
    ]);
    await sdk.deadLetterAll(QUEUE, 4);
    const letters = await allLetters(backend);
    const shown = Object.fromEntries(letters.map(({ messageId, body }) => [messageId, Buffer.from(body)]));
    expect(shown['bytes']).toEqual(bytes);
    expect(shown['json']?.toString()).toBe('{"a":[1,"two"]}');
    expect(JSON.parse(shown['value']?.toString() ?? '')).toEqual({ a: 1 });
    expect(JSON.parse(shown['sequence']?.toString() ?? '')).toEqual([[1, 'two']]);
    expect(letters[0]?.properties).toEqual({ when: '1970-01-01T00:00:00.000Z', big: 2 ** 40, nothing: null });
  });

  test('are to their receivers what they were when they come back', async () => {
    const emulator = await openTestEmulator({ queues: EMULATED_QUEUES });
    const backend = await openTestServiceBus(emulator);
    sdk = await openServiceBusSdk(emulator.connectionString);
    await sdk.send(QUEUE, [
      { messageId: 'xml', body: Buffer.from('<a/>'), contentType: 'application/xml', subject: 'order', correlationId: 'c-1', applicationProperties: { region: 'eu' } },
      { messageId: 'jms', body: 'a text', bodyType: 'value', subject: 'note' },
    ]);
    await sdk.deadLetterAll(QUEUE, 2);
    const letters = await allLetters(backend);
    await takeAll(backend, letters);
    await backend.deadLetters.restore(letters);
    const receiver = sdk.client.createReceiver(QUEUE, { skipParsingBodyAsJson: true });
    const back = [...(await receiver.receiveMessages(1)), ...(await receiver.receiveMessages(1))];
    const [xml, jms] = back.sort((a, b) => (a.subject ?? '').localeCompare(b.subject ?? '')).reverse();
    expect(xml).toMatchObject({ body: Buffer.from('<a/>'), contentType: 'application/xml', subject: 'order', correlationId: 'c-1' });
    expect(xml?.applicationProperties).toEqual({ region: 'eu', replayOf: 'xml', replayCount: 1 });
    expect(jms).toMatchObject({ body: 'a text', subject: 'note' });
    expect(jms?._rawAmqpMessage.bodyType).toBe('value');
  });
});
