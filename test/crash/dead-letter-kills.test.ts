// Hundreds of dead letters, many at work at once, in a replay and a purge that are killed again and again at random
// calls: the ledger of many runs adds up, every job is queued once, and every purged letter can be brought back.

import { beforeAll, expect, test, type TestContext } from 'vitest';

import type { DeadLetter } from '../../src/ports/dead-letter-queue.js';
import { buildVictim, withClock } from './build-victim.js';
import { chanceOf, type Chance, seedOfRun } from './chance.js';
import { mustHold, storedJobs, withRuntime } from './inspect.js';
import { expecting, type JobLine, writeLines } from './job-mix.js';
import { Place } from './place.js';
import { byLength } from './run-length.js';
import { inParallel } from './until.js';

let program: string;
beforeAll(async () => {
  program = await buildVictim();
});

const QUEUE = 'evaluation-jobs';
const JOBS = 200;
const COPIES = 30;
let kills = 0;
const LETTERS = JOBS + COPIES;
const ONE_ATTEMPT = { env: { AZURE_SERVICE_BUS_MAX_RETRIES: '1' } };
const ROUNDS = byLength(1, 12);
const KILLS = byLength(4, 12);
/** Kills come somewhere in the first half of an undisturbed run, planning included; a resumed one makes fewer calls. */
const FIRST_CALLS = 900;
const LATER_CALLS = 300;
/** The locks of the run before have ended. */
const BETWEEN_RUNS_MS = 120_000;

interface Outcome {
  readonly operation: string;
  readonly matched: number;
  readonly replayed?: number;
  readonly purged?: number;
  readonly skipped: number;
  readonly maybeTwice: number;
}

test(
  'a replay and a purge that are killed many times add up in the end',
  async (context) => {
    const seed = seedOfRun();
    const template = await deadLetters(context);
    const before = await letters(template);
    expect(before).toHaveLength(LETTERS);
    await inParallel(Array.from({ length: ROUNDS }, (_, round) => round), 3, async (round) => {
      const chance = chanceOf(seed + round);
      const what = `CRASH_SEED=${seed}, round ${round}`;
      await replayRound(template.copy(), chance, what);
      await purgeRound(template.copy(), chance, what, before);
    });
    await template.discard();
    process.stderr.write(`dead letters: ${kills} kills in ${2 * ROUNDS} operations of ${LETTERS} letters\n`);
    expect(kills).toBeGreaterThan(ROUNDS);
  },
  byLength(120_000, 1_200_000),
);

async function replayRound(place: Place, chance: Chance, what: string): Promise<void> {
  const outcome = await killedUntilDone(place, 'replay', chance);
  expect(outcome, what).toMatchObject({ matched: LETTERS, failed: 0, pending: 0, unexplained: 0, after: 0 });
  expect((outcome.replayed ?? 0) + outcome.skipped, what).toBe(LETTERS);
  for (const job of await storedJobs(place)) expect({ what, ...job }).toMatchObject({ status: 'Queued', sequence: 2, replayCount: 1 });
  const copies = await receivedCopies(place, outcome.operation);
  expect(new Set(copies).size, what).toBe(COPIES);
  // Several kills while sending may have sent one three times; what the answer counts are letters.
  const sentAgain = new Set(copies.filter((id, index) => copies.indexOf(id) !== index));
  expect(sentAgain.size, `${what}: copies sent more than once, and those that the answer says may be`).toBeLessThanOrEqual(outcome.maybeTwice);
  await place.discard();
}

async function purgeRound(place: Place, chance: Chance, what: string, before: readonly DeadLetter[]): Promise<void> {
  const outcome = await killedUntilDone(place, 'purge', chance);
  expect(outcome, what).toMatchObject({ matched: LETTERS, purged: LETTERS, skipped: 0, failed: 0, unexplained: 0, after: 0 });
  expect(await letters(place), what).toEqual([]);
  for (let kill = 0; kill < KILLS / 2; kill += 1) {
    await place.run(['dlq', 'restore', outcome.operation, '--yes'], { crashAt: anyCall(chance, LATER_CALLS), ...withClock(program, { shiftMs: kill * BETWEEN_RUNS_MS }) });
  }
  const restored = await place.run(['dlq', 'restore', outcome.operation, '--yes', '-o', 'json'], withClock(program, { shiftMs: KILLS * BETWEEN_RUNS_MS }));
  expect(restored.code, `${what}: ${restored.stderr}`).toBe(0);
  expect(await letters(place), what).toEqual(before);
  await mustHold(place, what, { drained: false });
  await place.discard();
}

/** Starts the operation, kills it, resumes it, kills that, … and lets the last run come to its end. */
async function killedUntilDone(place: Place, action: 'replay' | 'purge', chance: Chance): Promise<Outcome> {
  for (let run = 0; ; run += 1) {
    const id = await unfinished(place);
    const words = ['dlq', action, ...(id === undefined ? ['--queue', QUEUE, '--all'] : ['--resume', id]), '--yes', '-o', 'json'];
    const isLast = run >= KILLS;
    const crashAt = isLast ? {} : { crashAt: anyCall(chance, id === undefined ? FIRST_CALLS : LATER_CALLS) };
    const ended = await place.run(words, { ...crashAt, ...withClock(program, { shiftMs: run * BETWEEN_RUNS_MS }) });
    if (ended.signal === 'SIGKILL') {
      kills += 1;
      continue;
    }
    if (ended.code !== 0) throw new Error(`${words.join(' ')} ended with ${ended.code}: ${ended.stderr}${place.evidence}`);
    return JSON.parse(ended.stdout) as Outcome;
  }
}

function anyCall(chance: Chance, calls: number): string {
  return `*.*#${chance.between(1, calls)}:${chance.pick(['before', 'after'])}`;
}

async function unfinished(place: Place): Promise<string | undefined> {
  return withRuntime(place, async (runtime) => {
    const { journal } = await runtime.operationFiles();
    return (await journal.list({ limit: 1 })).operations[0]?.operation.id;
  });
}

async function deadLetters(context: TestContext): Promise<Place> {
  const place = Place.make(program, context);
  const lines = Array.from({ length: JOBS }, (): JobLine => expecting('DeadLettered', { type: 'fail', payload: { mode: 'always' } }));
  await place.json(['submit', '--from', writeLines(place, 'jobs.jsonl', lines)], ONE_ATTEMPT);
  await place.json(['worker', 'start', '--drain', '--concurrency', '16'], ONE_ATTEMPT);
  await withRuntime(place, async ({ queue }) => {
    const messages = Array.from({ length: COPIES }, (_, index) => ({ queue: QUEUE, messageId: `free-${index}`, body: `not a job ${index}`, properties: { index } }));
    await queue.send(messages);
    const deliveries = await queue.receive({ queue: QUEUE, max: COPIES, waitMs: 0 });
    await Promise.all(deliveries.map((delivery) => delivery.deadLetter({ reason: 'INVALID_MESSAGE', description: 'not JSON' })));
  });
  return place;
}

async function letters(place: Place): Promise<readonly DeadLetter[]> {
  return withRuntime(place, async ({ deadLetters: port }) => (await port.peek({ queue: QUEUE, limit: 10_000 })).letters);
}

/** Message ids of the copies that wait in the queue. */
async function receivedCopies(place: Place, operation: string): Promise<string[]> {
  return withRuntime(place, async ({ queue }) => {
    const received = await queue.receive({ queue: QUEUE, max: 10_000, waitMs: 0 });
    return received.map(({ message }) => message.messageId).filter((messageId) => messageId.startsWith(`${operation}:`));
  });
}
