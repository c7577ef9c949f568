// One running attempt: its abort signal, its time-out, and the moment when the worker gives up waiting for a handler
// that does not listen.
//
//   running ──abort(why)──▶ aborting ──grace over──▶ abandoned        any of them ──close()──▶ closed

import type { Artifact, Job, JobId, JobProgress } from '../domain/job.js';
import type { Clock } from '../ports/clock.js';
import type { Deadline, Deadlines } from './deadlines.js';

/** Why a handler is asked to stop. */
export type AbortKind = 'cancelled' | 'timed-out' | 'lock-lost' | 'draining' | 'stopped';

const ABORT_TEXTS: Record<AbortKind, string> = {
  cancelled: 'the job was cancelled',
  'timed-out': 'the attempt took longer than it may',
  'lock-lost': 'the lock of the message was lost: another attempt may be running',
  draining: 'the worker is shutting down',
  stopped: 'the worker was told to stop at once',
};

/** `signal.reason` of an aborted handler. */
export class AttemptAborted extends Error {
  override readonly name = 'AttemptAborted';
  readonly kind: AbortKind;

  constructor(kind: AbortKind) {
    super(ABORT_TEXTS[kind]);
    this.kind = kind;
  }
}

export interface AttemptSettings {
  readonly timeoutMs: number;
  /** How long a handler may go on after its signal fired. */
  readonly graceMs: number;
}

export class Attempt implements Deadline {
  dueAt: number;
  place = -1;
  /** Where it is among the worker's running attempts; theirs. */
  runningPlace = -1;
  /** As stored when the attempt started. */
  readonly job: Job;
  readonly jobId: JobId;
  readonly runEpoch: number;
  /** By Clock.monotonic. */
  readonly startedAt: number;
  /** Set by the first abort. */
  abortedBy: AbortKind | undefined;
  /** The newest progress the handler told, stored or not. */
  progress: JobProgress | undefined;
  /** By name; begins with those of earlier runs. */
  artifacts: readonly Artifact[];
  /** Called when the handler's end is not waited for any longer. */
  onAbandoned: (() => void) | undefined;
  readonly #settings: AttemptSettings;
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  #controller: AbortController | undefined;
  #closed = false;

  constructor(job: Job, settings: AttemptSettings, parts: { clock: Clock; deadlines: Deadlines }) {
    this.job = job;
    this.jobId = job.jobId;
    this.runEpoch = job.runEpoch;
    this.artifacts = job.artifacts;
    this.#settings = settings;
    this.#clock = parts.clock;
    this.#deadlines = parts.deadlines;
    this.startedAt = parts.clock.monotonic();
    this.dueAt = this.startedAt + settings.timeoutMs;
    this.#deadlines.add(this);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Made when first asked for: a short job never needs it. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.abortedBy !== undefined) this.#controller.abort(new AttemptAborted(this.abortedBy));
    }
    return this.#controller.signal;
  }

  /** The first reason counts; later ones change nothing, except that `stopped` waits for nobody. */
  abort(kind: AbortKind): void {
    if (this.#closed) return;
    if (this.abortedBy === undefined) {
      this.abortedBy = kind;
      this.#deadlines.delete(this);
      this.dueAt = this.#clock.monotonic() + this.#settings.graceMs;
      this.#deadlines.add(this);
      this.#controller?.abort(new AttemptAborted(kind));
    }
    if (kind === 'stopped') this.onAbandoned?.();
  }

  onDue(): void {
    if (this.abortedBy === undefined) this.abort('timed-out');
    else this.onAbandoned?.();
  }

  /** The handler has ended or is given up: what it still does is not this job's any more. */
  close(): void {
    this.#closed = true;
    this.#deadlines.delete(this);
  }
}
