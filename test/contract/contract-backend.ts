// What a contract suite needs of a backend under test. A driver's test file provides it; the suites see ports only.

import type { Job } from '../../src/domain/job.js';
import type { Change } from '../../src/domain/lifecycle.js';
import { createJob, type NewJob } from '../../src/domain/create-job.js';
import { start, submit } from '../../src/domain/lifecycle.js';
import type { Backend } from '../../src/ports/backend.js';
import { type Clock, systemClock } from '../../src/ports/clock.js';

export type Ports = Omit<Backend, 'blobs' | 'clock' | 'random'>;

export interface ContractBackend {
  readonly ports: Ports;
  /** Turned by the test; waiting is real. */
  readonly clock: TestClock;
  /** Queues that exist, with one hour to live, a lock of a minute and three attempts. */
  readonly queues: readonly [string, string];
  /** A second opening of the same data, as another process has it. Closed with the first. */
  another(): Promise<Ports>;
}

/** Where stores differ by design; everything else is the same for all. */
export interface StoreTraits {
  /** Store and queue share a file: the store knows which queues there are, and what is on them. */
  readonly sharesQueue: boolean;
}

export const SHARED_FILE: StoreTraits = { sharesQueue: true };

/** Fresh and empty; disposed when the test that called it has ended. */
export type MakeBackend = () => Promise<ContractBackend>;

export const HOUR_MS = 3_600_000;
export const TEST_START = Date.UTC(2026, 7, 1, 12, 0, 0);

export class TestClock implements Clock {
  #now = TEST_START;

  now(): number {
    return this.#now;
  }

  /** Negative steps set the clock back. */
  advance(ms: number): void {
    this.#now += ms;
  }

  monotonic(): number {
    return systemClock.monotonic();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(ms, signal);
  }
}

let made = 0;

/** An id that sorts like the order of calls. */
export function testJobId(): string {
  made += 1;
  const digits = made.toString(16).padStart(12, '0');
  return `01980000-0000-7000-8000-${digits}`;
}

/** A job before its first save, due at once. */
export function testJob(backend: ContractBackend, changes: Partial<NewJob> = {}): Job {
  const createdAt = changes.createdAt ?? backend.clock.now();
  return createJob({
    jobId: testJobId(),
    type: 'echo',
    queue: backend.queues[0],
    userId: 'someone',
    priority: 'normal',
    origin: 'submit',
    createdAt,
    dueAt: createdAt,
    ttlMs: HOUR_MS,
    maxAttempts: 3,
    payload: { text: 'hello' },
    ...changes,
  });
}

/** Stores the job and returns it as stored. */
export async function insertJob(backend: ContractBackend, changes: Partial<NewJob> = {}): Promise<Job> {
  const [outcome] = await backend.ports.store.insert([submit(testJob(backend, changes))]);
  if (outcome?.kind !== 'inserted') throw new Error(`expected an inserted job, got ${outcome?.kind ?? 'nothing'}`);
  return outcome.job;
}

export function startOf(job: Job, at: number, options: { brokerSequence?: string; afterLostLock?: boolean; worker?: string } = {}): Change {
  return start(job, at, {
    worker: options.worker ?? 'worker-1',
    afterLostLock: options.afterLostLock ?? false,
    delivery: { queue: job.queue, brokerSequence: options.brokerSequence ?? '1', lockedUntil: at + 60_000 },
  });
}

/** Stores the job and starts it: Running under epoch 1. */
export async function runningJob(backend: ContractBackend, changes: Partial<NewJob> = {}): Promise<Job> {
  const job = await insertJob(backend, changes);
  return backend.ports.store.save(startOf(job, backend.clock.now()));
}
