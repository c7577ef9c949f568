// A worker killed at each call it makes: whatever it was doing, the next worker ends every job the right way.

import { beforeAll, expect, test } from 'vitest';

import { buildVictim } from './build-victim.js';
import { mustHold } from './inspect.js';
import { oneOfEach, writeDataset, writeLines } from './job-mix.js';
import { Place } from './place.js';
import { byLength } from './run-length.js';
import { stopsOf, traceCalls } from './stops.js';
import { inParallel } from './until.js';

let program: string;
beforeAll(async () => {
  program = await buildVictim();
});

/** A short lock, so that what the killed worker held comes back soon. */
const VICTIM = ['worker', 'start', '--drain', '--concurrency', '3', '--lock-seconds', '0.5'];
const AFTERWARDS = ['worker', 'start', '--drain', '--concurrency', '8', '--lock-seconds', '20'];
/** A machine that stands still for half a second costs attempts too, and must not change how jobs end. */
const ATTEMPTS = { AZURE_SERVICE_BUS_MAX_RETRIES: '5' };
/** What a job's outcome passes through. */
const STEPS = ['queue.receive', 'store.insert', 'store.save', 'delivery.completeWithin', 'delivery.complete', 'delivery.deadLetter'];

/** What a worker must call in this flow; without one of them the stops below would not be those of the whole flow. */
const FLOW = [
  'queue.receive',
  'store.get',
  'store.save',
  'store.insert',
  'store.childrenOf',
  'checkpoints.put',
  'blobs.read',
  'blobs.put',
  'delivery.renewLock',
  'delivery.completeWithin',
  'delivery.complete',
  'delivery.deadLetter',
  'workers.heartbeat',
];

test(
  'a worker killed before and after each of its steps loses nothing and ends nothing twice',
  async (context) => {
    const template = Place.make(program, context);
    await template.json(['submit', '--from', writeLines(template, 'jobs.jsonl', oneOfEach())], { env: ATTEMPTS });
    await template.json(['submit', 'evaluation', '--file', writeDataset(template, 'answers.csv', 8), '--label', 'expected=Succeeded'], { env: ATTEMPTS });
    // Long enough for a renewal of the victim's lock.
    await template.json(['submit', 'sleep', '--payload', '{"ms":600}', '--label', 'expected=Succeeded'], { env: ATTEMPTS });

    const traced = template.copy();
    const calls = await traceCalls(traced, VICTIM);
    await mustHold(traced, 'without any kill', { drained: true });
    await traced.discard();
    expect([...calls.keys()]).toEqual(expect.arrayContaining(FLOW));

    const stops = stopsOf(calls, STEPS);
    const reached: string[] = [];
    await inParallel(stops, 6, async (stop) => {
      const place = template.copy();
      const victim = await place.run(VICTIM, { crashAt: stop });
      if (victim.signal === 'SIGKILL') reached.push(stop);
      else if (victim.code !== 0) throw new Error(`the worker ended with ${victim.code} before ${stop}: ${victim.stderr}${place.evidence}`);
      await mustHold(place, `killed at ${stop}`, { drained: false });
      const after = await place.run(AFTERWARDS);
      if (after.code !== 0) throw new Error(`the worker after ${stop} ended with ${after.code}: ${after.stderr}${place.evidence}`);
      await mustHold(place, `after a kill at ${stop} and a drain`, { drained: true });
      await place.discard();
    });
    await template.discard();
    process.stderr.write(`worker stops: ${reached.length} kills at ${stops.length} stops\n`);
    // Late calls, and calls that a timer makes, need not come again; those of the flow do.
    for (const name of FLOW) expect(reached).toEqual(expect.arrayContaining(stops.filter((stop) => stop.startsWith(`${name}#1:`))));
  },
  byLength(60_000, 1_800_000),
);
