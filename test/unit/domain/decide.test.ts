// The decision table, row by row.

import { describe, expect, test } from 'vitest';

import { createJob } from '../../../src/domain/create-job.js';
import { type DecisionFacts, type DecodedMessage, decide } from '../../../src/domain/decide.js';
import type { Job } from '../../../src/domain/job.js';
import { outboxEntryFor } from '../../../src/domain/message.js';

const NOW = 1_000_000;
const JOB_ID = '01980000-0000-7000-8000-000000000001';
const OURS = 'store-a';

const queued: Job = createJob({
  jobId: JOB_ID,
  type: 'echo',
  queue: 'evaluation-jobs',
  userId: 'someone',
  priority: 'normal',
  origin: 'submit',
  createdAt: NOW - 1000,
  dueAt: NOW - 1000,
  ttlMs: 60_000,
  maxAttempts: 3,
  payload: null,
});
const running: Job = {
  ...queued,
  status: 'Running',
  attempt: 1,
  runEpoch: 1,
  delivery: { queue: 'evaluation-jobs', brokerSequence: '7', lockedUntil: NOW - 1 },
};

function ours(sequence: number, storeId = OURS): DecodedMessage {
  return { kind: 'ours', jobId: JOB_ID, sequence, storeId, message: outboxEntryFor(queued, null).message };
}
const foreign: DecodedMessage = { kind: 'foreign', message: outboxEntryFor(queued, null).message };

function decideFor(facts: Partial<DecisionFacts>): ReturnType<typeof decide> {
  return decide({ message: ours(1), job: queued, storeId: OURS, brokerSequence: '7', queueMode: 'local', hasHandler: true, now: NOW, ...facts });
}

describe('the message alone', () => {
  test('an undecodable message is dead-lettered, whatever is stored', () => {
    const decision = decideFor({ message: { kind: 'undecodable', problem: 'the body is not JSON' } });
    expect(decision).toEqual({ do: 'dead-letter-message', code: 'INVALID_MESSAGE', problem: 'the body is not JSON' });
  });

  test('a message of another store stops the queue and is not touched', () => {
    expect(decideFor({ message: ours(1, 'store-b') })).toEqual({ do: 'stop-queue', otherStoreId: 'store-b' });
    expect(decideFor({ message: ours(1, 'store-b'), job: undefined })).toEqual({ do: 'stop-queue', otherStoreId: 'store-b' });
  });

  test('an unknown message of another producer makes a job', () => {
    expect(decideFor({ message: foreign, job: undefined })).toEqual({ do: 'create-job' });
  });

  test('our message without its job is dead-lettered', () => {
    expect(decideFor({ job: undefined })).toMatchObject({ do: 'dead-letter-message', code: 'JOB_MISSING' });
  });

  test('a message of another producer whose job exists is its first message', () => {
    expect(decideFor({ message: foreign })).toMatchObject({ do: 'start' });
    expect(decideFor({ message: foreign, job: { ...queued, sequence: 2 } })).toEqual({ do: 'complete', because: 'superseded' });
  });
});

describe('ended jobs and other sequences', () => {
  test.each(['Succeeded', 'Failed', 'Cancelled'] as const)('a message of a %s job is completed, unless it is newer than what is stored', (status) => {
    for (const sequence of [1, 2]) {
      expect(decideFor({ message: ours(sequence), job: { ...queued, status, sequence: 2 } })).toEqual({ do: 'complete', because: 'ended' });
    }
  });

  test.each(['Queued', 'Running', 'DeadLettered'] as const)('a message older than the newest of a %s job is completed', (status) => {
    expect(decideFor({ message: ours(1), job: { ...running, status, sequence: 2 } })).toEqual({ do: 'complete', because: 'superseded' });
  });

  test.each(['Queued', 'Running', 'DeadLettered', 'Succeeded', 'Failed', 'Cancelled'] as const)('a message newer than what is stored of a %s job is never completed', (status) => {
    expect(decideFor({ message: ours(3), job: { ...running, status, sequence: 2 } })).toEqual({ do: 'read-again' });
  });

  test('the current message of a dead-lettered job is dead-lettered again with its error', () => {
    const job: Job = { ...queued, status: 'DeadLettered', error: { code: 'HTTP_500', message: 'got 500', retryable: true, at: NOW } };
    expect(decideFor({ job })).toEqual({ do: 'dead-letter-again', code: 'HTTP_500', problem: 'got 500' });
  });
});

describe('the current message of a queued job', () => {
  test('starts it', () => {
    expect(decideFor({})).toEqual({ do: 'start', afterLostLock: false, alone: false });
  });

  test('looks at the children of a parent that waits, also when it was cancelled, expired or has no handler here', () => {
    const job: Job = { ...queued, awaitsChildren: true, cancelRequestedAt: NOW, expiresAt: NOW - 1 };
    expect(decideFor({ job, hasHandler: false })).toEqual({ do: 'check-children' });
  });

  test('cancels it when that was asked for, before anything else is looked at', () => {
    expect(decideFor({ job: { ...queued, cancelRequestedAt: NOW, expiresAt: NOW - 1 }, hasHandler: false })).toEqual({ do: 'cancel' });
  });

  test('expires it from the very instant of its end', () => {
    expect(decideFor({ job: { ...queued, expiresAt: NOW } })).toEqual({ do: 'expire' });
    expect(decideFor({ job: { ...queued, expiresAt: NOW + 1 } })).toMatchObject({ do: 'start' });
    expect(decideFor({ job: { ...queued, expiresAt: null } })).toMatchObject({ do: 'start' });
  });

  test('goes back while there is no handler here, and ends when its attempts are used up by that', () => {
    expect(decideFor({ hasHandler: false })).toEqual({ do: 'no-handler', final: false });
    expect(decideFor({ hasHandler: false, job: { ...queued, attempt: 1 } })).toEqual({ do: 'no-handler', final: false });
    expect(decideFor({ hasHandler: false, job: { ...queued, attempt: 2 } })).toEqual({ do: 'no-handler', final: true });
  });

  test('ends it when its last attempt never reported back and its message was sent anew', () => {
    expect(decideFor({ job: { ...queued, attempt: 3 } })).toEqual({ do: 'exhaust' });
    expect(decideFor({ job: { ...queued, attempt: 3 }, hasHandler: false })).toEqual({ do: 'exhaust' });
  });

  test('runs the last attempt alone after a lost lock, but not after ordinary failures', () => {
    expect(decideFor({ job: { ...queued, attempt: 2, lostLocks: 1 } })).toMatchObject({ do: 'start', alone: true });
    expect(decideFor({ job: { ...queued, attempt: 1, lostLocks: 1 } })).toMatchObject({ do: 'start', alone: false });
    expect(decideFor({ job: { ...queued, attempt: 2, lostLocks: 0 } })).toMatchObject({ do: 'start', alone: false });
  });
});

describe('the current message of a running job', () => {
  test('with the same broker sequence had lost its lock: a new attempt', () => {
    expect(decideFor({ job: running })).toEqual({ do: 'start', afterLostLock: true, alone: false });
  });

  test('with another broker sequence is a second copy and is completed', () => {
    expect(decideFor({ job: running, brokerSequence: '8' })).toEqual({ do: 'complete', because: 'second-copy' });
    expect(decideFor({ job: { ...running, delivery: null } })).toEqual({ do: 'complete', because: 'second-copy' });
  });

  test('with the same number of another broker is a second copy', () => {
    expect(decideFor({ job: running, queueMode: 'service_bus' })).toEqual({ do: 'complete', because: 'second-copy' });
    const there: Job = { ...running, delivery: { queue: 'evaluation-jobs', brokerSequence: '7', queueMode: 'service_bus', lockedUntil: NOW - 1 } };
    expect(decideFor({ job: there, queueMode: 'service_bus' })).toMatchObject({ do: 'start', afterLostLock: true });
    expect(decideFor({ job: there, queueMode: 'local' })).toEqual({ do: 'complete', because: 'second-copy' });
  });

  test('ends the job when no attempt is left', () => {
    expect(decideFor({ job: { ...running, attempt: 3 } })).toEqual({ do: 'exhaust' });
  });

  test('runs the last attempt alone', () => {
    expect(decideFor({ job: { ...running, attempt: 2 } })).toEqual({ do: 'start', afterLostLock: true, alone: true });
    expect(decideFor({ job: { ...running, attempt: 1, maxAttempts: 2 } })).toEqual({ do: 'start', afterLostLock: true, alone: true });
  });

  test('cancels it when that was asked for, also without attempts left', () => {
    expect(decideFor({ job: { ...running, attempt: 3, cancelRequestedAt: NOW } })).toEqual({ do: 'cancel' });
  });

  test('expires it, and gives it back where there is no handler', () => {
    expect(decideFor({ job: { ...running, expiresAt: NOW } })).toEqual({ do: 'expire' });
    expect(decideFor({ job: running, hasHandler: false })).toEqual({ do: 'no-handler', final: false });
  });
});
