// The promises of JobCounters: totals agree with the stored jobs, minutes with what happened in them.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { hasEnded, type Job } from '../../src/domain/job.js';
import { cancel, deadLetter, fail, replay, requestCancel, scheduleRetry, succeed, type Change } from '../../src/domain/lifecycle.js';
import type { StatusTotal } from '../../src/ports/job-counters.js';
import { type ContractBackend, HOUR_MS, insertJob, type MakeBackend, runningJob, startOf, TEST_START } from './contract-backend.js';

const NO_RESULT = { result: null, resultRef: null, artifacts: [] };
const ERROR = { code: 'X', message: 'no', retryable: true, at: 1 };
const MINUTE_MS = 60_000;

export function describeJobCountersContract(name: string, make: MakeBackend): void {
  describe(`JobCounters on ${name}`, () => {
    it('agrees with the stored jobs whatever happened to them', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.array(fc.nat(5), { maxLength: 6 }), { minLength: 1, maxLength: 8 }), async (lives) => {
          const backend = await make();
          await Promise.all(lives.map((steps, index) => live(backend, steps, index)));
          const { jobs } = await backend.ports.store.list({ filter: {}, limit: 100 });
          expect(sorted(await backend.ports.counters.totals())).toEqual(sorted(totalsOf(jobs)));
        }),
        { numRuns: 25 },
      );
    });

    it('counts acceptances, starts and ends in their minutes, and a retry not as an acceptance', async () => {
      const backend = await make();
      const { store, counters } = backend.ports;
      const job = await insertJob(backend);
      const first = await store.save(startOf(job, TEST_START + 1_000));
      const waiting = await store.save(scheduleRetry(first, TEST_START + 2_000, { retryAt: TEST_START + 3_000, error: ERROR }));
      const second = await store.save(startOf(waiting, TEST_START + MINUTE_MS));
      const third = await store.save(startOf(second, TEST_START + MINUTE_MS + 1, { afterLostLock: true }));
      await store.save(succeed(third, TEST_START + 2 * MINUTE_MS + 59_999, NO_RESULT));
      const place = { queue: backend.queues[0], type: 'echo' };
      const minutes = await counters.perMinute({ from: TEST_START, to: TEST_START + 3 * MINUTE_MS });
      expect(sorted(minutes)).toEqual(
        sorted([
          { ...place, status: 'Queued', minute: TEST_START, count: 1 },
          { ...place, status: 'Running', minute: TEST_START, count: 1 },
          { ...place, status: 'Running', minute: TEST_START + MINUTE_MS, count: 2 },
          { ...place, status: 'Succeeded', minute: TEST_START + 2 * MINUTE_MS, count: 1 },
        ]),
      );
      expect(await counters.perMinute({ from: TEST_START + 2 * MINUTE_MS, to: TEST_START + 3 * MINUTE_MS })).toHaveLength(1);
      expect(await counters.perMinute({ from: TEST_START - HOUR_MS, to: TEST_START })).toEqual([]);
    });

    it('counts nothing for a change that does not change the status, nor for one that was refused', async () => {
      const backend = await make();
      const { store, counters } = backend.ports;
      const running = await runningJob(backend);
      const before = [await counters.totals(), await counters.perMinute({ from: TEST_START, to: TEST_START + HOUR_MS })];
      await store.save(requestCancel(running, TEST_START, 'me'));
      await store.save(succeed(running, TEST_START, NO_RESULT)).catch(() => undefined);
      expect([await counters.totals(), await counters.perMinute({ from: TEST_START, to: TEST_START + HOUR_MS })]).toEqual(before);
    });
  });
}

/** A job that takes the steps its status allows. */
async function live(backend: ContractBackend, steps: readonly number[], index: number): Promise<void> {
  let job = await insertJob(backend, { queue: backend.queues[index % 2 === 0 ? 0 : 1], type: index % 3 === 0 ? 'sleep' : 'echo' });
  for (const step of steps) job = await backend.ports.store.save(nextChange(backend, job, step));
}

function nextChange(backend: ContractBackend, job: Job, step: number): Change {
  const at = backend.clock.now();
  if (hasEnded(job.status)) return replay(job, at, { ttlMs: HOUR_MS, dueAt: at, by: 'me', operation: 'op', queue: backend.queues[step % 2 === 0 ? 0 : 1] });
  if (job.status === 'Queued') return step === 0 ? cancel(job, at, 'me') : startOf(job, at);
  if (step === 0) return fail(job, at, ERROR);
  if (step === 1) return deadLetter(job, at, ERROR);
  if (step === 2) return scheduleRetry(job, at, { retryAt: at, error: ERROR });
  return step === 3 ? startOf(job, at, { afterLostLock: true }) : succeed(job, at, NO_RESULT);
}

function totalsOf(jobs: readonly Job[]): StatusTotal[] {
  const totals = new Map<string, StatusTotal>();
  for (const { queue, type, status } of jobs) {
    const key = [queue, type, status].join(' ');
    totals.set(key, { queue, type, status, count: (totals.get(key)?.count ?? 0) + 1 });
  }
  return [...totals.values()];
}

function sorted<T extends StatusTotal>(totals: readonly T[]): T[] {
  const key = (total: T): string => JSON.stringify([total.queue, total.type, total.status, 'minute' in total ? total.minute : 0]);
  return [...totals].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}
