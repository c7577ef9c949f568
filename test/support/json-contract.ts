// The shapes of docs/json-output.md, strict: a field that is not described fails the test that sees it.

import * as z from 'zod/mini';
import { ERROR_CODES, type ErrorCode } from '../../src/domain/errors.js';
import { JOB_EVENT_TYPES } from '../../src/domain/job-event.js';
import { JOB_STATUSES, PRIORITIES } from '../../src/domain/job.js';

const text = z.string();
const count = z.int().check(z.nonnegative());
const rate = z.number().check(z.nonnegative());
const instant = z.iso.datetime({ precision: 3 });
const jobId = z.uuid();
const status = z.enum(JOB_STATUSES);
const code = z.enum(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]);
const blobRef = z.strictObject({ key: text, sha256: text, bytes: count });
const artifact = z.strictObject({ name: text, key: text, bytes: count, contentType: text });

export const job = z.strictObject({
  jobId,
  type: text,
  status,
  priority: z.enum(PRIORITIES),
  queue: text,
  queueMode: z.enum(['service_bus', 'local', 'pending']),
  userId: text,
  origin: z.enum(['submit', 'child', 'external']),
  createdAt: instant,
  updatedAt: instant,
  queuedAt: instant,
  startedAt: z.nullable(instant),
  finishedAt: z.nullable(instant),
  expiresAt: z.nullable(instant),
  attempt: count,
  maxAttempts: count,
  nextAttemptAt: z.nullable(instant),
  cancelRequestedAt: z.nullable(instant),
  replayCount: count,
  progress: z.nullable(z.strictObject({ completed: count, total: z.nullable(count), message: z.nullable(text) })),
  payload: z.json(),
  payloadRef: z.nullable(blobRef),
  selectedKnowledgeSource: z.nullable(text),
  additionalInstructions: z.nullable(text),
  callbackUrl: z.nullable(text),
  result: z.json(),
  resultRef: z.nullable(blobRef),
  error: z.nullable(z.strictObject({ code: text, message: text, retryable: z.boolean(), at: instant })),
  artifacts: z.array(artifact),
  parentJobId: z.nullable(jobId),
  children: z.nullable(z.strictObject({ expected: count, succeeded: count, failed: count })),
  idempotencyKey: z.nullable(text),
  labels: z.record(text, text),
  worker: z.nullable(text),
  statusUrl: z.nullable(text),
  version: count,
});

export const submitted = z.strictObject({
  jobId,
  statusUrl: z.nullable(text),
  queue: text,
  queueMode: z.enum(['service_bus', 'local', 'pending']),
  status,
});

export const submitDryRun = z.strictObject({ dryRun: z.literal(true), type: text, queue: text, priority: z.enum(PRIORITIES) });

export const bulk = z.strictObject({
  submitted: count,
  duplicates: count,
  rejectedCount: count,
  rejected: z.array(z.strictObject({ line: count, code, message: text })),
  stopped: z.boolean(),
  queueModes: z.strictObject({ service_bus: count, local: count, pending: count }),
  dryRun: z.optional(z.literal(true)),
});

export const list = z.strictObject({ jobs: z.array(job), nextCursor: z.nullable(text) });

export const event = z.strictObject({
  cursor: text,
  jobId,
  at: instant,
  type: z.enum(JOB_EVENT_TYPES),
  status,
  jobType: text,
  queue: text,
  attempt: count,
  worker: z.nullable(text),
  detail: z.record(text, z.json()),
});

export const logLine = z.strictObject({
  jobId,
  line: count,
  at: instant,
  attempt: count,
  level: z.enum(['debug', 'info', 'warn', 'error']),
  text,
});

export const story = z.strictObject({
  job,
  situation: text,
  events: z.array(event),
  message: z.nullable(
    z.strictObject({
      queue: text,
      messageId: text,
      sequence: count,
      state: z.enum(['unsent', 'waiting', 'scheduled', 'locked']),
      dueAt: z.nullable(instant),
      lockedUntil: z.nullable(instant),
      brokerSequence: z.nullable(text),
    }),
  ),
  worker: z.nullable(
    z.strictObject({ workerId: text, alive: z.boolean(), host: z.nullable(text), pid: z.nullable(count), heartbeatAt: z.nullable(instant) }),
  ),
  deadLetter: z.nullable(
    z.strictObject({
      queue: text,
      sequenceNumber: text,
      messageId: text,
      reason: z.nullable(text),
      description: z.nullable(text),
      deadLetteredAt: z.nullable(instant),
    }),
  ),
  problem: z.nullable(z.strictObject({ code, message: text, hint: z.nullable(text) })),
  next: z.array(z.strictObject({ command: text, purpose: text })),
});

const changeResult = z.strictObject({
  jobId: text,
  status: z.nullable(status),
  error: z.optional(z.strictObject({ code, message: text })),
});

export const changed = z.strictObject({ matched: count, results: z.array(changeResult) });
export const changeDryRun = z.strictObject({ dryRun: z.literal(true), matched: count, jobIds: z.array(jobId) });

export const results = z.strictObject({ jobId, type: text, status, result: z.json(), artifacts: z.array(artifact) });
export const written = z.strictObject({ out: text, format: z.nullable(z.enum(['json', 'jsonl', 'csv', 'md'])), bytes: count });

export const stats = z.strictObject({
  at: instant,
  source: z.enum(['sqlite', 'servicebus']),
  degraded: z.nullable(text),
  countedAt: z.nullable(instant),
  problem: z.nullable(z.strictObject({ code, message: text, hint: z.nullable(text) })),
  outbox: z.array(z.strictObject({ queue: text, waiting: count, oldestAgeMs: count, problem: z.nullable(text) })),
  leftOnServiceBus: count,
  queues: z.array(
    z.strictObject({
      name: text,
      active: count,
      scheduled: count,
      locked: count,
      deadLetter: count,
      oldestAgeMs: z.nullable(count),
      paused: z.boolean(),
      pausedAt: z.nullable(instant),
      inPerMinute: rate,
      outPerMinute: rate,
      drainEtaMs: z.nullable(count),
      status: z.nullable(z.enum(['Active', 'Disabled', 'SendDisabled', 'ReceiveDisabled'])),
      partial: z.nullable(text),
    }),
  ),
  jobs: z.strictObject({ Queued: count, Running: count, Succeeded: count, Failed: count, DeadLettered: count, Cancelled: count }),
  workers: count,
  checks: z.optional(z.array(z.strictObject({ check: text, value: z.number(), holds: z.boolean() }))),
});

const queueStatus = z.enum(['Active', 'Disabled', 'SendDisabled', 'ReceiveDisabled']);
const queuePlan = z.strictObject({
  outcome: z.enum(['created', 'changed', 'unchanged']),
  changes: z.array(z.strictObject({ setting: text, from: z.nullable(text), to: text })),
  warnings: z.array(text),
});

const queue = z.strictObject({
  name: text,
  active: count,
  scheduled: count,
  locked: count,
  deadLetter: count,
  oldestAgeMs: z.nullable(count),
  paused: z.boolean(),
  pausedAt: z.nullable(instant),
  pausedBy: z.nullable(text),
  maxAttempts: count,
  lockMs: count,
  ttlMs: count,
  status: z.nullable(queueStatus),
  partial: z.nullable(text),
  countedAt: instant,
});

export const queues = z.strictObject({ queues: z.array(queue) });
export const queuesCreated = z.strictObject({
  queues: z.array(
    z.strictObject({ name: text, maxAttempts: count, lockMs: count, ttlMs: count, outcome: z.enum(['created', 'changed', 'unchanged', 'planned']), plan: z.nullable(queuePlan) }),
  ),
  dryRun: z.optional(z.literal(true)),
});

export const drained = z.strictObject({
  moved: count,
  takenOver: count,
  removed: count,
  running: count,
  unreadable: count,
  left: z.array(z.strictObject({ queue: text, active: count, scheduled: count, deadLetter: count })),
  problem: z.nullable(z.strictObject({ code, message: text, hint: z.nullable(text) })),
});
export const drainDryRun = z.strictObject({
  dryRun: z.literal(true),
  jobs: count,
  queues: z.array(z.strictObject({ queue: text, waiting: count, scheduled: count, unsent: count, running: count })),
});

export const pruned = z.strictObject({ prunedJobs: count, deletedFiles: count });
export const pruneDryRun = z.strictObject({ dryRun: z.literal(true), before: instant, jobs: count, byStatus: z.partialRecord(status, count) });

export const doctor = z.strictObject({
  ok: z.boolean(),
  checks: z.array(
    z.strictObject({ name: text, status: z.enum(['ok', 'warn', 'fail']), detail: text, remedy: z.nullable(text) }),
  ),
});

export const azureCommands = z.strictObject({ sections: z.array(z.strictObject({ title: text, lines: z.array(text) })) });

export const emulatorStarted = z.strictObject({
  connectionString: text,
  adminEndpoint: z.url(),
  host: text,
  port: count,
  adminPort: count,
  tlsPort: z.nullable(count),
  file: text,
  keyFile: z.nullable(text),
  keys: z.array(z.strictObject({ name: text, rights: z.array(z.enum(['Send', 'Listen', 'Manage'])), connectionString: text, tlsConnectionString: z.nullable(text) })),
  queues: z.array(text),
});

const dashboardFrame = { schemaVersion: z.literal(1), at: instant, profile: text, source: z.enum(['sqlite', 'servicebus']) };
const overview = z.strictObject({
  stats,
  trends: z.record(text, z.array(count)),
  lastMinute: z.record(text, z.int()),
  deadGrowth: z.record(text, z.int()),
  endedPerMinute: z.array(count),
  lifecycle: z.strictObject({ accepted: count, started: count, succeeded: count, failed: count, deadLettered: count, cancelled: count, retrying: z.nullable(count) }),
  byType: z.array(z.strictObject({ type: text, succeeded: count, failed: count })),
  runTimes: z.nullable(z.strictObject({ p50Ms: count, p95Ms: count, p99Ms: count, jobs: count })),
  causes: z.array(z.strictObject({ cause: text, queue: text, count, newestAt: instant, deadLettered: z.boolean() })),
  cost: z.nullable(z.strictObject({ operationsPerMinute: count, peekedPerMinute: count, requestUnitsPerMinute: z.nullable(count) })),
});
const jobRow = z.strictObject({
  ...z.pick(job, { jobId: true, type: true, status: true, priority: true, queue: true, userId: true, attempt: true, maxAttempts: true, createdAt: true, nextAttemptAt: true, worker: true }).def.shape,
  cancelRequested: z.boolean(),
  note: text,
});
const workers = z.strictObject({
  workers: z.array(
    z.strictObject({
      workerId: text,
      host: text,
      pid: count,
      version: text,
      queues: z.array(text),
      types: z.array(text),
      concurrency: count,
      startedAt: instant,
      heartbeatAt: instant,
      draining: z.boolean(),
      alive: z.boolean(),
      running: z.array(z.strictObject({ jobId, type: text, startedAt: instant })),
      processed: count,
      failed: count,
      jobsPerMinute: z.nullable(rate),
    }),
  ),
});

const shown = { ...dashboardFrame, overview, workers };
export const dashboardOverview = z.strictObject({ ...shown, view: z.literal('overview') });
export const dashboardJobs = z.strictObject({
  ...shown,
  view: z.literal('jobs'),
  jobs: z.strictObject({ rows: z.array(jobRow), chunkCursors: z.array(text), more: z.boolean(), total: z.nullable(count), fitting: z.nullable(count), searched: z.nullable(count) }),
});
export const dashboardDead = z.strictObject({
  ...shown,
  view: z.literal('dead'),
  groups: z.strictObject({
    groups: z.array(z.strictObject({ name: text, reason: text, count, firstSeenAt: instant, lastSeenAt: instant, types: z.array(text), queues: z.array(text) })),
    scanned: count,
    inQueues: count,
    lookedAt: instant,
  }),
  letters: z.optional(
    z.strictObject({
      letters: z.array(
        z.strictObject({
          id: text,
          queue: text,
          sequenceNumber: text,
          messageId: text,
          jobId: z.nullable(jobId),
          type: z.nullable(text),
          reason: z.nullable(text),
          description: z.nullable(text),
          enqueuedAt: instant,
          deadLetteredAt: z.nullable(instant),
          deadSince: instant,
          deliveryCount: count,
          replayCount: count,
          bytes: count,
        }),
      ),
      more: z.boolean(),
      lookedAt: instant,
    }),
  ),
});
export const dashboardLive = z.strictObject({ ...shown, view: z.enum(['workers', 'log']) });
export const dashboardChange = z.strictObject({ change: text });

export const errorLine = z.strictObject({
  error: z.strictObject({ code, message: text, hint: z.optional(text), details: z.optional(z.record(text, z.json())) }),
});
export const usageLine = z.strictObject({ storeUsage: z.strictObject({ requests: count, requestUnits: rate }) });
export const searchLine = z.strictObject({ search: z.strictObject({ scanned: count, found: count, requestUnits: rate }) });
export const warningLine = z.strictObject({ warning: z.strictObject({ message: text }) });

/** The value as the contract describes it; throws with the path of what it does not describe. */
export function checked<Schema extends z.ZodMiniType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = z.safeParse(schema, value);
  if (!result.success) throw new Error(`not as docs/json-output.md says:\n${z.prettifyError(result.error)}\n${JSON.stringify(value, null, 2)}`);
  return result.data;
}
