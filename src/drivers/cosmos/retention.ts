// How long the service keeps what is written about a job. It deletes a document by itself when its `ttl`, in seconds since the
// document was last changed, is over; what has none, or -1, has no end.

import { hasEnded, type Job } from '../../domain/job.js';

const DAY_SECONDS = 86_400;
/** The service takes 32 bits. */
const MAX_SECONDS = 2 ** 31 - 1;
export const FOR_EVER = -1;

/** At least a day: whoever waits for a job finds its outcome. */
export function keepSeconds(retentionDays: number): number {
  return Math.min(MAX_SECONDS, Math.round(Math.max(1, retentionDays) * DAY_SECONDS));
}

/** A job that can still run has no end, nor has one whose message lies with the dead letters: a replay needs it. */
export function timeToLive({ status }: Pick<Job, 'status'>, keep: number): number {
  return hasEnded(status) && status !== 'DeadLettered' ? keep : FOR_EVER;
}
