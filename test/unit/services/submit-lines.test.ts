import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lineChunks, type InputLine } from '../../../src/services/submit-lines.js';

const limits = { lines: 10, chars: 1000, lineBytes: 10_000 };

describe('the lines of an input', () => {
  test('are the same however the input is cut into pieces', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'grapheme' })), fc.array(fc.integer({ min: 1, max: 20 })), fc.constantFrom('\n', '\r\n'), async (texts, cuts, end) => {
        const lines = texts.map((text) => text.replace(/[\r\n]/g, ''));
        const bytes = Buffer.from(lines.join(end));
        const found = (await read(pieces(bytes, cuts))).map((line) => ('text' in line ? [line.line, line.text.replace(/\r$/, '')] : [line.line, line.problem]));
        const expected = lines.flatMap((text, index) => (text.trim() === '' || text === '\uFEFF' ? [] : [[index + 1, index === 0 ? text.replace(/^\uFEFF/, '') : text]]));
        expect(found).toEqual(expected.filter(([, text]) => String(text).trim() !== ''));
      }),
    );
  });

  test('come in chunks bounded by their number and by their characters', async () => {
    const sizes: number[] = [];
    const source = pieces(Buffer.from(`${'x\n'.repeat(25)}${`${'y'.repeat(600)}\n`.repeat(3)}`), []);
    for await (const chunk of lineChunks(source, limits)) sizes.push(chunk.length);
    expect(sizes).toEqual([10, 10, 7, 1]);
  });

  test('are let go of when they were used, also while a signal is listened to', async () => {
    const collect = collector();
    const alive: WeakRef<Uint8Array>[] = [];
    let kept = 0;
    async function* source(): AsyncGenerator<Uint8Array> {
      for (let index = 0; index < 60; index += 1) {
        const piece = Buffer.alloc(64 * 1024, 'x\n');
        alive.push(new WeakRef(piece));
        yield piece;
      }
      // A turn of its own: what was looked at in this one stays until it ends.
      await new Promise((resolve) => setImmediate(resolve));
      collect();
      kept = alive.filter((reference) => reference.deref() !== undefined).length;
    }
    for await (const _ of lineChunks(source(), limits, new AbortController().signal)) continue;
    expect(kept).toBeLessThan(10);
  });
});

async function read(source: AsyncIterable<Uint8Array>): Promise<readonly InputLine[]> {
  const lines: InputLine[] = [];
  for await (const chunk of lineChunks(source, limits)) lines.push(...chunk);
  return lines;
}

/** The bytes in pieces of these sizes, over and over; one piece without sizes. */
async function* pieces(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (let index = 0; at < bytes.length; index += 1) {
    const size = sizes[index % sizes.length] ?? bytes.length;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
