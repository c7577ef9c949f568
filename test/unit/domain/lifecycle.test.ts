// Invariants that hold along every path a job can take through the transitions.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { createJob } from '../../../src/domain/create-job.js';
import { hasEnded, type Job } from '../../../src/domain/job.js';
import {
  awaitChildren,
  cancel,
  type Change,
  deadLetter,
  fail,
  giveBack,
  moveToLocal,
  recover,
  replay,
  requestCancel,
  resumeAfterChildren,
  retry,
  scheduleRetry,
  start,
  submit,
  succeed,
} from '../../../src/domain/lifecycle.js';

const ERROR = { code: 'SOME_ERROR', message: 'it failed', retryable: true, at: 0 };
const MAX_ATTEMPTS = 3;

function newJob(dueIn = 0): Job {
  return createJob({
    jobId: '01980000-0000-7000-8000-000000000001',
    type: 'echo',
    queue: 'evaluation-jobs',
    userId: 'someone',
    priority: 'normal',
    origin: 'submit',
    createdAt: 1000,
    dueAt: 1000 + dueIn,
    ttlMs: 60_000,
    maxAttempts: MAX_ATTEMPTS,
    payload: { n: 1 },
  });
}

/** A transition with the states it is allowed in, as worker and commands hold to them. */
interface Step {
  readonly allowed: (job: Job) => boolean;
  readonly take: (job: Job, at: number) => Change;
}

const isRunning = (job: Job): boolean => job.status === 'Running';
const isWaiting = (job: Job): boolean => job.status === 'Queued' && !job.awaitsChildren;
const delivery = { queue: 'evaluation-jobs', brokerSequence: '1', lockedUntil: 99_000 };

const STEPS: Readonly<Record<string, Step>> = {
  start: { allowed: (job) => isWaiting(job) && job.attempt < MAX_ATTEMPTS, take: (job, at) => start(job, at, { worker: 'w', delivery, afterLostLock: false }) },
  startAfterLostLock: { allowed: (job) => isRunning(job) && job.attempt < MAX_ATTEMPTS, take: (job, at) => start(job, at, { worker: 'w', delivery, afterLostLock: true }) },
  succeed: { allowed: isRunning, take: (job, at) => succeed(job, at, { result: { ok: true }, resultRef: null, artifacts: [] }) },
  fail: { allowed: isRunning, take: (job, at) => fail(job, at, ERROR) },
  scheduleRetry: { allowed: (job) => isRunning(job) && job.attempt < MAX_ATTEMPTS, take: (job, at) => scheduleRetry(job, at, { retryAt: at + 500, error: ERROR }) },
  giveBack: { allowed: isRunning, take: (job, at) => giveBack(job, at, { dueAt: at, reason: 'shut down', attemptDelta: -1 }) },
  giveBackCounted: {
    allowed: (job) => isWaiting(job) && job.attempt + 1 < MAX_ATTEMPTS,
    take: (job, at) => giveBack(job, at, { dueAt: at + 100, reason: 'no handler', attemptDelta: 1 }),
  },
  deadLetter: { allowed: (job) => isRunning(job) || isWaiting(job), take: (job, at) => deadLetter(job, at, ERROR) },
  awaitChildren: { allowed: isRunning, take: (job, at) => awaitChildren(job, at, 2) },
  resumeAfterChildren: { allowed: (job) => job.awaitsChildren, take: (job, at) => resumeAfterChildren(job, at, { expected: 2, succeeded: 1, failed: 1 }) },
  requestCancel: { allowed: isRunning, take: (job, at) => requestCancel(job, at, 'someone') },
  cancel: { allowed: (job) => !hasEnded(job.status), take: (job, at) => cancel(job, at, 'someone') },
  retry: { allowed: (job) => ['Failed', 'DeadLettered', 'Cancelled'].includes(job.status), take: (job, at) => retry(job, at, { ttlMs: 60_000, by: 'someone' }) },
  replay: { allowed: (job) => job.status === 'DeadLettered', take: (job, at) => replay(job, at, { ttlMs: 60_000, dueAt: at + 10, by: 'someone', operation: 'op' }) },
  moveToLocal: { allowed: (job) => isRunning(job) || isWaiting(job), take: (job, at) => moveToLocal(job, at, 'away') },
  recover: { allowed: (job) => isRunning(job) || isWaiting(job), take: (job, at) => recover(job, at, 'lost') },
};

/** Any walk: names that are not allowed where they come are left out. */
const walks = fc.array(fc.tuple(fc.constantFrom(...Object.keys(STEPS)), fc.nat(5000)), { maxLength: 40 });

function walk(steps: readonly (readonly [string, number])[], visit: (before: Job, change: Change, name: string) => void): void {
  let job = newJob();
  let at = job.createdAt;
  for (const [name, ms] of steps) {
    const step = STEPS[name];
    at += ms;
    if (step === undefined || !step.allowed(job)) continue;
    const change = step.take(job, at);
    visit(job, change, name);
    job = change.job;
  }
}

function always(check: (before: Job, change: Change, name: string) => void): void {
  fc.assert(fc.property(walks, (steps) => walk(steps, check)), { numRuns: 500 });
}

describe('along every path', () => {
  test('the sequence grows by one exactly when a message goes out, and that message carries it', () => {
    always((before, { job, outbox }) => {
      expect(job.sequence).toBe(before.sequence + (outbox === undefined ? 0 : 1));
      if (outbox !== undefined) expect(outbox).toMatchObject({ sequence: job.sequence, messageId: `${job.jobId}:${job.sequence}`, jobId: job.jobId, queue: job.queue });
    });
  });

  test('the attempt stays between 0 and maxAttempts', () => {
    always((_before, { job }) => {
      expect(job.attempt).toBeGreaterThanOrEqual(0);
      expect(job.attempt).toBeLessThanOrEqual(job.maxAttempts);
    });
  });

  test('the run epoch never falls, grows only by a start and is never reset', () => {
    always((before, { job }, name) => expect(job.runEpoch).toBe(before.runEpoch + (name.startsWith('start') ? 1 : 0)));
  });

  test('a job has finishedAt exactly when it has ended', () => {
    // retry and replay begin a new run, so they take it away again.
    always((_before, { job }) => expect(job.finishedAt !== null).toBe(hasEnded(job.status)));
  });

  test('only a running job has a delivery, and it always has one', () => {
    always((_before, { job }) => expect(job.delivery !== null).toBe(job.status === 'Running'));
  });

  test('the event tells of the job after the change', () => {
    always((_before, { job, event }) => {
      expect(event).toMatchObject({ jobId: job.jobId, status: job.status, attempt: job.attempt, jobType: job.type, queue: job.queue, at: job.updatedAt });
    });
  });

  test('the version is left to the store', () => {
    always((before, { job }) => expect(job.version).toBe(before.version));
  });

  test('what a job is never changes', () => {
    always((before, { job }) => {
      const identity = ({ jobId, type, userId, createdAt, payload, parentJobId, maxAttempts }: Job): unknown => ({ jobId, type, userId, createdAt, payload, parentJobId, maxAttempts });
      expect(identity(job)).toEqual(identity(before));
    });
  });

  test('a waiting parent is Queued with no message out, and stops waiting when it is resumed or cancelled', () => {
    always((_before, { job, outbox }, name) => {
      if (job.awaitsChildren) expect({ status: job.status, outbox }).toEqual({ status: 'Queued', outbox: undefined });
      if (name === 'resumeAfterChildren' || name === 'cancel') expect(job.awaitsChildren).toBe(false);
    });
  });
});

describe('single transitions', () => {
  const started = start(newJob(), 2000, { worker: 'w', delivery, afterLostLock: false }).job;

  test('a job due later goes out with the time it is due', () => {
    expect(submit(newJob(500)).outbox?.notBefore).toBe(1500);
    expect(submit(newJob()).outbox?.notBefore).toBeNull();
  });

  test('success takes the error of an earlier attempt away', () => {
    const again = start(scheduleRetry(started, 2100, { retryAt: 2200, error: ERROR }).job, 2300, { worker: 'w', delivery, afterLostLock: false }).job;
    expect(again.error).toEqual(ERROR);
    expect(succeed(again, 2400, { result: 1, resultRef: null, artifacts: [] }).job).toMatchObject({ error: null, result: 1, status: 'Succeeded', finishedAt: 2400 });
  });

  test('a retry keeps its error and says when it is next', () => {
    const { job, outbox } = scheduleRetry(started, 2100, { retryAt: 2600, error: ERROR });
    expect(job).toMatchObject({ status: 'Queued', error: ERROR, nextAttemptAt: 2600, attempt: 1, worker: null });
    expect(outbox?.notBefore).toBe(2600);
  });

  test('giving back takes the attempt back, waiting for children too', () => {
    expect(giveBack(started, 2100, { dueAt: 2100, reason: 'shut down', attemptDelta: -1 }).job.attempt).toBe(0);
    expect(awaitChildren(started, 2100, 2).job.attempt).toBe(0);
  });

  test('retry begins anew: all attempts, a new end of life, no cancel request, no progress', () => {
    const cancelled = cancel(requestCancel({ ...started, progress: { completed: 1, total: 2, message: null } }, 2100, 'a').job, 2200, 'a').job;
    expect(retry(cancelled, 3000, { ttlMs: 60_000, by: 'someone' }).job).toMatchObject({
      status: 'Queued',
      attempt: 0,
      lostLocks: 0,
      cancelRequestedAt: null,
      finishedAt: null,
      startedAt: null,
      progress: null,
      expiresAt: 63_000,
      sequence: 2,
    });
  });

  test('replay counts, and can move the job to another queue with another payload', () => {
    const dead = deadLetter(started, 2100, ERROR).job;
    const { job, event, outbox } = replay(dead, 3000, {
      ttlMs: 60_000,
      dueAt: 3000,
      by: 'someone',
      operation: 'op-1',
      queue: 'elsewhere',
      edit: { payload: { n: 2 }, payloadRef: null, fromSha256: 'a', toSha256: 'b' },
    });
    expect(job).toMatchObject({ replayCount: 1, queue: 'elsewhere', payload: { n: 2 }, attempt: 0 });
    expect(outbox).toMatchObject({ queue: 'elsewhere', replayCount: 1, notBefore: null });
    expect(event.detail).toEqual({ by: 'someone', operation: 'op-1', sequence: 1, fromSha256: 'a', toSha256: 'b' });
  });

  test('cancel withdraws the message of a queued job, not of a running one', () => {
    expect(cancel(newJob(), 2000, 'a').withdrawMessage).toBe(true);
    expect(cancel(started, 2000, 'a').withdrawMessage).toBe(false);
  });

  test('a lost lock is counted when the next attempt starts', () => {
    expect(start(started, 3000, { worker: 'v', delivery, afterLostLock: true }).job).toMatchObject({ lostLocks: 1, attempt: 2, runEpoch: 2, worker: 'v' });
  });
});

describe('a message that is sent again, elsewhere or anew', () => {
  const delayed = newJob(5_000);

  test('keeps the due time and the age of a job that waits, and changes nothing else of it', () => {
    for (const change of [moveToLocal(delayed, 2_000, 'away'), recover(delayed, 2_000, 'lost')]) {
      expect(change.job).toEqual({ ...delayed, sequence: 2, updatedAt: 2_000 });
      expect(change.outbox).toMatchObject({ sequence: 2, notBefore: 6_000, expiresAt: delayed.expiresAt });
    }
  });

  test('is due at once when its time has passed', () => {
    expect(moveToLocal(delayed, 6_000, 'away').outbox?.notBefore).toBeNull();
  });

  test('goes on the own queue only when it is moved', () => {
    expect(moveToLocal(delayed, 2_000, 'away').toLocalQueue).toBe(true);
    expect(recover(delayed, 2_000, 'lost').toLocalQueue).toBeUndefined();
  });

  test('counts the attempt that never reported back, and a lost lock', () => {
    const { job } = start(newJob(), 2_000, { worker: 'w', delivery, afterLostLock: false });
    for (const change of [moveToLocal(job, 3_000, 'away'), recover(job, 3_000, 'lost')]) {
      expect(change.job).toMatchObject({ status: 'Queued', attempt: 1, runEpoch: 1, lostLocks: 1, worker: null, delivery: null, queuedAt: 3_000 });
    }
  });
});

test('a start says where the message came from, whatever was known before', () => {
  const pending = newJob();
  const by = (queueMode: 'service_bus' | 'local') => ({ worker: 'w', delivery: { ...delivery, queueMode }, afterLostLock: false });
  expect(start(pending, 1, by('service_bus')).job.queueMode).toBe('service_bus');
  expect(start({ ...pending, queueMode: 'service_bus' }, 1, by('local')).job.queueMode).toBe('local');
});
