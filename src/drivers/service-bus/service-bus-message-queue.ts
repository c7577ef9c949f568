// ServiceBusMessageQueue: the MessageQueue port on the SDK.
//
// Receiving is a look and then a wait. The look gives the broker credit for all that is asked for and takes the rest back
// at once: many messages in one exchange. When there is nothing, the wait gives credit for one message and ends when it
// comes; asking the SDK for several would hold the first one back for a second. So a receive leaves no credit behind, and
// no message arrives that nobody asked for.

import type { Clock } from '../../ports/clock.js';
import type { Delivery, MessageQueue, OutgoingMessage, ReceiveParams, SendOptions } from '../../ports/message-queue.js';
import type { QueueSettings } from '../../ports/queue-admin.js';
import type { QueuePauses } from '../../ports/queue-pauses.js';
import type { HeldMessage, ReceiverLink } from './receiver-link.js';
import { type LinkParts, ReceiverLinks } from './receiver-links.js';
import { type SendParts, sendMessages } from './send-messages.js';
import { ServiceBusDelivery } from './service-bus-delivery.js';
import { withRetry } from './with-retry.js';

export interface QueueParts extends LinkParts, SendParts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly queues: readonly QueueSettings[];
  readonly pauses: QueuePauses;
  /** How long a settlement is tried again. */
  readonly settleBudgetMs: number;
}

/** Of one exchange; the SDK's buffer of a link holds 2,048. */
const MAX_MESSAGES = 500;
/** A pause is noticed this late at the latest. */
const LONGEST_WAIT_MS = 1_000;
const PAUSED_LOOK_MS = 250;
/** A broker far away needs longer until its messages are here; a look should not outlast its worth. */
const LONGEST_LOOK_MS = 50;

export class ServiceBusMessageQueue implements MessageQueue {
  readonly #parts: QueueParts;
  readonly #links = new Map<string, ReceiverLinks>();

  constructor(parts: QueueParts) {
    this.#parts = parts;
  }

  async send(messages: readonly OutgoingMessage[], options?: SendOptions): Promise<void> {
    await sendMessages(this.#parts, messages, options);
  }

  /** Failures that may pass are waited for as long as the caller waits. Locks are as long as the queue’s: `lockMs` is not heard. */
  async receive(params: ReceiveParams): Promise<Delivery[]> {
    const { clock, random } = this.#parts;
    const { queue, waitMs, signal } = params;
    const endsAt = clock.monotonic() + waitMs;
    const leftMs = (): number => endsAt - clock.monotonic();
    for (let looked = false; !isOver(params); looked = true) {
      if (await this.#isPaused(queue)) {
        if (leftMs() <= 0) return [];
        await clock.sleep(Math.min(leftMs(), PAUSED_LOOK_MS), signal);
        continue;
      }
      if (looked && leftMs() <= 0) return [];
      const ask = (): Promise<Delivery[]> => this.#ask(params, Math.min(leftMs(), LONGEST_WAIT_MS), looked);
      try {
        const deliveries = await withRetry(ask, { clock, random, budgetMs: leftMs(), operation: 'receive', queue, ...(signal === undefined ? {} : { signal }) });
        if (deliveries.length > 0) return deliveries;
      } catch (error) {
        if (isOver(params)) return [];
        throw error;
      }
    }
    return [];
  }

  async #ask({ queue, max, signal }: ReceiveParams, waitMs: number, looked: boolean): Promise<Delivery[]> {
    const links = this.#linksOf(queue);
    const most = Math.min(max, MAX_MESSAGES);
    const held = await links.use(most, async (link) => {
      // A link that is not open yet is opened by a look: only a wait on an open one can be broken off.
      const found = looked && link.isOpen ? [] : await link.receive({ max: most, waitMs: lookMs(link) });
      if (found.length > 0 || waitMs <= 0 || signal?.aborted === true) return found;
      return link.receive({ max: 1, waitMs, ...(signal === undefined ? {} : { signal }) });
    });
    return held.map((message) => this.#delivery(links, message));
  }

  #delivery(links: ReceiverLinks, held: HeldMessage): Delivery {
    const { clock, random, queues, settleBudgetMs } = this.#parts;
    const lockMs = queues.find(({ name }) => name === held.link.entity.queue)?.lockMs;
    return new ServiceBusDelivery({ clock, random, links, lockMs, settleBudgetMs }, held);
  }

  #linksOf(queue: string): ReceiverLinks {
    const links = this.#links.get(queue) ?? new ReceiverLinks(this.#parts, { queue, deadLetter: false });
    this.#links.set(queue, links);
    return links;
  }

  async #isPaused(queue: string): Promise<boolean> {
    return (await this.#parts.pauses.list()).has(queue);
  }
}

function isOver({ max, signal }: ReceiveParams): boolean {
  return max < 1 || signal?.aborted === true;
}

function lookMs({ answerMs }: ReceiverLink): number {
  return Math.min(Math.max(1, answerMs), LONGEST_LOOK_MS);
}
