// Backend: the ports a composition root opens together. Services ask for the part they need:
// `submitJob(backend: Pick<Backend, 'store' | 'clock'>, …)`.

import type { BlobStore } from './blob-store.js';
import type { Checkpoints } from './checkpoints.js';
import type { Clock } from './clock.js';
import type { DeadLetterQueue } from './dead-letter-queue.js';
import type { EventLog } from './event-log.js';
import type { JobCounters } from './job-counters.js';
import type { JobLog } from './job-log.js';
import type { JobStore } from './job-store.js';
import type { MessageQueue } from './message-queue.js';
import type { QueueAdmin } from './queue-admin.js';
import type { WorkerRegistry } from './worker-registry.js';

export interface Backend {
  readonly store: JobStore;
  readonly queue: MessageQueue;
  readonly deadLetters: DeadLetterQueue;
  readonly admin: QueueAdmin;
  readonly events: EventLog;
  readonly counters: JobCounters;
  readonly jobLog: JobLog;
  readonly checkpoints: Checkpoints;
  readonly workers: WorkerRegistry;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  /** A number in [0, 1): jitter and ids; replaced in tests. */
  readonly random: () => number;
}
