// The log lines of one job, from the first that is kept, until now or until the job has ended.

import { hasEnded, type JobId } from '../domain/job.js';
import type { Backend } from '../ports/backend.js';
import type { JobLogLine } from '../ports/job-log.js';

export interface TailLog {
  readonly jobId: JobId;
  /** Goes on until the job has ended or the signal fires. */
  readonly follow: boolean;
  readonly signal: AbortSignal;
}

const PAGE = 500;
/** Workers write log lines in batches; there is no event for them. */
const LOOK_MS = 200;

export async function* tailLog(backend: Pick<Backend, 'jobLog' | 'store' | 'clock'>, tail: TailLog): AsyncGenerator<JobLogLine> {
  const { jobId, follow, signal } = tail;
  let afterLine = 0;
  while (!signal.aborted) {
    // Read before the lines: a job that has ended by then wrote its last line before.
    const job = follow ? await backend.store.get(jobId) : undefined;
    const lines = await backend.jobLog.read({ jobId, afterLine, limit: PAGE });
    for (const line of lines) {
      yield line;
      afterLine = line.line;
    }
    if (lines.length === PAGE) continue;
    if (!follow || job === undefined || hasEnded(job.status)) return;
    await backend.clock.sleep(LOOK_MS, signal);
  }
}
