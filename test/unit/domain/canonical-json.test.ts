import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, canonicalSha256 } from '../../../src/domain/canonical-json.js';

describe('canonicalJson', () => {
  it('sorts keys by code units at every level and writes no spaces', () => {
    expect(canonicalJson({ b: [{ z: 1, a: null }], '\u20ac': 'x', B: true, '10': 1, '9': 2, '😀': 0, '\ufb33': 0 })).toBe(
      '{"10":1,"9":2,"B":true,"b":[{"a":null,"z":1}],"€":"x","😀":0,"\ufb33":0}',
    );
  });

  it('writes numbers as ECMAScript does', () => {
    expect(canonicalJson([Number('333333333.33333329'), 1e30, 4.5, 2e-3, 1e-27, -0, 10])).toBe('[333333333.3333333,1e+30,4.5,0.002,1e-27,0,10]');
  });

  it('keeps a key named __proto__', () => {
    expect(canonicalJson(JSON.parse('{"__proto__":{"a":1}}'))).toBe('{"__proto__":{"a":1}}');
  });

  it('means the same value as before, and does not depend on the order of keys', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(reversed(value))).toBe(text);
        expect(canonicalSha256(reversed(value))).toBe(canonicalSha256(value));
      }),
    );
  });

  it.each([
    ['undefined', { a: [1, { b: undefined }] }, '$.a[1].b', 'undefined'],
    ['NaN', [Number.NaN], '$[0]', 'NaN'],
    ['Infinity', { a: Infinity }, '$.a', 'Infinity'],
    ['a bigint', { a: 1n }, '$.a', 'bigint'],
    ['a function', { a: () => 1 }, '$.a', 'function'],
    ['a date', { at: new Date(0) }, '$.at', 'an instance of Date'],
    ['a map', new Map(), '$', 'an instance of Map'],
    ['a hole in an array', Object.assign([1], { 2: 2 }), '$[1]', 'undefined'],
  ])('refuses %s and says where', (_name, value, path, got) => {
    expect(() => canonicalJson(value)).toThrowError(
      expect.objectContaining({ code: 'INPUT_INVALID', message: `expected a JSON value at ${path}, got ${got}` }),
    );
  });

  it('refuses a cycle and a nesting that would end the stack', () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    const deep: unknown = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000));
    for (const value of [cycle, deep]) {
      expect(() => canonicalJson(value)).toThrowError(
        expect.objectContaining({ code: 'INPUT_INVALID', message: expect.stringContaining('nested deeper than 500 levels') }),
      );
    }
  });
});

describe('canonicalSha256', () => {
  it('is the SHA-256 of the text in UTF-8', () => {
    // printf '%s' '{"a":1}' | sha256sum
    expect(canonicalSha256({ a: 1 })).toBe('015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862');
  });

  it('differs when a value differs', () => {
    expect(canonicalSha256({ a: 1 })).not.toBe(canonicalSha256({ a: '1' }));
  });
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, item]) => [key, reversed(item)]),
  );
}
