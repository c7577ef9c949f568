// One job that kills every worker that runs it, among jobs that do no harm.

import { beforeAll, expect, test } from 'vitest';

import { buildVictim } from './build-victim.js';
import { mustHold, storedJobs } from './inspect.js';
import { expecting, type JobLine, writeLines } from './job-mix.js';
import { Place } from './place.js';

let program: string;
beforeAll(async () => {
  program = await buildVictim('poison');
});

const DRAIN = ['worker', 'start', '--drain', '--concurrency', '10', '--lock-seconds', '1'];
const MAX_ATTEMPTS = 3;

test('a job that kills its worker ends dead-lettered and takes none of its 49 neighbours along', async (context) => {
  const place = Place.make(program, context);
  const sleepers = Array.from({ length: 49 }, (): JobLine => expecting('Succeeded', { type: 'sleep', payload: { ms: 30 } }));
  const poison = expecting('DeadLettered', { type: 'fail', payload: { mode: 'crash' } });
  await place.json(['submit', '--from', writeLines(place, 'jobs.jsonl', [...sleepers.slice(0, 20), poison, ...sleepers.slice(20)])]);

  let deaths = 0;
  for (let ended = await place.run(DRAIN); ended.code !== 0; ended = await place.run(DRAIN)) {
    expect(ended.signal).toBe('SIGKILL');
    deaths += 1;
    expect(deaths).toBeLessThanOrEqual(MAX_ATTEMPTS);
  }
  expect(deaths).toBe(MAX_ATTEMPTS);
  await mustHold(place, 'after the drain', { drained: true });
  const dead = (await storedJobs(place)).filter(({ status }) => status === 'DeadLettered');
  expect(dead).toMatchObject([{ type: 'fail', attempt: MAX_ATTEMPTS, error: { code: 'WORKER_LOST' } }]);
  await place.discard();
}, 60_000);
