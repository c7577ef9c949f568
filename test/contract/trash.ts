// The contract of Trash: what was appended comes back byte for byte, also after a crash in the middle of a write.

import { describe, expect, test } from 'vitest';

import type { DeadLetter } from '../../src/ports/dead-letter-queue.js';
import type { Trash } from '../../src/ports/trash.js';

export interface TrashUnderTest {
  readonly trash: Trash;
  /** Cuts so many bytes off what was written last for the operation, as a crash or a power cut does. */
  cutTail(operation: string, bytes: number): void;
}

export function testLetter(number: number, changes: Partial<DeadLetter> = {}): DeadLetter {
  return {
    queue: 'first-queue',
    sequenceNumber: String(number),
    messageId: `message-${number}`,
    body: new Uint8Array(Buffer.from(`{"number":${number},"text":"grüße"}`)),
    properties: { jobId: 'a', sequence: 2, flag: true, nothing: null },
    reason: 'ATTEMPTS_EXHAUSTED',
    description: 'line one\nline two',
    enqueuedAt: 1_000,
    deadLetteredAt: 2_000,
    deliveryCount: 3,
    ...changes,
  };
}

export async function collect(letters: AsyncIterable<DeadLetter>): Promise<DeadLetter[]> {
  const found: DeadLetter[] = [];
  for await (const letter of letters) found.push({ ...letter, body: new Uint8Array(letter.body) });
  return found;
}

export function trashContract(make: () => TrashUnderTest): void {
  describe('trash', () => {
    test('gives back what was appended, bytes and all, in order', async () => {
      const { trash } = make();
      const letters = [
        testLetter(1),
        testLetter(2, { body: new Uint8Array([0, 255, 254, 10, 13]), reason: null, description: null, deadLetteredAt: null }),
        testLetter(3, { body: new Uint8Array(), properties: {} }),
        testLetter(4, { body: new Uint8Array(Buffer.from('\ufeff{"a":1}')) }),
        testLetter(5, { body: new Uint8Array(Buffer.alloc(190_000, 'x')) }),
      ];
      const writer = await trash.open('P0000001');
      await Promise.all(letters.map((letter) => writer.append(letter)));
      await writer.close();
      expect(await collect(trash.read('P0000001'))).toEqual(letters);
    });

    test('can be read when append has resolved, before the writer is closed', async () => {
      const { trash } = make();
      const writer = await trash.open('P0000001');
      await writer.append(testLetter(1));
      expect(await collect(trash.read('P0000001'))).toEqual([testLetter(1)]);
      await writer.append(testLetter(2));
      expect(await collect(trash.read('P0000001'))).toEqual([testLetter(1), testLetter(2)]);
      await writer.close();
    });

    test('goes on behind what a run before has left, also when that was cut off', async () => {
      const { trash, cutTail } = make();
      for (const cut of [1, 3, 9, 17, 40]) {
        const operation = `P000000${cut}`;
        const first = await trash.open(operation);
        await first.append(testLetter(1));
        await first.append(testLetter(2));
        await first.close();
        cutTail(operation, cut);
        const second = await trash.open(operation);
        await second.append(testLetter(3));
        await second.close();
        expect(await collect(trash.read(operation))).toEqual([testLetter(1), testLetter(3)]);
      }
    });

    test('has nothing for an operation that threw nothing away', async () => {
      const { trash } = make();
      expect(await collect(trash.read('P0000009'))).toEqual([]);
      expect(await trash.list()).toEqual([]);
      expect(await trash.sweep(Number.MAX_SAFE_INTEGER)).toEqual([]);
    });

    test('keeps operations apart, also those that write at the same time', async () => {
      const { trash } = make();
      const [a, b, c] = await Promise.all([trash.open('P000000a'), trash.open('P000000b'), trash.open('P000000a')]);
      await Promise.all([a.append(testLetter(1)), b.append(testLetter(2)), c.append(testLetter(3))]);
      await Promise.all([a.close(), b.close(), c.close()]);
      expect((await collect(trash.read('P000000a'))).map(({ sequenceNumber }) => sequenceNumber).sort()).toEqual(['1', '3']);
      expect((await collect(trash.read('P000000b'))).map(({ sequenceNumber }) => sequenceNumber)).toEqual(['2']);
    });

    test('forgets what was last written before the given instant', async () => {
      const { trash } = make();
      const writer = await trash.open('P0000001');
      await writer.append(testLetter(1));
      await writer.close();
      const [kept] = await trash.list();
      expect(kept).toMatchObject({ operation: 'P0000001' });
      expect(kept?.bytes).toBeGreaterThan(100);
      expect(await trash.sweep((kept?.modifiedAt ?? 0) - 1)).toEqual([]);
      expect(await trash.sweep((kept?.modifiedAt ?? 0) + 1)).toEqual(['P0000001']);
      expect(await collect(trash.read('P0000001'))).toEqual([]);
    });

    test('takes no path for an operation', async () => {
      const { trash } = make();
      await expect(trash.open('../x')).rejects.toMatchObject({ code: 'OPERATION_NOT_FOUND' });
    });
  });
}
