// One sender for each queue, kept and opened again when it broke.

import type { ServiceBusMessage, ServiceBusMessageBatch, ServiceBusSender } from '@azure/service-bus';

import { AppError, hasCode } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';
import { callSdk } from './call-sdk.js';
import type { SdkClients } from './sdk-clients.js';
import { linkOfSender, watchLink } from './sdk-internals.js';

interface Sender {
  readonly client: unknown;
  readonly sdk: ServiceBusSender;
}

/** A link takes 2,048 messages without an answer, then sending fails; far fewer fill it. */
const MAX_IN_FLIGHT = 64;

export class SenderLinks {
  readonly #parts: { readonly clients: SdkClients; readonly clock: Clock; readonly callTimeoutMs: number };
  readonly #senders = new Map<string, Sender>();
  #inFlight = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(parts: { readonly clients: SdkClients; readonly clock: Clock; readonly callTimeoutMs: number }) {
    this.#parts = parts;
  }

  /** Empty, as large as the queue takes. Opens the link if need be. */
  newBatch(queue: string): Promise<ServiceBusMessageBatch> {
    return this.#withSender(queue, (sdk) => sdk.createMessageBatch());
  }

  /** Resolves when the broker has stored it. SB_UNREACHABLE and SB_TIMEOUT when nobody knows whether it has. */
  async send(queue: string, content: ServiceBusMessage | ServiceBusMessageBatch): Promise<void> {
    await this.#turn();
    try {
      await this.#withSender(queue, async (sdk, signal) => {
        // Opens the link, so that there is one to watch. Only what is sent over an open link can be broken off: a
        // connection that is being made would be left with two sockets.
        if (linkOfSender(sdk)?.is_open() !== true) await sdk.createMessageBatch();
        await untilLost(sdk, (lost) => sdk.sendMessages(content, { abortSignal: AbortSignal.any([signal, lost]) }));
      });
    } finally {
      this.#inFlight -= 1;
      this.#waiting.shift()?.();
    }
  }

  async #withSender<T>(queue: string, work: (sdk: ServiceBusSender, overdue: AbortSignal) => Promise<T>): Promise<T> {
    const { clients, clock, callTimeoutMs } = this.#parts;
    const client = clients.current;
    const sender = this.#sender(queue);
    const answered = (inTime: boolean): void => clients.answered(client, inTime);
    try {
      return await callSdk({ clock, limitMs: callTimeoutMs, operation: 'send', queue, answered }, (overdue) => work(sender.sdk, overdue));
    } catch (error) {
      // The SDK's sender can hang for good when its link broke while it was being closed.
      if (hasCode(error, 'SB_TIMEOUT', 'SB_UNREACHABLE')) this.#discard(queue, sender);
      throw error;
    }
  }

  #sender(queue: string): Sender {
    const client = this.#parts.clients.current;
    const kept = this.#senders.get(queue);
    if (kept?.client === client) return kept;
    const sender = { client, sdk: client.createSender(queue) };
    this.#senders.set(queue, sender);
    return sender;
  }

  #discard(queue: string, sender: Sender): void {
    if (this.#senders.get(queue) === sender) this.#senders.delete(queue);
    sender.sdk.close().catch(() => undefined);
  }

  async #turn(): Promise<void> {
    while (this.#inFlight >= MAX_IN_FLIGHT) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#inFlight += 1;
  }
}

/** The answer to a send never comes when the link is lost: the SDK would wait for it until its time is up. */
async function untilLost<T>(sdk: ServiceBusSender, send: (lost: AbortSignal) => Promise<T>): Promise<T> {
  const lost = new AbortController();
  const link = linkOfSender(sdk);
  const unwatch = link === undefined ? () => undefined : watchLink(link, () => lost.abort());
  try {
    return await send(lost.signal);
  } catch (error) {
    if (lost.signal.aborted) throw new AppError('SB_UNREACHABLE', 'the link to the queue was lost before the broker answered', { cause: error });
    throw error;
  } finally {
    unwatch();
  }
}
