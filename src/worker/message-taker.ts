// Takes messages off the queues: never more than there are slots for, all queues in turn. What becomes of a message is
// the business of `begin`.

import type { Clock } from '../ports/clock.js';
import type { BeginAttempt, Delivery, MessageQueue } from '../ports/message-queue.js';
import type { AloneGate } from './alone-gate.js';
import { isHopeless } from './failure-kinds.js';
import type { Slots } from './slots.js';
import type { WorkerLog } from './worker-log.js';

export interface TakerParts {
  readonly queue: Pick<MessageQueue, 'receive'>;
  readonly clock: Clock;
  readonly log: WorkerLog;
  readonly slots: Slots;
  readonly gate: AloneGate;
  /** Fires when nothing is to be taken any more. */
  readonly signal: AbortSignal;
  /** How many more messages may be taken at all. */
  readonly budget: () => number;
  /** Takes the delivery over, its slot included. */
  readonly begin: (delivery: Delivery) => void;
  /** Saves the start of a job with its hand-out, where the queue can; undefined where hand-outs may be given back unseen. */
  readonly beginAttempt: BeginAttempt | undefined;
  /** Nothing came and nothing is held: true ends the taking. */
  readonly isDone: () => Promise<boolean>;
}

export interface TakerSettings {
  readonly queues: readonly string[];
  readonly lockMs: number | undefined;
  /** Longest wait for a message before the loop turns. */
  readonly waitMs: number;
  /** A wait for messages ends when the last delivery is settled: then it is time to ask whether all is done. */
  readonly endWhenDone: boolean;
  /** How many receives may be under way at once: with one, slots that become free meanwhile wait for its answer. */
  readonly lanes: number;
}

/** With fewer slots than queues, those that wait change this often. */
const TURN_MS = 200;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

export class MessageTaker {
  readonly #parts: TakerParts;
  readonly #settings: TakerSettings;
  #turn = 0;
  #failures = 0;
  #hasWorked = false;
  /** Slots that a running receive may fill. */
  #asked = 0;
  /** Lanes without a slot to fill. */
  #standing = 0;
  /** Fires when a lane has ended: so do the others. */
  readonly #over = new AbortController();
  /** Ends a wait for messages. */
  #waitSignal: AbortSignal;
  /** By Clock.monotonic: the newest turn of a lane, for /health. */
  tickedAt: number;

  constructor(parts: TakerParts, settings: TakerSettings) {
    this.#parts = parts;
    this.#settings = settings;
    this.tickedAt = parts.clock.monotonic();
    this.#waitSignal = AbortSignal.any([parts.signal, this.#over.signal]);
    if (settings.endWhenDone) this.#endWaitsWhenIdle();
    parts.signal.addEventListener('abort', () => parts.slots.wake(), { once: true });
  }

  /** All slots are in use: nothing turns and that is fine. */
  get standsStill(): boolean {
    return this.#standing === this.#settings.lanes;
  }

  #endWaitsWhenIdle(): void {
    const idle = new AbortController();
    this.#waitSignal = AbortSignal.any([this.#parts.signal, this.#over.signal, idle.signal]);
    this.#parts.slots.onIdle = () => {
      this.#endWaitsWhenIdle();
      idle.abort();
    };
  }

  /** Until the signal fires or `isDone`. Rejects when the queue fails in a way that waiting does not mend. */
  async run(): Promise<void> {
    const lanes = Array.from({ length: this.#settings.lanes }, () => this.#lane());
    const ended = await Promise.allSettled(lanes);
    for (const lane of ended) if (lane.status === 'rejected') throw lane.reason;
  }

  async #lane(): Promise<void> {
    try {
      while (!this.#isOver && !(await this.#turnOf())) continue;
    } finally {
      this.#over.abort();
      this.#parts.slots.wake();
    }
  }

  /** True when all is done. */
  async #turnOf(): Promise<boolean> {
    const { clock, slots } = this.#parts;
    this.tickedAt = clock.monotonic();
    const room = this.#room();
    if (room > 0) {
      const came = await this.#fill(room);
      return !came && slots.held === 0 && !this.#isOver && (await this.#parts.isDone());
    }
    // What another lane waits for may still come.
    if (slots.held === 0 && this.#asked === 0 && (await this.#parts.isDone())) return true;
    this.#standing += 1;
    await slots.changed();
    this.#standing -= 1;
    return false;
  }

  get #isOver(): boolean {
    return this.#parts.signal.aborted || this.#over.signal.aborted;
  }

  async #fill(room: number): Promise<boolean> {
    this.#asked += room;
    try {
      return await this.#takeOrPause(room);
    } finally {
      this.#asked -= room;
      // What was not filled is for whoever asks next.
      if (this.#settings.lanes > 1) this.#parts.slots.wake();
    }
  }

  /** The store or the queue failed while a delivery ran: take the next ones slower. */
  deliveryFailed(): void {
    this.#failures += 1;
  }

  deliveryDone(): void {
    this.#failures = 0;
  }

  #room(): number {
    const { slots, gate, budget } = this.#parts;
    return gate.wantsQuiet ? 0 : Math.min(slots.free, budget()) - this.#asked;
  }

  /** False when nothing came; a failure is a reason to try again, not to end. */
  async #takeOrPause(room: number): Promise<boolean> {
    const { clock, log, signal } = this.#parts;
    if (this.#failures > 0) {
      await clock.sleep(Math.min(FIRST_PAUSE_MS * 2 ** (this.#failures - 1), LONGEST_PAUSE_MS), signal);
      if (signal.aborted) return false;
    }
    const failures = this.#failures;
    try {
      const came = await this.#take(room);
      this.#hasWorked = true;
      if (!came) this.#failures = 0;
      return came;
    } catch (error) {
      if (isHopeless(error, { hasWorked: this.#hasWorked })) throw error;
      // What all lanes meet is one failure.
      this.#failures = Math.max(this.#failures, failures + 1);
      log.error({ err: error, failures: this.#failures }, 'messages could not be taken; trying again');
      return true;
    }
  }

  async #take(room: number): Promise<boolean> {
    const { queues, waitMs } = this.#settings;
    const only = queues.length === 1 ? queues[0] : undefined;
    if (only !== undefined) return (await this.#receive(only, room, waitMs, this.#waitSignal)) > 0;
    const looked = await this.#lookAtAll(room);
    return looked > 0 || this.#parts.signal.aborted || (await this.#waitForAny(room)) > 0;
  }

  /** Without waiting, each queue in turn with an equal share of what is left; the next look begins with the next queue. */
  async #lookAtAll(room: number): Promise<number> {
    const inTurn = this.#inTurn();
    this.#turn += 1;
    let taken = 0;
    for (const [index, name] of inTurn.entries()) {
      const share = Math.ceil((room - taken) / (inTurn.length - index));
      if (share > 0) taken += await this.#receive(name, share, 0, this.#parts.signal);
    }
    return taken;
  }

  /** All queues were empty: waits at as many as there are slots, each with its share, until one has something. */
  async #waitForAny(room: number): Promise<number> {
    const names = this.#inTurn().slice(0, room);
    const share = Math.floor(room / names.length);
    const waitMs = names.length < this.#settings.queues.length ? Math.min(TURN_MS, this.#settings.waitMs) : this.#settings.waitMs;
    const found = new AbortController();
    const signal = AbortSignal.any([this.#waitSignal, found.signal]);
    const waits = names.map(async (name) => {
      try {
        return await this.#receive(name, share, waitMs, signal);
      } finally {
        found.abort();
      }
    });
    const ended = await Promise.allSettled(waits);
    const failed = ended.find((wait) => wait.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return ended.reduce((sum, wait) => sum + (wait.status === 'fulfilled' ? wait.value : 0), 0);
  }

  async #receive(queue: string, max: number, waitMs: number, signal: AbortSignal): Promise<number> {
    const { clock } = this.#parts;
    const { lockMs } = this.#settings;
    const askedAt = clock.monotonic();
    const { beginAttempt } = this.#parts;
    const deliveries = await this.#parts.queue.receive({ queue, max, waitMs, signal, begin: beginAttempt, ...(lockMs === undefined ? {} : { lockMs }) });
    for (const delivery of deliveries) this.#parts.begin(delivery);
    const unused = waitMs - (clock.monotonic() - askedAt);
    // A paused queue may answer at once: asking it without a break would use a whole core.
    if (deliveries.length === 0 && unused > waitMs / 2) await clock.sleep(unused, signal);
    return deliveries.length;
  }

  #inTurn(): readonly string[] {
    const { queues } = this.#settings;
    const first = this.#turn % queues.length;
    return [...queues.slice(first), ...queues.slice(0, first)];
  }
}
