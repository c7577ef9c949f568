// 10 000 recorded answers of 200 characters, scored by three and by seven metrics, through submit and worker in one process.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { runProgram, withTempDir } from '../processes.js';
import { report } from '../report.js';

const THREE = ['exact', 'token-f1', 'levenshtein'];
const SEVEN = [...THREE, 'contains', 'starts-with', 'number', 'regex'];

export function benchEvaluation(rows: number): void {
  withTempDir((home) => {
    const dataset = join(home, 'rows.jsonl');
    writeFileSync(dataset, Array.from({ length: rows }, (_, index) => datasetRow(index)).join(''));
    for (const [types, limit] of [[THREE, 5], [SEVEN, 12]] as const) {
      const payload = JSON.stringify({ evaluators: types.map((type) => ({ id: type, type, ...(type === 'regex' ? { options: { pattern: 'order \\d+' } } : {}) })) });
      const { ms, stderr } = runMeasured(['submit', 'evaluation', '--file', dataset, '--payload', payload, '--run', '-o', 'json'], home);
      const what = `${rows}-row evaluation, ${types.length} metrics`;
      report({ what, value: ms / 1000, unit: 's', goal: { atMost: limit } });
      report({ what: `${what}, peak memory`, value: Number(stderr) / 1024, unit: 'MB', goal: { atMost: 200 } });
    }
  });
}

/** Peak resident memory from the process itself, which writes it to a file as it ends. */
function runMeasured(args: readonly string[], home: string): { ms: number; stderr: string } {
  const probe = join(home, 'peak.mjs');
  const peak = join(home, 'peak.txt');
  writeFileSync(probe, `import { writeFileSync } from 'node:fs';\nprocess.on('exit', () => writeFileSync(${JSON.stringify(peak)}, String(process.resourceUsage().maxRSS)));\n`);
  const before = process.env['NODE_OPTIONS'];
  process.env['NODE_OPTIONS'] = `--import ${probe}`;
  try {
    const { ms } = runProgram(args, { home });
    return { ms, stderr: readFileSync(peak, 'utf8') };
  } finally {
    if (before === undefined) delete process.env['NODE_OPTIONS'];
    else process.env['NODE_OPTIONS'] = before;
  }
}

function datasetRow(index: number): string {
  const answer = `The order ${index} was sent on Monday and ${'arrives within three working days at your address '.repeat(4)}`.slice(0, 200);
  const expected = index % 3 === 0 ? answer : `${answer.slice(0, 150)} and you get ${index % 7} messages about it on the way there`.slice(0, 200);
  return `${JSON.stringify({ id: `row-${index}`, input: `Where is order ${index}?`, expected, answer })}\n`;
}
