// JobLog: the log lines of each job's handler, capped per job; an attempt that writes more leaves all of them as a file.

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

/** The file with all lines of an attempt that wrote more than MAX_LOG_LINES, by the number of its start in the life of the job. */
export function wholeLogName(runEpoch: number): string {
  return `start-${runEpoch}.log`;
}

export function isWholeLog(name: string): boolean {
  return /^start-\d+\.log$/.test(name);
}

/** Before it is stored. */
export type NewLogLine = Omit<JobLogLine, 'line'>;

export interface JobLog {
  /** Keeps the newest MAX_LOG_LINES lines of the job. Lines may be lost in a crash, jobs never. */
  append(jobId: JobId, lines: readonly NewLogLine[]): Promise<void>;
  read(params: { jobId: JobId; afterLine?: number; limit: number }): Promise<readonly JobLogLine[]>;
}
