// Killed between two operations on a file, or in the middle of writing one: a job never names a file that is not whole.

import { readFileSync } from 'node:fs';

import { beforeAll, expect, test, type TestContext } from 'vitest';

import { buildVictim, withFileMines } from './build-victim.js';
import { mustHold, storedJobs } from './inspect.js';
import { expecting, LARGE, writeDataset, writeLines } from './job-mix.js';
import { finishOperation } from './operations.js';
import { Place } from './place.js';
import { byLength, LONG } from './run-length.js';
import { inParallel } from './until.js';

let program: string;
beforeAll(async () => {
  program = await buildVictim();
});

const DRAIN = ['worker', 'start', '--drain', '--lock-seconds', '0.5'];
const PURGE = ['dlq', 'purge', '--queue', 'evaluation-jobs', '--all', '--yes'];

interface Flow {
  readonly template: Place;
  readonly args: readonly string[];
  /** Brings the flow to its end after it was killed. */
  readonly goOn: (place: Place) => Promise<unknown>;
  readonly jobs: number;
}

test(
  'a process killed at each operation on its files leaves whole files and jobs that can go on',
  async (context) => {
    const flows = [await largePayload(context), await dataset(context), await largeResult(context), await purge(context)];
    const stops = (await Promise.all(flows.map(async (flow) => (await stopsOf(flow)).map((stop) => ({ flow, stop }))))).flat();
    await inParallel(stops, 6, async ({ flow, stop }) => {
      const place = flow.template.copy();
      const what = `${flow.args.slice(0, 2).join(' ')} killed at file operation ${stop}`;
      const killed = await place.run(flow.args, withFileMines(program, { crashAt: stop }));
      if (killed.signal !== 'SIGKILL') throw new Error(`not ${what}: ${killed.stderr}${place.evidence}`);
      await mustHold(place, what, { drained: false });
      await flow.goOn(place);
      expect(await storedJobs(place)).toHaveLength(flow.jobs);
      await mustHold(place, `${what}, then finished`, { drained: true });
      await place.discard();
    });
    for (const { template } of flows) await template.discard();
    process.stderr.write(`file stops: ${stops.length} kills\n`);
  },
  byLength(60_000, 120_000),
);

async function stopsOf({ template, args }: Flow): Promise<number[]> {
  const place = template.copy();
  const trace = place.file('files.txt');
  const ended = await place.run(args, withFileMines(program, { trace }));
  if (ended.code !== 0) throw new Error(`${args.join(' ')} ended with ${ended.code}: ${ended.stderr}${place.evidence}`);
  const operations = readFileSync(trace, 'utf8').trim().split('\n');
  await place.discard();
  expect(operations).toEqual(expect.arrayContaining(['writeFile', 'sync']));
  return operations.flatMap((name, index) => (LONG || name === 'writeFile' || name === 'rename' ? [index + 1] : []));
}

async function largePayload(context: TestContext): Promise<Flow> {
  const template = Place.make(program, context);
  const file = writeLines(template, 'large.json', [expecting('Succeeded', { type: 'echo', payload: LARGE })]);
  const args = ['submit', 'echo', '--payload', `@${file}`, '--id-key', 'one', '--label', 'expected=Succeeded'];
  return { template, args, goOn: (place) => repeat(place, args), jobs: 1 };
}

async function dataset(context: TestContext): Promise<Flow> {
  const template = Place.make(program, context);
  const args = ['submit', 'evaluation', '--file', writeDataset(template, 'answers.csv', 5), '--id-key', 'one', '--label', 'expected=Succeeded'];
  return { template, args, goOn: (place) => repeat(place, args), jobs: 1 };
}

async function largeResult(context: TestContext): Promise<Flow> {
  const template = Place.make(program, context);
  await template.json(['submit', '--from', writeLines(template, 'large.jsonl', [expecting('Succeeded', { type: 'echo', payload: LARGE })])]);
  return { template, args: DRAIN, goOn: (place) => place.json(DRAIN), jobs: 1 };
}

async function purge(context: TestContext): Promise<Flow> {
  const template = Place.make(program, context);
  const once = { env: { AZURE_SERVICE_BUS_MAX_RETRIES: '1' } };
  const lines = [1, 2, 3].map(() => expecting('DeadLettered', { type: 'fail', payload: { mode: 'always' } }));
  await template.json(['submit', '--from', writeLines(template, 'jobs.jsonl', lines)], once);
  await template.json(DRAIN, once);
  return { template, args: PURGE, goOn: purgeAndRestore, jobs: 3 };
}

async function repeat(place: Place, args: readonly string[]): Promise<void> {
  await place.json(args);
  await place.json(DRAIN);
}

async function purgeAndRestore(place: Place): Promise<void> {
  const done = await finishOperation(place, 'purge', PURGE);
  expect(done).toMatchObject({ purged: 3, failed: 0, unexplained: 0, after: 0 });
  expect(await place.json(['dlq', 'restore', done.operation, '--yes'])).toMatchObject({ matched: 3, failed: 0, after: 3 });
}
