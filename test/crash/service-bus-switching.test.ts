// Service Bus switched off and on again under load, by processes that do not wait for each other: some still run with it
// while others run without, one is killed with messages in its hands. Nothing is stranded on either side.

import { setTimeout as pause } from 'node:timers/promises';

import { beforeAll, expect, test } from 'vitest';

import { hasEnded } from '../../src/domain/job.js';
import { buildVictim } from './build-victim.js';
import { withRuntime } from './inspect.js';
import { batchOf, type JobLine, writeLines } from './job-mix.js';
import { byLength } from './run-length.js';
import { busMustHold, letterTrouble } from './service-bus-inspect.js';
import { BusPlace } from './service-bus-place.js';
import { until } from './until.js';

let program: string;
beforeAll(async () => {
  program = await buildVictim();
});

const LINES = byLength(80, 1_000);
const OFF = { env: { USE_SERVICE_BUS: 'false' }, deadlineMs: 180_000 };
const ON = { deadlineMs: 180_000 };
const ROUNDS = byLength(1, 5);

test(
  'Service Bus switched off and on again under load strands nothing',
  async (context) => {
    const bus = await BusPlace.make(program, context, { lockMs: 2_000, maxDeliveryCount: 10, faults: [] });
    let submitted = 0;
    const submit = async (options: typeof ON): Promise<void> => {
      submitted += LINES;
      const file = writeLines(bus.place, `lines-${submitted}.jsonl`, someLines(`at-${submitted}`));
      await bus.json(['submit', '--from', file], options);
    };
    for (let round = 0; round < ROUNDS; round += 1) {
      const killed = bus.start(['worker', 'start', '--concurrency', '16'], ON);
      await Promise.all([submit(ON), submit(ON)]);
      killed.kill();
      await killed.ended;
      // Off: a local worker runs, jobs go to both sides, and the drain fetches what is on the other.
      const local = bus.start(['worker', 'start', '--concurrency', '8'], OFF);
      await Promise.all([submit(OFF), submit(ON), drainToLocal(bus)]);
      await drainToLocal(bus);
      // On again, while the worker without it still runs.
      const remote = bus.start(['worker', 'start', '--concurrency', '8'], ON);
      await Promise.all([submit(ON), submit(OFF)]);
      await until('every job has ended', async () => (await pause(300), (await openJobs(bus)) === 0), 90_000);
      for (const worker of [local, remote]) worker.kill('SIGTERM');
      for (const worker of [local, remote]) expect(await worker.ended).toMatchObject({ code: 0 });
    }
    const last = bus.start(['worker', 'start'], ON);
    await until('nothing waits on either side', async () => (await pause(300), (await letterTrouble(bus)).length + (await waiting(bus)) === 0), 90_000);
    last.kill('SIGTERM');
    await last.ended;

    const { stored } = await busMustHold(bus, 'after switching');
    const own = [...stored.jobs.values()].filter(({ parentJobId }) => parentJobId === null);
    expect(own).toHaveLength(submitted);
    const modes = new Set(own.map(({ queueMode }) => queueMode));
    expect(modes).toEqual(new Set(['service_bus', 'local']));
    const moved = [...stored.events.values()].flat().filter(({ type }) => type === 'moved-to-local').length;
    process.stderr.write(`service bus switched: ${stored.jobs.size} jobs, ${moved} moved to the own queue\n`);
    expect(moved).toBeGreaterThan(0);
    await bus.discard();
  },
  byLength(120_000, 900_000),
);

function someLines(name: string): JobLine[] {
  const kinds: JobLine[] = [{ type: 'echo', payload: null }, { type: 'sleep', payload: { ms: 20 } }, { type: 'fail', payload: { mode: 'always', times: 1 } }, { type: 'fail', payload: { mode: 'always' } }, batchOf(2)];
  return Array.from({ length: LINES }, (_, index): JobLine => ({ ...(kinds[index % kinds.length] ?? { type: 'echo', payload: null }), idKey: `${name}-${index}` }));
}

/** What the killed worker held is fetched when its locks have ended. Dead letters of a round before stay where they are: their jobs have ended. */
async function drainToLocal(bus: BusPlace): Promise<void> {
  for (;;) {
    const ended = await bus.run(['queues', 'drain', '--to', 'local', '--yes', '-o', 'json'], OFF);
    if (ended.code !== 0 && ended.code !== 8) throw new Error(`the drain ended with ${ended.code ?? ended.signal}: ${ended.stderr}${bus.place.evidence}`);
    const { running, left } = JSON.parse(ended.stdout) as { running: number; left: readonly { active: number; scheduled: number }[] };
    if (ended.code === 0 && running === 0 && left.every(({ active, scheduled }) => active + scheduled === 0)) return;
    await pause(500);
  }
}

async function openJobs({ place }: BusPlace): Promise<number> {
  const totals = await withRuntime(place, (runtime) => runtime.counters.totals());
  return totals.filter(({ status }) => !hasEnded(status)).reduce((sum, { count }) => sum + count, 0);
}

async function waiting(bus: BusPlace): Promise<number> {
  const infos = await bus.withRuntime((runtime) => runtime.admin.list());
  return infos.reduce((sum, { counts: { active, locked, scheduled } }) => sum + active + locked + scheduled, 0);
}
