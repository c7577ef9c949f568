// A SQLite backend in a fresh directory with workers whose handlers and time a test controls.

import { join } from 'node:path';
import { onTestFinished } from 'vitest';

import type { Job, JobId } from '../../src/domain/job.js';
import type { Json } from '../../src/domain/json.js';
import { QUEUES } from '../../src/domain/queue-registry.js';
import { FsBlobStore } from '../../src/drivers/blob-fs/fs-blob-store.js';
import { openSqliteBackend } from '../../src/drivers/sqlite/open-sqlite.js';
import type { Backend } from '../../src/ports/backend.js';
import { type Clock, systemClock } from '../../src/ports/clock.js';
import { createJobIds } from '../../src/services/job-ids.js';
import { submitJob } from '../../src/services/submit-job.js';
import type { SubmitRequest } from '../../src/services/submit-request.js';
import { type AnyHandler, HandlerRegistry } from '../../src/worker/handler-registry.js';
import { type LoadedJobTypes, loadJobTypes } from '../../src/worker/load-job-types.js';
import { SILENT_LOG } from '../../src/worker/worker-log.js';
import type { WorkerSettings } from '../../src/worker/worker-settings.js';
import type { WorkerSummary } from '../../src/worker/worker-summary.js';
import { Worker } from '../../src/worker/worker.js';
import { FakeClock } from './fake-clock.js';
import { tempDir } from './temp-dir.js';
import { turns, until } from './turns.js';

export const QUEUE = 'evaluation-jobs';
export const OTHER_QUEUE = 'other-jobs';

export interface RunningWorker {
  readonly worker: Worker;
  readonly ended: Promise<WorkerSummary>;
}

export class World<C extends Clock = FakeClock> {
  readonly backend: Backend;
  readonly clock: C;
  readonly jobTypes: LoadedJobTypes;
  readonly #newJobId: () => JobId;
  #workers = 0;

  protected constructor(backend: Backend, clock: C) {
    this.backend = backend;
    this.clock = clock;
    this.#newJobId = createJobIds(clock);
    const first = QUEUES[0];
    if (first === undefined) throw new Error('the registry has no queue');
    this.jobTypes = loadJobTypes({
      queues: [...QUEUES, { ...first, name: OTHER_QUEUE }],
      defaultQueue: QUEUE,
      types: {},
      handlers: [],
      httpAllowHosts: [],
      allowCommandJobs: false,
      cwd: '.',
    });
  }

  /** With real time: for workers that drain, which look again every 100 ms. */
  static async openReal(dataDir?: string): Promise<World<Clock>> {
    return World.openWith(systemClock, Math.random, dataDir);
  }

  /** With a clock the test turns. */
  static async open(): Promise<World> {
    return World.openWith(new FakeClock(), () => 0.5);
  }

  static async openWith<C extends Clock>(clock: C, random: () => number, dataDir = tempDir()): Promise<World<C>> {
    const first = QUEUES[0];
    if (first === undefined) throw new Error('the registry has no queue');
    const sqlite = await openSqliteBackend({ file: join(dataDir, 'copiloteval.db'), queues: [first, { ...first, name: OTHER_QUEUE }], clock, random });
    onTestFinished(() => sqlite.close());
    const blobs = new FsBlobStore({ directory: join(dataDir, 'blobs'), clock });
    return new World({ ...sqlite, blobs, clock, random }, clock);
  }

  async submit(type: string, payload: Json = null, more: Partial<SubmitRequest> = {}): Promise<Job> {
    const deps = { ...this.backend, jobTypes: this.jobTypes, newJobId: this.#newJobId, publicBaseUrl: null };
    const { job } = await submitJob(deps, { type, payload, userId: 'someone', ...more });
    return job;
  }

  async job(jobId: JobId): Promise<Job> {
    const job = await this.backend.store.get(jobId);
    if (job === undefined) throw new Error(`no job ${jobId}`);
    return job;
  }

  /** The kinds of the job's events, in order. */
  async events(jobId: JobId): Promise<string[]> {
    const { events } = await this.backend.events.read({ jobId, limit: 1000 });
    return events.map(({ type }) => type);
  }

  async becomes(jobId: JobId, status: Job['status']): Promise<Job> {
    await until(async () => (await this.job(jobId)).status === status, `status ${status} of job ${jobId}`);
    return this.job(jobId);
  }

  async counts(queue = QUEUE): Promise<{ active: number; locked: number; scheduled: number; deadLetter: number }> {
    const [info] = await this.backend.admin.list([queue]);
    if (info === undefined) throw new Error(`no queue ${queue}`);
    return info.counts;
  }

  /** Not running yet. Handlers may have the names of built-in types. */
  worker(handlers: readonly AnyHandler[], settings: Partial<WorkerSettings> = {}, backend: Backend = this.backend): Worker {
    this.#workers += 1;
    return new Worker({
      backend,
      jobTypes: this.jobTypes,
      handlers: new HandlerRegistry(handlers.map((handler) => ({ type: handler.type, load: () => Promise.resolve(handler) }))),
      log: SILENT_LOG,
      settings: {
        workerId: `worker-${this.#workers}`,
        host: 'here',
        pid: 1,
        version: '0',
        queues: [QUEUE],
        concurrency: 10,
        retryPolicy: { baseMs: 2000, capMs: 300_000 },
        drainTimeoutMs: 25_000,
        graceMs: 3000,
        endWhenDone: false,
        maxJobs: undefined,
        lockMs: undefined,
        fallback: 'relay',
        logEachJob: false,
        ...settings,
      },
    });
  }

  /** Runs until the test ends it, at the latest with the test. */
  start(handlers: readonly AnyHandler[], settings: Partial<WorkerSettings> = {}, backend: Backend = this.backend): RunningWorker {
    const worker = this.worker(handlers, settings, backend);
    const ended = worker.run();
    onTestFinished(async () => {
      worker.stop('the test has ended');
      await ended.catch(() => undefined);
      await turns();
    });
    return { worker, ended };
  }

  /** Runs until no work is left. Needs real time. */
  async drainAll(handlers: readonly AnyHandler[], settings: Partial<WorkerSettings> = {}): Promise<WorkerSummary> {
    return this.worker(handlers, { endWhenDone: true, ...settings }).run();
  }
}
