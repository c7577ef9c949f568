// A backend with dead letters in it: SQLite, journal and trash in a fresh directory, with a clock the test turns.

import { join } from 'node:path';
import { onTestFinished } from 'vitest';

import { createJob, type NewJob } from '../../../../src/domain/create-job.js';
import type { Operation, OperationSettings } from '../../../../src/domain/dead-letters/operation.js';
import { EVERY_LETTER, type LetterSelection } from '../../../../src/domain/dead-letters/selection.js';
import { AppError } from '../../../../src/domain/errors.js';
import type { Job } from '../../../../src/domain/job.js';
import type { JobEvent } from '../../../../src/domain/job-event.js';
import { deadLetter, start, submit } from '../../../../src/domain/lifecycle.js';
import { QUEUES } from '../../../../src/domain/queue-registry.js';
import { FsBlobStore } from '../../../../src/drivers/blob-fs/fs-blob-store.js';
import { openSqliteJournal } from '../../../../src/drivers/journal-sqlite/sqlite-journal.js';
import { openSqliteBackend, type SqliteBackend } from '../../../../src/drivers/sqlite/open-sqlite.js';
import { openFsTrash } from '../../../../src/drivers/trash-fs/fs-trash.js';
import type { DeadLetter } from '../../../../src/ports/dead-letter-queue.js';
import type { Delivery, OutgoingMessage } from '../../../../src/ports/message-queue.js';
import type { OperationLease } from '../../../../src/ports/operation-journal.js';
import { applyOperation, type OperationOutcome } from '../../../../src/services/dead-letters/apply-operation.js';
import type { OperationPorts } from '../../../../src/services/dead-letters/operation-ports.js';
import type { ApplyHooks } from '../../../../src/services/dead-letters/operation-run.js';
import { planOperation, type OperationRequest } from '../../../../src/services/dead-letters/plan-operation.js';
import type { JobType } from '../../../../src/services/job-types.js';
import { TestClock, testJobId } from '../../../contract/contract-backend.js';
import { tempDir } from '../../../support/temp-dir.js';

export const QUEUE = 'evaluation-jobs';
export const OTHER_QUEUE = 'other-queue';

export const SETTINGS: OperationSettings = { ratePerSecond: null, maxReplays: 3, toQueue: null, delayMs: 0, edits: [] };

export class World {
  readonly ports: OperationPorts;

  private constructor(
    readonly directory: string,
    readonly backend: SqliteBackend,
    readonly clock: TestClock,
  ) {
    const journal = openSqliteJournal({ file: join(directory, 'copiloteval.operations.db'), clock: this.clock, host: 'here', pid: process.pid });
    this.ports = {
      ...backend,
      blobs: new FsBlobStore({ directory: join(directory, 'copiloteval.files'), clock: this.clock }),
      clock: this.clock,
      random: Math.random,
      jobTypes: { resolve: resolveType, queue: queueOf },
      letterScope: backend.store.storeId,
      journal,
      trash: openFsTrash(join(directory, 'copiloteval.trash')),
    };
    onTestFinished(async () => {
      await journal.close();
      await backend.close();
    });
  }

  /** The files have the names that the program gives them. */
  static async open(directory: string = tempDir(), clock: TestClock = new TestClock()): Promise<World> {
    const other = { name: OTHER_QUEUE, maxAttempts: 3, lockMs: 60_000, ttlMs: 3_600_000 };
    const backend = await openSqliteBackend({ file: join(directory, 'copiloteval.db'), queues: [...QUEUES, other], clock, random: Math.random });
    return new World(directory, backend, clock);
  }

  /** A job that ran once and was dead-lettered, letter and all. */
  async deadJob(changes: Partial<NewJob> = {}, description = 'connect ECONNREFUSED 10.0.0.1:80'): Promise<Job> {
    const { store } = this.backend;
    const now = this.clock.now();
    const job = createJob({
      jobId: testJobId(),
      type: 'echo',
      queue: QUEUE,
      userId: 'someone',
      priority: 'normal',
      origin: 'submit',
      createdAt: now,
      dueAt: now,
      ttlMs: 3_600_000,
      maxAttempts: 1,
      payload: { text: 'hello' },
      ...changes,
    });
    const [inserted] = await store.insert([submit(job)]);
    if (inserted?.kind !== 'inserted') throw new Error('the job was not inserted');
    return this.deadAgain(inserted.job, description);
  }

  /** The job, which waits, once it has run and been dead-lettered. */
  async deadAgain(job: Job, description = 'connect ECONNREFUSED 10.0.0.1:80'): Promise<Job> {
    const { store } = this.backend;
    const now = this.clock.now();
    const delivery = await this.receive(job.queue);
    const started = await store.save(
      start(job, now, {
        worker: 'w',
        afterLostLock: false,
        delivery: { queue: job.queue, brokerSequence: delivery.message.brokerSequence, lockedUntil: delivery.lockedUntil },
      }),
    );
    const dead = await store.save(deadLetter(started, now, { code: 'ATTEMPTS_EXHAUSTED', message: description, retryable: true, at: now }));
    await delivery.deadLetter({ reason: 'ATTEMPTS_EXHAUSTED', description });
    return dead;
  }

  async deadJobs(count: number): Promise<Job[]> {
    const jobs: Job[] = [];
    for (let index = 0; index < count; index += 1) jobs.push(await this.deadJob({ payload: { index } }));
    return jobs;
  }

  /** A message of another producer that was dead-lettered before anybody made a job of it. */
  async deadMessage(message: Partial<OutgoingMessage> = {}): Promise<void> {
    const queue = message.queue ?? QUEUE;
    await this.backend.queue.send([{ queue, messageId: testJobId(), body: 'no job at all', properties: { colour: 'blue', DeadLetterReason: 'old' }, ...message }]);
    await (await this.receive(queue)).deadLetter({ reason: 'INVALID_MESSAGE', description: 'the body is not JSON' });
  }

  async receive(queue: string = QUEUE): Promise<Delivery> {
    const [delivery] = await this.backend.queue.receive({ queue, max: 1, waitMs: 0 });
    if (delivery === undefined) throw new Error(`no message in ${queue}`);
    return delivery;
  }

  /** Everything that can be received now. */
  async receiveAll(queue: string = QUEUE): Promise<Delivery[]> {
    return this.backend.queue.receive({ queue, max: 1000, waitMs: 0 });
  }

  async letters(queue: string = QUEUE): Promise<readonly DeadLetter[]> {
    return (await this.backend.deadLetters.peek({ queue, limit: 10_000 })).letters;
  }

  async job(jobId: string): Promise<Job> {
    const job = await this.backend.store.get(jobId);
    if (job === undefined) throw new Error(`no job ${jobId}`);
    return job;
  }

  async events(jobId: string): Promise<readonly JobEvent[]> {
    return (await this.backend.events.read({ jobId, limit: 1000 })).events;
  }

  request(action: 'replay' | 'purge', changes: Partial<OperationRequest> & { settings?: OperationSettings; select?: Partial<LetterSelection> } = {}): OperationRequest {
    const { select, ...rest } = changes;
    return { action, queues: [QUEUE], selection: { ...EVERY_LETTER, ...select }, settings: SETTINGS, by: 'operator', reasonText: null, ...rest };
  }

  /** Plans and applies. */
  async run(request: OperationRequest, hooks: ApplyHooks = {}, ports: OperationPorts = this.ports): Promise<OperationOutcome> {
    const { lease } = await planOperation(ports, request);
    return this.apply(lease, hooks, ports);
  }

  async apply(lease: OperationLease, hooks: ApplyHooks = {}, ports: OperationPorts = this.ports): Promise<OperationOutcome> {
    try {
      return await applyOperation(ports, lease, hooks);
    } finally {
      await lease.release().catch(() => undefined);
    }
  }

  async resume(operation: Operation | string, hooks: ApplyHooks = {}): Promise<OperationOutcome> {
    return this.apply(await this.ports.journal.acquire(typeof operation === 'string' ? operation : operation.id), hooks);
  }
}

/** The port with some of its methods replaced. */
export function withMethods<T extends object>(port: T, methods: Partial<T>): T {
  return new Proxy(port, {
    get: (target, name) => {
      const replaced: unknown = Reflect.get(methods, name);
      if (replaced !== undefined) return replaced;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? (member as (...args: unknown[]) => unknown).bind(target) : member;
    },
  });
}

function resolveType(name: string): Promise<JobType> {
  if (name === 'unknown-here') return Promise.reject(new AppError('TYPE_UNKNOWN', 'no handler'));
  const checkPayload = (payload: unknown): Promise<void> =>
    JSON.stringify(payload).includes('"refused"') ? Promise.reject(new AppError('PAYLOAD_INVALID', 'payload.x: refused')) : Promise.resolve();
  return Promise.resolve({ type: name, queue: QUEUE, handlerTimeoutMs: 1000, summary: '', checkPayload });
}

function queueOf(name: string): (typeof QUEUES)[number] {
  const queue = QUEUES.find((candidate) => candidate.name === name);
  if (queue === undefined) throw new AppError('QUEUE_UNKNOWN', `no queue ${name}`);
  return queue;
}
