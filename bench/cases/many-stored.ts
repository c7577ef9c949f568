// Whether a large store slows the next job: the same submit and the same worker with 1 000 and with 1 000 000 jobs stored.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { median, report } from '../report.js';
import { runProgram, withTempDir } from '../processes.js';
import { jobLines } from './throughput.js';

interface Costs {
  readonly submitMicros: number;
  readonly workMicros: number;
}

/** `waiting` of the stored jobs have their message on the queue; the rest have ended. */
export function benchManyStored(stored: number, waiting: number, probe: number): void {
  const few = withTempDir((dir) => measure(dir, { ended: 1000, waiting: 0, probe }));
  const many = withTempDir((dir) => measure(dir, { ended: stored - waiting, waiting, probe }));
  const note = `${stored} stored, ${waiting} waiting, against 1000 stored`;
  const goal = { atMost: 1.3 };
  report({ what: 'bulk submit per job', value: many.submitMicros, unit: 'µs', reference: { what: 'few stored', value: few.submitMicros }, goal, note });
  report({ what: 'worker per job', value: many.workMicros, unit: 'µs', reference: { what: 'few stored', value: few.workMicros }, goal, note });
}

function measure(dir: string, size: { ended: number; waiting: number; probe: number }): Costs {
  const home = join(dir, 'home');
  mkdirSync(home);
  const lines = join(dir, 'probe.jsonl');
  writeFileSync(lines, jobLines(size.probe, 'echo'));
  fill(home, dir, size);
  const submits: number[] = [];
  const works: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    submits.push((runProgram(['submit', '--from', lines, '-o', 'json'], { home }).ms / size.probe) * 1000);
    const { stdout } = runProgram(['worker', 'start', '--max-jobs', String(size.probe), '--concurrency', '50', '--drain', '-o', 'json'], { home });
    const { processed, elapsedMs } = JSON.parse(stdout) as { processed: number; elapsedMs: number };
    if (processed !== size.probe) throw new Error(`processed ${processed} of ${size.probe}`);
    works.push((elapsedMs / size.probe) * 1000);
  }
  return { submitMicros: median(submits), workMicros: median(works) };
}

/** Ended jobs are worked off by the product; waiting ones are written as the product writes them. */
function fill(home: string, dir: string, { ended, waiting }: { ended: number; waiting: number }): void {
  const batch = join(dir, 'batch.jsonl');
  const size = Math.min(ended, 100_000);
  writeFileSync(batch, jobLines(size, 'echo'));
  for (let done = 0; done < ended; done += size) {
    runProgram(['submit', '--from', batch, '-o', 'json'], { home });
    runProgram(['worker', 'start', '--drain', '--concurrency', '50', '-o', 'json'], { home });
  }
  if (waiting === 0) return;
  writeFileSync(batch, jobLines(waiting, 'echo'));
  runProgram(['submit', '--from', batch, '-o', 'json'], { home });
}

