// What `doctor` looks at through the ports: the clock, the queues, the workers, the dead letters.

import type { Backend } from '../ports/backend.js';
import type { HealthCheck } from '../ports/diagnostics.js';
import { liveWorkers } from './wait-hold-up.js';

export type DoctorDeps = Pick<Backend, 'admin' | 'workers' | 'clock' | 'store'>;

export async function checkOperation(deps: DoctorDeps): Promise<readonly HealthCheck[]> {
  return [await checkClock(deps), ...(await checkQueues(deps)), await checkWorkers(deps)];
}

/** Before this the clock is certainly wrong: the program is younger. */
const NEVER_BEFORE = Date.UTC(2025, 0, 1);
const NEVER_AFTER = Date.UTC(2200, 0, 1);
const TOLERANCE_MS = 60_000;

async function checkClock(deps: DoctorDeps): Promise<HealthCheck> {
  const now = deps.clock.now();
  const { jobs } = await deps.store.list({ filter: {}, limit: 1 });
  const ahead = Math.max(...jobs.map((job) => job.createdAt), ...(await deps.workers.list()).map((worker) => worker.heartbeatAt), 0) - now;
  const name = 'clock';
  if (now < NEVER_BEFORE || now > NEVER_AFTER) {
    return { name, status: 'fail', detail: `it says ${new Date(now).toISOString()}`, remedy: 'set the clock of this machine' };
  }
  if (ahead > TOLERANCE_MS) {
    const detail = `stored records are ${Math.round(ahead / 1000)} s ahead of it`;
    return { name, status: 'warn', detail, remedy: 'the clock was set back, or another machine is ahead: let them follow a time server' };
  }
  return { name, status: 'ok', detail: new Date(now).toISOString(), remedy: null };
}

async function checkQueues(deps: DoctorDeps): Promise<readonly HealthCheck[]> {
  const queues = await deps.admin.list();
  const paused = queues.filter((queue) => queue.pausedAt !== null);
  const dead = queues.filter((queue) => queue.counts.deadLetter > 0);
  return [
    {
      name: 'queues',
      status: paused.length === 0 ? 'ok' : 'warn',
      detail: paused.length === 0 ? `${queues.length} known, none paused` : `paused: ${paused.map((queue) => queue.name).join(', ')}`,
      remedy: paused[0] === undefined ? null : `copiloteval queues resume ${paused[0].name}`,
    },
    {
      name: 'dead letters',
      status: dead.length === 0 ? 'ok' : 'warn',
      detail: dead.length === 0 ? 'none' : dead.map((queue) => `${queue.counts.deadLetter} in ${queue.name}`).join(', '),
      remedy: dead[0] === undefined ? null : `copiloteval dlq groups --queue ${dead[0].name}`,
    },
  ];
}

async function checkWorkers(deps: DoctorDeps): Promise<HealthCheck> {
  const alive = await liveWorkers(deps);
  const queues = await deps.admin.list();
  const unserved = queues.filter(({ name, counts }) => counts.active > 0 && !alive.some((worker) => worker.queues.includes(name)));
  const name = 'workers';
  if (unserved[0] !== undefined) {
    const detail = `${alive.length} alive; none takes from ${unserved.map((queue) => `${queue.name} (${queue.counts.active} waiting)`).join(', ')}`;
    return { name, status: 'warn', detail, remedy: `copiloteval worker start --queue ${unserved[0].name}` };
  }
  return { name, status: 'ok', detail: `${alive.length} alive, no queue waits for one`, remedy: null };
}
