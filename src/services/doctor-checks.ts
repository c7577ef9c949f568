// What `doctor` looks at through the ports: the clock, the queues, the workers, the dead letters, and what is not where the
// settings want it.

import { printCoarseDuration } from '../domain/duration.js';
import { AppError } from '../domain/errors.js';
import { withoutLocal } from '../domain/local-queue-name.js';
import type { Backend } from '../ports/backend.js';
import type { HealthCheck } from '../ports/diagnostics.js';
import type { JobsElsewhere } from '../ports/jobs-elsewhere.js';
import type { QueueInfo } from '../ports/queue-admin.js';
import { countElsewhere } from './count-elsewhere.js';
import { liveWorkers } from './wait-hold-up.js';

export interface DoctorDeps extends Pick<Backend, 'admin' | 'workers' | 'clock' | 'store' | 'outbox'> {
  readonly degraded?: string | null;
  readonly elsewhere?: JobsElsewhere;
}

/** Queues that cannot be asked take nothing from the other checks. */
export async function checkOperation(deps: DoctorDeps): Promise<readonly HealthCheck[]> {
  const unsent = await checkUnsent(deps);
  const queues = await queuesOf(deps);
  if (queues instanceof AppError) {
    // A key that may only send is enough for who only submits; one that may nothing has failed a check of the backend's.
    const status = queues.code === 'SB_UNAUTHORIZED' ? 'warn' : 'fail';
    return [await checkClock(deps), ...unsent, { name: 'queues', status, detail: `${queues.message} [${queues.code}]`, remedy: queues.hint ?? null }];
  }
  return [await checkClock(deps), ...unsent, ...checkQueues(queues), await checkWorkers(deps, queues)];
}

async function queuesOf({ admin }: DoctorDeps): Promise<readonly QueueInfo[] | AppError> {
  try {
    return await admin.list();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

/** What is not where the settings want it: jobs beside Service Bus, or left on it. */
async function checkUnsent({ degraded, outbox, elsewhere, clock }: DoctorDeps): Promise<readonly HealthCheck[]> {
  const checks: HealthCheck[] = [];
  if (degraded !== null && degraded !== undefined) checks.push({ name: 'degraded', status: 'warn', detail: degraded, remedy: 'set the connection, or USE_SERVICE_BUS=false' });
  const left = outbox === undefined && elsewhere !== undefined ? await countElsewhere(elsewhere) : 0;
  if (left > 0) {
    checks.push({ name: 'left on service bus', status: 'warn', detail: `${left === 1 ? 'one job is' : `${left} jobs are`} left on Service Bus, which is not in use`, remedy: 'copiloteval queues drain --to local' });
  }
  if (outbox === undefined) return checks;
  const waiting = await outbox.waiting();
  if (waiting.length === 0) return [...checks, { name: 'outbox', status: 'ok', detail: 'nothing waits to be sent', remedy: null }];
  const detail = waiting.map(({ queue, count, oldestSavedAt, problem }) => {
    const age = printCoarseDuration(clock.now() - oldestSavedAt);
    return `${count} for ${queue}, the oldest for ${age}${problem === null ? '' : `: ${problem}`}`;
  });
  const remedy = 'a worker sends them: `copiloteval worker start`; while Service Bus is away they are safe';
  return [...checks, { name: 'outbox', status: 'warn', detail: detail.join('; '), remedy }];
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

function checkQueues(queues: readonly QueueInfo[]): readonly HealthCheck[] {
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

async function checkWorkers(deps: DoctorDeps, queues: readonly QueueInfo[]): Promise<HealthCheck> {
  const alive = await liveWorkers(deps);
  const unserved = queues.filter(({ name, counts }) => counts.active > 0 && !alive.some((worker) => worker.queues.includes(withoutLocal(name))));
  const name = 'workers';
  if (unserved[0] !== undefined) {
    const detail = `${alive.length} alive; none takes from ${unserved.map((queue) => `${queue.name} (${queue.counts.active} waiting)`).join(', ')}`;
    return { name, status: 'warn', detail, remedy: `copiloteval worker start --queue ${withoutLocal(unserved[0].name)}` };
  }
  return { name, status: 'ok', detail: `${alive.length} alive, no queue waits for one`, remedy: null };
}
