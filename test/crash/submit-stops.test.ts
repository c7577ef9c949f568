// `submit` killed at each call it makes: a printed id is a stored job, and repeating the command makes no second one.

import { beforeAll, expect, test } from 'vitest';

import { buildVictim } from './build-victim.js';
import { mustHold, storedJobs } from './inspect.js';
import { echoLines, LARGE, writeDataset, writeLines } from './job-mix.js';
import { Place } from './place.js';
import { byLength, LONG } from './run-length.js';
import { stopsOf, traceCalls } from './stops.js';
import { inParallel } from './until.js';

let program: string;
beforeAll(async () => {
  program = await buildVictim();
});

const DRAIN = ['worker', 'start', '--drain'];

test(
  'submit killed before and after each of its steps leaves the whole job or none, and can be repeated under its key',
  async (context) => {
    const first = Place.make(program, context);
    const payload = `@${writeLines(first, 'large.json', [{ type: 'echo', payload: LARGE }])}`;
    const large = ['submit', 'echo', '--payload', payload, '--id-key', 'one', '--label', 'expected=Succeeded', '-o', 'json'];
    const dataset = ['submit', 'evaluation', '--file', writeDataset(first, 'answers.csv', 5), '--id-key', 'two', '--label', 'expected=Succeeded', '-o', 'json'];
    const flows = await Promise.all(
      [large, dataset].map(async (args) => {
        const place = Place.make(program, context);
        const calls = await traceCalls(place, args);
        await place.discard();
        expect([...calls.keys()]).toContain('store.insert');
        expect([...calls.keys()].filter((name) => name.startsWith('blobs.put'))).toHaveLength(1);
        return stopsOf(calls, ['store.insert', 'blobs.put', 'blobs.putByHash']).map((stop) => ({ args, stop }));
      }),
    );
    await inParallel(flows.flat(), 3, async ({ args, stop }) => {
      const place = Place.make(program, context);
      const victim = await place.run(args, { crashAt: stop });
      if (victim.signal !== 'SIGKILL') throw new Error(`submit did not come to ${stop}: ${victim.stderr}${place.evidence}`);
      expect(place.accepted.size).toBe(0);
      await mustHold(place, `submit killed at ${stop}`, { drained: false });
      await place.json(args.slice(0, -2));
      await place.json(DRAIN);
      await mustHold(place, `submit killed at ${stop} and repeated`, { drained: true });
      expect(await storedJobs(place)).toHaveLength(1);
      await place.discard();
    });
    await first.discard();
  },
  byLength(60_000, 120_000),
);

test(
  'a bulk submit killed in the middle leaves whole chunks, and repeating it stores the rest once',
  async (context) => {
    const count = byLength(2100, 20_000);
    const traced = Place.make(program, context);
    const lines = writeLines(traced, 'jobs.jsonl', echoLines(count, 'key'));
    const args = ['submit', '--from', lines];
    const inserts = (await traceCalls(traced, args)).get('store.insert') ?? 0;
    expect(inserts).toBeGreaterThan(2);
    const stops = LONG ? stopsOf(new Map([['store.insert', inserts]]), ['store.insert']) : ['store.insert#2:before', 'store.insert#2:after'];
    await inParallel(stops, 2, async (stop) => {
      const place = Place.make(program, context);
      const victim = await place.run(args, { crashAt: stop });
      expect(victim.signal).toBe('SIGKILL');
      const stored = (await storedJobs(place)).length;
      const [call = '', when] = stop.slice(stop.indexOf('#') + 1).split(':');
      const chunks = when === 'after' ? Number(call) : Number(call) - 1;
      expect(stored).toBe(Math.min(count, chunks * 1000));
      expect(await place.json(args)).toMatchObject({ submitted: count - stored, duplicates: stored, rejectedCount: 0 });
      await mustHold(place, `bulk submit killed at ${stop} and repeated`, { drained: false });
      expect(await storedJobs(place)).toHaveLength(count);
      await place.discard();
    });
    await drainAll(traced, count);
  },
  byLength(60_000, 600_000),
);

async function drainAll(place: Place, count: number): Promise<void> {
  expect(await place.json([...DRAIN, '--concurrency', '50'])).toMatchObject({ succeeded: count });
  await mustHold(place, 'after a bulk submit and a drain', { drained: true });
  await place.discard();
}
