// The log lines of one attempt, stored in batches; all of them as a file when there are more than the job keeps. Made when the
// handler first logs something.

import type { JobId } from '../domain/job.js';
import type { Backend } from '../ports/backend.js';
import { MAX_LOG_LINE_CHARS, MAX_LOG_LINES, type NewLogLine } from '../ports/job-log.js';
import { waitAtMost } from '../ports/wait-at-most.js';
import type { Deadline, Deadlines } from './deadlines.js';
import type { JobLogger } from './handler.js';
import { WholeLog } from './whole-log.js';
import type { WorkerLog } from './worker-log.js';

const FLUSH_AFTER_MS = 500;
const FLUSH_AT_LINES = 200;
/** A store of files that is away keeps no outcome back for longer. */
const WHOLE_LOG_LIMIT_MS = 10_000;

export class AttemptLog implements JobLogger, Deadline {
  dueAt = 0;
  readonly #attempt: { jobId: JobId; number: number };
  readonly #parts: AttemptLogParts;
  #lines: NewLogLine[] = [];
  /** All so far, until there are too many. */
  #first: NewLogLine[] = [];
  #whole: WholeLog | undefined;
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

  /** The handler has ended: stores the rest, and the whole log if it is a file. Never throws. */
  async end(): Promise<void> {
    await Promise.all([this.flush(), this.#whole === undefined ? undefined : this.#endWhole(this.#whole)]);
  }

  #add(level: NewLogLine['level'], text: string): void {
    // A handler that logs whole documents must not fill the memory before the store cuts them.
    const short = text.length > MAX_LOG_LINE_CHARS ? `${text.slice(0, MAX_LOG_LINE_CHARS - 1)}…` : text;
    const line = { at: this.#parts.backend.clock.now(), attempt: this.#attempt.number, level, text: short };
    this.#lines.push(line);
    this.#keep(line);
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

  #keep(line: NewLogLine): void {
    if (this.#whole !== undefined) {
      this.#whole.add(line);
      return;
    }
    if (this.#first.push(line) <= MAX_LOG_LINES) return;
    this.#whole = new WholeLog(this.#parts.keepWhole);
    for (const kept of this.#first.splice(0)) this.#whole.add(kept);
  }

  /** Dying before the job is saved leaves a file that no job names; `prune` removes it. */
  async #endWhole(whole: WholeLog): Promise<void> {
    const { backend, log } = this.#parts;
    let problem: unknown;
    await waitAtMost(backend.clock, WHOLE_LOG_LIMIT_MS, whole.end()).catch((error: unknown) => (problem = error));
    if (!whole.isStored) log.warn({ err: problem, jobId: this.#attempt.jobId }, 'the whole log of a job could not be stored; its newest lines are');
  }

  async #writeAll(): Promise<void> {
    while (this.#lines.length > 0) await this.#append(this.#lines.splice(0));
  }

  async #append(lines: readonly NewLogLine[]): Promise<void> {
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
  /** Stores the whole log as a file of the job. */
  readonly keepWhole: (content: AsyncIterable<string>) => Promise<unknown>;
}
