// Many machines: jobs in Cosmos DB, queues on Service Bus, files in Blob Storage, each of them a process that throttles, drops
// connections, loses answers and reads from replicas that lag, while submitters and workers are killed at random.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { loadConfig } from '../../src/config/config.js';
import { placeAt } from '../../src/config/data-dir.js';
import { openEnvironment } from '../../src/config/environment.js';
import { openRuntime, type Runtime } from '../../src/runtime.js';
import { type AzureWorld, openAzureWorld } from '../support/azure-world.js';
import { bundle } from '../support/bundle.js';
import { type Chance, chanceOf, seedOfRun } from './chance.js';
import { EXPECTED, jobViolations, readStored } from './invariants.js';
import { byLength } from './run-length.js';
import { until } from './until.js';

const JOBS = byLength(60, 10_000);
const KILLS = byLength(6, 150);
const DEADLINE_MS = byLength(120_000, 1_200_000);
const LARGE = { text: 'large '.repeat(10_000) };
/** A killed worker costs an attempt of what it ran: with so many left each job can still succeed. */
const ATTEMPTS = 60;
const QUEUE = { name: 'evaluation-jobs', lockMs: 3_000, ttlMs: 24 * 60 * 60_000, maxDeliveryCount: ATTEMPTS, deadLetterOnExpiration: true };

interface Storm {
  readonly world: AzureWorld;
  readonly chance: Chance;
  kills: number;
  /** Ids that a submission has printed. */
  readonly accepted: Set<string>;
  /** Both submitters have ended well. */
  submitted: boolean;
}

test(
  'every job has one outcome and none is lost, whoever is killed and whatever the services do',
  async () => {
    const seed = seedOfRun();
    const storm = await openStorm(seed);
    const lines = writeLines(storm);
    const bulk = Promise.all(lines.map((file) => submitAll(storm, file))).then(() => (storm.submitted = true));
    await Promise.all([bulk, single(storm), ...[0, 1, 2].map(() => worker(storm))]);
    await drain(storm.world);
    await inWorld(storm.world, (runtime) => until('copies are taken off', () => takeCopies(storm.world, runtime), 60_000));
    const problems = await inWorld(storm.world, (runtime) => problemsOf(runtime, storm));
    expect(problems, `seed ${seed}`).toEqual([]);
    const { requests, units } = await storm.world.cosmos.figures();
    process.stderr.write(`azure kills: seed ${seed}, ${storm.kills} kills, ${JOBS} jobs by key, ${storm.accepted.size} ids printed, ${Object.values(requests).reduce((sum, count) => sum + count, 0)} requests to Cosmos DB, ${Math.round(units)} RU by the double\n`);
    expect(storm.kills).toBeGreaterThanOrEqual(KILLS);
  },
  byLength(60_000, 1_800_000),
);

async function openStorm(seed: number): Promise<Storm> {
  const world = await openAzureWorld({
    program: await bundle("import './test/crash/victim.ts';", 'azure-victim'),
    cosmos: { faults: { throttled: 0.02, retryWith: 0.01, unavailable: 0.01, drop: 0.005, dropAfter: 0.01, stale: 0.2 } },
    emulatorFaults: ['server-busy=0.01', 'drop-connection=0.001', 'lose-lock=0.005', 'lost-reply=0.002'],
    queues: [QUEUE],
    env: { AZURE_SERVICE_BUS_MAX_RETRIES: String(ATTEMPTS), COPILOTEVAL_LOCK_SECONDS: '3' },
  });
  onTestFinished(() => world.stop());
  return { world, chance: chanceOf(seed), kills: 0, accepted: new Set(), submitted: false };
}

/** Two submitters with the same keys, in another order. */
function writeLines({ world, chance }: Storm): string[] {
  const lines = Array.from({ length: JOBS }, (_, index) => {
    const payload = chance.next() < 0.05 ? { ...LARGE, index } : { index };
    return JSON.stringify({ type: 'echo', payload, idKey: `key-${index}`, labels: { [EXPECTED]: 'Succeeded' } });
  });
  const files = [join(world.directory, 'forwards.jsonl'), join(world.directory, 'backwards.jsonl')];
  [lines, [...lines].reverse()].forEach((some, index) => writeFileSync(files[index] ?? '', `${some.join('\n')}\n`));
  return files;
}

/** Killed and started again until it has been through. */
async function submitAll(storm: Storm, file: string): Promise<void> {
  for (let kills = 0; ; ) {
    const ended = await strike(storm, `submit --from ${file} -o json`, { ms: kills < byLength(1, 5) ? byLength(1_500, 20_000) : Infinity, calls: 20 });
    if (ended === 'killed') kills += 1;
    else if (ended === 'done') return;
  }
}

async function single(storm: Storm): Promise<void> {
  while (!isOver(storm)) await strike(storm, `submit sleep --payload {"ms":5} --label ${EXPECTED}=Succeeded -o json`, { ms: storm.chance.next() < 0.5 ? 900 : Infinity, calls: 4 });
}

async function worker(storm: Storm): Promise<void> {
  while (!isOver(storm)) await strike(storm, `worker start --concurrency ${storm.chance.pick([2, 8, 16])}`, { ms: byLength(4_000, 25_000), calls: 300 });
}

function isOver({ kills, submitted }: Storm): boolean {
  return kills >= KILLS && submitted;
}

/** Runs one command line and kills it at the latest after `ms`, at times before or after one of its first calls of a port. */
async function strike(storm: Storm, line: string, { ms, calls }: { ms: number; calls: number }): Promise<'done' | 'killed' | 'refused'> {
  const { world, chance } = storm;
  const inProgram = ms < Infinity && chance.next() < 0.3;
  const env = inProgram ? { ...world.env, CRASH_AT: `*.*#${chance.between(1, calls)}:${chance.pick(['before', 'after'])}` } : world.env;
  const { child, ended } = world.start(line, { env, deadlineMs: DEADLINE_MS });
  const timer = ms < Infinity ? setTimeout(() => child.kill('SIGKILL'), chance.between(ms / 4, ms)) : undefined;
  const { code, signal, stdout, stderr } = await ended;
  clearTimeout(timer);
  for (const [, jobId = ''] of stdout.matchAll(/"jobId": ?"([0-9a-f-]{36})"/g)) storm.accepted.add(jobId);
  if (signal === 'SIGKILL') {
    storm.kills += 1;
    return 'killed';
  }
  if (code === 70) throw new Error(`${line}: ${stderr}`);
  return code === 0 ? 'done' : 'refused';
}

async function drain(world: AzureWorld): Promise<void> {
  const { code, stderr } = await world.run('worker start --drain --concurrency 16', { deadlineMs: DEADLINE_MS });
  expect([code, stderr]).toEqual([0, expect.any(String)]);
}

/**
 * All jobs are over, which is what a drain waits for. A message whose completion got lost, and one of a second sending, may
 * still come when a lock ends: the next worker takes it off. True when none is left.
 */
async function takeCopies(world: AzureWorld, runtime: Runtime): Promise<boolean> {
  if (Object.values(await countsOf(runtime)).every((count) => count === 0)) return true;
  await drain(world);
  return false;
}

async function countsOf({ admin }: Runtime): Promise<{ active: number; locked: number; scheduled: number; deadLetter: number }> {
  const [queue] = await admin.list([QUEUE.name]);
  if (queue === undefined) throw new Error(`${QUEUE.name} is gone`);
  const { active, locked, scheduled, deadLetter } = queue.counts;
  return { active, locked, scheduled, deadLetter };
}

async function problemsOf(runtime: Runtime, { accepted }: Storm): Promise<string[]> {
  const stored = await readStored(runtime);
  const problems = jobViolations(stored, { accepted, drained: true }).map(({ jobId, what }) => `${jobId}: ${what}`);
  const jobs = [...stored.jobs.values()];
  const keys = jobs.map(({ idempotencyKey }) => idempotencyKey).filter((key) => key !== null);
  if (keys.length !== JOBS || new Set(keys).size !== JOBS) problems.push(`${JOBS} keys were submitted, and ${keys.length} jobs have ${new Set(keys).size} of them`);
  for (const { jobId, payloadRef, resultRef } of jobs) {
    for (const ref of [payloadRef, resultRef]) {
      if (ref === null) continue;
      const whole = await runtime.blobs.info(ref.key);
      if (whole?.bytes !== ref.bytes) problems.push(`${jobId}: its file ${ref.key} is not whole`);
    }
  }
  const { active, locked, deadLetter } = await countsOf(runtime);
  if (active + locked + deadLetter !== 0) problems.push(`left on the queue: ${active} active, ${locked} locked, ${deadLetter} dead letters`);
  const waiting = await runtime.outbox?.waiting();
  if (waiting?.length !== 0) problems.push(`left in the outbox: ${JSON.stringify(waiting)}`);
  return problems;
}

async function inWorld<T>(world: AzureWorld, look: (runtime: Runtime) => Promise<T>): Promise<T> {
  const env = await openEnvironment(world.env, world.directory);
  const runtime = await openRuntime(loadConfig({ place: placeAt(world.directory, 'test', true), env, cwd: world.directory, profile: undefined }));
  try {
    return await look(runtime);
  } finally {
    await runtime.close();
  }
}
