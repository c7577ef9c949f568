// An operator's commands killed at each call they make, and a worker killed while it gives its jobs back.

import { beforeAll, expect, test, type TestContext } from 'vitest';

import { buildVictim } from './build-victim.js';
import { mustHold, storedJobs } from './inspect.js';
import { batchOf, echoLines, expecting, LARGE, writeLines } from './job-mix.js';
import { Place } from './place.js';
import { byLength } from './run-length.js';
import { stopsOf, traceCalls } from './stops.js';
import { inParallel, until } from './until.js';

let program: string;
beforeAll(async () => {
  program = await buildVictim();
});

const DRAIN = ['worker', 'start', '--drain', '--concurrency', '8', '--lock-seconds', '5'];

interface Command {
  readonly template: Place;
  readonly args: readonly string[];
  /** After the command was killed, repeated, and the queue drained. */
  readonly check: (place: Place) => Promise<void>;
}

test(
  'cancel, retry and prune killed before and after each of their steps can be repeated',
  async (context) => {
    const commands = await Promise.all([cancelOfBatch(context), retryOfAll(context), pruneOfAll(context)]);
    const stops = (await Promise.all(commands.map(async (command) => (await stopsOfCommand(command)).map((stop) => ({ command, stop }))))).flat();
    await inParallel(stops, 6, async ({ command, stop }) => {
      const { template, args, check } = command;
      const place = template.copy();
      const what = `${args.join(' ')} killed at ${stop}`;
      const killed = await place.run(args, { crashAt: stop });
      if (killed.signal !== 'SIGKILL') throw new Error(`not ${what}: ${killed.stderr}${place.evidence}`);
      if (args[0] === 'prune') place.accepted.clear();
      await mustHold(place, what, { drained: false });
      await place.run(args);
      await place.json(DRAIN);
      await mustHold(place, `${what}, repeated and drained`, { drained: true });
      await check(place);
      await place.discard();
    });
    for (const { template } of commands) await template.discard();
    process.stderr.write(`operator stops: ${stops.length} kills\n`);
  },
  byLength(60_000, 300_000),
);

async function stopsOfCommand({ template, args }: Command): Promise<string[]> {
  const place = template.copy();
  const calls = await traceCalls(place, args);
  await place.discard();
  return stopsOf(calls, ['store.save']);
}

/** A parent that waits, with children that wait too. */
async function cancelOfBatch(context: TestContext): Promise<Command> {
  const template = Place.make(program, context);
  const batch = writeLines(template, 'batch.jsonl', [batchOf(3, 'sleep', { ms: 5 })]);
  await template.json(['submit', '--from', batch]);
  expect((await template.run(['worker', 'start', '--max-jobs', '1', '--concurrency', '1'])).code).toBe(0);
  const parent = (await storedJobs(template)).find(({ type }) => type === 'batch');
  expect(parent).toMatchObject({ awaitsChildren: true });
  const check = async (place: Place): Promise<void> => {
    for (const { type, status } of await storedJobs(place)) expect(`${type} ${status}`).toBe(`${type} Cancelled`);
  };
  return { template, args: ['cancel', parent?.jobId ?? '', '--yes'], check };
}

async function retryOfAll(context: TestContext): Promise<Command> {
  const template = Place.make(program, context);
  const lines = [1, 2, 3].map(() => expecting('Failed', { type: 'fail', payload: { mode: 'permanent' } }));
  await template.json(['submit', '--from', writeLines(template, 'jobs.jsonl', lines)]);
  await template.json(DRAIN);
  const check = async (place: Place): Promise<void> => {
    // Once by the killed command or by its repetition; the repetition leaves alone what is queued again.
    for (const { sequence } of await storedJobs(place)) expect(sequence).toBe(2);
  };
  return { template, args: ['retry', '--where', 'status = Failed', '--yes'], check };
}

async function pruneOfAll(context: TestContext): Promise<Command> {
  const template = Place.make(program, context);
  const lines = [...echoLines(3), expecting('Succeeded', { type: 'echo', payload: LARGE })];
  await template.json(['submit', '--from', writeLines(template, 'jobs.jsonl', lines)]);
  await template.json(DRAIN);
  const check = async (place: Place): Promise<void> => expect(await storedJobs(place)).toEqual([]);
  return { template, args: ['prune', '--older-than', '0s', '--yes'], check };
}

test('a worker killed while it gives a running job back leaves it to the next worker', async (context) => {
  // The second save is the one that gives back; its message is completed in the same transaction.
  const stops = ['store.save#2:before', 'delivery.completeWithin#1:before', 'delivery.completeWithin#1:after', 'store.save#2:after'];
  await inParallel(stops, 4, async (stop) => {
    const place = Place.make(program, context);
    await place.json(['submit', 'sleep', '--payload', '{"ms":600}', '--label', 'expected=Succeeded']);
    const worker = place.start(['worker', 'start', '--lock-seconds', '0.5', '--drain-timeout', '0s'], { crashAt: stop });
    await until('the job has started', async () => (await storedJobs(place)).some(({ runEpoch }) => runEpoch > 0));
    worker.kill('SIGTERM');
    expect(await worker.ended, stop).toMatchObject({ signal: 'SIGKILL' });
    await mustHold(place, `killed at ${stop}`, { drained: false });
    await place.json(DRAIN);
    await mustHold(place, `killed at ${stop} and drained`, { drained: true });
    await place.discard();
  });
}, 60_000);
