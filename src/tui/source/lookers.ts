// One function per slice that looks at the backend through the services, with what has to be remembered between looks.

import type { SliceName } from '../data.js';
import { ago } from '../figures.js';
import type { Interest } from '../interest.js';
import type { OverviewData, SliceData } from '../data.js';
import { DeadLooker } from './look-dead.js';
import { JobLooker } from './look-job.js';
import { lookJobs } from './look-jobs.js';
import { lookOperation, lookOperations, lookTypes } from './look-operations.js';
import { OverviewLooker } from './look-overview.js';
import { WorkersLooker } from './look-workers.js';
import type { DashboardPorts } from './ports.js';

export interface Lookers {
  look(interest: Interest, signal: AbortSignal): Promise<{ readonly data: SliceData[SliceName]; readonly text: string }>;
  /** The user asked for a look: what was kept to spare one does not count. */
  forget(): void;
}

export function openLookers(ports: DashboardPorts): Lookers {
  const overview = new OverviewLooker(ports);
  const workers = new WorkersLooker(ports);
  const dead = new DeadLooker(ports);
  const job = new JobLooker(ports);
  const look = async (interest: Interest, signal: AbortSignal): Promise<SliceData[SliceName]> => {
    switch (interest.slice) {
      case 'overview':
        return overview.look();
      case 'jobs':
        return lookJobs(ports, interest, signal);
      case 'job':
        return job.look(interest.jobId);
      case 'groups':
        return dead.groups(interest, signal);
      case 'letters':
        return dead.letters(interest, signal);
      case 'letter':
        return dead.letter(interest, signal);
      case 'workers':
        return workers.look();
      case 'operations':
        return lookOperations(ports);
      case 'operation':
        return lookOperation(ports, interest.id);
      case 'types':
        return lookTypes(ports);
    }
  };
  return {
    look: async (interest, signal) => {
      const data = await look(interest, signal);
      return { data, text: comparable(interest.slice, data) };
    },
    forget: () => dead.forget(),
  };
}

/** Ages grow all the time; they are news when the text on the screen would be another one. */
function comparable(slice: SliceName, data: SliceData[SliceName]): string {
  if (slice !== 'overview') return JSON.stringify(data);
  const overview = data as OverviewData;
  const queues = overview.stats.queues.map((queue) => ({
    ...queue,
    oldestAgeMs: queue.oldestAgeMs === null ? null : ago(queue.oldestAgeMs),
    drainEtaMs: queue.drainEtaMs === null ? null : ago(queue.drainEtaMs),
  }));
  return JSON.stringify({ ...overview, stats: { ...overview.stats, at: '', countedAt: '', outbox: overview.stats.outbox.map((outbox) => ({ ...outbox, oldestAgeMs: ago(outbox.oldestAgeMs) })), queues } });
}
