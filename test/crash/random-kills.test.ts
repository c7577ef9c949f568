// Everything at once, killed at random: submitters, workers, and an operator who cancels, retries, replays and purges.
// CRASH_SEED repeats the choices of an earlier run; the timing between processes is the machine's.

import { beforeAll, expect, test } from 'vitest';

import type { Job } from '../../src/domain/job.js';
import { buildVictim } from './build-victim.js';
import { chanceOf, type Chance, seedOfRun } from './chance.js';
import { mustHold, storedJobs } from './inspect.js';
import { batchOf, echoLines, type JobLine, LARGE, writeLines } from './job-mix.js';
import { finishOperations, purgedLetters } from './operations.js';
import { Place, type Running } from './place.js';
import { byLength } from './run-length.js';

let program: string;
beforeAll(async () => {
  program = await buildVictim();
});

const KILLS = byLength(16, 400);
const QUEUE = 'evaluation-jobs';

/** How a process may fare. */
interface Fate {
  /** Killed at the latest after this time … */
  readonly ms: number;
  /** … or at one of its first calls of a port. */
  readonly calls: number;
  /** The probability of being killed, and of being stopped for a while. */
  readonly odds: number;
  readonly pauses: number;
}

interface Storm {
  readonly place: Place;
  readonly chance: Chance;
  kills: number;
  /** Processes that stood still for longer than their locks and went on. */
  pauses: number;
  /** Jobs that bulk submissions have reported as stored. */
  reported: number;
}

test(
  'nothing is lost and nothing ends twice while processes are killed at random',
  async (context) => {
    const seed = seedOfRun();
    process.stderr.write(`random kills: CRASH_SEED=${seed}\n`);
    const storm: Storm = { place: Place.make(program, context), chance: chanceOf(seed), kills: 0, pauses: 0, reported: 0 };
    const { place } = storm;
    await Promise.all([submitter(storm), submitter(storm), worker(storm), worker(storm), worker(storm), operator(storm)]);

    await drain(place);
    await finishOperations(place);
    await drain(place);
    await mustHold(place, `after ${storm.kills} kills with seed ${seed}`, { drained: true, purged: await purgedLetters(place) });
    const jobs = await storedJobs(place);
    process.stderr.write(`random kills: ${summaryOf(storm, jobs)}\n`);
    expect(storm.kills).toBeGreaterThanOrEqual(KILLS);
    expect(place.accepted.size).toBeGreaterThan(0);
    expect(jobs.filter(({ origin }) => origin === 'submit').length).toBeGreaterThanOrEqual(place.accepted.size + storm.reported);
    await place.discard();
  },
  byLength(90_000, 1_800_000),
);

function summaryOf({ kills, pauses, place, reported }: Storm, jobs: readonly Job[]): string {
  const sum = (count: (job: Job) => number): number => jobs.reduce((total, job) => total + count(job), 0);
  const told = `${place.accepted.size} ids printed, ${reported} reported by bulk submissions`;
  return `${kills} kills, ${pauses} pauses, ${jobs.length} jobs (${told}), ${sum(({ lostLocks }) => lostLocks)} attempts after lost locks, ${sum(({ replayCount }) => replayCount)} replays`;
}

/** Starts a process, kills it after a while if it is unlucky, and waits for its end. */
async function strike(storm: Storm, args: readonly string[], within: Fate): Promise<void> {
  const { chance, place } = storm;
  const inProgram = chance.next() < 0.5;
  const unlucky = chance.next() < within.odds;
  const stop = `*.*#${chance.between(1, within.calls)}:${chance.pick(['before', 'after'])}`;
  const running: Running = place.start(args, unlucky && inProgram ? { crashAt: stop } : {});
  // A purge may wait for a minute for the locks of a killed one: the lucky do not live for ever either.
  const timers = [setTimeout(() => running.kill(), unlucky ? chance.between(within.ms / 10, within.ms) : byLength(4_000, 15_000))];
  if (chance.next() < within.pauses) timers.push(...pause(running, storm, within.ms));
  const ended = await running.ended;
  for (const timer of timers) clearTimeout(timer);
  storm.reported += Number(/"submitted": (\d+)/.exec(ended.stdout)?.[1] ?? 0);
  if (ended.signal === 'SIGKILL') storm.kills += 1;
  // A bug has no excuse in any storm; refusals and conflicts are to be expected.
  if (ended.code === 70) throw new Error(`${args.join(' ')}: ${ended.stderr}${place.evidence}`);
}

/** As a machine that swaps or a container that is frozen: longer than the lock, so that others have the jobs meanwhile. */
function pause(running: Running, storm: Storm, ms: number): NodeJS.Timeout[] {
  const from = storm.chance.between(ms / 10, ms / 2);
  const goOn = (): void => {
    running.kill('SIGCONT');
    if (running.alive) storm.pauses += 1;
  };
  return [setTimeout(() => running.kill('SIGSTOP'), from), setTimeout(goOn, from + 1300)];
}

async function submitter(storm: Storm): Promise<void> {
  const { chance, place } = storm;
  for (let round = 0; storm.kills < KILLS || place.accepted.size === 0; round += 1) {
    const file = writeLines(place, `lines-${round}-${chance.between(0, 1e9)}.jsonl`, someLines(chance));
    const single = ['submit', 'echo', '--payload', JSON.stringify(chance.next() < 0.3 ? LARGE : { round }), '-o', 'json'];
    await strike(storm, chance.next() < 0.5 ? single : ['submit', '--from', file, '-o', 'json'], { ms: 400, calls: 4, odds: 0.3, pauses: 0 });
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
    // The shorter lock is lost now and then without any kill.
    const lock = chance.pick(['0.2', '1']);
    await strike(storm, ['worker', 'start', '--concurrency', concurrency, '--lock-seconds', lock], { ms: byLength(1200, 3000), calls: 600, odds: 1, pauses: byLength(0.1, 0.3) });
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
  while (storm.kills < KILLS) await strike(storm, chance.pick(commands), { ms: 600, calls: 60, odds: 0.5, pauses: 0 });
}

async function drain(place: Place): Promise<void> {
  const ended = await place.run(['worker', 'start', '--drain', '--concurrency', '20', '--lock-seconds', '10'], { deadlineMs: 60_000 });
  if (ended.code !== 0) throw new Error(`the drain ended with ${ended.code ?? ended.signal}: ${ended.stderr}${place.evidence}`);
}
