import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { DatasetColumn } from '../../../../src/evaluation/dataset/dataset-row.js';
import { neutralised } from '../../../../src/evaluation/exports/csv-export.js';
import { exportResults, type ExportFormat } from '../../../../src/evaluation/exports/export-results.js';
import { readItems } from '../../../../src/evaluation/exports/read-items.js';
import type { ItemResult } from '../../../../src/evaluation/item-result.js';
import { parseEvaluationPayload } from '../../../../src/evaluation/payload.js';
import { SummaryBuilder } from '../../../../src/evaluation/summarize.js';
import type { EvaluationSummary } from '../../../../src/evaluation/summary.js';
import { anItem, bytesOf, collect, inOrder, rowsOf } from '../../../support/dataset-builders.js';

const COLUMNS: readonly DatasetColumn[] = [
  { name: 'Question', field: 'input' },
  { name: 'Expected Output', field: 'expected' },
];

function summaryOf(items: readonly ItemResult[], columns = COLUMNS, settings: object = {}): EvaluationSummary {
  const builder = new SummaryBuilder(parseEvaluationPayload({ dataset: { rows: [{ prompt: 'x' }] }, ...settings }));
  for (const item of items) builder.add(item);
  return builder.finish({ sha256: 'd'.repeat(64), rows: items.length, columns });
}

async function exported(format: ExportFormat, items: readonly ItemResult[], options: { columns?: readonly DatasetColumn[]; bom?: boolean; pointer?: string; settings?: object } = {}): Promise<string> {
  const { columns = COLUMNS, settings, ...rest } = options;
  return (await collect(exportResults(format, { summary: summaryOf(items, columns, settings), items: inOrder(items), ...rest }))).join('');
}

const tricky = anItem({
  itemKey: 'k"1',
  input: 'a "quoted", question\nover two lines',
  expected: ['=1+1', 'or this'],
  answer: '=cmd|\u0000 /C calc',
  passed: false,
  score: 0.25,
  reasoning: 'match 0.25 under 0.80',
  differences: ['missing: x', 'extra: y'],
  extra: { Team: 'blue', count: 3 },
});

describe('JSONL and JSON', () => {
  it('give the items back as they were', async () => {
    const items = [tricky, anItem({ answer: '\ud83d\ude00\u2028' })];
    expect(await collect(readItems(bytesOf(await exported('jsonl', items), 3)))).toEqual(items);
    const whole = JSON.parse(await exported('json', items)) as { summary: EvaluationSummary; items: ItemResult[] };
    expect(whole.items).toEqual(items);
    expect(whole.summary).toEqual(summaryOf(items));
  });

  it('are valid without items', async () => {
    expect(JSON.parse(await exported('json', []))).toMatchObject({ items: [], summary: { counts: { runs: 0 } } });
    expect(await exported('jsonl', [])).toBe('');
  });
});

describe('CSV', () => {
  it('has the dataset’s columns, then the added ones in the same style', async () => {
    const header = async (...names: string[]): Promise<string> => (await exported('csv', [], { columns: names.map((name) => ({ name, field: null })) })).trim();
    expect(await header('Question', 'Expected Output')).toBe('Question,Expected Output,Actual Output,Score,Passed,Reasoning,Differences');
    expect(await header('prompt', 'expected_response')).toBe('prompt,expected_response,actual_output,score,passed,reasoning,differences');
    expect(await header('prompt', 'expectedOutput')).toBe('prompt,expectedOutput,actualOutput,score,passed,reasoning,differences');
    expect(await header('PROMPT', 'EXPECTED_OUTPUT')).toBe('PROMPT,EXPECTED_OUTPUT,ACTUAL_OUTPUT,SCORE,PASSED,REASONING,DIFFERENCES');
    expect(await header('prompt', 'expected')).toBe('prompt,expected,actual_output,score,passed,reasoning,differences');
    expect(await header('Prompt', 'Expected')).toBe('Prompt,Expected,Actual Output,Score,Passed,Reasoning,Differences');
    expect(await header()).toBe('Actual Output,Score,Passed,Reasoning,Differences');
  });

  it('fills placeholder columns where they stand', async () => {
    const columns = [...COLUMNS, { name: 'Actual Output', field: 'answer' as const }, { name: 'Score', field: null }];
    const [header, row] = (await exported('csv', [anItem({ extra: { Score: '' } })], { columns })).split('\n');
    expect(header).toBe('Question,Expected Output,Actual Output,Score,Passed,Reasoning,Differences');
    expect(row).toBe('What is the capital of France?,Paris,Paris,1,true,match 1.00,');
  });

  it('neutralises formulas and quotes what needs it', async () => {
    const text = await exported('csv', [tricky], { columns: [...COLUMNS, { name: 'Team', field: null }] });
    expect(text).toContain('"a ""quoted"", question\nover two lines"');
    expect(text).toContain(`"[""=1+1"",""or this""]"`);
    expect(text).toContain(',blue,');
    expect(text).toContain(",'=cmd|");
    expect(neutralised('-2')).toBe('-2');
    expect(neutralised('+1.5')).toBe('+1.5');
    for (const cell of ['=1', '+a', '-a', '@x', '\tx', '\rx', ' =1', '\n=1', '＝1']) expect(neutralised(cell)).toBe(`'${cell}`);
    expect(neutralised("it's = fine")).toBe("it's = fine");
  });

  it('says error instead of a verdict, and leaves unknown scores empty', async () => {
    const [, row] = (await exported('csv', [anItem({ outcome: 'error', passed: false, score: null, answer: null, reasoning: 'no answer' })])).split('\n');
    expect(row).toBe('What is the capital of France?,Paris,,,error,no answer,');
  });

  it('begins with a byte order mark when asked to', async () => {
    expect((await exported('csv', [], { bom: true })).startsWith('\ufeffQuestion')).toBe(true);
  });

  it('can be evaluated again: the reader takes back what was written', async () => {
    const cell = fc.string({ unit: fc.constantFrom('a', 'ß', '"', ',', '\n', ';', '|', ' ') }).map((text) => `?${text}.`);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 5 }), async (rows) => {
        const items = rows.map(([input, expected, answer], index) => anItem({ itemKey: `i${index}`, input, expected: [expected], answer }));
        const read = await rowsOf(await exported('csv', items, { bom: true }), { format: 'csv' });
        expect(read.map((row) => [row.input, row.expected, row.answer])).toEqual(rows.map(([input, expected, answer]) => [input, [expected], answer]));
      }),
      { numRuns: 100 },
    );
  });
});

describe('Markdown', () => {
  it('shows the numbers and what did not pass', async () => {
    const text = await exported('md', [anItem(), tricky], { settings: { name: 'My run', gates: [{ metric: 'passRate', min: 0.9 }] } });
    expect(text).toContain('# My run');
    expect(text).toContain('**Pass rate 50.0 %**');
    expect(text).toContain('| passRate | >= 0.9 | 0.5 | **no** |');
    expect(text).toContain('a "quoted", question ⏎ over two lines');
    expect(text).not.toContain('capital of France');
    expect(await exported('md', [anItem()])).toContain('Every item passed.');
  });

  it('lets no text of a dataset act as markup', async () => {
    const hostile = anItem({
      itemKey: '| cell |',
      input: '<img src=x onerror=alert(1)> @team https://evil.example',
      expected: ['[link](http://x)', '`code`'],
      answer: '**bold** # head\n| a | b |\n```\n\u001b[31m\u202e',
      passed: false,
    });
    const line = (await exported('md', [hostile], { settings: { name: '# <b>' } })).split('\n').find((text) => text.includes('cell')) ?? '';
    expect(line.replaceAll(/\\\|/g, '').split('|')).toHaveLength(8);
    expect(line).not.toMatch(/<img|@team|https:\/\/|(?<!\\)`|(?<!\\)\[link|(?<!\\)\*\*/);
    expect(line).not.toMatch(/[\u0000-\u001f\u202e]/);
  });

  it('stays under 60 kB and says what was cut and where the rest is', async () => {
    const items = Array.from({ length: 1000 }, (_, index) => anItem({ itemKey: `item-${index}`, passed: false, score: 0, answer: 'wrong '.repeat(100) }));
    const text = await exported('md', items, { pointer: 'All items: `copiloteval results abc --format jsonl`.' });
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(60 * 1024);
    const shown = text.match(/^\| item-\d+/gm)?.length ?? 0;
    expect(shown).toBeGreaterThan(50);
    expect(text).toContain(`… and ${1000 - shown} more that did not pass. All items: \`copiloteval results abc --format jsonl\`.`);
  });
});
