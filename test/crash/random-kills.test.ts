// Everything at once, killed at random: submitters, workers, and an operator who cancels, retries, replays and purges.
// CRASH_SEED repeats the choices of an earlier run; the timing between processes is the machine's.

import { beforeAll, expect, test } from 'vitest';

import { isResumable } from '../../src/domain/dead-letters/operation.js';
import { buildVictim, withClock } from './build-victim.js';
import { chanceOf, type Chance, seedOfRun } from './chance.js';
import { mustHold, storedJobs, withRuntime } from './inspect.js';
import { batchOf, echoLines, type JobLine, LARGE, writeLines } from './job-mix.js';
import { Place, type Running } from './place.js';
import { byLength } from './run-length.js';

let program: string;
beforeAll(async () => {
  program = await buildVictim('random-kills');
});

const KILLS = byLength(25, 400);
const QUEUE = 'evaluation-jobs';

interface Storm {
  readonly place: Place;
  readonly chance: Chance;
  kills: number;
}

test(
  'nothing is lost and nothing ends twice while processes are killed at random',
  async () => {
    const seed = seedOfRun();
    process.stderr.write(`random kills: CRASH_SEED=${seed}\n`);
    const storm: Storm = { place: Place.make(program), chance: chanceOf(seed), kills: 0 };
    const { place } = storm;
    await Promise.all([submitter(storm), submitter(storm), worker(storm), worker(storm), worker(storm), operator(storm)]);

    await drain(place);
    await finishOperations(place);
    await drain(place);
    await mustHold(place, `after ${storm.kills} kills with seed ${seed}`, { drained: true, purged: await purgedLetters(place) });
    const jobs = await storedJobs(place);
    const lost = jobs.reduce((sum, { lostLocks }) => sum + lostLocks, 0);
    process.stderr.write(`random kills: ${storm.kills} kills, ${jobs.length} jobs, ${place.accepted.size} ids printed, ${lost} attempts after lost locks\n`);
    expect(storm.kills).toBeGreaterThanOrEqual(KILLS);
    expect(place.accepted.size).toBeGreaterThan(0);
    await place.discard();
  },
  byLength(90_000, 1_800_000),
);

/** Starts a process, kills it after a while if it is unlucky, and waits for its end. */
async function strike(storm: Storm, args: readonly string[], within: { readonly ms: number; readonly calls: number; readonly odds: number }): Promise<void> {
  const { chance, place } = storm;
  const inProgram = chance.next() < 0.5;
  const unlucky = chance.next() < within.odds;
  const stop = `*.*#${chance.between(1, within.calls)}:${chance.pick(['before', 'after'])}`;
  const running: Running = place.start(args, unlucky && inProgram ? { crashAt: stop } : {});
  const timer = setTimeout(() => running.kill(), unlucky ? chance.between(within.ms / 10, within.ms) : within.ms * 3);
  const ended = await running.ended;
  clearTimeout(timer);
  if (ended.signal === 'SIGKILL') storm.kills += 1;
  // A bug has no excuse in any storm; refusals and conflicts are to be expected.
  if (ended.code === 70) throw new Error(`${args.join(' ')}: ${ended.stderr}${place.evidence}`);
}

async function submitter(storm: Storm): Promise<void> {
  const { chance, place } = storm;
  for (let round = 0; storm.kills < KILLS; round += 1) {
    const file = writeLines(place, `lines-${round}-${chance.between(0, 1e9)}.jsonl`, someLines(chance));
    const single = ['submit', 'echo', '--payload', JSON.stringify(chance.next() < 0.3 ? LARGE : { round }), '-o', 'json'];
    await strike(storm, chance.next() < 0.5 ? single : ['submit', '--from', file, '-o', 'json'], { ms: 400, calls: 4, odds: 0.3 });
  }
}

function someLines(chance: Chance): JobLine[] {
  const kinds: JobLine[] = [
    batchOf(2),
    batchOf(chance.between(1, 6), 'sleep', { ms: 5 }),
    { type: 'fail', payload: { mode: 'always' } },
    { type: 'fail', payload: { mode: 'permanent' } },
    { type: 'fail', payload: { mode: 'always', times: 1 } },
    { type: 'sleep', payload: { ms: chance.between(1, 300) } },
    { type: 'echo', payload: LARGE },
  ];
  return [...echoLines(chance.between(1, 30)), ...Array.from({ length: 10 }, () => chance.pick(kinds))].map(({ labels: _, ...line }) => line);
}

async function worker(storm: Storm): Promise<void> {
  const { chance } = storm;
  while (storm.kills < KILLS) {
    const concurrency = String(chance.pick([1, 4, 16]));
    await strike(storm, ['worker', 'start', '--concurrency', concurrency, '--lock-seconds', '1'], { ms: 2000, calls: 600, odds: 1 });
  }
}

async function operator(storm: Storm): Promise<void> {
  const { chance } = storm;
  const commands = [
    ['retry', '--where', 'status = Failed', '--yes'],
    ['retry', '--where', 'status = DeadLettered', '--yes'],
    ['cancel', '--where', 'type = sleep and status in (Queued, Running)', '--yes'],
    ['cancel', '--where', 'type = batch and status in (Queued, Running)', '--yes'],
    ['dlq', 'replay', '--queue', QUEUE, '--all', '--yes'],
    ['dlq', 'purge', '--queue', QUEUE, '--all', '--yes'],
  ];
  while (storm.kills < KILLS) await strike(storm, chance.pick(commands.slice(0, 4)), { ms: 600, calls: 60, odds: 0.5 });
}

async function drain(place: Place): Promise<void> {
  const ended = await place.run(['worker', 'start', '--drain', '--concurrency', '20', '--lock-seconds', '10'], { deadlineMs: 60_000 });
  if (ended.code !== 0) throw new Error(`the drain ended with ${ended.code ?? ended.signal}: ${ended.stderr}${place.evidence}`);
}

/** What the killed replays and purges left: resumed an hour later, when the locks they held have ended. */
async function finishOperations(place: Place): Promise<void> {
  const open = await withRuntime(place, async (runtime) => {
    const { journal } = await runtime.operationFiles();
    return (await journal.list({ limit: 1000 })).operations.map(({ operation }) => operation).filter(isResumable);
  });
  for (const { id, action } of open) {
    const ended = await place.run(['dlq', action, '--resume', id, '--yes'], withClock(program, { shiftMs: 3_600_000 }));
    if (ended.code !== 0) throw new Error(`${action} ${id} was resumed and ended with ${ended.code}: ${ended.stderr}${place.evidence}`);
  }
}

async function purgedLetters(place: Place): Promise<ReadonlySet<string>> {
  return withRuntime(place, async (runtime) => {
    const { trash } = await runtime.operationFiles();
    const purged = new Set<string>();
    for (const { operation } of await trash.list()) for await (const letter of trash.read(operation)) purged.add(letter.messageId);
    return purged;
  });
}

