// A queue in a SQLite file of its own that stands for another system's: its deliveries say so, what it cannot do is not
// done for it (nothing is let go before its lock ends), and it fails when and how a test says.

import { AppError } from '../../src/domain/errors.js';
import type { DeadLetterReason, Delivery, MessageQueue, OutgoingMessage, ReceiveParams } from '../../src/ports/message-queue.js';

export type FarCall = 'send' | 'receive' | 'complete' | 'deadLetter' | 'renewLock';

/**
 * `refuse`: nothing happens and the call fails. `lose-reply`: it happens and the call fails. `twice`: it happens twice.
 * `hang`: it never answers.
 */
export type FarFault = 'refuse' | 'lose-reply' | 'twice' | 'hang';

export interface FarFaults {
  (call: FarCall): FarFault | undefined;
}

export class FarQueue implements MessageQueue {
  readonly #queue: MessageQueue;
  /** What is wrong with the next call; replaced by tests. */
  faults: FarFaults = () => undefined;
  /** What a refused call says. */
  error: () => AppError = () => new AppError('SB_UNREACHABLE', 'the other system is away');
  readonly sent: OutgoingMessage[] = [];

  constructor(queue: MessageQueue) {
    this.#queue = queue;
  }

  send(messages: readonly OutgoingMessage[]): Promise<void> {
    return this.call('send', async () => {
      await this.#queue.send(messages);
      this.sent.push(...messages);
    });
  }

  receive(params: ReceiveParams): Promise<Delivery[]> {
    return this.call('receive', async () => (await this.#queue.receive(params)).map((delivery) => new FarDelivery(delivery, this)));
  }

  async call<T>(call: FarCall, act: () => Promise<T>): Promise<T> {
    const fault = this.faults(call);
    if (fault === 'refuse') throw this.error();
    if (fault === 'hang') return new Promise<T>(() => undefined);
    const answer = await act();
    if (fault === 'lose-reply') throw this.error();
    // The second receive would be somebody else's.
    return fault === 'twice' && call !== 'receive' ? act() : answer;
  }
}

class FarDelivery implements Delivery {
  readonly queueMode = 'service_bus';
  readonly isCompleted = false;
  readonly #delivery: Delivery;
  readonly #far: FarQueue;

  constructor(delivery: Delivery, far: FarQueue) {
    this.#delivery = delivery;
    this.#far = far;
  }

  get queue(): string {
    return this.#delivery.queue;
  }

  get message(): Delivery['message'] {
    return this.#delivery.message;
  }

  get lockedUntil(): number {
    return this.#delivery.lockedUntil;
  }

  complete(): Promise<void> {
    return this.#far.call('complete', () => this.#delivery.complete());
  }

  deadLetter(reason: DeadLetterReason): Promise<void> {
    return this.#far.call('deadLetter', () => this.#delivery.deadLetter(reason));
  }

  renewLock(): Promise<number> {
    return this.#far.call('renewLock', () => this.#delivery.renewLock());
  }

  async release(): Promise<void> {
    return undefined;
  }
}

/** Each call in turn gets the next fault of the list; afterwards nothing is wrong. */
export function oneAfterAnother(call: FarCall, ...faults: readonly (FarFault | undefined)[]): FarFaults {
  const left = [...faults];
  return (made) => (made === call ? left.shift() : undefined);
}
