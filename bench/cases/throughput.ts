// Bulk submit and a worker with a no-op handler, each as the whole process a user starts, against the raw loop on a copy
// of the same file, against plainjob, and against BullMQ where there is a Redis server.

import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { measureBullmq } from './bullmq.js';
import { measurePlainjob } from './plainjob.js';
import { rawInsert, rawWork } from '../raw-loop.js';
import { median, report } from '../report.js';
import { runProgram, withTempDir } from '../processes.js';

interface Round {
  readonly submit: number;
  readonly rawSubmit: number;
  readonly work: number;
  readonly rawWork: number;
  readonly plainFull: number;
  readonly plainNormal: number;
  readonly bullmq: number | undefined;
}

export async function benchThroughput(jobs: number, rounds: number): Promise<void> {
  const measured: Round[] = [];
  for (let round = 0; round < rounds; round += 1) measured.push(await withTempDir((dir) => measureRound(dir, jobs)));
  const of = (key: keyof Round): number => median(measured.flatMap((round) => round[key] ?? []));
  const unit = 'jobs/s';
  report({ what: 'bulk submit, 300-byte payloads', value: of('submit'), unit, reference: { what: 'raw insert', value: of('rawSubmit') }, goal: { atLeast: 0.5 } });
  report({ what: 'worker, no-op, concurrency 50', value: of('work'), unit, reference: { what: 'raw transitions', value: of('rawWork') }, goal: { atLeast: 0.5 } });
  report({ what: 'worker, no-op, concurrency 50', value: of('work'), unit, reference: { what: 'plainjob, synchronous=FULL', value: of('plainFull') }, goal: { atLeast: 4 } });
  report({ what: 'worker, no-op, concurrency 50', value: of('work'), unit, reference: { what: 'plainjob, its default (NORMAL)', value: of('plainNormal') }, goal: { atLeast: 1 } });
  const isMeasured = measured.some(({ bullmq }) => bullmq !== undefined);
  if (isMeasured) report({ what: 'worker, no-op, concurrency 50', value: of('work'), unit, reference: { what: 'BullMQ on Redis, appendfsync everysec', value: of('bullmq') }, goal: { atLeast: 1 } });
  else process.stderr.write('BullMQ was not measured: no redis-server\n');
}

async function measureRound(dir: string, jobs: number): Promise<Round> {
  const home = join(dir, 'home');
  mkdirSync(home);
  const file = join(home, 'copiloteval.db');
  const lines = join(dir, 'jobs.jsonl');
  const noop = join(dir, 'noop.mjs');
  writeFileSync(noop, "export default { type: 'noop', run: () => Promise.resolve() };\n");
  writeFileSync(join(home, 'config.json'), JSON.stringify({ profile: 'bench', profiles: { bench: { handlers: [noop] } } }));
  writeFileSync(lines, jobLines(jobs, 'noop'));

  const submitted = runProgram(['submit', '--from', lines, '-o', 'json'], { home });
  const answer = JSON.parse(submitted.stdout) as { submitted: number };
  if (answer.submitted !== jobs) throw new Error(`submitted ${answer.submitted} of ${jobs}`);
  // Closed by the last process, so the log is folded in and the copy is whole.
  const forInsert = join(dir, 'raw-insert.db');
  const forWork = join(dir, 'raw-work.db');
  copyFileSync(file, forInsert);
  copyFileSync(file, forWork);

  const worked = runProgram(['worker', 'start', '--drain', '--concurrency', '50', '-o', 'json'], { home });
  const drained = JSON.parse(worked.stdout) as { processed: number; jobsPerSecond: number };
  if (drained.processed !== jobs) throw new Error(`processed ${drained.processed} of ${jobs}`);
  return {
    submit: (jobs / submitted.ms) * 1000,
    rawSubmit: rawInsert(forInsert, jobs),
    work: drained.jobsPerSecond,
    rawWork: rawWork(forWork),
    plainFull: (await measurePlainjob(dir, Math.min(jobs, 5000), 'FULL')).workPerSecond,
    plainNormal: (await measurePlainjob(dir, Math.min(jobs, 20_000), 'NORMAL')).workPerSecond,
    bullmq: await measureBullmq(dir, Math.min(jobs, 20_000), 50),
  };
}

/** `submit --from` lines with 300 bytes of payload each. */
export function jobLines(jobs: number, type: string): string {
  const line = `${JSON.stringify({ type, payload: { text: 'x'.repeat(289) } })}\n`;
  return line.repeat(jobs);
}
