// A store whose queue is another system that fails now and then: submitters, workers and an operator, all of them killed at
// random, while calls are refused, their answers lost, and messages sent twice. Some processes let their messages wait
// for the other system, some use the own queue meanwhile. CRASH_SEED repeats the choices of an earlier run.

import { beforeAll, expect, test } from 'vitest';

import { buildVictim, farVictim } from './build-victim.js';
import { type Chance, chanceOf, seedOfRun } from './chance.js';
import { farMustHold } from './far-inspect.js';
import { storedJobs } from './inspect.js';
import { batchOf, echoLines, type JobLine, LARGE, writeLines } from './job-mix.js';
import { finishOperations } from './operations.js';
import { Place } from './place.js';
import { byLength } from './run-length.js';

let program: string;
beforeAll(async () => {
  program = farVictim(await buildVictim());
});

const KILLS = byLength(14, 300);
const QUEUE = 'evaluation-jobs';
/** One to a few calls in a hundred, each in each way. */
const FAULTS = [
  'send:refuse=0.04,send:lose-reply=0.05,send:twice=0.05',
  'receive:refuse=0.02,receive:lose-reply=0.01',
  'complete:refuse=0.03,complete:lose-reply=0.03',
  'deadLetter:refuse=0.03,renewLock:refuse=0.05',
].join(',');

interface Storm {
  readonly place: Place;
  readonly chance: Chance;
  kills: number;
  /** Jobs that bulk submissions have reported as stored. */
  reported: number;
}

test(
  'nothing is lost and nothing ends twice while the other system fails and processes are killed',
  async (context) => {
    const seed = seedOfRun();
    process.stderr.write(`far kills: CRASH_SEED=${seed}\n`);
    const storm: Storm = { place: Place.make(program, context), chance: chanceOf(seed), kills: 0, reported: 0 };
    const { place } = storm;
    await Promise.all([submitter(storm), submitter(storm), worker(storm), worker(storm), operator(storm)]);

    await drain(place);
    await finishOperations(place);
    await drain(place);
    await farMustHold(place, `after ${storm.kills} kills with seed ${seed}`, { drained: true });
    const jobs = await storedJobs(place);
    const local = jobs.filter(({ queueMode }) => queueMode === 'local').length;
    process.stderr.write(`far kills: ${storm.kills} kills, ${jobs.length} jobs (${place.accepted.size} ids printed, ${storm.reported} reported), ${local} ended on the own queue\n`);
    expect(storm.kills).toBeGreaterThanOrEqual(KILLS);
    expect(place.accepted.size).toBeGreaterThan(0);
    expect(jobs.filter(({ origin }) => origin === 'submit').length).toBeGreaterThanOrEqual(place.accepted.size + storm.reported);
    await place.discard();
  },
  byLength(120_000, 2_400_000),
);

/** Starts a process, kills it after a while or at one of its calls if it is unlucky, and waits for its end. */
async function strike(storm: Storm, args: readonly string[], within: { readonly ms: number; readonly calls: number; readonly odds: number }): Promise<void> {
  const { chance, place } = storm;
  const unlucky = chance.next() < within.odds;
  const stop = `*.*#${chance.between(1, within.calls)}:${chance.pick(['before', 'after'])}`;
  const env = { FAR_FAULTS: FAULTS, COPILOTEVAL_FALLBACK: chance.pick(['relay', 'relay', 'local']) };
  const running = place.start(args, { env, ...(unlucky && chance.next() < 0.5 ? { crashAt: stop } : {}) });
  const timer = setTimeout(() => running.kill(), unlucky ? chance.between(within.ms / 10, within.ms) : byLength(4_000, 15_000));
  const ended = await running.ended;
  clearTimeout(timer);
  storm.reported += Number(/"submitted": (\d+)/.exec(ended.stdout)?.[1] ?? 0);
  if (ended.signal === 'SIGKILL') storm.kills += 1;
  // A bug has no excuse in any storm; refusals and conflicts are to be expected.
  if (ended.code === 70) throw new Error(`${args.join(' ')}: ${ended.stderr}${place.evidence}`);
}

async function submitter(storm: Storm): Promise<void> {
  const { chance, place } = storm;
  for (let round = 0; storm.kills < KILLS || place.accepted.size === 0; round += 1) {
    const file = writeLines(place, `lines-${round}-${chance.between(0, 1e9)}.jsonl`, someLines(chance));
    const single = ['submit', 'echo', '--payload', JSON.stringify(chance.next() < 0.3 ? LARGE : { round }), '-o', 'json'];
    await strike(storm, chance.next() < 0.5 ? single : ['submit', '--from', file, '-o', 'json'], { ms: 800, calls: 12, odds: 0.3 });
  }
}

function someLines(chance: Chance): JobLine[] {
  const kinds: JobLine[] = [
    batchOf(2),
    batchOf(chance.between(1, 5), 'sleep', { ms: 5 }),
    { type: 'fail', payload: { mode: 'always' } },
    { type: 'fail', payload: { mode: 'permanent' } },
    { type: 'fail', payload: { mode: 'always', times: 1 } },
    { type: 'sleep', payload: { ms: chance.between(1, 300) } },
    { type: 'echo', payload: LARGE },
  ];
  return [...echoLines(chance.between(1, 20)), ...Array.from({ length: 8 }, () => chance.pick(kinds))].map(({ labels: _, ...line }) => line);
}

async function worker(storm: Storm): Promise<void> {
  const { chance } = storm;
  while (storm.kills < KILLS) {
    const concurrency = String(chance.pick([1, 4, 16]));
    const lock = chance.pick(['0.3', '1']);
    await strike(storm, ['worker', 'start', '--concurrency', concurrency, '--lock-seconds', lock], { ms: byLength(2000, 4000), calls: 800, odds: 1 });
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
    ['dlq', 'replay', '--queue', `${QUEUE}@local`, '--all', '--yes'],
  ];
  while (storm.kills < KILLS) await strike(storm, chance.pick(commands), { ms: 800, calls: 80, odds: 0.5 });
}

/** By a process that nobody kills, of another system that is well again. */
async function drain(place: Place): Promise<void> {
  const ended = await place.run(['worker', 'start', '--drain', '--concurrency', '20', '--lock-seconds', '10'], { deadlineMs: 90_000 });
  if (ended.code !== 0) throw new Error(`the drain ended with ${ended.code ?? ended.signal}: ${ended.stderr}${place.evidence}`);
}
