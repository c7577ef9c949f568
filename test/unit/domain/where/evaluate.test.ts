import { describe, expect, it } from 'vitest';
import { matchesWhere, whereFields, type WhereRecord } from '../../../../src/domain/where/evaluate.js';
import { valueAtPath } from '../../../../src/domain/where/field-path.js';
import { parseWhere } from '../../../../src/domain/where/parser.js';

const HOUR = 3_600_000;
const values: Readonly<Record<string, unknown>> = {
  status: 'Failed',
  type: 'evaluation',
  queue: 'evaluation-jobs',
  user: '007',
  reason: 'ATTEMPTS_EXHAUSTED',
  error: ['HTTP_503', 'the judge answered 503 Service Unavailable'],
  age: 2 * HOUR,
  attempt: 3,
  priority: 'high',
  label: { team: 'Search', build: '12', 'example.com/tier': 'gold' },
  payload: { model: 'm-1', rows: 24, rate: 0.5, ok: true, text: '24', zip: '00501', none: null, tags: ['a', 'b'], list: [{ id: 7 }], 'my key': 'x', when: '2026-08-04' },
};

const record: WhereRecord = { get: (field, path) => (path.length === 0 ? values[field] : valueAtPath(values[field], path)) };
const matches = (text: string) => matchesWhere(parseWhere(text), record);

describe('matchesWhere', () => {
  it.each([
    'status=FAILED',
    'status~fail',
    'status in (queued, failed)',
    'type=bulk_evaluation',
    'user=007',
    'user!=7',
    'queue~EVAL*',
    'error=HTTP_503',
    'error~unavailable',
    'error~*unavailable',
    'not error~timeout',
    'age>1h59m and age<2h1m',
    'age=2h and age>=2h and age<=2h and not age>2h and not age<2h',
    'attempt=3.0 and attempt>2 and attempt<=3',
    'priority=High and priority>normal and priority<urgent and priority>=high',
    'label.team=Search',
    'label.build>9',
    'label.build=12',
    'label.example.com/tier=gold',
    'payload.rows=24 and payload.rows=24.0',
    'not payload.rows="24"',
    'payload.text=24 and payload.text="24"',
    'payload.zip=00501 and payload.zip!=501',
    'payload.rate<1 and payload.rate>0.25',
    'payload.ok=true and payload.ok!=false',
    'payload.none=null and payload.gone=null and payload.gone.deeper=null',
    'payload.model!=null',
    'payload.tags=a and payload.tags=b and payload.tags!=c and payload.tags~B',
    'payload.tags[1]=b',
    'payload.list[0].id=7',
    'payload."my key"=x',
    'payload.when>2026-07 and payload.when<"2027"',
    'result.x!=1',
    'payload.gone not in (1, 2)',
    'payload.gone in (1, null)',
  ])('holds: %s', (text) => {
    expect(matches(text)).toBe(true);
  });

  it.each([
    'status=Queued',
    'status!=failed',
    'type=Evaluation',
    'error!=HTTP_503',
    'error~judge*',
    'label.team=search',
    'label.build>100',
    'payload.when<2027',
    'payload.rows<abc',
    'label.team>5',
    'payload.gone=x',
    'payload.gone<1',
    'payload.gone>=1',
    'payload.gone~*',
    'payload.gone in (1, 2)',
    'payload.none!=null',
    'payload.tags=null',
    'payload.tags=c',
    'payload.tags.length=2',
    'payload.list=null',
    'payload.list="[object Object]"',
    'payload.list~object',
    'payload.rows="24"',
    'payload.constructor!=null',
    'payload.toString!=null',
    'payload.model.length!=null',
    'payload.ok=1',
  ])('does not hold: %s', (text) => {
    expect(matches(text)).toBe(false);
  });

  it('gives a priority that is none no place in the order', () => {
    const odd: WhereRecord = { get: () => 'whatever' };
    expect(matchesWhere(parseWhere('priority<urgent or priority>=low'), odd)).toBe(false);
  });

  it('asks only for what decides, JSON last', () => {
    const asked: string[] = [];
    const spy: WhereRecord = {
      get: (field, path) => {
        asked.push(field);
        return record.get(field, path);
      },
    };
    expect(matchesWhere(parseWhere('payload.rows>1 and (result.a=1 or status=Queued)'), spy)).toBe(false);
    expect(asked).toEqual(['payload', 'status', 'result']);
    asked.length = 0;
    expect(matchesWhere(parseWhere('payload.rows>1 and status=Queued'), spy)).toBe(false);
    expect(asked).toEqual(['status']);
  });
});

describe('whereFields', () => {
  it('names each field once', () => {
    expect(whereFields(parseWhere('not (age>1h or payload.a=1) and payload.b in (1) and age<2h'))).toEqual(new Set(['age', 'payload']));
  });
});
