// One job in detail. A job that has ended and was not saved since is not asked for again.

import { AppError, hasCode } from '../../domain/errors.js';
import { hasEnded, type Job } from '../../domain/job.js';
import type { Json } from '../../domain/json.js';
import type { JobLogLine } from '../../ports/job-log.js';
import { explainJob } from '../../services/why-job.js';
import { readPayload } from '../../services/submit-prepare.js';
import { resultsOfJob } from '../../services/results-of-job.js';
import type { JobData } from '../data.js';
import type { DashboardPorts } from './ports.js';

const MAX_TEXT = 200_000;
/** Larger files are named, not read, on a screen. */
const MAX_FILE_BYTES = 1_000_000;
const SHOWN_LOG_LINES = 400;
const LOG_PAGE = 500;

export class JobLooker {
  readonly #ports: DashboardPorts;
  #kept: { readonly jobId: string; readonly version: number; readonly data: JobData } | undefined;

  constructor(ports: DashboardPorts) {
    this.#ports = ports;
  }

  /** JOB_NOT_FOUND when it was pruned. */
  async look(jobId: string): Promise<JobData> {
    const job = await this.#ports.store.get(jobId);
    if (job === undefined) throw new AppError('JOB_NOT_FOUND', `job ${jobId} is not in the store any more`, { hint: 'Esc goes back' });
    if (this.#kept?.jobId === jobId && this.#kept.version === job.version && hasEnded(job.status)) return this.#kept.data;
    const [story, payload, result, logs] = await Promise.all([explainJob(this.#ports, job), this.#payload(job), this.#result(job), this.#logs(jobId)]);
    const data: JobData = { story, payload, result, logs: logs.map(({ line, at, level, text }) => ({ line, at, level, text })) };
    this.#kept = { jobId, version: job.version, data };
    return data;
  }

  async #payload(job: Job): Promise<string> {
    if (job.payloadRef !== null && job.payloadRef.bytes > MAX_FILE_BYTES) return `${job.payloadRef.bytes} bytes, in the store`;
    return orProblem(async () => prettyJson(await readPayload(this.#ports, job)));
  }

  async #result(job: Job): Promise<string | null> {
    if (job.status !== 'Succeeded') return null;
    if (job.resultRef !== null && job.resultRef.bytes > MAX_FILE_BYTES) return `${job.resultRef.bytes} bytes: copiloteval results ${job.jobId}`;
    return orProblem(async () => prettyJson((await resultsOfJob(this.#ports, job)).result));
  }

  async #logs(jobId: string): Promise<readonly JobLogLine[]> {
    let lines: readonly JobLogLine[] = [];
    for (let afterLine = 0; ; ) {
      const page = await this.#ports.jobLog.read({ jobId, afterLine, limit: LOG_PAGE });
      lines = [...lines, ...page].slice(-SHOWN_LOG_LINES);
      if (page.length < LOG_PAGE) return lines;
      afterLine = page.at(-1)?.line ?? afterLine;
    }
  }
}

export function prettyJson(value: Json): string {
  const text = JSON.stringify(value, null, 2);
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}\n… (${text.length} characters in all)` : text;
}

/** A file that is missing or damaged is told where its content would stand. */
async function orProblem(read: () => Promise<string>): Promise<string> {
  try {
    return await read();
  } catch (error) {
    if (hasCode(error, 'BLOB_NOT_FOUND', 'BLOB_CORRUPT')) return `${error.code}: ${error.message}`;
    throw error;
  }
}
