// One function per slice that looks at the backend through the services, with what has to be remembered between looks.

import type { SliceName } from '../data.js';
import { age } from '../figures.js';
import type { Interest } from '../interest.js';
import type { OverviewData, SliceData } from '../data.js';
import type { DeadLooker } from './look-dead.js';
import type { JobLooker } from './look-job.js';
import { lookJobs } from './look-jobs.js';
import { OverviewLooker } from './look-overview.js';
import { WorkersLooker } from './look-workers.js';
import { Meter } from './meter.js';
import { isCostly, type DashboardPorts } from './ports.js';

export interface Lookers {
  look(interest: Interest, signal: AbortSignal): Promise<{ readonly data: SliceData[SliceName]; readonly text: string }>;
  /** The user asked for a look: what was kept to spare one does not count. */
  forget(): void;
}

/** Reads in what looks at all but the first screen. */
export async function readInLookers(): Promise<void> {
  await import('./look-dead.js');
  await import('./look-job.js');
  await import('./look-operations.js');
}

export function openLookers(unmetered: DashboardPorts): Lookers {
  const meter = new Meter(unmetered);
  const ports = isCostly(unmetered) ? meter.metered(unmetered) : unmetered;
  const overview = new OverviewLooker(ports, () => (isCostly(ports) ? meter.cost() : null));
  const workers = new WorkersLooker(ports);
  const { dead, job, forget } = onDemand(ports);
  const look = async (interest: Interest, signal: AbortSignal): Promise<SliceData[SliceName]> => {
    switch (interest.slice) {
      case 'overview':
        return overview.look();
      case 'jobs':
        return lookJobs(ports, interest, signal);
      case 'job':
        return (await job()).look(interest.jobId);
      case 'groups':
        return (await dead()).groups(interest, signal);
      case 'letters':
        return (await dead()).letters(interest, signal);
      case 'letter':
        return (await dead()).letter(interest, signal);
      case 'workers':
        return workers.look();
      case 'operations':
        return (await import('./look-operations.js')).lookOperations(ports);
      case 'operation':
        return (await import('./look-operations.js')).lookOperation(ports, interest.id);
      case 'types':
        return (await import('./look-operations.js')).lookTypes(ports);
    }
  };
  return {
    look: async (interest, signal) => {
      const data = await look(interest, signal);
      return { data, text: comparable(interest.slice, data) };
    },
    forget,
  };
}

/** Read in when first looked at: the first screen does not wait for them. */
function onDemand(ports: DashboardPorts): { readonly dead: () => Promise<DeadLooker>; readonly job: () => Promise<JobLooker>; readonly forget: () => void } {
  let dead: DeadLooker | undefined;
  let job: JobLooker | undefined;
  return {
    dead: async () => {
      const { DeadLooker } = await import('./look-dead.js');
      return (dead ??= new DeadLooker(ports));
    },
    job: async () => {
      const { JobLooker } = await import('./look-job.js');
      return (job ??= new JobLooker(ports));
    },
    forget: () => dead?.forget(),
  };
}

/** Ages grow all the time; they are news when the text on the screen would be another one. */
function comparable(slice: SliceName, data: SliceData[SliceName]): string {
  if (slice !== 'overview') return JSON.stringify(data);
  const overview = data as OverviewData;
  const queues = overview.stats.queues.map((queue) => ({
    ...queue,
    oldestAgeMs: queue.oldestAgeMs === null ? null : age(queue.oldestAgeMs),
    drainEtaMs: queue.drainEtaMs === null ? null : age(queue.drainEtaMs),
  }));
  // A service's counts are of when it gave them, and it does not give new ones whenever it is asked.
  const countedAt = overview.stats.source === 'sqlite' ? '' : overview.stats.countedAt;
  return JSON.stringify({ ...overview, stats: { ...overview.stats, at: '', countedAt, outbox: overview.stats.outbox.map((outbox) => ({ ...outbox, oldestAgeMs: age(outbox.oldestAgeMs) })), queues } });
}
