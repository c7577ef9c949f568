// Hands the messages of a queue to the links that want them: one pump per queue and mode, at most one round per turn of
// the event loop, and one commit per round.

import type { EmulatorBroker } from '../broker/emulator-broker.js';
import type { SubQueue } from '../broker/entity.js';
import type { TakenMessage } from '../broker/stored-message.js';
import type { TakeMode } from '../broker/take.js';
import type { EmulatorLog } from '../emulator-log.js';

/** A link that receives. */
export interface Taker {
  /** How many messages can be given to it now. */
  room(): number;
  /** False: it is gone, or has no room after all; the message is still the pump's. */
  give(message: TakenMessage): boolean;
  /** There is nothing more for it now: a drain is answered. */
  satisfied(): void;
}

const MOST_AT_ONCE = 256;
/** Rounds are made smaller until the messages of one are about this much. */
const BYTES_AT_ONCE = 8 * 1024 * 1024;

export class Pump {
  readonly #queue: SubQueue;
  readonly #mode: TakeMode;
  readonly #broker: EmulatorBroker;
  readonly #log: EmulatorLog;
  readonly #takers: Taker[] = [];
  #turn = 0;
  #atOnce = MOST_AT_ONCE;
  #scheduled = false;
  #running = false;
  #again = false;

  constructor(queue: SubQueue, mode: TakeMode, parts: { readonly broker: EmulatorBroker; readonly log: EmulatorLog }) {
    this.#queue = queue;
    this.#mode = mode;
    this.#broker = parts.broker;
    this.#log = parts.log;
  }

  add(taker: Taker): void {
    this.#takers.push(taker);
  }

  remove(taker: Taker): void {
    const at = this.#takers.indexOf(taker);
    if (at !== -1) this.#takers.splice(at, 1);
  }

  /** There may be messages, or room for some, that were not there before. */
  wake(): void {
    if (this.#running) this.#again = true;
    else if (!this.#scheduled && this.#takers.length > 0) {
      this.#scheduled = true;
      setImmediate(() => void this.#run());
    }
  }

  async #run(): Promise<void> {
    this.#scheduled = false;
    this.#running = true;
    this.#again = false;
    try {
      // Who has no room left need not wait for the others.
      while (await this.#round()) this.#satisfy((taker) => taker.room() === 0);
      this.#satisfy(() => true);
    } catch (error) {
      this.#log.error({ err: error, queue: this.#queue.entity.description.name }, 'messages could not be handed out');
    } finally {
      this.#running = false;
    }
    if (this.#again) this.wake();
  }

  /** True when another round may hand out more. A kill after the commit leaves the messages locked, until the next start. */
  async #round(): Promise<boolean> {
    const wanted = this.#takers.reduce((sum, taker) => sum + taker.room(), 0);
    const waiting = this.#broker.waiting(this.#queue);
    if (wanted === 0 || waiting === 0) return false;
    const taken = await this.#broker.take(this.#queue, Math.min(wanted, this.#atOnce), this.#mode);
    this.#resize(taken);
    const left = this.#distribute(taken);
    for (const { lock } of left) if (lock !== null) await this.#broker.settle(lock, { kind: 'return' });
    // None although some wait: time's work came first and took a step, so that fewer wait now.
    return taken.length > 0 || this.#broker.waiting(this.#queue) < waiting;
  }

  #satisfy(which: (taker: Taker) => boolean): void {
    for (const taker of this.#takers.filter(which)) taker.satisfied();
  }

  #resize(taken: readonly TakenMessage[]): void {
    const bytes = taken.reduce((sum, { body }) => sum + body.length, 0);
    if (bytes > BYTES_AT_ONCE) this.#atOnce = Math.max(1, this.#atOnce >> 1);
    else if (bytes < BYTES_AT_ONCE / 4) this.#atOnce = Math.min(MOST_AT_ONCE, this.#atOnce * 2);
  }

  /** In turn, one message each. Returns what nobody takes. */
  #distribute(messages: readonly TakenMessage[]): TakenMessage[] {
    const left: TakenMessage[] = [];
    for (const message of messages) if (!this.#giveToNext(message)) left.push(message);
    return left;
  }

  #giveToNext(message: TakenMessage): boolean {
    for (let tried = 0; tried < this.#takers.length; tried += 1) {
      this.#turn = (this.#turn + 1) % this.#takers.length;
      const taker = this.#takers[this.#turn];
      if (taker !== undefined && taker.room() > 0 && taker.give(message)) return true;
    }
    return false;
  }
}

/** The pumps of all queues. */
export class Pumps {
  readonly #pumps = new Map<string, Pump>();
  readonly #parts: { readonly broker: EmulatorBroker; readonly log: EmulatorLog };

  constructor(parts: { readonly broker: EmulatorBroker; readonly log: EmulatorLog }) {
    this.#parts = parts;
  }

  of(queue: SubQueue, mode: TakeMode): Pump {
    const key = `${queue.id} ${mode}`;
    let pump = this.#pumps.get(key);
    if (pump === undefined) this.#pumps.set(key, (pump = new Pump(queue, mode, this.#parts)));
    return pump;
  }

  /** The queue has messages to hand out. */
  wake(queue: SubQueue): void {
    for (const mode of ['peek-lock', 'receive-and-delete'] as const) this.#pumps.get(`${queue.id} ${mode}`)?.wake();
  }

  forget(queue: SubQueue): void {
    for (const mode of ['peek-lock', 'receive-and-delete'] as const) this.#pumps.delete(`${queue.id} ${mode}`);
  }
}
