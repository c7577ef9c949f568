// JobLog: the log lines of each job's handler, capped per job.

import type { JobId } from '../domain/job.js';

export const MAX_LOG_LINES = 1000;
export const MAX_LOG_LINE_CHARS = 4096;

export interface JobLogLine {
  /** 1, 2, … per job; a gap tells of lines dropped by the cap. */
  readonly line: number;
  readonly at: number;
  readonly attempt: number;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly text: string;
}

export interface JobLog {
  /** Keeps the newest MAX_LOG_LINES lines of the job. Lines may be lost in a crash, jobs never. */
  append(jobId: JobId, lines: readonly Omit<JobLogLine, 'line'>[]): Promise<void>;
  read(params: { jobId: JobId; afterLine?: number; limit: number }): Promise<readonly JobLogLine[]>;
}
