// Which events a filter for jobs lets through.

import type { JobEvent } from '../domain/job-event.js';
import { jobWhereRecord } from '../domain/where/job-record.js';
import { matchesWhere } from '../domain/where/evaluate.js';
import type { Backend } from '../ports/backend.js';
import type { JobFilter } from '../ports/job-store.js';

/**
 * Status, type and queue are the event's own; everything else is asked of the job as it is now. Undefined when the
 * filter lets everything through. An event of a job that was deleted meanwhile fits only what the event itself says.
 */
export function eventFilter(
  backend: Pick<Backend, 'store' | 'clock'>,
  filter: JobFilter,
): ((event: JobEvent) => boolean | Promise<boolean>) | undefined {
  if (Object.keys(filter).length === 0) return undefined;
  const { userId, labels, where } = filter;
  const needsJob = userId !== undefined || labels !== undefined || where !== undefined;
  return (event) => {
    const fits =
      (filter.statuses?.includes(event.status) ?? true) &&
      (filter.types?.includes(event.jobType) ?? true) &&
      (filter.queues?.includes(event.queue) ?? true);
    return fits && (needsJob ? jobFits(backend, event, filter) : true);
  };
}

async function jobFits(backend: Pick<Backend, 'store' | 'clock'>, event: JobEvent, { userId, labels, where }: JobFilter): Promise<boolean> {
  const job = await backend.store.get(event.jobId);
  if (job === undefined) return false;
  if (userId !== undefined && job.userId !== userId) return false;
  if (labels !== undefined && !Object.entries(labels).every(([key, value]) => job.labels[key] === value)) return false;
  // The status of the moment the event tells of, not of now.
  return where === undefined || matchesWhere(where, jobWhereRecord({ ...job, status: event.status }, backend.clock.now()));
}
