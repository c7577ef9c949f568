// `dlq replay`, `purge` and `restore` killed at each call they make and taken up again: every letter is dealt with once.

import { beforeAll, expect, test, type TestContext } from 'vitest';

import { buildVictim } from './build-victim.js';
import { mustHold, storedJobs } from './inspect.js';
import { expecting, type JobLine, writeLines } from './job-mix.js';
import { finishOperation, minutesLater } from './operations.js';
import { Place } from './place.js';
import { byLength } from './run-length.js';
import { stopsOf, traceCalls } from './stops.js';
import { inParallel } from './until.js';

let program: string;
beforeAll(async () => {
  program = await buildVictim();
});

const QUEUE = 'evaluation-jobs';
const LETTERS = 6;
const ONE_ATTEMPT = { env: { AZURE_SERVICE_BUS_MAX_RETRIES: '1' } };
const DRAIN = ['worker', 'start', '--drain', '--concurrency', '8'];
const REPLAY = ['dlq', 'replay', '--queue', QUEUE, '--all', '--yes'];
const PURGE = ['dlq', 'purge', '--queue', QUEUE, '--all', '--yes'];
/** What is done once for every letter and leaves it between two states. */
const STEPS = ['store.save', 'lease.mark', 'letter.complete', 'trashWriter.append', 'deadLetters.restore'];

test(
  'a replay killed before and after each of its steps queues every job once when it is resumed',
  async (context) => {
    const template = await deadLetters(context);
    const stops = await stopsOfCommand(template, REPLAY);
    await inParallel(stops, 6, async (stop) => {
      const place = template.copy();
      await killAt(place, REPLAY, stop);
      await mustHold(place, `replay killed at ${stop}`, { drained: false });
      const outcome = await finishOperation(place, 'replay', REPLAY);
      expect(outcome, stop).toMatchObject({ matched: LETTERS, failed: 0, unexplained: 0 });
      expect(outcome.replayed + outcome.skipped, stop).toBe(LETTERS);
      for (const job of await storedJobs(place)) {
        expect({ stop, ...job }).toMatchObject({ status: 'Queued', attempt: 0, sequence: 2, replayCount: 1 });
      }
      await place.json(DRAIN, ONE_ATTEMPT);
      await mustHold(place, `replay killed at ${stop}, resumed and drained`, { drained: true });
      await place.discard();
    });
    await template.discard();
    process.stderr.write(`replay stops: ${stops.length} kills\n`);
  },
  byLength(60_000, 600_000),
);

test(
  'a purge and a restore killed before and after each of their steps lose no letter',
  async (context) => {
    const template = await deadLetters(context);
    const purged = template.copy();
    const { operation } = (await purged.json(PURGE)) as { operation: string };
    const restores = await stopsOfCommand(purged, ['dlq', 'restore', operation, '--yes']);
    const purges = await stopsOfCommand(template, PURGE);
    await purged.discard();
    // One of each in a row: what a killed purge leaves is what the restore begins with.
    const pairs = Array.from({ length: Math.max(purges.length, restores.length) }, (_, index) => ({ purge: purges[index], restore: restores[index] }));
    await inParallel(pairs, 6, async ({ purge, restore }) => {
      const place = template.copy();
      const what = `purge killed at ${purge}, restore at ${restore}`;
      if (purge !== undefined) await killAt(place, PURGE, purge);
      await mustHold(place, what, { drained: false });
      const done = await finishOperation(place, 'purge', PURGE);
      expect(done, what).toMatchObject({ matched: LETTERS, purged: LETTERS, failed: 0, unexplained: 0, after: 0 });

      const again = ['dlq', 'restore', done.operation, '--yes'];
      if (restore !== undefined) await killAt(place, again, restore);
      const restored = await place.run([...again, '-o', 'json'], minutesLater(place));
      expect(restored.code, `${what}: ${restored.stderr}`).toBe(0);
      expect(JSON.parse(restored.stdout), what).toMatchObject({ failed: 0, unexplained: 0, after: LETTERS });
      await mustHold(place, what, { drained: true });
      await place.discard();
    });
    await template.discard();
    process.stderr.write(`purge stops: ${purges.length} kills, restore stops: ${restores.length} kills\n`);
  },
  byLength(60_000, 600_000),
);

/** A place with as many dead letters as LETTERS says. */
async function deadLetters(context: TestContext): Promise<Place> {
  const place = Place.make(program, context);
  const lines = Array.from({ length: LETTERS }, (): JobLine => expecting('DeadLettered', { type: 'fail', payload: { mode: 'always' } }));
  await place.json(['submit', '--from', writeLines(place, 'jobs.jsonl', lines)], ONE_ATTEMPT);
  await place.json(DRAIN, ONE_ATTEMPT);
  await mustHold(place, 'before anything is replayed', { drained: true });
  return place;
}

async function stopsOfCommand(template: Place, args: readonly string[]): Promise<string[]> {
  const traced = template.copy();
  const calls = await traceCalls(traced, args);
  await traced.discard();
  return stopsOf(calls, STEPS);
}

async function killAt(place: Place, args: readonly string[], crashAt: string): Promise<void> {
  const ended = await place.run(args, { crashAt });
  if (ended.signal !== 'SIGKILL') throw new Error(`${args.join(' ')} did not come to ${crashAt}: ${ended.stderr}${place.evidence}`);
}
