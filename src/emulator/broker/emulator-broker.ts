// The emulator's broker: durable queues with everything a Service Bus queue does, over the SQLite broker core and a file
// of its own. Each method resolves after its commit; what is asked for in one turn of the event loop shares one.

import type { Reader } from '../../drivers/sqlite/reader.js';
import type { Writer } from '../../drivers/sqlite/writer.js';
import { accept, type Accepted } from './accept.js';
import { cancelScheduled, peek } from './browse.js';
import type { BrokerState } from './broker-state.js';
import type { BrokerCatalog } from './catalog.js';
import { type Entity, entityKey, type SubQueue } from './entity.js';
import { HeldLocks } from './held-locks.js';
import type { Refusal } from './refusal.js';
import { renew, settle, type Settlement } from './settle.js';
import type { HeldLock, IncomingMessage, StoredMessage, TakenMessage } from './stored-message.js';
import { take, takeDeferred, type TakeMode } from './take.js';

export interface EmulatorBrokerParts {
  readonly state: BrokerState;
  readonly writer: Writer;
  readonly reader: Reader;
  readonly catalog: BrokerCatalog;
  readonly close: () => Promise<void>;
}

/** Rejections (disk full, file gone) mean that nothing was saved; refusals are values. */
export class EmulatorBroker {
  readonly catalog: BrokerCatalog;
  readonly #parts: EmulatorBrokerParts;
  readonly #locks = new HeldLocks();

  constructor(parts: EmulatorBrokerParts) {
    this.#parts = parts;
    this.catalog = parts.catalog;
  }

  /** By its name in any case. */
  entity(name: string): Entity | undefined {
    return this.#parts.state.entities.get(entityKey(name));
  }

  /** By the core's name. */
  subQueue(coreName: string): SubQueue | undefined {
    return this.#parts.state.subQueues.get(coreName);
  }

  /** How many messages could be handed out now. */
  waiting(queue: SubQueue): number {
    return queue.entity.deleted ? 0 : this.#parts.state.ledger.figures(queue.coreName).active;
  }

  accept(queue: SubQueue, messages: readonly IncomingMessage[]): Promise<Accepted | Refusal> {
    return this.#parts.writer.write(() => accept(this.#parts.state, queue, messages));
  }

  /** Locks do not last: the next start gives them all back. So taking under a lock does not wait for the disk. */
  async take(queue: SubQueue, max: number, mode: TakeMode): Promise<TakenMessage[]> {
    const lasting = mode === 'receive-and-delete';
    return this.#remember(await this.#parts.writer.write(() => take(this.#parts.state, queue, max, mode), { lasting }));
  }

  async takeDeferred(queue: SubQueue, numbers: readonly number[], mode: TakeMode): Promise<TakenMessage[] | Refusal> {
    const taken = await this.#parts.writer.write(() => takeDeferred(this.#parts.state, queue, numbers, mode));
    return typeof taken === 'string' ? taken : this.#remember(taken);
  }

  /** Undefined: done. */
  async settle(lock: HeldLock, settlement: Settlement): Promise<Refusal | undefined> {
    const lasting = settlement.kind !== 'return';
    const refused = await this.#parts.writer.write(() => settle(this.#parts.state, lock, settlement), { lasting });
    this.#locks.remove(lock);
    return refused;
  }

  /** The new end of the lock. */
  async renew(lock: HeldLock): Promise<number | Refusal> {
    const ends = await this.#parts.writer.write(() => renew(this.#parts.state, lock), { lasting: false });
    if (typeof ends === 'number') lock.lockedUntil = ends;
    return ends;
  }

  /** The lock with this token, when this process gave it out in this queue; it may have ended. */
  lock(queue: SubQueue, token: string): HeldLock | undefined {
    const lock = this.#locks.find(token);
    return lock?.queue === queue ? lock : undefined;
  }

  peek(queue: SubQueue, page: { readonly from: number; readonly max: number }): Promise<StoredMessage[]> {
    return this.#parts.reader.read(() => (queue.entity.deleted ? [] : peek(this.#parts.state, queue, page)));
  }

  cancelScheduled(queue: SubQueue, numbers: readonly number[]): Promise<Refusal | undefined> {
    return this.#parts.writer.write(() => cancelScheduled(this.#parts.state, queue, numbers));
  }

  /** Waits for what was asked for and closes the file. */
  close(): Promise<void> {
    return this.#parts.close();
  }

  #remember(taken: TakenMessage[]): TakenMessage[] {
    const now = this.#parts.state.clock.now();
    for (const { lock } of taken) if (lock !== null) this.#locks.add(lock, now);
    return taken;
  }
}
