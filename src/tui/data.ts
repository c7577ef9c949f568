// What the source delivers for each slice of the screen. Plain values: compared by their JSON, kept in the model.

import type { JobStatus, Priority } from '../domain/job.js';
import type { JobEventType } from '../domain/job-event.js';
import type { Operation } from '../domain/dead-letters/operation.js';
import type { OperationCounts } from '../domain/dead-letters/equation.js';
import type { QueueStats } from '../services/queue-stats.js';
import type { JobStory } from '../services/why-job.js';
import type { DeadLetterView, WholeLetterView } from '../services/dead-letters/letter-view.js';
import type { DialogLine } from './dialogs.js';

/** A failed look: what it was and what helps. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
  /** The backend asked for less; the interval has grown. */
  readonly throttled: boolean;
}

export interface OverviewData {
  readonly stats: QueueStats;
  /** Messages waiting or held per queue, oldest first, a point every five seconds. */
  readonly trends: Readonly<Record<string, readonly number[]>>;
  /** By how much each grew (or shrank) in the last minute, as far as that is known. */
  readonly lastMinute: Readonly<Record<string, number>>;
  /** Dead letters more (or fewer) than ten minutes ago, as far as that is known. */
  readonly deadGrowth: Readonly<Record<string, number>>;
  /** Jobs ended per minute over the last thirty minutes, oldest first; the last one is not over. */
  readonly endedPerMinute: readonly number[];
  readonly lifecycle: Lifecycle;
  readonly byType: readonly TypeThroughput[];
  /** Run times of the newest jobs that succeeded; null when none did. */
  readonly runTimes: RunTimes | null;
  /** Newest failures of the last fifteen minutes by what went wrong, the most frequent first. */
  readonly causes: readonly FailureCause[];
  /** Requests to the service that the visible screen makes; null where looking costs nothing. */
  readonly cost: ScreenCost | null;
}

/** Transitions of the last fifteen minutes. */
export interface Lifecycle {
  readonly accepted: number;
  /** Attempts that began: a job that is tried again counts again. */
  readonly started: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly deadLettered: number;
  readonly cancelled: number;
  /** Jobs that wait for their next attempt now; null where the queues are another system, which does not tell them apart. */
  readonly retrying: number | null;
}

export interface TypeThroughput {
  readonly type: string;
  readonly succeeded: number;
  readonly failed: number;
}

export interface RunTimes {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly jobs: number;
}

export interface FailureCause {
  readonly cause: string;
  readonly queue: string;
  readonly count: number;
  readonly newestAt: number;
  readonly deadLettered: boolean;
}

export interface ScreenCost {
  readonly operationsPerMinute: number;
  /** Messages: each that is peeked at is paid for. */
  readonly peekedPerMinute: number;
  /** What the store charged this process, of the last minute; null where it charges for nothing. */
  readonly requestUnitsPerMinute: number | null;
}

export interface JobRow {
  readonly jobId: string;
  readonly type: string;
  readonly status: JobStatus;
  readonly priority: Priority;
  readonly queue: string;
  readonly userId: string;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly createdAt: number;
  readonly nextAttemptAt: number | null;
  readonly cancelRequested: boolean;
  readonly worker: string | null;
  /** Its error, its progress or its labels. */
  readonly note: string;
}

export interface JobsData {
  /** Newest first; in the model as they stand on the screen. */
  readonly rows: readonly JobRow[];
  /** Cursors behind each full chunk of rows; the window moves by chunks. */
  readonly chunkCursors: readonly string[];
  /** More jobs fit behind the last row. */
  readonly more: boolean;
  /** Of all jobs, whatever the filter says; null when that is not known cheaply. */
  readonly total: number | null;
  /** That fit the filter, where the counters tell. */
  readonly fitting: number | null;
  /** So many jobs were looked at when the search ended before the window was full, in a store that charges for each; else null. */
  readonly searched: number | null;
}

export interface LogLineData {
  readonly line: number;
  readonly at: number;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly text: string;
}

export interface JobData {
  readonly story: JobStory;
  /** Pretty JSON, cut to what one reads on a screen. */
  readonly payload: string;
  readonly result: string | null;
  readonly logs: readonly LogLineData[];
}

export interface GroupRow {
  readonly name: string;
  readonly reason: string;
  readonly count: number;
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
  readonly types: readonly string[];
  readonly queues: readonly string[];
}

export interface GroupsData {
  readonly groups: readonly GroupRow[];
  /** Letters that were looked at. */
  readonly scanned: number;
  /** As the backend counts. */
  readonly inQueues: number;
  readonly lookedAt: number;
}

export type LetterRow = Omit<DeadLetterView, 'body' | 'bodyEncoding'> & { readonly id: string; readonly deadSince: number };

export interface LettersData {
  readonly letters: readonly LetterRow[];
  /** There are more behind these. */
  readonly more: boolean;
  readonly lookedAt: number;
}

export interface LetterData {
  readonly letter: WholeLetterView;
  /** The body as lines of text. */
  readonly body: string;
  /** What became of the payload since its job was submitted. */
  readonly changes: readonly DialogLine[];
  readonly job: { readonly jobId: string; readonly status: JobStatus } | null;
}

export interface WorkerRow {
  readonly workerId: string;
  readonly host: string;
  readonly pid: number;
  readonly version: string;
  readonly queues: readonly string[];
  readonly types: readonly string[];
  readonly concurrency: number;
  readonly startedAt: number;
  readonly heartbeatAt: number;
  readonly draining: boolean;
  readonly alive: boolean;
  readonly running: readonly { readonly jobId: string; readonly type: string; readonly startedAt: number }[];
  readonly processed: number;
  readonly failed: number;
  /** Over the last minute of looking; null while that is not known. */
  readonly jobsPerMinute: number | null;
}

export interface WorkersData {
  readonly workers: readonly WorkerRow[];
}

/** A replay, purge or restore, or another change that an operator made. */
export interface OperationRow {
  readonly id: string;
  readonly at: number;
  readonly by: string;
  readonly what: string;
  readonly reasonText: string | null;
  /** `running` and `interrupted` besides the states of operations. */
  readonly state: string;
  readonly done: number;
  readonly skipped: number;
  readonly failed: number;
  /** Null for a change without a ledger. */
  readonly operation: Operation | null;
  readonly counts: OperationCounts | null;
  /** Somebody works on it now. */
  readonly held: boolean;
}

export interface OperationsData {
  readonly operations: readonly OperationRow[];
}

export interface LedgerRow {
  readonly id: string;
  readonly queue: string;
  readonly sequenceNumber: string;
  readonly jobId: string | null;
  readonly type: string | null;
  readonly state: string;
  readonly note: string | null;
  readonly target: string;
}

export interface OperationData {
  readonly item: OperationRow;
  readonly entries: readonly LedgerRow[];
  readonly more: boolean;
}

export interface JobTypeRow {
  readonly type: string;
  readonly queue: string;
  readonly summary: string;
}

export interface TypesData {
  readonly types: readonly JobTypeRow[];
  readonly queues: readonly string[];
}

/** One line of the log view: an event of a job, or a remark of the dashboard itself. */
export interface LogEntry {
  readonly id: string;
  readonly at: number;
  readonly kind: JobEventType | 'note' | 'problem';
  readonly status: JobStatus | null;
  readonly jobId: string | null;
  readonly jobType: string | null;
  /** Whose doing it was. */
  readonly worker: string | null;
  readonly queue: string | null;
  readonly text: string;
}

export interface SliceData {
  readonly overview: OverviewData;
  readonly jobs: JobsData;
  readonly job: JobData;
  readonly groups: GroupsData;
  readonly letters: LettersData;
  readonly letter: LetterData;
  readonly workers: WorkersData;
  readonly operations: OperationsData;
  readonly operation: OperationData;
  readonly types: TypesData;
}
export type SliceName = keyof SliceData;
