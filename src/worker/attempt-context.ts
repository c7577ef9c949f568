// What a handler gets, bound to its attempt. The parts that short jobs do not use are made when they are first used.

import { AppError, hasCode } from '../domain/errors.js';
import type { Artifact, BlobRef, Job } from '../domain/job.js';
import type { Json } from '../domain/json.js';
import type { Backend } from '../ports/backend.js';
import type { CheckpointEntry } from '../ports/checkpoints.js';
import { wholeLogName } from '../ports/job-log.js';
import type { JobTypes } from '../services/job-types.js';
import { type NewArtifact, putArtifact } from './artifacts.js';
import type { Attempt } from './attempt.js';
import { AttemptLog } from './attempt-log.js';
import { AttemptProgress } from './attempt-progress.js';
import type { HandlerEnd } from './conclude.js';
import type { Deadlines } from './deadlines.js';
import type { HandlerCheckpoints, HandlerChildren, HandlerContext, JobLogger } from './handler.js';
import { logTextOf } from './job-error.js';
import { childrenOf } from './send-children.js';
import type { WorkerLog } from './worker-log.js';

export interface ContextParts {
  readonly backend: Backend;
  readonly jobTypes: JobTypes;
  readonly deadlines: Deadlines;
  readonly log: WorkerLog;
}

export class AttemptContext implements HandlerContext {
  readonly job: Job;
  readonly attempt: number;
  readonly #attempt: Attempt;
  readonly #parts: ContextParts;
  #log: AttemptLog | undefined;
  #progress: AttemptProgress | undefined;
  #checkpoint: HandlerCheckpoints | undefined;
  #children: HandlerChildren | undefined;

  constructor(attempt: Attempt, parts: ContextParts) {
    this.job = attempt.job;
    this.attempt = attempt.job.attempt;
    this.#attempt = attempt;
    this.#parts = parts;
  }

  get signal(): AbortSignal {
    return this.#attempt.signal;
  }

  get log(): JobLogger {
    return (this.#log ??= new AttemptLog({ jobId: this.job.jobId, number: this.attempt }, { ...this.#parts, keepWhole: (content) => this.#keepLog(content) }));
  }

  get checkpoint(): HandlerCheckpoints {
    return (this.#checkpoint ??= checkpointsOf(this.#attempt, this.#parts.backend));
  }

  get children(): HandlerChildren {
    return (this.#children ??= childrenOf(this.job, this.#parts));
  }

  get artifacts(): HandlerContext['artifacts'] {
    return {
      put: async (name, content, options) => {
        refuseWhenClosed(this.#attempt);
        return this.#putArtifact({ name, content, ...options });
      },
    };
  }

  get blobs(): HandlerContext['blobs'] {
    return { read: (ref: BlobRef) => this.#parts.backend.blobs.read(ref.key, ref) };
  }

  /** A property, so that `const { progress } = context` works. */
  readonly progress = (completed: number, total: number | null = null, message: string | null = null): void => {
    if (this.#attempt.closed) return;
    this.#attempt.progress = { completed, total, message };
    this.#progress ??= new AttemptProgress(this.#attempt, this.#parts);
    this.#progress.changed();
  };

  /** Puts an end without a result among the job's log lines. */
  tellEnd(end: HandlerEnd): void {
    const { abortedBy } = this.#attempt;
    if (end.kind === 'abandoned') this.log.warn(`the handler did not stop when asked to (${abortedBy ?? 'abandoned'}) and was given up`);
    else if (abortedBy !== undefined) this.log.warn(`the attempt was stopped: ${abortedBy}`);
    else if (end.kind === 'threw') this.log.error(logTextOf(end.error));
  }

  /** The handler has ended: stores its last log lines. */
  async end(): Promise<void> {
    this.#progress?.close();
    if (this.#log !== undefined) await this.#log.end();
  }

  /** The last line may be the one that makes a file of the log: then the attempt is over for its handler. */
  #keepLog(content: AsyncIterable<string>): Promise<Artifact> {
    return this.#putArtifact({ name: wholeLogName(this.#attempt.runEpoch), content });
  }

  async #putArtifact(file: NewArtifact): Promise<Artifact> {
    const artifact = await putArtifact(this.#parts.backend.blobs, this.#attempt, file);
    this.#attempt.artifacts = [...this.#attempt.artifacts.filter(({ name }) => name !== file.name), artifact];
    return artifact;
  }
}

/** Dying after a put repeats the work done since the one before; a checkpoint is stored whole or not at all. */
function checkpointsOf(attempt: Attempt, backend: Pick<Backend, 'checkpoints'>): HandlerCheckpoints {
  const { checkpoints } = backend;
  const { jobId } = attempt;
  const setMany = async (entries: readonly CheckpointEntry[]): Promise<void> => {
    refuseWhenClosed(attempt);
    try {
      await checkpoints.put(attempt, entries);
    } catch (error) {
      if (hasCode(error, 'JOB_LOST')) attempt.abort('lock-lost');
      throw error;
    }
  };
  return {
    get: (key) => checkpoints.get(jobId, key),
    set: (key: string, value: Json) => setMany([{ key, value }]),
    setMany,
    entries: (prefix) => checkpointEntries(attempt, prefix, checkpoints),
  };
}

const PAGE = 500;

async function* checkpointEntries(attempt: Attempt, prefix: string, checkpoints: Backend['checkpoints']): AsyncIterable<CheckpointEntry> {
  let afterKey: string | undefined;
  for (;;) {
    const page = await checkpoints.list({ jobId: attempt.jobId, prefix, limit: PAGE, ...(afterKey === undefined ? {} : { afterKey }) });
    yield* page;
    if (page.length < PAGE) return;
    afterKey = page.at(-1)?.key;
  }
}

function refuseWhenClosed(attempt: Attempt): void {
  if (attempt.closed) throw new AppError('JOB_LOST', `attempt ${attempt.job.attempt} of job ${attempt.jobId} is over: nothing more is stored for it`);
}
