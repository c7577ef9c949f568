// One worker: takes messages, runs their jobs, keeps their locks, tells the registry that it lives, and ends when it is
// told to or when there is nothing left.
//
//   running ──drain()──▶ draining ──held deliveries settled──▶ ended
//      └────────────stop()────────────┴──▶ ended at once, locks left to expire

import { AppError, type ErrorCode, hasCode } from '../domain/errors.js';
import type { Backend } from '../ports/backend.js';
import type { Delivery } from '../ports/message-queue.js';
import { waitAtMost } from '../ports/wait-at-most.js';
import { AloneGate } from './alone-gate.js';
import type { Attempt } from './attempt.js';
import { Deadlines } from './deadlines.js';
import type { DeliveryReport } from './delivery-report.js';
import { heartbeat } from './heartbeat.js';
import { holdOn } from './hold-on.js';
import { LockRenewer } from './lock-renewer.js';
import { MessageTaker } from './message-taker.js';
import { workLeft } from './open-work.js';
import { ParentChecks } from './parent-checks.js';
import { PlacedSet } from './placed-set.js';
import { relayLast } from './relay-rounds.js';
import { beginAttempts, runDelivery } from './run-delivery.js';
import { describeEnd } from './log-text.js';
import { Slots } from './slots.js';
import { type HeldDelivery, release } from './settle.js';
import { TwoQueues } from './two-queues.js';
import { WorkerMetrics } from './worker-metrics.js';
import { startRounds } from './worker-rounds.js';
import type { WorkerParts } from './worker-parts.js';
import type { WorkerInput, WorkerSettings } from './worker-settings.js';
import { OutcomeCounts, type WorkerSummary } from './worker-summary.js';

/** The store itself is gone or not ours: no other delivery will fare better. */
const FATAL: readonly ErrorCode[] = ['DB_GONE', 'DB_INVALID', 'DB_NEWER'];
/** A message whose delivery failed comes again no sooner than this. */
const FAILED_DELAY_MS = 5000;

export class Worker {
  readonly metrics = new WorkerMetrics();
  readonly #input: WorkerInput;
  readonly #settings: WorkerSettings;
  readonly #backend: Backend;
  readonly #parts: WorkerParts;
  readonly #slots: Slots;
  readonly #renewer: LockRenewer;
  readonly #taker: MessageTaker;
  readonly #counts = new OutcomeCounts();
  readonly #takingEnds = new AbortController();
  readonly #stopped = new AbortController();
  readonly #ended = new AbortController();
  readonly #startedAt: { wall: number; monotonic: number };
  #draining = false;
  /** Deliveries taken that ran a handler, or may still. */
  #jobsTaken = 0;
  #failure: AppError | undefined;
  #cannotSend: AppError | undefined;
  #left = { delayed: 0, paused: [] as readonly string[] };

  constructor(input: WorkerInput) {
    this.#input = input;
    this.#settings = input.settings;
    this.#backend = input.backend;
    this.#slots = new Slots(input.settings.concurrency);
    this.#parts = this.#makeParts();
    this.#renewer = new LockRenewer({ clock: this.#backend.clock, deadlines: this.#parts.deadlines, log: input.log });
    this.#taker = this.#makeTaker();
    this.#startedAt = { wall: this.#backend.clock.now(), monotonic: this.#backend.clock.monotonic() };
  }

  get draining(): boolean {
    return this.#draining;
  }

  get running(): Pick<PlacedSet<Attempt>, 'size'> & Iterable<Attempt> {
    return this.#parts.attempts;
  }

  get slots(): number {
    return this.#slots.size;
  }

  /** False when the loop has not turned for `withinMs` although it had reason to. */
  ticked(withinMs: number): boolean {
    return this.#taker.standsStill || this.#backend.clock.monotonic() - this.#taker.tickedAt <= withinMs;
  }

  /**
   * Resolves when the worker has ended. Rejects with what made it end: STORE_MISMATCH, or a store or queue that will
   * not come back; what it held is settled first where that still works.
   */
  async run(): Promise<WorkerSummary> {
    const { workerId, queues, concurrency } = this.#settings;
    this.#parts.log.info({ queues, concurrency }, `worker ${workerId} takes jobs from ${queues.join(', ')}, ${concurrency} at once`);
    const rounds = this.#startRounds();
    const taking = this.#taker.run().catch((error: unknown) => this.#fail(error));
    await (this.#isFar ? Promise.race([taking, this.#takingIsOverdue()]) : taking);
    while (this.#slots.held > 0 && !this.#stopped.signal.aborted) await this.#slots.changed();
    if (!this.#stopped.signal.aborted) await relayLast(this.#parts);
    this.#ended.abort();
    this.#parts.deadlines.close();
    // One in the middle of a call to another system ends when the connection is closed.
    await (this.#isFar ? waitAtMost(this.#backend.clock, LAST_CALL_MS, Promise.all(rounds)) : Promise.all(rounds));
    await this.#leaveRegistry();
    if (this.#failure !== undefined) throw this.#failure;
    return this.#summary();
  }

  /** Takes nothing more, lets what runs end, and after the drain time-out gives back what still runs. */
  drain(reason: string): void {
    if (this.#draining) return;
    this.#draining = true;
    const { log, deadlines, gate, attempts } = this.#parts;
    log.info({ running: attempts.size, reason }, 'draining: no more messages are taken');
    this.#takingEnds.abort();
    gate.close();
    deadlines.add({ dueAt: this.#backend.clock.monotonic() + this.#settings.drainTimeoutMs, onDue: () => this.#abortRunning() });
  }

  /** Ends now. Nothing is saved or settled: locks are left to expire, and their jobs then run again elsewhere. */
  stop(reason: string): void {
    this.drain(reason);
    this.#parts.log.warn({ held: this.#slots.held, reason }, 'stopping at once: held messages come again when their locks end');
    this.#stopped.abort();
    for (const attempt of [...this.#parts.attempts]) attempt.abort('stopped');
    this.#slots.wake();
  }

  #abortRunning(): void {
    this.#parts.log.info({ running: this.#parts.attempts.size }, 'the drain time-out is over: running jobs are given back');
    for (const attempt of [...this.#parts.attempts]) attempt.abort('draining');
  }

  async #deliver(delivery: Delivery): Promise<void> {
    const slot = this.#slots.take();
    this.#jobsTaken += 1;
    this.metrics.received += 1;
    const lock = this.#renewer.hold(delivery);
    try {
      const report = await runDelivery({ delivery, lock, slot }, this.#parts);
      this.#taker.deliveryDone();
      this.#count(report, delivery);
    } catch (error) {
      await this.#deliveryFailed(error, { delivery, lock });
    } finally {
      lock.release();
      slot.end();
    }
  }

  #count(report: DeliveryReport, delivery: Delivery): void {
    this.metrics.count(report);
    this.#counts.count(report);
    if (report.durationMs === undefined) this.#jobsTaken -= 1;
    if (report.outcome === 'store-mismatch') this.#refuseStore(delivery.queue, report.otherStoreId ?? 'unknown');
    this.#logEnd(report, delivery);
  }

  #logEnd(report: DeliveryReport, delivery: Delivery): void {
    const { log } = this.#parts;
    const level = LOGGED.has(report.outcome) ? 'warn' : this.#settings.logEachJob ? 'info' : 'debug';
    if (level === 'debug' && !log.debugEnabled) return;
    const { fields, text } = describeEnd(report, delivery.message.messageId);
    log[level](fields, text);
  }

  async #deliveryFailed(error: unknown, { delivery, lock }: HeldDelivery): Promise<void> {
    const { log } = this.#parts;
    this.#jobsTaken -= 1;
    this.metrics.errors += 1;
    if (this.#stopped.signal.aborted) return;
    log.error({ err: error, messageId: delivery.message.messageId }, 'a delivery failed; its message comes again');
    this.#taker.deliveryFailed();
    if (hasCode(error, ...FATAL)) {
      this.#fail(error);
      return;
    }
    // Only to have it back sooner than its lock would end.
    const letGo = (): Promise<void> => release(delivery, FAILED_DELAY_MS, this.#parts);
    await holdOn(letGo, { lock, problem: 'a message could not be let go' }, this.#parts).catch(() => undefined);
  }

  #refuseStore(queue: string, otherStoreId: string): void {
    const message = `queue ${queue} carries messages of store ${otherStoreId}, this worker works for ${this.#backend.store.storeId}`;
    this.#fail(new AppError('STORE_MISMATCH', message, { hint: 'give each store a queue of its own, or start the worker with the profile of that store' }));
  }

  /** The first failure is what run() rejects with. */
  #fail(error: unknown): void {
    const failure = error instanceof AppError ? error : new AppError('INTERNAL', error instanceof Error ? error.message : String(error), { cause: error });
    this.#failure ??= failure;
    this.drain(failure.code);
  }

  #budget(): number {
    return (this.#settings.maxJobs ?? Infinity) - this.#jobsTaken;
  }

  async #isDone(): Promise<boolean> {
    if (this.#budget() <= 0) return true;
    if (!this.#settings.endWhenDone) return false;
    const { done, ...left } = await workLeft(this.#backend, this.#settings.queues);
    this.#left = left;
    // What is left waits for messages that this worker may not send, such as those of retries: it would wait for ever.
    if (!done && this.#cannotSend !== undefined) throw this.#cannotSend;
    return done;
  }

  #startRounds(): Promise<void>[] {
    const beat = (): Promise<void> =>
      heartbeat({ ...this.#input, worker: this, counts: this.#counts, startedAt: this.#startedAt.wall }, () => this.drain('asked for by `worker drain`'));
    const onCannotSend = (reason: AppError | undefined): void => void (this.#cannotSend = reason);
    return startRounds({ parts: this.#parts, queues: this.#settings.queues, beat, signal: this.#ended.signal, onCannotSend });
  }

  get #isFar(): boolean {
    return this.#backend.outbox !== undefined;
  }

  /** Resolves when taking was told to end and the other system has still not answered: it may be away. */
  async #takingIsOverdue(): Promise<void> {
    const { signal } = this.#takingEnds;
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    await this.#backend.clock.sleep(LAST_CALL_MS, this.#ended.signal);
  }

  async #leaveRegistry(): Promise<void> {
    try {
      await this.#backend.workers.remove(this.#settings.workerId);
    } catch (error) {
      // It counts as gone a few seconds after its last heartbeat anyway.
      this.#parts.log.debug({ err: error }, 'the worker could not sign off');
    }
  }

  #makeParts(): WorkerParts {
    const { backend, settings, jobTypes, handlers, log } = this.#input;
    return {
      ...settings,
      backend,
      jobTypes,
      handlers,
      log,
      deadlines: new Deadlines(backend.clock),
      gate: new AloneGate(),
      parents: new ParentChecks(backend),
      attempts: new PlacedSet(
        ({ runningPlace }) => runningPlace,
        (attempt, place) => (attempt.runningPlace = place),
      ),
      stopSignal: this.#stopped.signal,
    };
  }

  #makeTaker(): MessageTaker {
    const { queue: far, localQueue: near, clock } = this.#backend;
    const { queues, lockMs, endWhenDone } = this.#settings;
    const drainWaitMs = this.#isFar ? FAR_DRAIN_WAIT_MS : DRAIN_WAIT_MS;
    return new MessageTaker(
      {
        queue: near === undefined ? far : new TwoQueues({ far, near, clock, log: this.#input.log }),
        clock,
        log: this.#input.log,
        slots: this.#slots,
        gate: this.#parts.gate,
        signal: this.#takingEnds.signal,
        budget: () => this.#budget(),
        // What comes after the end is left alone: its lock ends by itself.
        begin: (delivery) => void (this.#ended.signal.aborted || this.#deliver(delivery)),
        // With two queues what one of them has handed out may be given back before its job is run.
        beginAttempt: near === undefined ? beginAttempts(this.#parts) : undefined,
        isDone: () => this.#isDone(),
      },
      { queues, lockMs, endWhenDone, lanes: this.#isFar ? FAR_LANES : 1, waitMs: endWhenDone ? drainWaitMs : IDLE_WAIT_MS },
    );
  }

  #summary(): WorkerSummary {
    const { processed, succeeded, failed, deadLettered, cancelled, retried, givenBack } = this.#counts;
    const elapsedMs = Math.round(this.#backend.clock.monotonic() - this.#startedAt.monotonic);
    const jobsPerSecond = elapsedMs > 0 ? Math.round((processed * 10_000) / elapsedMs) / 10 : 0;
    return { processed, succeeded, failed, deadLettered, cancelled, retried, givenBack, elapsedMs, jobsPerSecond, ...this.#left };
  }
}

/** For calls to another system that are under way when the worker ends. */
const LAST_CALL_MS = 1000;
/** A message wakes the wait; this only bounds how long a loop without news stands. */
const IDLE_WAIT_MS = 5000;
/** Another system answers late: the slots that become free meanwhile are filled by further requests. At 10 ms of way and 20 ms of work, four ran a fifth more jobs than one. */
const FAR_LANES = 4;
/** A drain looks often whether it is done. */
const DRAIN_WAIT_MS = 100;
/** Another system needs a moment to hand out what it has. */
const FAR_DRAIN_WAIT_MS = 1000;
/** Outcomes somebody may have to look at. */
const LOGGED: ReadonlySet<string> = new Set(['failed', 'dead-lettered', 'retried', 'lost', 'message-dead-lettered', 'store-mismatch']);
