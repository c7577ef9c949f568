// Puts a worker together from a backend and settings: what `worker start`, `submit --run` and `demo` share.

import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';

import { DEFAULT_RETRY_POLICY } from '../domain/retry-policy.js';
import type { Backend } from '../ports/backend.js';
import type { JobTypes } from '../services/job-types.js';
import type { OutboxFallback } from '../services/relay-outbox.js';
import { isPassing } from './failure-kinds.js';
import { type JobTypeSettings, loadJobTypes } from './load-job-types.js';
import { Worker } from './worker.js';
import { type LogLevel, openWorkerLog, type WorkerLog } from './worker-log.js';
import { DEFAULT_DRAIN_TIMEOUT_MS, DEFAULT_GRACE_MS } from './worker-settings.js';

export interface OpenWorker {
  readonly jobTypes: JobTypeSettings;
  readonly version: string;
  readonly concurrency: number;
  /** The ceiling of the first retry's delay. */
  readonly retryBaseMs: number;
  readonly log: { readonly level: LogLevel; readonly pretty: boolean };
  /** Default: every queue of the job types. */
  readonly queues?: readonly string[];
  /** More handler modules than the configuration names. */
  readonly handlers?: readonly string[];
  readonly endWhenDone?: boolean;
  readonly maxJobs?: number | undefined;
  readonly lockMs?: number | undefined;
  readonly drainTimeoutMs?: number | undefined;
  /** Where the queue is another system than the store; default `relay`. */
  readonly fallback?: OutboxFallback | undefined;
}

/**
 * Nothing is taken before `run()`. Throws HANDLER_INVALID for a module that cannot be used, QUEUE_UNKNOWN for a queue
 * that neither exists nor is named by the configuration or a handler.
 */
export async function openWorker(backend: Backend, options: OpenWorker): Promise<Worker> {
  const jobTypes = loadJobTypes(options.jobTypes);
  const handlers = await jobTypes.handlerRegistry(options.handlers);
  const workerId = newWorkerId();
  const queues = options.queues?.length ? [...new Set(options.queues)] : jobTypes.queues().map(({ name }) => name);
  const log = await openWorkerLog({ ...options.log, fields: { workerId } });
  await createMissingQueues(backend, jobTypes, queues, log);
  return new Worker({
    backend,
    jobTypes,
    handlers,
    log,
    settings: {
      workerId,
      host: hostname(),
      pid: process.pid,
      version: options.version,
      queues,
      concurrency: options.concurrency,
      retryPolicy: { ...DEFAULT_RETRY_POLICY, baseMs: options.retryBaseMs },
      drainTimeoutMs: options.drainTimeoutMs ?? DEFAULT_DRAIN_TIMEOUT_MS,
      graceMs: DEFAULT_GRACE_MS,
      endWhenDone: options.endWhenDone ?? false,
      maxJobs: options.maxJobs,
      lockMs: options.lockMs,
      fallback: options.fallback ?? 'relay',
      // A person at a terminal sees each job; a log collector would drown in them.
      logEachJob: options.log.pretty,
    },
  });
}

/**
 * A queue that a handler module brings along need not be made by hand. Doing it twice changes nothing. Another system may
 * be away, or its account may not be allowed to do this; whether a queue is there shows when messages are taken.
 */
async function createMissingQueues(backend: Pick<Backend, 'admin' | 'outbox'>, jobTypes: JobTypes, queues: readonly string[], log: WorkerLog): Promise<void> {
  const { admin, outbox } = backend;
  try {
    const existing = new Set((await admin.list(queues)).map(({ name }) => name));
    for (const name of queues) if (!existing.has(name)) await admin.create(jobTypes.queue(name));
  } catch (error) {
    if (outbox === undefined || !isPassing(error)) throw error;
    log.warn({ err: error }, 'queues could not be looked at or made; going on without');
  }
}

/** Host and process for people, chance against a reused process number. */
function newWorkerId(): string {
  return `${hostname().slice(0, 40)}-${process.pid}-${randomBytes(2).toString('hex')}`;
}
