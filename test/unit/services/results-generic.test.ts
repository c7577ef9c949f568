import fc from 'fast-check';
import { parse } from 'csv-parse/sync';
import { describe, expect, test } from 'vitest';
import type { Json } from '../../../src/domain/json.js';
import { genericExport } from '../../../src/services/results-generic.js';
import { submitEcho } from '../../support/move-jobs.js';
import { openServices } from '../../support/open-services.js';

describe('the export of any result', () => {
  test('is JSON, a line for each item, or rows with the keys of all items', async () => {
    const result = [{ a: 1, b: 'x,y' }, { b: null, c: ['z'] }, 'plain'];
    expect(JSON.parse(await exported('json', result))).toEqual(result);
    expect(await exported('jsonl', result)).toBe('{"a":1,"b":"x,y"}\n{"b":null,"c":["z"]}\n"plain"\n');
    expect(await exported('csv', result)).toBe('a,b,c,value\r\n1,"x,y",,\r\n,,"[""z""]",\r\n,,,plain\r\n');
  });

  test('cannot run as a formula in a spreadsheet, and keeps negative numbers', async () => {
    expect(await exported('csv', [{ a: '=1+1', b: -2, c: '-2+3' }])).toBe("a,b,c\r\n'=1+1,-2,'-2+3\r\n");
  });

  test('cannot close the fence of its Markdown', async () => {
    const text = await exported('md', { answer: '```\n# not a heading' });
    expect(text).toContain('````json\n');
    expect(text.trimEnd().endsWith('````')).toBe(true);
  });

  test('gives every text back that a CSV reader reads', async () => {
    const { job } = await someJob();
    fc.assert(
      fc.property(fc.array(fc.record({ a: fc.string(), b: fc.string() }), { minLength: 1 }), (rows) => {
        const read: unknown = parse(genericExport('csv', { job, result: rows }), { columns: true, record_delimiter: '\r\n' });
        const safe = (text: string): string => (/^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? `'${text}` : text);
        expect(read).toEqual(rows.map(({ a, b }) => ({ a: safe(a), b: safe(b) })));
      }),
    );
  });
});

async function exported(format: 'json' | 'jsonl' | 'csv' | 'md', result: Json): Promise<string> {
  return genericExport(format, { ...(await someJob()), result });
}

async function someJob() {
  return { job: await submitEcho(await openServices()) };
}
