// Real processes only: submitters, workers and the emulator, which fails on purpose, all killed at random and started again.
// Some workers let messages wait for Service Bus, some use the own queue meanwhile. CRASH_SEED repeats the choices of an
// earlier run; the timing between processes is the machine's.

import { setTimeout as pause } from 'node:timers/promises';

import { beforeAll, expect, test } from 'vitest';

import type { Job } from '../../src/domain/job.js';
import { hasEnded } from '../../src/domain/job.js';
import { buildVictim } from './build-victim.js';
import { type Chance, chanceOf, seedOfRun } from './chance.js';
import { withRuntime } from './inspect.js';
import { batchOf, type JobLine, LARGE, writeLines } from './job-mix.js';
import { byLength } from './run-length.js';
import { type BusFindings, busMustHold, letterTrouble } from './service-bus-inspect.js';
import { BusPlace } from './service-bus-place.js';
import { until } from './until.js';

let program: string;
beforeAll(async () => {
  program = await buildVictim();
});

/** Jobs that submitters hand in; children of batches come on top. */
const JOBS = byLength(300, 20_000);
const KILLS = byLength(12, 200);
const FAULTS = ['server-busy=0.03', 'drop-connection=0.01', 'detach-link=0.02', 'lose-lock=0.03', 'lost-reply=0.01'];
const SETTINGS = {
  lockMs: byLength(2_000, 5_000),
  // The product's own queues have 3. What the broker puts aside by itself is found out within a minute or two: left to the long form.
  maxDeliveryCount: byLength(50, 3),
  faults: FAULTS,
};

interface Storm {
  readonly bus: BusPlace;
  readonly chance: Chance;
  /** Of submitters and workers. */
  kills: number;
  /** Jobs handed in so far, and those that are still to be taken up by a submitter. */
  submitted: number;
  toSubmit: number;
  /** Keys of lines whose submission has ended well. */
  readonly keys: Set<string>;
  calm: boolean;
}

test(
  'nothing is lost and nothing ends twice while Service Bus fails and everything is killed',
  async (context) => {
    const seed = seedOfRun();
    process.stderr.write(`service bus kills: CRASH_SEED=${seed}\n`);
    const bus = await BusPlace.make(program, context, SETTINGS);
    const storm: Storm = { bus, chance: chanceOf(seed), kills: 0, submitted: 0, toSubmit: JOBS, keys: new Set(), calm: false };
    const startedAt = performance.now();
    const others = [worker(storm), worker(storm), worker(storm), breaker(storm)];
    await Promise.all([submitter(storm), submitter(storm)]);
    await until('most jobs have ended and enough was killed', () => isWornOut(storm), byLength(60_000, 1_800_000));
    storm.calm = true;
    await Promise.all(others);
    const stormMs = performance.now() - startedAt;

    await bus.setFaults([]);
    await drain(bus);
    const findings = await busMustHold(bus, `after ${storm.kills} kills with seed ${seed}`);
    process.stderr.write(`service bus kills: ${summaryOf(storm, findings)}, storm ${seconds(stormMs)}, all ${seconds(performance.now() - startedAt)}\n`);
    checkKeys(storm, findings);
    expect(storm.kills + bus.emulatorKills).toBeGreaterThanOrEqual(KILLS);
    expect(bus.place.accepted.size).toBeGreaterThan(0);
    await bus.discard();
  },
  byLength(120_000, 2_400_000),
);

/** Every line of a submission that ended well is one job, however often it was begun. */
function checkKeys({ keys, submitted, bus }: Storm, { stored }: BusFindings): void {
  const found = [...stored.jobs.values()].flatMap(({ idempotencyKey }) => (idempotencyKey === null ? [] : [idempotencyKey]));
  expect(new Set(found).size).toBe(found.length);
  const missing = [...keys].filter((key) => !found.includes(key));
  expect(missing).toEqual([]);
  expect(keys.size + bus.place.accepted.size).toBeGreaterThanOrEqual(submitted);
}

function summaryOf({ kills, bus, keys }: Storm, { stored, letters, explained }: BusFindings): string {
  const jobs = [...stored.jobs.values()];
  const sum = (count: (job: Job) => number): number => jobs.reduce((total, job) => total + count(job), 0);
  const statuses = [...new Set(jobs.map(({ status }) => status))].map((status) => `${sum((job) => (job.status === status ? 1 : 0))} ${status}`);
  const events = [...stored.events.values()].flat();
  const count = (type: string): number => events.filter((event) => event.type === type).length;
  return [
    `${kills} kills of submitters and workers, ${bus.emulatorKills} of the emulator`,
    `${jobs.length} jobs (${bus.place.accepted.size} ids printed, ${keys.size} in files, ${sum(({ parentJobId }) => (parentJobId === null ? 0 : 1))} children): ${statuses.join(', ')}`,
    `${sum(({ lostLocks }) => lostLocks)} attempts after lost locks, ${count('retry-scheduled')} retries, ${count('recovered')} recovered, ${count('moved-to-local')} moved to the own queue`,
    `${letters} dead letters (${explained.superseded} superseded, ${explained.copies} second copies)`,
  ].join('; ');
}

/** The jobs that have not ended are few, so that killing goes on nearly to the end. */
async function isWornOut(storm: Storm): Promise<boolean> {
  await pause(byLength(200, 2_000));
  if (storm.kills + storm.bus.emulatorKills < KILLS) return false;
  const totals = await withRuntime(storm.bus.place, (runtime) => runtime.counters.totals());
  const open = totals.filter(({ status }) => !hasEnded(status)).reduce((sum, { count }) => sum + count, 0);
  return open <= JOBS / 20;
}

/** Kills the process after a while or at one of its calls if it is unlucky, and waits for its end. */
async function strike(storm: Storm, args: readonly string[], within: { readonly fromMs: number; readonly toMs: number; readonly calls: number; readonly odds: number }): Promise<number | null> {
  const { chance, bus } = storm;
  const unlucky = chance.next() < within.odds;
  const stop = `*.*#${chance.between(1, within.calls)}:${chance.pick(['before', 'after'])}`;
  const env = { COPILOTEVAL_FALLBACK: chance.pick(['relay', 'relay', 'relay', 'local']) };
  const running = bus.start(args, { env, deadlineMs: 120_000, ...(unlucky && chance.next() < 0.3 ? { crashAt: stop } : {}) });
  const timer = setTimeout(() => running.kill(), unlucky ? chance.between(within.fromMs, within.toMs) : 60_000);
  const ended = await running.ended;
  clearTimeout(timer);
  if (ended.signal === 'SIGKILL') storm.kills += 1;
  // A bug has no excuse in any storm; refusals and conflicts are to be expected.
  if (ended.code === 70) throw new Error(`${args.join(' ')}: ${ended.stderr}${bus.place.evidence}`);
  return ended.code;
}

/** Files and single jobs, until all are handed in. A file whose submission did not end well is submitted again. */
async function submitter(storm: Storm): Promise<void> {
  const { chance, bus } = storm;
  const within = { fromMs: 300, toMs: byLength(1_500, 4_000), calls: 40, odds: 0.4 };
  while (storm.toSubmit > 0) {
    if (chance.next() < byLength(0.6, 0.4)) {
      const payload = JSON.stringify(chance.next() < 0.3 ? LARGE : { single: storm.toSubmit });
      storm.toSubmit -= 1;
      // By its own exit code: the other submitter's ids arrive in the same set.
      if ((await strike(storm, ['submit', 'echo', '--payload', payload, '-o', 'json'], within)) === 0) storm.submitted += 1;
      continue;
    }
    const name = `lines-${storm.toSubmit}`;
    const lines = someLines(chance, Math.min(storm.toSubmit, chance.between(10, byLength(60, 1_500))), name);
    storm.toSubmit -= lines.length;
    const file = writeLines(bus.place, `${name}.jsonl`, lines);
    while ((await strike(storm, ['submit', '--from', file, '-o', 'json'], within)) !== 0);
    for (const { idKey } of lines) if (idKey !== undefined) storm.keys.add(idKey);
    storm.submitted += lines.length;
  }
}

function someLines(chance: Chance, count: number, name: string): JobLine[] {
  const kinds: JobLine[] = [
    batchOf(2),
    batchOf(chance.between(1, 5), 'sleep', { ms: 5 }),
    { type: 'fail', payload: { mode: 'always' } },
    { type: 'fail', payload: { mode: 'permanent' } },
    { type: 'fail', payload: { mode: 'always', times: 1 } },
    { type: 'sleep', payload: { ms: chance.between(1, 300) } },
    { type: 'echo', payload: chance.next() < 0.1 ? LARGE : { small: true } },
  ];
  return Array.from({ length: count }, (_, index): JobLine => {
    const line = chance.next() < byLength(0.5, 0.75) ? { type: 'echo', payload: { index } } : chance.pick(kinds);
    return { ...line, idKey: `${name}-${index}` };
  });
}

async function worker(storm: Storm): Promise<void> {
  const { chance } = storm;
  while (!storm.calm) {
    const concurrency = String(chance.pick([1, 8, 32]));
    await strike(storm, ['worker', 'start', '--concurrency', concurrency], { fromMs: 500, toMs: byLength(5_000, 20_000), calls: 2_000, odds: 1 });
  }
}

/** The broker goes too, and is away for a moment or for longer than a lock lasts. */
async function breaker(storm: Storm): Promise<void> {
  const { bus, chance } = storm;
  while (!storm.calm) {
    await pause(chance.between(1_000, byLength(5_000, 20_000)));
    await bus.restartEmulator(() => pause(chance.pick([0, 0, 300, 1_000, byLength(1_000, 6_000)])));
  }
}

/** By processes that nobody kills, with a service that is well again. Copies of jobs that are over are taken off as well. */
async function drain(bus: BusPlace): Promise<void> {
  await bus.json(['worker', 'start', '--drain', '--concurrency', '32'], { deadlineMs: byLength(60_000, 600_000) });
  const last = bus.start(['worker', 'start', '--concurrency', '32'], { deadlineMs: 360_000 });
  await bus.withRuntime((runtime) =>
    until(
      'the queues are empty',
      async () => {
        const infos = await runtime.admin.list();
        return infos.every(({ counts: { active, locked, scheduled } }) => active + locked + scheduled === 0);
      },
      60_000,
    ),
  );
  // The watcher counts dead letters once a minute.
  await until('dead letters are those of jobs that are DeadLettered', async () => {
    const trouble = await letterTrouble(bus);
    if (trouble.length > 0) await pause(2_000);
    return trouble.length === 0;
  }, 200_000);
  // Before its first line it does not listen to signals.
  await last.shows('"msg"');
  last.kill('SIGTERM');
  expect(await last.ended).toMatchObject({ code: 0 });
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
