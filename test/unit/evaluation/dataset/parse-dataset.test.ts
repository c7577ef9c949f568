import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseDataset, parseInlineRows } from '../../../../src/evaluation/dataset/parse-dataset.js';
import { decodeText } from '../../../../src/evaluation/dataset/text-source.js';
import { bytesOf, collect, delimitedText, rowsOf } from '../../../support/dataset-builders.js';

const examples = new URL('../../../../examples/eval/', import.meta.url);

describe('CSV and TSV', () => {
  it('reads what a spreadsheet writes: BOM, CRLF, quoted newlines, an empty column at the edge', async () => {
    const [first, second, ...others] = await rowsOf('\ufeffPrompt,Expected Output,Actual Output,\r\n"One\r\ntwo","say ""hi""",x,\r\n\r\nThree,,,\r\n', { format: 'csv' });
    expect(first).toMatchObject({ row: 1, line: 2, input: 'One\r\ntwo', expected: ['say "hi"'], answer: 'x' });
    expect(second).toMatchObject({ row: 2, line: 5, input: 'Three', expected: null, answer: '' });
    expect(others).toEqual([]);
  });

  it('reads the ugly example and its TSV twin alike', async () => {
    const [csv, tsv] = await Promise.all([rowsOf(readFileSync(new URL('ugly.csv', examples)), { fileName: 'ugly.csv' }), rowsOf(readFileSync(new URL('ugly.tsv', examples)), { fileName: 'ugly.tsv' })]);
    expect(csv).toHaveLength(5);
    expect(tsv).toEqual(csv);
    expect(csv[0]).toMatchObject({ itemKey: 'u-1', line: 2, expected: ['Green: running\r\nAmber: paused\r\nRed: stopped'], tags: ['lamps', 'panel'] });
    // The first row stands on three lines, twice over, and an empty line comes before the third.
    expect(csv.map((row) => row.line)).toEqual([2, 7, 9, 10, 11]);
  });

  it('reads back any cells, however the bytes are cut', async () => {
    const cell = fc.string({ unit: fc.constantFrom('a', 'ß', '日', '😀', '"', ',', ';', '\t', '\n', '\r\n', ' ', "'", '=') });
    const rows = fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 40 }), fc.constantFrom(',', ';', '\t'), fc.constantFrom('\n', '\r\n'), async (pairs, chunkBytes, delimiter, newline) => {
        const lines = pairs.map(([note, answer], index) => [`q${index}`, note, answer]);
        const text = delimitedText([['prompt', 'note', 'actual_output'], ...lines], { delimiter, newline, quoteAll: true });
        const read = await rowsOf(text, { format: delimiter === '\t' ? 'tsv' : 'csv' }, chunkBytes);
        expect(read.map((row) => [row.input, row.extra['note'], row.answer])).toEqual(lines);
        // The line of a row: one for the header, plus every line end before the row, in cells or between them.
        let line = 2;
        const starts = lines.map((cells) => {
          const start = line;
          line += cells.join('').split(/\r\n|\r|\n/).length;
          return start;
        });
        expect(read.map((row) => row.line)).toEqual(starts);
      }),
      { numRuns: 150 },
    );
  });

  it('takes semicolons for separators when the header has no comma', async () => {
    expect((await rowsOf('prompt;expected;answer\nWhy, oh why?;so;so\n', { format: 'csv' }))[0]).toMatchObject({ input: 'Why, oh why?', expected: ['so'], answer: 'so' });
  });

  it('keeps empty cells of a TSV apart and takes quotes inside cells as text', async () => {
    expect((await rowsOf('prompt\tcategory\texpected\tanswer\nHow wide?\t\t27"\t27" wide\n', { format: 'tsv' }))[0]).toMatchObject({ category: null, expected: ['27"'], answer: '27" wide' });
  });

  it('takes a JSON list of texts in a cell for several references, and any other list for text', async () => {
    const rows = await rowsOf(delimitedText([['prompt', 'expected', 'answer'], ['a', '["yes", "y"]', 'y'], ['b', '[1, 2]', '[1,2]'], ['c', '[""]', ''], ['d', '[not json', 'x']]), { format: 'csv' });
    expect(rows.map((row) => row.expected)).toEqual([['yes', 'y'], ['[1, 2]'], [''], ['[not json']]);
  });

  it('takes an empty cell for an empty answer, but for no expected answer', async () => {
    expect((await rowsOf('prompt,expected,answer\na,,\n', { format: 'csv' }))[0]).toMatchObject({ expected: null, answer: '' });
  });

  it('reads optional columns', async () => {
    const text = 'ID,Question,Expected,Output,Tags,Threshold,Latency ms,Usage,Team\n7,q,e,o,a|b,0.5,120.5,"{""prompt_tokens"":3,""completion_tokens"":4}",blue\n';
    expect((await rowsOf(text, { format: 'csv' }))[0]).toMatchObject({
      itemKey: '7',
      tags: ['a', 'b'],
      threshold: 0.5,
      latencyMs: 120.5,
      usage: { inputTokens: 3, outputTokens: 4 },
      extra: { Team: 'blue' },
    });
  });
});

describe('JSONL and JSON', () => {
  it('reads one object a line, skipping empty lines', async () => {
    const rows = await rowsOf('{"prompt":"a","expected":["x","y"],"answer":"x"}\r\n\r\n{"prompt":"b","expected":"z","answer":null}', { format: 'jsonl' });
    expect(rows.map(({ row, line, input, expected, answer }) => ({ row, line, input, expected, answer }))).toEqual([
      { row: 1, line: 1, input: 'a', expected: ['x', 'y'], answer: 'x' },
      { row: 2, line: 3, input: 'b', expected: ['z'], answer: null },
    ]);
  });

  it('tells "no answer is right" from "no expected answer"', async () => {
    const rows = await rowsOf('{"prompt":"a","expected":[]}\n{"prompt":"b","expected":""}\n{"prompt":"c","expected":null}\n{"prompt":"d"}\n', { format: 'jsonl' });
    expect(rows.map((row) => row.expected)).toEqual([[''], [''], null, null]);
  });

  it('writes numbers, booleans and objects as text where text is wanted', async () => {
    const [row] = await rowsOf('{"prompt":12,"expected":{"b":1,"a":[true]},"answer":false,"category":3}', { format: 'jsonl' });
    expect(row).toMatchObject({ input: '12', expected: ['{"a":[true],"b":1}'], answer: 'false', category: '3' });
  });

  it('reads a list and the form with items', async () => {
    const list = await rowsOf('[{"prompt":"a","response":"b"}]', { fileName: 'x.json' });
    const items = await rowsOf('{"schemaVersion":"1.0","default_evaluators":{},"items":[{"prompt":"a","response":"b"}]}', { fileName: 'x.json' });
    expect(items).toEqual(list);
    expect(list[0]).toMatchObject({ row: 1, line: null, input: 'a', answer: 'b' });
  });

  it('reads back any rows, however the bytes are cut', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 20 });
    const row = fc.record({ id: fc.uuid(), prompt: text.map((value) => `?${value}`), output: text, note: fc.jsonValue({ maxDepth: 3 }) });
    const rows = fc.uniqueArray(row, { minLength: 1, maxLength: 6, selector: (value) => value.id });
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 60 }), async (values, chunkBytes) => {
        const jsonl = await rowsOf(values.map((value) => `${JSON.stringify(value)}\n`).join(''), { format: 'jsonl' }, chunkBytes);
        const json = await rowsOf(JSON.stringify(values), { format: 'json' }, chunkBytes);
        expect(jsonl.map((read) => ({ id: read.id, prompt: read.input, output: read.answer, note: read.extra['note'] }))).toEqual(JSON.parse(JSON.stringify(values)));
        expect(json).toEqual(jsonl.map((read) => ({ ...read, line: null })));
      }),
      { numRuns: 150 },
    );
  });

  it('keeps a column named __proto__ as data', async () => {
    const [row] = await rowsOf('{"prompt":"a","output":"b","__proto__":{"polluted":true}}', { format: 'jsonl' });
    expect(Object.keys(row?.extra ?? {})).toEqual(['__proto__']);
    expect(Reflect.get({}, 'polluted')).toBe(undefined);
  });

  it('takes the last turn of a row without a question of its own as it is', async () => {
    const [row] = await rowsOf('{"turns":[{"prompt":"hi"},{"prompt":"bye"}],"expected":"x","answer":"x"}', { format: 'jsonl' });
    expect(row).toMatchObject({ input: null, turns: [{ prompt: 'hi' }, { prompt: 'bye' }] });
  });
});

describe('format', () => {
  it.each([
    ['data.CSV', '', 'csv'],
    ['data.tsv', '', 'tsv'],
    ['data.ndjson', '', 'jsonl'],
    ['data.json', '', 'json'],
    ['data.txt', 'prompt\tanswer\n', 'tsv'],
    ['data.txt', 'prompt,answer\n', 'csv'],
    [null, '\ufeff [\n', 'json'],
    [null, '{"prompt":"a"}\n{"prompt"', 'jsonl'],
    [null, '{\n  "items": [', 'json'],
    [null, '{"schemaVersion":1,"items":[]}', 'json'],
  ])('of %j beginning with %j is %s', async (fileName, head, format) => {
    const { detectFormat } = await import('../../../../src/evaluation/dataset/format.js');
    expect(detectFormat(fileName, head)).toBe(format);
  });

  it('is found by the content when nothing else says it', async () => {
    const dataset = parseDataset(bytesOf('{"prompt":"a","output":"b"}\n{"prompt":"c","output":"d"}\n'));
    expect(await collect(dataset)).toHaveLength(2);
    expect(dataset.format).toBe('jsonl');
    expect(dataset.columns).toEqual([
      { name: 'prompt', field: 'input' },
      { name: 'output', field: 'answer' },
    ]);
  });
});

describe('item keys', () => {
  it('are the given ids, or hashes of what is asked and expected with a number for repeats', async () => {
    const rows = await rowsOf('{"id":"a","prompt":"1","output":"x"}\n{"prompt":"1","output":"y"}\n{"prompt":"1","output":"z"}\n{"prompt":"2"}\n', { format: 'jsonl' });
    const [first, second, third, fourth] = rows.map((row) => row.itemKey);
    expect(first).toBe('a');
    expect(second).toMatch(/^h[0-9a-f]{16}$/);
    expect(third).toBe(`${second ?? ''}-2`);
    expect(fourth).not.toBe(second);
  });

  it('do not change with the format, the order of columns, other columns or the position of the row', async () => {
    const [csv] = await rowsOf('prompt,expected,answer\nq,e,x\n', { format: 'csv' });
    const [, jsonl] = await rowsOf('{"prompt":"other"}\n{"output":"y","note":1,"expected_response":"e","question":"q"}\n', { format: 'jsonl' });
    expect(jsonl?.itemKey).toBe(csv?.itemKey);
    expect(jsonl?.itemHash).not.toBe(csv?.itemHash);
  });

  it('keep clear of a given id that looks like a hash', async () => {
    const [plain] = await rowsOf('{"prompt":"1"}', { format: 'jsonl' });
    const rows = await rowsOf(`{"prompt":"0","id":${JSON.stringify(plain?.itemKey)}}\n{"prompt":"1"}\n`, { format: 'jsonl' });
    expect(rows[1]?.itemKey).toBe(`${plain?.itemKey ?? ''}-2`);
  });
});

describe('refusals', () => {
  it.each([
    ['open-quote.csv', 'row 2 (line 3), column "expected": a double quote is opened and never closed'],
    ['stray-quote.csv', 'row 1 (line 2), column "answer": a double quote stands in the middle of a cell'],
    ['missing-cell.csv', 'row 2 (line 3): expected 3 columns as in the header, got 2'],
    ['duplicate-ids.csv', 'row 3 (line 4): id "a-1" was used before, in row 1 (line 2)'],
    ['duplicate-header.csv', 'header: columns 1 and 3 have the same name ("prompt", "Prompt")'],
    ['ambiguous-columns.csv', 'header: column "answer" can be the expected or the recorded answer, and both have other columns already'],
    ['answer-only.csv', 'header: column "answer" can be the expected or the recorded answer, and no other column tells which'],
    ['no-header.csv', 'header: no column is recognised among "How many lamps?", "three", "three"'],
    ['empty-question.csv', 'row 2 (line 3), column "prompt": expected a question, got nothing'],
    ['only-header.csv', 'the dataset has no rows'],
    ['latin1.csv', 'near line 3: expected UTF-8, got other bytes'],
    ['broken-line.jsonl', 'row 2 (line 2): not valid JSON'],
    ['not-an-object.jsonl', 'row 2 (line 2): expected a JSON object, got a list of 2'],
    ['no-rows.json', 'expected a list of rows or an object with a list `items`, got an object'],
    ['broken.json', 'line 3, column 33: not valid JSON'],
  ])('of %s name the place', async (fileName, message) => {
    const content = readFileSync(new URL(`bad/${fileName}`, examples));
    for (const chunkBytes of [1, 13, 100_000]) {
      await expect(rowsOf(content, { fileName }, chunkBytes)).rejects.toMatchObject({ code: 'DATASET_INVALID', message: expect.stringContaining(message) as string });
    }
  });

  it('hint at the columns setting where a name is ambiguous', async () => {
    await expect(rowsOf('prompt,expected,output,answer\na,b,c,d\n', { format: 'csv' })).rejects.toMatchObject({ hint: expect.stringContaining('"columns": {"answer": "answer"}') as string });
    const [row] = await rowsOf('prompt,expected,output,answer\na,b,c,d\n', { format: 'csv', columns: { answer: 'Answer' } });
    expect(row).toMatchObject({ answer: 'd', extra: { output: 'c' } });
  });

  it.each([
    ['prompt,question,answer,expected\na,b,c,d\n', 'both "prompt" and "question" can be the input'],
    ['prompt,output,response\na,b,c\n', 'both "output" and "response" can be the recorded answer'],
    ['prompt,,expected\na,b,c\n', 'column 2 has no name'],
    ['prompt,answer,expected\na,b,c,d\n', 'expected 3 columns as in the header, got 4'],
    ['prompt,output,\na,b,c\n', 'column 3 has a value but no name in the header'],
    ['prompt,output,threshold\na,b,2\n', 'row 1 (line 2), column "threshold": expected a number from 0 to 1, got "2"'],
    ['prompt,output,latency_ms\na,b,soon\n', 'column "latency_ms": expected a number of at least 0, got "soon"'],
    ['id,prompt,output\n"a\u0007b",b,c\n', 'column "id": expected an id without control characters'],
    ['', 'the dataset has no rows'],
  ])('of %j say what is wrong', async (text, message) => {
    await expect(rowsOf(text, { format: 'csv' })).rejects.toMatchObject({ code: 'DATASET_INVALID', message: expect.stringContaining(message) as string });
  });

  it('tell a columns setting that names no column, with the nearest one', async () => {
    await expect(rowsOf('prompt,bot reply\na,b\n', { format: 'csv', columns: { answer: 'bot replay' } })).rejects.toMatchObject({
      message: expect.stringContaining('columns.answer') as string,
      hint: 'did you mean "bot reply"?',
    });
    await expect(rowsOf('{"prompt":"a","output":"b"}', { format: 'jsonl', columns: { expected: 'gold' } })).rejects.toMatchObject({ code: 'DATASET_INVALID' });
  });

  it('are the same for rows in a payload', async () => {
    await expect(collect(parseInlineRows([{ id: 'a', prompt: '1' }, { id: 'a', prompt: '2' }]))).rejects.toMatchObject({ message: expect.stringContaining('row 2: id "a" was used before, in row 1') as string });
  });

  it('keep control characters of the file out of the message', async () => {
    await expect(rowsOf('{"prompt": \u001b[31m}', { format: 'jsonl' })).rejects.toMatchObject({ message: expect.not.stringContaining('\u001b') as string });
  });

  it('cover UTF-16, NUL characters and nesting without end', async () => {
    await expect(rowsOf(new Uint8Array([0xff, 0xfe, 0x61, 0]), { format: 'csv' })).rejects.toMatchObject({ message: expect.stringContaining('UTF-16') as string });
    await expect(rowsOf('prompt,output\na,b\nc,d\0\n', { format: 'csv' })).rejects.toMatchObject({ message: expect.stringContaining('line 3: expected text, got a NUL') as string });
    const deep = `{"prompt":"a","answer":"b","expected":"c","note":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
    await expect(rowsOf(deep, { format: 'jsonl' }, 4096)).rejects.toMatchObject({ code: 'DATASET_INVALID', message: expect.stringContaining('nested too deep') as string });
  });
});

describe('limits', () => {
  const longText = 'x'.repeat(1024 * 1024);

  it('refuse a row over 1 MB, also one that only an open quote makes so long', async () => {
    await expect(rowsOf(`{"prompt":"a"}\n{"prompt":"${longText}"}\n`, { format: 'jsonl' }, 65_536)).rejects.toMatchObject({ message: expect.stringContaining('line 2') as string });
    await expect(rowsOf(JSON.stringify([{ prompt: longText }]), { format: 'json' }, 65_536)).rejects.toMatchObject({ message: 'row 1: the row is larger than 1 MB' });
    const open = `prompt,answer,expected\na,b,c\nd,"${'e,f,g\n'.repeat(300_000)}`;
    await expect(rowsOf(open, { format: 'csv' }, 65_536)).rejects.toMatchObject({ message: 'row 2 (line 3): the row is larger than 1 MB', hint: 'is a double quote left open in it?' });
  });

  it('refuse a question over 200 kB', async () => {
    await expect(rowsOf(`{"prompt":"${'ä'.repeat(102_401)}"}`, { format: 'jsonl' }, 65_536)).rejects.toMatchObject({ message: expect.stringContaining('expected at most 204800 bytes, got 204802') as string });
  });

  it('cut an answer over 256 kB between characters and say what it was', async () => {
    const [row] = await rowsOf(`{"prompt":"a","output":"x${'€'.repeat(100_000)}"}`, { format: 'jsonl' }, 65_536);
    expect(Buffer.byteLength(row?.answer ?? '')).toBeLessThanOrEqual(256 * 1024);
    expect(row?.answer?.endsWith('€')).toBe(true);
    expect(row?.answerCut).toMatchObject({ bytes: 300_001, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
    const [whole] = await rowsOf(`{"prompt":"a","output":"${'x'.repeat(256 * 1024)}"}`, { format: 'jsonl' }, 65_536);
    expect(whole?.answerCut).toBe(null);
  });

  it('refuse more than 100 000 rows', async () => {
    const rows = 'prompt,output\n' + 'a,b\n'.repeat(100_001);
    await expect(rowsOf(rows, { format: 'csv' }, 1 << 20)).rejects.toMatchObject({ code: 'DATASET_TOO_LARGE', message: 'the dataset has more than 100000 rows' });
  });

  it('refuse a file over 256 MB while reading it, in little memory', async () => {
    const chunk = new Uint8Array(1 << 20).fill(0x61);
    let chunks = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        chunks += 1;
        yield await Promise.resolve(chunk);
      }
    }
    const reading = async (): Promise<void> => {
      for await (const _text of decodeText(endless()));
    };
    await expect(reading()).rejects.toMatchObject({ code: 'DATASET_TOO_LARGE', message: 'the dataset is larger than 256 MB' });
    expect(chunks).toBe(257);
  });

  it('refuse a JSON document over 32 MB and name JSONL as the way out', async () => {
    const chunk = new TextEncoder().encode('{"prompt":"a"},'.repeat(100_000));
    let read = 0;
    async function* document(): AsyncGenerator<Uint8Array> {
      yield new TextEncoder().encode('[');
      for (; read < 1000; read += 1) yield await Promise.resolve(chunk);
    }
    await expect(collect(parseDataset(document(), { format: 'json' }))).rejects.toMatchObject({ code: 'DATASET_TOO_LARGE', hint: expect.stringContaining('JSONL') as string });
    expect(read).toBeLessThan(30);
  });

  it('closes the source when the reader stops early', async () => {
    let closed = false;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        yield new TextEncoder().encode('prompt,output\n');
        for (;;) yield await Promise.resolve(new TextEncoder().encode('a,b\n'.repeat(20_000)));
      } finally {
        closed = true;
      }
    }
    for await (const row of parseDataset(source(), { format: 'csv' })) if (row.row === 3) break;
    await new Promise((resolve) => setImmediate(resolve));
    expect(closed).toBe(true);
  });
});
