import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { childId, createIdSource, isShortId, isUuid, nextUuidV7, parseJobReference, shortId, type UuidV7State } from '../../../src/domain/ids.js';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

describe('nextUuidV7', () => {
  it('lays out time, version, counter, variant and chance as RFC 9562 does', () => {
    // Time and rand_b of the example in RFC 9562, appendix A.6.
    const random = Uint8Array.from([0x04, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f]);
    expect(nextUuidV7(undefined, 0x017f22e279b0, random).id).toBe('017f22e2-79b0-74c3-98c4-dc0c0c07398f');
  });

  it('grows with every id, whatever the clock does', () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: -50, max: 50 }), bytes(10)), { minLength: 2, maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 1_000, max: 2 ** 47 }), steps, (start, moves) => {
        let now = start;
        let state: UuidV7State | undefined;
        const ids = moves.map(([move, random]) => {
          now += move;
          const next = nextUuidV7(state, now, random);
          state = next.state;
          return next.id;
        });
        expect([...ids].sort()).toEqual(ids);
        expect(new Set(ids).size).toBe(ids.length);
        for (const id of ids) expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
      }),
    );
  });

  it('moves ahead of the clock when one millisecond is full, and goes back to it later', () => {
    const make = createIdSource({ nowMs: () => 1_000, random: (count) => new Uint8Array(count).fill(0xff) });
    const ids = Array.from({ length: 10_000 }, make);
    expect([...ids].sort()).toEqual(ids);
    expect(ids.at(-1)?.slice(0, 13)).toBe('00000000-03ec');
    expect(nextUuidV7({ unixMs: 1_004, counter: 9 }, 1_010, new Uint8Array(10)).state).toEqual({ unixMs: 1_010, counter: 0 });
  });
});

describe('childId', () => {
  const parent = '0198f0a1-2b3c-7d4e-8f90-a1b2c3d4e5f6';

  it('is the same for the same parent and key, in either case of the parent', () => {
    expect(childId(parent, 'row-1')).toBe(childId(parent.toUpperCase(), 'row-1'));
    expect(childId(parent, 'row-1')).toMatch(/^0198f0a1-2b3c-8[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  });

  it('stays what it is from version to version', () => {
    // printf '%s\n%s' 0198f0a1-2b3c-7d4e-8f90-a1b2c3d4e5f6 row-1 | sha256sum, then version and variant bits.
    expect(childId(parent, 'row-1')).toBe('0198f0a1-2b3c-8946-9972-728bbc008f66');
  });

  it('differs for another key, another parent and another cut between the two', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.string(), fc.uuid(), fc.string(), (parentA, keyA, parentB, keyB) => {
        fc.pre(parentA !== parentB || keyA !== keyB);
        expect(childId(parentA, keyA)).not.toBe(childId(parentB, keyB));
      }),
    );
  });

  it('refuses a parent that is no UUID', () => {
    expect(() => childId('job-1', 'x')).toThrowError(/parent id: expected a UUID, got "job-1"/);
  });
});

describe('parseJobReference', () => {
  it('takes any UUID in either case', () => {
    fc.assert(
      fc.property(fc.uuid(), (id) => {
        expect(parseJobReference(` ${id.toUpperCase()} `)).toEqual({ kind: 'id', id });
        expect(isUuid(id)).toBe(true);
      }),
    );
    expect(isUuid('00000000-0000-0000-0000-000000000000')).toBe(true);
  });

  it('takes the last eight characters', () => {
    expect(parseJobReference('C3D4E5F6')).toEqual({ kind: 'short', suffix: 'c3d4e5f6' });
    expect(shortId('0198f0a1-2b3c-7d4e-8f90-a1b2c3d4e5f6')).toBe('c3d4e5f6');
    expect(isShortId('c3d4e5f6')).toBe(true);
  });

  it.each(['', 'abc', 'c3d4e5fg', 'c3d4e5f60', '0198f0a1-2b3c-7d4e-8f90', '../../etc', '0198f0a1-2b3c-7d4e-8f90-a1b2c3d4e5f6:1'])(
    'refuses %j, which is no id',
    (text) => {
      expect(() => parseJobReference(text)).toThrowError(
        expect.objectContaining({
          code: 'INPUT_INVALID',
          message: `job id: expected a UUID or its last eight characters, got ${JSON.stringify(text)}`,
        }),
      );
    },
  );
});
