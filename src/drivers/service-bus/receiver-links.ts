// The links of one queue or dead-letter queue: as many as receive at the same time, kept for the next ones.

import type { ServiceBusReceivedMessage, ServiceBusReceiver } from '@azure/service-bus';

import type { Clock } from '../../ports/clock.js';
import { callSdkInTime } from './call-sdk.js';
import { ReceiverLink } from './receiver-link.js';
import { createReceiver, type Entity, type SdkClients } from './sdk-clients.js';

export interface LinkParts {
  readonly clients: SdkClients;
  readonly clock: Clock;
  readonly callTimeoutMs: number;
}

/** Links that wait for the next receive; a worker has as many requests under way for a queue. */
const MAX_IDLE = 4;

export class ReceiverLinks {
  readonly #parts: LinkParts;
  readonly #entity: Entity;
  #idle: ReceiverLink[] = [];
  #management: { readonly client: unknown; readonly receiver: ServiceBusReceiver } | undefined;

  constructor(parts: LinkParts, entity: Entity) {
    this.#parts = parts;
    this.#entity = entity;
  }

  /** Runs `work` with a link of its own that has room for `max` messages. */
  async use<T>(max: number, work: (link: ReceiverLink) => Promise<T>): Promise<T> {
    const link = this.#take(max);
    try {
      return await work(link);
    } finally {
      if (link.room > 0 && this.#idle.length < MAX_IDLE) this.#idle.push(link);
      else link.retire();
    }
  }

  /** A link that nobody else uses; `retire` ends it. */
  open(): ReceiverLink {
    const { clients, clock, callTimeoutMs } = this.#parts;
    const client = clients.current;
    return new ReceiverLink({
      clock,
      callTimeoutMs,
      client,
      entity: this.#entity,
      management: () => this.management(),
      judge: clients.judge(client),
    });
  }

  /** The new end of the lock, by the broker's clock. LOCK_LOST. */
  renew(message: ServiceBusReceivedMessage): Promise<Date> {
    return this.manage('renew a lock', (receiver) => receiver.renewMessageLock(message));
  }

  /** One call over the management link, with a limit of time, in the driver's errors. */
  async manage<T>(operation: string, call: (receiver: ServiceBusReceiver) => Promise<T>): Promise<T> {
    const { clients, clock, callTimeoutMs } = this.#parts;
    const client = clients.current;
    return callSdkInTime({ operation, queue: this.#entity.queue, ...clients.judge(client) }, { clock, limitMs: callTimeoutMs }, () => call(this.management()));
  }

  /** See SdkClients. */
  get hasWorked(): boolean {
    return this.#parts.clients.hasWorked;
  }

  /** Looks, renews and settles over the management link; never receives, so that it has no link that could break. */
  management(): ServiceBusReceiver {
    const client = this.#parts.clients.current;
    if (this.#management?.client !== client) this.#management = { client, receiver: createReceiver(client, this.#entity) };
    return this.#management.receiver;
  }

  #take(max: number): ReceiverLink {
    const usable = this.#idle.filter((link) => link.client === this.#parts.clients.current && link.room >= max);
    for (const link of this.#idle) if (!usable.includes(link)) link.retire();
    const link = usable.pop();
    this.#idle = usable;
    return link ?? this.open();
  }
}
