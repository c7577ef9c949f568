// What `why` says of a job whose message another system may have lost.

import { expect, test } from 'vitest';

import { createJob } from '../../../src/domain/create-job.js';
import type { Job } from '../../../src/domain/job.js';
import { situationOf } from '../../../src/services/why-next.js';

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 7, 1, 12);
const LOST = 'If Service Bus has lost its message, a worker sends it again once it has seen the queue empty for a while, and at the latest it ends at 2026-08-01T23:00:00.000Z.';

function job(changes: Partial<Job>): Job {
  const at = NOW - 60 * MINUTE;
  const made = createJob({ jobId: '01980000-0000-7000-8000-000000000001', type: 'echo', queue: 'q', userId: 'u', priority: 'normal', origin: 'submit', createdAt: at, dueAt: at, ttlMs: 12 * 60 * MINUTE, maxAttempts: 3, payload: null });
  return { ...made, queueMode: 'service_bus', ...changes };
}

const facts = { now: NOW, holdUp: undefined, workerAlive: false, deadLetter: undefined, letterProblem: undefined };

test('a job that has waited for long is told what happens if its message does not come', () => {
  expect(situationOf({ ...facts, job: job({}) })).toContain(LOST);
  expect(situationOf({ ...facts, job: job({ queuedAt: NOW - 9 * MINUTE }) })).not.toContain('lost');
  expect(situationOf({ ...facts, job: job({ queueMode: 'local' }) })).not.toContain('lost');
});

test('so is one whose worker is gone and whose lock has ended long ago', () => {
  const running = job({ status: 'Running', attempt: 1, worker: 'w', delivery: { queue: 'q', brokerSequence: '1', queueMode: 'service_bus', lockedUntil: NOW - 11 * MINUTE } });
  expect(situationOf({ ...facts, job: running })).toContain(LOST);
  expect(situationOf({ ...facts, job: { ...running, delivery: { queue: 'q', brokerSequence: '1', lockedUntil: NOW - MINUTE } } })).not.toContain('lost');
});
