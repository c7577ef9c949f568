import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { applyAssignments, parseAssignment, printAssignment } from '../../../../src/domain/dead-letters/payload-edit.js';
import type { Json } from '../../../../src/domain/json.js';

function set(payload: Json, ...texts: string[]): Json {
  return applyAssignments(
    payload,
    texts.map((text) => {
      const assignment = parseAssignment(text);
      if (assignment === undefined) throw new Error(`not read: ${text}`);
      return assignment;
    }),
  );
}

describe('--set', () => {
  test.each([
    ['url=https://example.org/?a=b', { url: 'https://example.org/?a=b' }],
    ['retries=3', { retries: 3 }],
    ['name="3"', { name: '3' }],
    ['on=true', { on: true }],
    ['gone=null', { gone: null }],
    ['empty=', { empty: '' }],
    ['.a=1', { a: 1 }],
    ['list=[1,{"a":2}]', { list: [1, { a: 2 }] }],
    ['deep.er.still=1', { deep: { er: { still: 1 } } }],
    ['"a.b"."c=d"=1', { 'a.b': { 'c=d': 1 } }],
  ])('%s', (text, expected) => {
    expect(set({}, text)).toEqual(expected);
  });

  test('changes what is named and nothing else, and not the payload it was given', () => {
    const payload = { items: [{ url: 'a' }, { url: 'b' }], other: { kept: true } };
    const before = structuredClone(payload);
    expect(set(payload, 'items[1].url=c', 'items[2]=d', 'items.0.x=1')).toEqual({ items: [{ url: 'a', x: 1 }, { url: 'c' }, 'd'], other: { kept: true } });
    expect(payload).toEqual(before);
  });

  test('makes an own property of any name', () => {
    const changed = set({}, '__proto__.polluted=true') as object;
    expect(Object.hasOwn(changed, '__proto__')).toBe(true);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test.each(['', 'x', '=1', 'a..b=1', 'a[x]=1', 'a[0=1', '"a=1', 'a.=1', ']=1'])('refuses %j', (text) => {
    expect(parseAssignment(text)).toBeUndefined();
  });

  test.each([
    [{ a: 1 }, 'a.b=1', 'step "b" needs an object or a list before it'],
    [{ a: [1] }, 'a.b=1', 'step "b" needs an index from 0 to 1 of the list'],
    [{ a: [1] }, 'a[2]=1', 'step "2" needs an index from 0 to 1 of the list'],
    ['text', 'a=1', 'step "a" needs an object'],
    [null, 'a=1', 'step "a" needs an object'],
  ])('says where a path leads nowhere: %j %s', (payload, text, problem) => {
    expect(() => set(payload, text)).toThrow(problem);
  });

  test('what is printed reads back to the same', () => {
    const path = fc.array(fc.oneof(fc.string({ minLength: 1 }), fc.nat(99).map(String)), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(path, fc.jsonValue(), (steps, value) => {
        const assignment = { path: steps, value: JSON.parse(JSON.stringify(value)) as Json };
        expect(parseAssignment(printAssignment(assignment))).toEqual(assignment);
      }),
    );
  });

  test('after a change the path leads to the value', () => {
    const keys = fc.array(fc.string({ minLength: 1 }).filter((key) => !/^\d+$/.test(key)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.constant({})), keys, fc.jsonValue(), (payload, path, value) => {
        const wanted = JSON.parse(JSON.stringify(value)) as Json;
        const changed = applyAssignments(payload, [{ path, value: wanted }]);
        const found = path.reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], changed);
        expect(found).toEqual(wanted);
      }),
    );
  });
});
