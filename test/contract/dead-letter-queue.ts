// What every DeadLetterQueue promises, checked through the ports only.

import { describe, expect, test } from 'vitest';

import type { DeadLetter, TakenLetter } from '../../src/ports/dead-letter-queue.js';
import { deadLetterAll, idsOf, LOCK_MS, type MakeQueueBackend, OTHER_QUEUE, QUEUE, type QueuePorts, receiveNow, textOf } from './queue-backend.js';

export function describeDeadLetterQueueContract(name: string, makeBackend: MakeQueueBackend): void {
  describe(`DeadLetterQueue contract: ${name}`, () => {
    describe('peek', () => peeking(makeBackend));
    describe('take', () => taking(makeBackend));
    describe('restore', () => restoring(makeBackend));
  });
}

const IDS = ['a', 'b', 'c', 'd', 'e'] as const;

async function letters(ports: QueuePorts): Promise<readonly DeadLetter[]> {
  return (await ports.deadLetters.peek({ queue: QUEUE, limit: 100 })).letters;
}

async function sequencesOf(ports: QueuePorts, ...ids: readonly string[]): Promise<ReadonlySet<string>> {
  const found = await letters(ports);
  return new Set(found.filter(({ messageId }) => ids.includes(messageId)).map(({ sequenceNumber }) => sequenceNumber));
}

/** One answer as a short text: held:<message id>, gone:<number>, locked:<number>. */
function answerOf(taken: TakenLetter): string {
  return taken.kind === 'held' ? `held:${taken.letter.messageId}` : `${taken.kind}:${taken.sequenceNumber}`;
}

function peeking(makeBackend: MakeQueueBackend): void {
  test('shows letters with everything they carry, the oldest first', async () => {
    const backend = await makeBackend();
    await deadLetterAll(backend, IDS, { reason: 'BAD', description: 'it was bad' });
    const found = await letters(backend);
    expect(found.map(({ messageId }) => messageId)).toEqual(IDS);
    expect(found[0]).toMatchObject({ queue: QUEUE, properties: { name: 'a' }, reason: 'BAD', description: 'it was bad' });
    expect(textOf(found[0]?.body ?? new Uint8Array())).toBe('body of a');
    expect(found[0]?.enqueuedAt).toBeLessThanOrEqual(found[0]?.deadLetteredAt ?? Infinity);
  });

  test('pages through all letters, each once', async () => {
    const backend = await makeBackend();
    await deadLetterAll(backend, IDS);
    const pages: string[][] = [];
    let cursor: string | null = null;
    do {
      const page = await backend.deadLetters.peek({ queue: QUEUE, limit: 2, ...(cursor === null ? {} : { cursor }) });
      pages.push(page.letters.map(({ messageId }) => messageId));
      cursor = page.nextCursor;
    } while (cursor !== null && pages.length < 10);
    expect(pages).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
  });

  test('begins at a number, whether a letter has it or not', async () => {
    const backend = await makeBackend();
    await deadLetterAll(backend, IDS);
    const numbers = (await letters(backend)).map(({ sequenceNumber }) => sequenceNumber);
    const from = async (number: string): Promise<string[]> => (await backend.deadLetters.peek({ queue: QUEUE, limit: 2, from: number })).letters.map(({ messageId }) => messageId);
    expect(await from(numbers[2] ?? '')).toEqual(IDS.slice(2, 4));
    expect(await from('1')).toEqual(IDS.slice(0, 2));
    expect(await from(String(Number(numbers.at(-1)) + 1))).toEqual([]);
    expect(await from('9223372036854775807')).toEqual([]);
    await expect(from('x')).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  test('ends with a full last page', async () => {
    const backend = await makeBackend();
    await deadLetterAll(backend, ['a', 'b']);
    const page = await backend.deadLetters.peek({ queue: QUEUE, limit: 2 });
    expect(page.letters).toHaveLength(2);
    expect(page.nextCursor).toBeNull();
  });

  test('changes nothing and shows what somebody holds', async () => {
    const backend = await makeBackend();
    await deadLetterAll(backend, IDS);
    const before = await letters(backend);
    for await (const taken of backend.deadLetters.take({ queue: QUEUE, sequenceNumbers: await sequencesOf(backend, 'b') })) {
      expect(answerOf(taken)).toBe('held:b');
      expect(await letters(backend.other)).toEqual(before);
      if (taken.kind === 'held') await taken.release();
    }
    expect(await letters(backend)).toEqual(before);
  });

  test('keeps the queues apart and counts each', async () => {
    const backend = await makeBackend();
    await deadLetterAll(backend, IDS);
    expect((await backend.deadLetters.peek({ queue: OTHER_QUEUE, limit: 10 })).letters).toEqual([]);
    expect(await backend.deadLetters.count(QUEUE)).toBe(5);
    expect(await backend.deadLetters.count(OTHER_QUEUE)).toBe(0);
  });

  test('refuses a queue that does not exist and a cursor of nobody', async () => {
    const backend = await makeBackend();
    await expect(backend.deadLetters.peek({ queue: 'no-such-queue', limit: 1 })).rejects.toMatchObject({ code: 'QUEUE_UNKNOWN' });
    await expect(backend.deadLetters.peek({ queue: QUEUE, limit: 1, cursor: 'x y' })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });
}

function taking(makeBackend: MakeQueueBackend): void {
  test('yields each selected letter once and removes those that are completed', async () => {
    const backend = await makeBackend();
    await deadLetterAll(backend, IDS);
    const answers: string[] = [];
    for await (const taken of backend.deadLetters.take({ queue: QUEUE, sequenceNumbers: await sequencesOf(backend, 'b', 'd', 'e') })) {
      answers.push(answerOf(taken));
      if (taken.kind === 'held' && taken.letter.messageId !== 'd') await taken.complete();
      else if (taken.kind === 'held') await taken.release();
    }
    expect(answers.sort()).toEqual(['held:b', 'held:d', 'held:e']);
    expect((await letters(backend)).map(({ messageId }) => messageId)).toEqual(['a', 'c', 'd']);
    expect(await backend.deadLetters.count(QUEUE)).toBe(3);
  });

  test('yields the whole letter', async () => {
    const backend = await makeBackend();
    await deadLetterAll(backend, IDS);
    const [peeked] = await letters(backend);
    for await (const taken of backend.deadLetters.take({ queue: QUEUE, sequenceNumbers: await sequencesOf(backend, 'a') })) {
      expect(taken).toMatchObject({ kind: 'held', letter: peeked });
      if (taken.kind === 'held') await taken.release();
    }
  });

  test('answers each number that is gone', async () => {
    const backend = await makeBackend();
    await deadLetterAll(backend, IDS);
    const wanted = await sequencesOf(backend, 'c');
    for await (const taken of backend.deadLetters.take({ queue: QUEUE, sequenceNumbers: wanted })) if (taken.kind === 'held') await taken.complete();
    const answers: string[] = [];
    for await (const taken of backend.deadLetters.take({ queue: QUEUE, sequenceNumbers: new Set([...wanted, '999999999']) })) answers.push(answerOf(taken));
    expect(answers.sort()).toEqual([...wanted, '999999999'].map((sequence) => `gone:${sequence}`).sort());
  });

  test('answers what somebody else holds as locked, and takes it when that lock has ended', async () => {
    const backend = await makeBackend();
    await deadLetterAll(backend, IDS);
    const wanted = await sequencesOf(backend, 'a', 'b');
    const holder = backend.deadLetters.take({ queue: QUEUE, sequenceNumbers: wanted, inFlight: 2 })[Symbol.asyncIterator]();
    const held = [await holder.next(), await holder.next()].map(({ value }) => value as TakenLetter);
    expect(held.map(answerOf).sort()).toEqual(['held:a', 'held:b']);
    const refused: TakenLetter[] = [];
    for await (const taken of backend.other.deadLetters.take({ queue: QUEUE, sequenceNumbers: wanted })) refused.push(taken);
    expect(refused.map(({ kind }) => kind)).toEqual(['locked', 'locked']);
    await backend.advance(5 * 60_000);
    const [first] = held;
    if (first?.kind !== 'held') throw new Error('expected a held letter');
    await expect(first.complete()).rejects.toMatchObject({ code: 'LOCK_LOST' });
    const answers: string[] = [];
    for await (const taken of backend.other.deadLetters.take({ queue: QUEUE, sequenceNumbers: wanted })) {
      answers.push(answerOf(taken));
      if (taken.kind === 'held') await taken.complete();
    }
    expect(answers.sort()).toEqual(['held:a', 'held:b']);
    expect(await backend.deadLetters.count(QUEUE)).toBe(3);
  });

  test('lets as many letters be unsettled as asked for, settled in any order', async () => {
    const backend = await makeBackend();
    await deadLetterAll(backend, IDS);
    const pending: Extract<TakenLetter, { kind: 'held' }>[] = [];
    for await (const taken of backend.deadLetters.take({ queue: QUEUE, sequenceNumbers: await sequencesOf(backend, ...IDS), inFlight: 3 })) {
      if (taken.kind !== 'held') throw new Error(`expected a held letter, got ${answerOf(taken)}`);
      pending.push(taken);
      if (pending.length === 3) await Promise.all(pending.splice(0).reverse().map((letter) => letter.complete()));
    }
    await Promise.all(pending.map((letter) => letter.complete()));
    expect(await letters(backend)).toEqual([]);
  });

  test('gives back what it locked ahead when the taker stops', async () => {
    const backend = await makeBackend();
    await deadLetterAll(backend, IDS);
    const wanted = await sequencesOf(backend, ...IDS);
    for await (const taken of backend.deadLetters.take({ queue: QUEUE, sequenceNumbers: wanted, inFlight: 5 })) {
      if (taken.kind === 'held') await taken.release();
      break;
    }
    if (!backend.capabilities.lettersGivenBack) await backend.advance(LOCK_MS + 1_000);
    const answers: string[] = [];
    for await (const taken of backend.other.deadLetters.take({ queue: QUEUE, sequenceNumbers: wanted })) {
      answers.push(answerOf(taken));
      if (taken.kind === 'held') await taken.release();
    }
    expect(answers.sort()).toEqual(IDS.map((id) => `held:${id}`));
  });

  test('stops when the signal fires', async () => {
    const backend = await makeBackend();
    await deadLetterAll(backend, IDS);
    const controller = new AbortController();
    let answered = 0;
    for await (const taken of backend.deadLetters.take({ queue: QUEUE, sequenceNumbers: await sequencesOf(backend, ...IDS), signal: controller.signal })) {
      answered += 1;
      if (taken.kind === 'held') await taken.complete();
      controller.abort();
    }
    expect(answered).toBe(1);
    expect(await backend.deadLetters.count(QUEUE)).toBe(4);
  });

  test('never takes a waiting or locked message of the queue itself', async () => {
    const backend = await makeBackend();
    await deadLetterAll(backend, ['a']);
    await backend.queue.send([{ queue: QUEUE, messageId: 'waiting', body: 'x', properties: {} }]);
    const [held] = await receiveNow(backend);
    const wanted = new Set([held?.message.brokerSequence ?? '']);
    const answers: string[] = [];
    for await (const taken of backend.deadLetters.take({ queue: QUEUE, sequenceNumbers: wanted })) answers.push(taken.kind);
    expect(answers).toEqual(['gone']);
    await expect(held?.complete()).resolves.toBeUndefined();
  });
}

function restoring(makeBackend: MakeQueueBackend): void {
  async function purge(ports: QueuePorts, ...ids: readonly string[]): Promise<readonly DeadLetter[]> {
    const wanted = await sequencesOf(ports, ...ids);
    const purged: DeadLetter[] = [];
    for await (const taken of ports.deadLetters.take({ queue: QUEUE, sequenceNumbers: wanted })) {
      if (taken.kind !== 'held') throw new Error(`expected a held letter, got ${answerOf(taken)}`);
      purged.push(taken.letter);
      await taken.complete();
    }
    return purged;
  }

  test('puts purged letters back where they were, where it can, or on the queue', async () => {
    const backend = await makeBackend();
    await deadLetterAll(backend, IDS);
    const before = await letters(backend);
    const purged = await purge(backend, 'b', 'd');
    const outcome = await backend.deadLetters.restore(purged);
    if (backend.capabilities.restoreInPlace) {
      expect(outcome).toEqual({ to: 'dead-letter', restored: 2, skipped: 0 });
      expect(await letters(backend)).toEqual(before);
      expect(await backend.deadLetters.count(QUEUE)).toBe(5);
    } else {
      expect(outcome).toMatchObject({ to: 'queue', restored: 2 });
      expect(idsOf(await receiveNow(backend))).toHaveLength(2);
    }
  });

  test('skips letters that are there, where they keep their numbers', async () => {
    const backend = await makeBackend();
    if (!backend.capabilities.restoreInPlace) return;
    await deadLetterAll(backend, IDS);
    const before = await letters(backend);
    const purged = await purge(backend, 'b');
    expect(await backend.deadLetters.restore([...before.slice(0, 1), ...purged])).toEqual({ to: 'dead-letter', restored: 1, skipped: 1 });
    expect(await backend.deadLetters.restore(purged)).toEqual({ to: 'dead-letter', restored: 0, skipped: 1 });
    expect(await letters(backend)).toEqual(before);
    expect(await backend.deadLetters.count(QUEUE)).toBe(5);
  });

  test('gives a message that is sent afterwards no number that a restored letter has', async () => {
    const backend = await makeBackend();
    await deadLetterAll(backend, ['a']);
    const purged = await purge(backend, 'a');
    await backend.queue.send([{ queue: QUEUE, messageId: 'new', body: 'x', properties: {} }]);
    await backend.deadLetters.restore(purged);
    const sequences = (await receiveNow(backend)).map(({ message }) => message.brokerSequence);
    expect(sequences).not.toContain(purged[0]?.sequenceNumber);
  });

  test('restores all or nothing', async () => {
    const backend = await makeBackend();
    if (!backend.capabilities.restoreInPlace) return;
    await deadLetterAll(backend, ['a', 'b']);
    const purged = await purge(backend, 'a', 'b');
    const broken = purged.map((letter, index) => (index === 1 ? { ...letter, queue: 'no-such-queue' } : letter));
    await expect(backend.deadLetters.restore(broken)).rejects.toMatchObject({ code: 'QUEUE_UNKNOWN' });
    expect(await letters(backend)).toEqual([]);
  });

  test('takes restored letters like any other', async () => {
    const backend = await makeBackend();
    if (!backend.capabilities.restoreInPlace) return;
    await deadLetterAll(backend, ['a']);
    await backend.deadLetters.restore(await purge(backend, 'a'));
    await backend.advance(LOCK_MS * 1_000);
    expect(await purge(backend, 'a')).toHaveLength(1);
    expect(await receiveNow(backend)).toEqual([]);
  });
}
