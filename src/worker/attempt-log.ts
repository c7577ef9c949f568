// The log lines of one attempt, stored in batches. Made when the handler first logs something.

import type { JobId } from '../domain/job.js';
import type { Backend } from '../ports/backend.js';
import { type JobLogLine, MAX_LOG_LINE_CHARS, MAX_LOG_LINES } from '../ports/job-log.js';
import type { Deadline, Deadlines } from './deadlines.js';
import type { JobLogger } from './handler.js';
import type { WorkerLog } from './worker-log.js';

const FLUSH_AFTER_MS = 500;
const FLUSH_AT_LINES = 200;

type NewLine = Omit<JobLogLine, 'line'>;

export class AttemptLog implements JobLogger, Deadline {
  dueAt = 0;
  readonly #attempt: { jobId: JobId; number: number };
  readonly #parts: AttemptLogParts;
  #lines: NewLine[] = [];
  #writing: Promise<void> | undefined;

  constructor(attempt: { jobId: JobId; number: number }, parts: AttemptLogParts) {
    this.#attempt = attempt;
    this.#parts = parts;
  }

  readonly debug = (text: string): void => this.#add('debug', text);
  readonly info = (text: string): void => this.#add('info', text);
  readonly warn = (text: string): void => this.#add('warn', text);
  readonly error = (text: string): void => this.#add('error', text);

  onDue(): void {
    void this.flush();
  }

  /** Stores what is waiting. Never throws: a lost log line does not cost a job its outcome. */
  flush(): Promise<void> {
    this.#parts.deadlines.delete(this);
    // One append at a time keeps the lines in order.
    this.#writing ??= this.#writeAll().finally(() => (this.#writing = undefined));
    return this.#writing;
  }

  #add(level: NewLine['level'], text: string): void {
    // A handler that logs whole documents must not fill the memory before the store cuts them.
    const short = text.length > MAX_LOG_LINE_CHARS ? `${text.slice(0, MAX_LOG_LINE_CHARS - 1)}…` : text;
    this.#lines.push({ at: this.#parts.backend.clock.now(), attempt: this.#attempt.number, level, text: short });
    if (this.#lines.length === 1) {
      this.dueAt = this.#parts.backend.clock.monotonic() + FLUSH_AFTER_MS;
      this.#parts.deadlines.add(this);
    } else if (this.#lines.length === FLUSH_AT_LINES) {
      void this.flush();
    } else if (this.#lines.length >= 2 * MAX_LOG_LINES) {
      // Logged faster than stored: the store would keep only the newest of them anyway.
      this.#lines.splice(0, MAX_LOG_LINES);
    }
  }

  async #writeAll(): Promise<void> {
    while (this.#lines.length > 0) await this.#append(this.#lines.splice(0));
  }

  async #append(lines: readonly NewLine[]): Promise<void> {
    try {
      await this.#parts.backend.jobLog.append(this.#attempt.jobId, lines);
    } catch (error) {
      this.#parts.log.warn({ err: error, jobId: this.#attempt.jobId, lines: lines.length }, 'log lines of a job were lost');
    }
  }
}

export interface AttemptLogParts {
  readonly backend: Pick<Backend, 'jobLog' | 'clock'>;
  readonly deadlines: Deadlines;
  readonly log: WorkerLog;
}
