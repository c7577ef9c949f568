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
import type { JobsElsewhere } from './jobs-elsewhere.js';
import type { MessageQueue } from './message-queue.js';
import type { Outbox } from './outbox.js';
import type { QueueAdmin } from './queue-admin.js';
import type { QueuePauses } from './queue-pauses.js';
import type { WatchedJobs } from './watched-jobs.js';
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

  /** Where `queue` is another system than the store: what the store has saved and that system has not accepted yet. */
  readonly outbox?: Outbox;
  /** Beside such a queue: the store's own one, which has what was moved there. Workers read both. */
  readonly localQueue?: MessageQueue;
  /** With an outbox: the jobs that a watcher of the other queue's dead letters has to look after. */
  readonly watched?: WatchedJobs;
  /** Jobs whose messages are, or were to be, on a queue that is not the store's own. */
  readonly elsewhere?: JobsElsewhere;
  /** The pause flags where the broker of `queue` keeps none for us. */
  readonly pauses?: QueuePauses;
  /**
   * Where store and queue share a file: puts what an earlier mode left in the outbox on that queue, a bounded number at a
   * time, and answers how many. A worker calls it now and then, so that switching the other queue off strands nothing.
   */
  readonly adoptOutbox?: () => Promise<number>;
}
