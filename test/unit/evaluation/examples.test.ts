import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { parseEvaluationPayload } from '../../../src/evaluation/payload.js';
import { rowsOf } from '../../support/dataset-builders.js';

const examples = new URL('../../../examples/', import.meta.url);

function read(path: string): Buffer {
  return readFileSync(new URL(path, examples));
}

function payloadOf(path: string): unknown {
  return JSON.parse(read(path).toString('utf8'));
}

describe('examples', () => {
  it.each([
    ['eval/support-desk.csv', 12],
    ['eval/company-figures.csv', 10],
    ['eval/ugly.csv', 5],
    ['eval/ugly.tsv', 5],
    ['demo/support-v1.jsonl', 24],
    ['demo/support-v2.jsonl', 24],
  ])('%s is a dataset of %d rows with recorded answers', async (path, count) => {
    const rows = await rowsOf(read(path), { fileName: path }, 4096);
    expect(rows).toHaveLength(count);
    expect(rows.filter((row) => (row.answer ?? '') !== '').length).toBeGreaterThan(count * 0.8);
  });

  it('have the same questions in both demo sets', async () => {
    const [v1, v2] = await Promise.all(['v1', 'v2'].map((version) => rowsOf(read(`demo/support-${version}.jsonl`), { format: 'jsonl' }, 4096)));
    expect(v2?.map((row) => row.itemKey)).toEqual(v1?.map((row) => row.itemKey));
  });

  it.each(['eval/support-desk.eval.json', 'eval/company-figures.eval.json', 'demo/evaluation.json'])('%s is a payload once a dataset is attached', (path) => {
    expect(parseEvaluationPayload({ ...(payloadOf(path) as object), dataset: { rows: [{ prompt: 'x' }] } }).gates.length).toBeGreaterThan(0);
  });

  it('in payloads/ for evaluation are accepted', () => {
    const names = readdirSync(new URL('payloads/', examples)).filter((name) => name.includes('evaluation'));
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) expect(parseEvaluationPayload(payloadOf(`payloads/${name}`)).dataset.rows?.length).toBeGreaterThan(0);
  });

  it('are listed in the README, and it lists nothing that is not there', () => {
    const readme = read('README.md').toString('utf8');
    for (const name of readdirSync(new URL('payloads/', examples))) expect(readme).toContain(`payloads/${name}`);
    for (const [, path] of readme.matchAll(/\]\(([\w./-]+)\)/g)) expect(existsSync(new URL(path ?? '', examples)), path).toBe(true);
  });

  it('come with a generator that always writes the same rows', async () => {
    const script = fileURLToPath(new URL('eval/generate-rows.mjs', examples));
    const run = (...args: string[]): string => execFileSync(process.execPath, [script, ...args], { encoding: 'utf8', maxBuffer: 1 << 26 });
    const csv = run();
    expect(run()).toBe(csv);
    const rows = await rowsOf(csv, { format: 'csv' }, 65_536);
    expect(rows).toHaveLength(2000);
    expect(await rowsOf(run('50', 'jsonl'), { format: 'jsonl' }, 65_536)).toEqual(
      rows.slice(0, 50).map((row) => ({ ...row, line: row.row })),
    );
  });
});
