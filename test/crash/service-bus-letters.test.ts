// Hundreds of dead letters on Service Bus through replay, purge and restore, each killed again and again, the emulator too,
// while it fails on purpose: the ledger of many runs adds up, no job is lost or ends twice.

import { setTimeout as pause } from 'node:timers/promises';

import { beforeAll, expect, test } from 'vitest';

import type { DeadLetter } from '../../src/ports/dead-letter-queue.js';
import { buildVictim } from './build-victim.js';
import { type Chance, chanceOf, seedOfRun } from './chance.js';
import { storedJobs, withRuntime } from './inspect.js';
import { jobViolations, readStored } from './invariants.js';
import { type JobLine, writeLines } from './job-mix.js';
import { byLength } from './run-length.js';
import { BusPlace, QUEUE } from './service-bus-place.js';

let program: string;
beforeAll(async () => {
  program = await buildVictim();
});

const JOBS = byLength(80, 800);
/** Messages that are no jobs: a copy of each is sent. */
const COPIES = byLength(20, 200);
const LETTERS = JOBS + COPIES;
/** Of one operation. */
const KILLS = byLength(1, 15);
const RUNS = 60;
const FAULTS = ['server-busy=0.03', 'drop-connection=0.01', 'detach-link=0.02', 'lose-lock=0.03', 'lost-reply=0.01'];
const ONE_ATTEMPT = { env: { AZURE_SERVICE_BUS_MAX_RETRIES: '1' }, deadlineMs: 120_000 };

interface Outcome {
  readonly operation: string;
  readonly matched: number;
  readonly replayed?: number;
  readonly purged?: number;
  readonly restored?: number;
  readonly skipped: number;
  readonly failed: number;
  readonly pending: number;
  readonly unexplained: number | null;
  readonly maybeTwice: number;
}

interface Drill {
  readonly bus: BusPlace;
  readonly chance: Chance;
  readonly what: string;
  kills: number;
  runs: number;
}

test(
  'replay, purge and restore of dead letters on Service Bus add up, whoever is killed',
  async (context) => {
    const seed = seedOfRun();
    const bus = await BusPlace.make(program, context, { lockMs: 2_000, maxDeliveryCount: 3, faults: [] });
    const drill: Drill = { bus, chance: chanceOf(seed), what: `CRASH_SEED=${seed}`, kills: 0, runs: 0 };
    const { what } = drill;
    await makeLetters(bus);
    expect(await letters(bus), what).toHaveLength(LETTERS);

    const replay = await killedUntilDone(drill, 'replay', ['dlq', 'replay', '--queue', QUEUE, '--all', '--max-replays', '9']);
    expect(replay, what).toMatchObject({ matched: LETTERS });
    for (const job of await storedJobs(bus.place)) expect({ what, ...job }).toMatchObject({ status: 'Queued', sequence: 2, replayCount: 1 });
    expect(await letters(bus), what).toEqual([]);
    // The same jobs fail once more, and the copies are no jobs still.
    await drain(bus);
    const again = await letters(bus);
    const copies = again.map(({ messageId }) => messageId).filter((id) => id.startsWith(`${replay.operation}:`));
    expect(new Set(copies).size, what).toBe(COPIES);
    // Several kills while sending may have sent one three times; what the answer counts are letters.
    const sentAgain = new Set(copies.filter((id, index) => copies.indexOf(id) !== index)).size;
    expect(sentAgain, `${what}: copies sent more than once, and those that the answer says may be`).toBeLessThanOrEqual(replay.maybeTwice);
    const lost = (await storedJobs(bus.place)).filter((job) => job.status !== 'DeadLettered');
    expect(lost, what).toEqual([]);

    const purge = await killedUntilDone(drill, 'purge', ['dlq', 'purge', '--queue', QUEUE, '--all']);
    expect(purge, what).toMatchObject({ matched: again.length });
    expect(await letters(bus), what).toEqual([]);
    const restore = await killedUntilDone(drill, 'restore', ['dlq', 'restore', purge.operation]);
    expect(restore, what).toMatchObject({ matched: again.length });
    await drain(bus);

    // Nothing can be sent into a dead-letter queue: a worker put each back to where its job says it belongs.
    const back = await letters(bus);
    const jobsBack = new Set(back.flatMap(({ properties: { jobId } }) => (typeof jobId === 'string' ? [jobId] : [])));
    expect(jobsBack.size, what).toBe(JOBS);

    expect(await bus.json(['dlq', 'replay', '--queue', QUEUE, '--all', '--max-replays', '9', '--yes']), what).toMatchObject({ matched: back.length, failed: 0, unexplained: 0 });
    await drain(bus);
    const stored = await withRuntime(bus.place, readStored);
    expect(jobViolations(stored, { accepted: [], drained: true }), what).toEqual([]);
    for (const job of stored.jobs.values()) expect({ what, ...job }).toMatchObject({ status: 'Succeeded', replayCount: 2 });
    expect(stored.jobs.size).toBe(JOBS);
    process.stderr.write(
      `service bus letters: ${what}, ${drill.kills} kills in ${drill.runs} runs and ${bus.emulatorKills} of the emulator over three operations of ${LETTERS} letters; ` +
        `replay ${sum(replay)}, purge ${sum(purge)}, restore ${sum(restore)}; ${sentAgain} copies sent again, ${replay.maybeTwice} told\n`,
    );
    expect(drill.kills).toBeGreaterThanOrEqual(KILLS);
    await bus.discard();
  },
  // By its chances it takes a minute, or two: each refusal by a busy emulator costs some seconds.
  byLength(240_000, 1_200_000),
);

function sum(outcome: Outcome): string {
  const { matched, skipped, failed } = outcome;
  return `${matched} = ${doneOf(outcome)} + ${skipped} + ${failed}`;
}

function doneOf({ replayed, purged, restored }: Outcome): number {
  return replayed ?? purged ?? restored ?? 0;
}

/** Starts it, kills it, resumes it, kills that, …; after so many kills the runs are left alone, and the emulator goes on failing. */
async function killedUntilDone(drill: Drill, action: string, first: readonly string[]): Promise<Outcome> {
  const { bus, chance, what } = drill;
  await bus.setFaults(FAULTS);
  let killed = 0;
  for (let run = 0; run < RUNS; run += 1) {
    const begun = await begunOperation(bus, action);
    const words = begun === undefined || action === 'restore' ? first : ['dlq', action, '--resume', begun];
    const isKilled = killed < KILLS;
    const stop = `*.*#${chance.between(1, byLength(300, 1_500))}:${chance.pick(['before', 'after'])}`;
    const running = bus.start([...words, '--yes', '-o', 'json'], { deadlineMs: 120_000, ...(isKilled && chance.next() < 0.5 ? { crashAt: stop } : {}) });
    const timer = isKilled ? setTimeout(() => running.kill(), chance.between(500, byLength(2_000, 5_000))) : undefined;
    if (chance.next() < 0.4) await Promise.race([running.ended, pause(chance.between(300, 1_500))]).then(() => bus.restartEmulator());
    const ended = await running.ended;
    clearTimeout(timer);
    drill.runs += 1;
    if (ended.signal === 'SIGKILL') {
      killed += 1;
      drill.kills += 1;
      continue;
    }
    if (ended.code === 70) throw new Error(`${words.join(' ')}: ${ended.stderr}${bus.place.evidence}`);
    const outcome = ended.stdout === '' ? undefined : (JSON.parse(ended.stdout) as Outcome);
    if (outcome !== undefined) expectBalance(outcome, ended.code, what);
    if (ended.code === 0 && outcome !== undefined) return done(bus, outcome, what);
  }
  throw new Error(`${action} did not end in ${RUNS} runs${bus.place.evidence}`);
}

function expectBalance(outcome: Outcome, code: number | null, what: string): void {
  const { matched, skipped, failed, pending, unexplained } = outcome;
  expect(doneOf(outcome) + skipped + failed + pending, `${what}: ${JSON.stringify(outcome)}`).toBe(matched);
  if ((unexplained ?? 0) > 0 || failed > 0) expect(code, `${what}: ${JSON.stringify(outcome)}`).toBe(8);
}

async function done(bus: BusPlace, outcome: Outcome, what: string): Promise<Outcome> {
  expect(outcome, what).toMatchObject({ failed: 0, pending: 0, unexplained: 0 });
  await bus.setFaults([]);
  return outcome;
}

/** The newest operation, when it is of this kind. */
async function begunOperation({ place }: BusPlace, action: string): Promise<string | undefined> {
  return withRuntime(place, async (runtime) => {
    const { journal } = await runtime.operationFiles();
    const newest = (await journal.list({ limit: 1 })).operations[0]?.operation;
    return newest?.action === action ? newest.id : undefined;
  });
}

async function makeLetters(bus: BusPlace): Promise<void> {
  const lines = Array.from({ length: JOBS }, (): JobLine => ({ type: 'fail', payload: { mode: 'always', times: 2 } }));
  await bus.json(['submit', '--from', writeLines(bus.place, 'jobs.jsonl', lines)], ONE_ATTEMPT);
  await bus.withRuntime(({ queue }) => queue.send(Array.from({ length: COPIES }, (_, index) => ({ queue: QUEUE, messageId: `free-${index}`, body: `not a job ${index}`, properties: { index } }))));
  await drain(bus);
}

/** Whatever is on the queue, until it is empty. */
async function drain(bus: BusPlace): Promise<void> {
  const worker = bus.start(['worker', 'start', '--concurrency', '32'], ONE_ATTEMPT);
  await bus.withRuntime(async ({ admin, store }) => {
    for (;;) {
      const [info] = await admin.list([QUEUE]);
      const { ready, locked, retries } = await store.openWork([QUEUE]);
      if (info !== undefined && info.counts.active + info.counts.locked + ready + locked + retries === 0) break;
      if (!worker.alive) throw new Error(`the worker ended: ${worker.stderr}${bus.place.evidence}`);
      await pause(100);
    }
  });
  await worker.shows('"msg"');
  worker.kill('SIGTERM');
  expect(await worker.ended).toMatchObject({ code: 0 });
}

async function letters(bus: BusPlace): Promise<DeadLetter[]> {
  return bus.withRuntime(async ({ deadLetters }) => {
    const found: DeadLetter[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page: Awaited<ReturnType<typeof deadLetters.peek>> = await deadLetters.peek({ queue: QUEUE, limit: 250, ...(cursor === undefined ? {} : { cursor }) });
      found.push(...page.letters);
      cursor = page.nextCursor;
    }
    return found;
  });
}
