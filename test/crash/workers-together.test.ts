// What several workers do to each other: one sleeps through its lock, two end the last children of a batch in the same
// moment, and one job kills every worker that runs it.

import { beforeAll, expect, test } from 'vitest';

import { buildVictim } from './build-victim.js';
import { mustHold, storedJobs, withRuntime } from './inspect.js';
import { readStored } from './invariants.js';
import { expecting, type JobLine, writeLines } from './job-mix.js';
import { STOPPED } from './mine.js';
import { Place, type Running } from './place.js';
import { until } from './until.js';

let program: string;
beforeAll(async () => {
  program = await buildVictim();
});

const SHARED = ['worker', 'start', '--drain', '--concurrency', '10', '--lock-seconds', '1'];
const MAX_ATTEMPTS = 3;
const worker = (...more: string[]): string[] => ['worker', 'start', '--concurrency', '1', '--lock-seconds', '1', ...more];

test.concurrent('a job that kills its worker ends dead-lettered and takes none of its 49 neighbours along', async (context) => {
  const place = Place.make(program, context);
  const sleepers = Array.from({ length: 49 }, (): JobLine => expecting('Succeeded', { type: 'sleep', payload: { ms: 30 } }));
  const poison = expecting('DeadLettered', { type: 'fail', payload: { mode: 'crash' } });
  await place.json(['submit', '--from', writeLines(place, 'jobs.jsonl', [...sleepers.slice(0, 20), poison, ...sleepers.slice(20)])]);

  let deaths = 0;
  for (let ended = await place.run(SHARED); ended.code !== 0; ended = await place.run(SHARED)) {
    expect(ended.signal).toBe('SIGKILL');
    deaths += 1;
    expect(deaths).toBeLessThanOrEqual(MAX_ATTEMPTS);
  }
  expect(deaths).toBe(MAX_ATTEMPTS);
  await mustHold(place, 'after the drain', { drained: true });
  const dead = (await storedJobs(place)).filter(({ status }) => status === 'DeadLettered');
  expect(dead).toMatchObject([{ type: 'fail', attempt: MAX_ATTEMPTS, error: { code: 'WORKER_LOST' } }]);
  await place.discard();
}, 120_000);

test.concurrent('a worker that was stopped for longer than its lock does not overwrite the outcome of the next one', async (context) => {
  const place = Place.make(program, context);
  await place.json(['submit', 'echo', '--payload', '{"by":"echo"}', '--label', 'expected=Succeeded']);
  // The second save is the outcome: it stands still with the result in its hands.
  const sleeper = place.start(worker('--drain'), { stopAt: 'store.save#2:before' });
  await sleeper.shows(STOPPED);
  await place.json(worker('--drain'));
  const [before] = await storedJobs(place);
  expect(before).toMatchObject({ status: 'Succeeded', runEpoch: 2, attempt: 2 });

  sleeper.kill('SIGCONT');
  expect(await sleeper.ended).toMatchObject({ code: 0 });
  expect(await storedJobs(place)).toEqual([before]);
  await mustHold(place, 'after the stopped worker went on', { drained: true });
  await place.discard();
}, 120_000);

test.concurrent('a worker that was stopped after saving its outcome, and lost its lock, changes nothing more', async (context) => {
  const place = Place.make(program, context);
  await place.json(['submit', 'fail', '--payload', '{"mode":"always"}', '--label', 'expected=DeadLettered'], { env: { AZURE_SERVICE_BUS_MAX_RETRIES: '1' } });
  const sleeper = place.start(worker('--drain'), { stopAt: 'delivery.deadLetter#1:before' });
  await sleeper.shows(STOPPED);
  await place.json(worker('--drain'));
  sleeper.kill('SIGCONT');
  expect(await sleeper.ended).toMatchObject({ code: 0 });
  await mustHold(place, 'after the stopped worker went on', { drained: true });
  await place.discard();
}, 120_000);

test.concurrent('two workers that end the last two children in the same moment send one continuation', async (context) => {
  const place = Place.make(program, context);
  await place.json(['submit', 'batch', '--payload', '{"jobs":[{"type":"echo"},{"type":"echo"}]}', '--label', 'expected=Succeeded']);
  await place.json(worker('--max-jobs', '1'));
  // Each has saved its child's outcome and has not yet looked at the parent.
  const both = [place.start(worker('--drain'), { stopAt: 'store.save#2:after' }), place.start(worker('--drain'), { stopAt: 'store.save#2:after' })];
  await Promise.all(both.map((each) => each.shows(STOPPED)));
  for (const each of both) each.kill('SIGCONT');
  for (const { code } of await Promise.all(both.map((each) => each.ended))) expect(code).toBe(0);
  await mustHold(place, 'after both went on', { drained: true });
  expect(await continuations(place)).toBe(1);
  await place.discard();
}, 120_000);

test.concurrent('two workers killed in that moment leave one continuation to the next', async (context) => {
  const place = Place.make(program, context);
  await place.json(['submit', 'batch', '--payload', '{"jobs":[{"type":"echo"},{"type":"echo"}]}', '--label', 'expected=Succeeded']);
  await place.json(worker('--max-jobs', '1'));
  const both: Running[] = [1, 2].map(() => place.start(worker('--drain'), { stopAt: 'store.save#2:after' }));
  await Promise.all(both.map((each) => each.shows(STOPPED)));
  for (const each of both) each.kill();
  await Promise.all(both.map((each) => each.ended));
  expect(await continuations(place)).toBe(0);
  await place.json(worker('--drain'));
  await mustHold(place, 'after a drain', { drained: true });
  expect(await continuations(place)).toBe(1);
  await place.discard();
}, 120_000);

test.concurrent('two workers share a queue without doing anything twice', async (context) => {
  const place = Place.make(program, context);
  const lines = Array.from({ length: 300 }, () => JSON.stringify({ type: 'echo', payload: null, labels: { expected: 'Succeeded' } })).join('\n');
  await place.json(['submit', '--from', '-'], { stdin: lines });
  const summaries = await Promise.all([1, 2].map(() => place.json(['worker', 'start', '--drain', '--concurrency', '5'])));
  expect(summaries.reduce((sum: number, each) => sum + (each as { succeeded: number }).succeeded, 0)).toBe(300);
  await mustHold(place, 'after both drained', { drained: true });
  expect((await storedJobs(place)).every(({ runEpoch }) => runEpoch === 1)).toBe(true);
  await until('no worker in the registry', () => withRuntime(place, async ({ workers }) => (await workers.list()).length === 0));
  await place.discard();
}, 120_000);

async function continuations(place: Place): Promise<number> {
  return withRuntime(place, async (runtime) => [...(await readStored(runtime)).events.values()].flat().filter(({ type }) => type === 'children-ended').length);
}
