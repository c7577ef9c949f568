import { describe, expect, it } from 'vitest';
import { instantBounds, narrow } from '../../../../src/domain/where/narrow.js';
import { parseWhere } from '../../../../src/domain/where/parser.js';

describe('narrow', () => {
  it.each([
    ['status=failed', { status: ['Failed'] }],
    ['status=failed and type in (echo, batch) and queue=q and user=u and error~x', { status: ['Failed'], type: ['echo', 'batch'], queue: ['q'], user: ['u'] }],
    ['status in (failed, queued) and (status in (queued, running) and type=echo)', { status: ['Queued'], type: ['echo'] }],
    ['status=failed and status=queued', { status: [] }],
    ['age>1h and age>=2h and age<3d', { minAgeMs: 7_200_000, maxAgeMs: 259_200_000 }],
    ['age=1h', { minAgeMs: 3_600_000, maxAgeMs: 3_600_000 }],
    ['status=failed or status=queued and age>1h', { status: ['Failed', 'Queued'] }],
    ['(status=failed and age>1h) or (status=queued and age>2h and age<3h)', { status: ['Failed', 'Queued'], minAgeMs: 3_600_000 }],
    ['status=failed or type=echo', {}],
    ['status=failed or (status=queued and status=running)', { status: ['Failed'] }],
    ['not status=failed', {}],
    ['not age>1h', {}],
    ['status!=failed', {}],
    ['status~fail*', {}],
    ['user=null', {}],
    ['user in (a, null)', {}],
    ['age in (1h, 2h)', {}],
    ['payload.a=1', {}],
  ])('knows of %s no more than %j', (text, expected) => {
    expect(narrow(parseWhere(text))).toEqual(expected);
  });
});

describe('instantBounds', () => {
  it('counts ages back from now', () => {
    expect(instantBounds(narrow(parseWhere('age>1s and age<5s')), 10_000)).toEqual({ notBefore: 5_000, notAfter: 9_000 });
    expect(instantBounds({}, 10_000)).toEqual({});
  });
});
