// A store whose queue is another system, killed at each call of a submitter and of a worker: between the save and the
// claim, the claim and the send, the send and the note that it was sent, the new message of a retry and the completion of
// the old one. One outcome each, and nothing is lost.

import { beforeAll, expect, test } from 'vitest';

import { buildVictim, farVictim } from './build-victim.js';
import { farMustHold } from './far-inspect.js';
import { batchOf, expecting, type JobLine, LARGE, oneOfEach, writeLines } from './job-mix.js';
import { Place } from './place.js';
import { byLength } from './run-length.js';
import { stopsOf, traceCalls } from './stops.js';
import { inParallel } from './until.js';

let program: string;
beforeAll(async () => {
  program = farVictim(await buildVictim());
});

const WORKER = ['worker', 'start', '--drain', '--concurrency', '3', '--lock-seconds', '0.5'];
const AFTERWARDS = ['worker', 'start', '--drain', '--concurrency', '8', '--lock-seconds', '20'];
/** A machine that stands still for half a second costs attempts too, and must not change how jobs end. */
const ENV = { AZURE_SERVICE_BUS_MAX_RETRIES: '5' };
/** What a job and its messages pass through. */
const STEPS = ['outbox.claim', 'queue.send', 'outbox.sent', 'queue.receive', 'store.insert', 'store.save', 'delivery.complete', 'delivery.deadLetter'];

const WORKER_FLOW = ['outbox.claim', 'queue.send', 'outbox.sent', 'queue.receive', 'localQueue.receive', 'store.save', 'delivery.complete', 'delivery.deadLetter'];
const SUBMIT_FLOW = ['store.insert', 'outbox.claim', 'queue.send', 'outbox.sent'];

function lines(): JobLine[] {
  return byLength([...oneOfEach().slice(0, 5), expecting('Succeeded', { type: 'echo', payload: LARGE }), expecting('Succeeded', batchOf(3))], oneOfEach());
}

test(
  'a worker killed at each step loses nothing and ends nothing twice',
  async (context) => {
    const template = Place.make(program, context);
    // Some sent, some not: the relay of the submitter is refused for a while.
    await template.json(['submit', '--from', writeLines(template, 'sent.jsonl', lines())], { env: ENV });
    await template.json(['submit', '--from', writeLines(template, 'left.jsonl', lines())], { env: { ...ENV, FAR_FAULTS: 'send:refuse=1' } });

    const traced = template.copy();
    const calls = await traceCalls(traced, WORKER, { env: ENV });
    await farMustHold(traced, 'without any kill', { drained: true });
    await traced.discard();
    expect([...calls.keys()]).toEqual(expect.arrayContaining(WORKER_FLOW));

    const reached: string[] = [];
    await inParallel(stopsOf(calls, STEPS), 8, async (stop) => {
      const place = template.copy();
      const victim = await place.run(WORKER, { crashAt: stop, env: ENV });
      if (victim.signal === 'SIGKILL') reached.push(stop);
      else if (victim.code !== 0) throw new Error(`the worker ended with ${victim.code} before ${stop}: ${victim.stderr}${place.evidence}`);
      await farMustHold(place, `killed at ${stop}`, { drained: false });
      await drain(place, stop);
      await place.discard();
    });
    await template.discard();
    process.stderr.write(`far worker stops: ${reached.length} kills\n`);
    for (const name of ['outbox.claim', 'queue.send', 'outbox.sent', 'delivery.complete']) {
      expect(reached).toEqual(expect.arrayContaining([`${name}#1:before`, `${name}#1:after`]));
    }
  },
  byLength(120_000, 3_600_000),
);

test(
  'a submitter killed at each step leaves a job that runs once, or none',
  async (context) => {
    const template = Place.make(program, context);
    await template.json(['list']);
    for (const [command, name] of [
      [['submit', 'echo', '--label', 'expected=Succeeded', '-o', 'json'], 'one'],
      [['submit', '--from', writeLines(template, 'bulk.jsonl', lines()), '-o', 'json'], 'bulk'],
    ] as const) {
      const traced = template.copy();
      const calls = await traceCalls(traced, command, { env: ENV });
      await traced.discard();
      expect([...calls.keys()]).toEqual(expect.arrayContaining(SUBMIT_FLOW));
      await inParallel(stopsOf(calls, STEPS), 8, async (stop) => {
        const place = template.copy();
        const victim = await place.run(command, { crashAt: stop, env: ENV });
        expect([victim.signal, stop, name]).toEqual(['SIGKILL', stop, name]);
        await farMustHold(place, `${name} killed at ${stop}`, { drained: false });
        await drain(place, stop);
        await place.discard();
      });
    }
    await template.discard();
  },
  byLength(120_000, 1_800_000),
);

async function drain(place: Place, stop: string): Promise<void> {
  const after = await place.run(AFTERWARDS, { env: ENV });
  if (after.code !== 0) throw new Error(`the worker after ${stop} ended with ${after.code}: ${after.stderr}${place.evidence}`);
  await farMustHold(place, `after a kill at ${stop} and a drain`, { drained: true });
}
