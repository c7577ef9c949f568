// One sender for each queue, kept and opened again when it broke.

import { setMaxListeners } from 'node:events';

import type { ServiceBusClient, ServiceBusMessageBatch, ServiceBusSender } from '@azure/service-bus';

import { AppError, hasCode } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';
import { callSdk, callSdkInTime, type SdkCall } from './call-sdk.js';
import type { SdkMessage } from './outgoing-message.js';
import type { SdkClients } from './sdk-clients.js';
import { type AmqpLink, linkOfSender, watchLink } from './sdk-internals.js';

interface Sender {
  readonly client: ServiceBusClient;
  readonly sdk: ServiceBusSender;
  /** The link that is watched. */
  link: AmqpLink | undefined;
  /** Fires when it is lost: the answer to a send then never comes, and the SDK would wait for it until its time is up. */
  lost: AbortSignal;
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
    return this.#withSender(queue, (sender) => this.#newBatch(queue, sender));
  }

  /** Resolves when the broker has stored it. SB_UNREACHABLE and SB_TIMEOUT when nobody knows whether it has. */
  async send(queue: string, content: SdkMessage | ServiceBusMessageBatch): Promise<void> {
    await this.#turn();
    try {
      await this.#withSender(queue, async (sender) => {
        // Opens the link, so that there is one to watch. Only what is sent over an open link can be broken off: a
        // connection that is being made would be left with two sockets.
        if (linkOfSender(sender.sdk)?.is_open() !== true) await this.#newBatch(queue, sender);
        watch(sender);
        await callSdk(this.#sdkCall(queue, sender), () => sendUntilLost(sender, content));
      });
    } finally {
      this.#inFlight -= 1;
      this.#waiting.shift()?.();
    }
  }

  #newBatch(queue: string, sender: Sender): Promise<ServiceBusMessageBatch> {
    const { clock, callTimeoutMs } = this.#parts;
    return callSdkInTime(this.#sdkCall(queue, sender), { clock, limitMs: callTimeoutMs }, () => sender.sdk.createMessageBatch());
  }

  async #withSender<T>(queue: string, work: (sender: Sender) => Promise<T>): Promise<T> {
    const sender = this.#sender(queue);
    try {
      return await work(sender);
    } catch (error) {
      // The SDK's sender can hang for good when its link broke while it was being closed.
      if (hasCode(error, 'SB_TIMEOUT', 'SB_UNREACHABLE')) this.#discard(queue, sender);
      throw error;
    }
  }

  #sdkCall(queue: string, { client }: Sender): SdkCall {
    return { operation: 'send', queue, ...this.#parts.clients.judge(client) };
  }

  #sender(queue: string): Sender {
    const client = this.#parts.clients.current;
    const kept = this.#senders.get(queue);
    if (kept?.client === client) return kept;
    const sender: Sender = { client, sdk: client.createSender(queue), link: undefined, lost: NEVER };
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

async function sendUntilLost({ sdk, lost }: Sender, content: SdkMessage | ServiceBusMessageBatch): Promise<void> {
  try {
    await sdk.sendMessages(content, { abortSignal: lost });
  } catch (error) {
    if (lost.aborted) throw new AppError('SB_UNREACHABLE', 'the link to the queue was lost before the broker answered', { cause: error });
    throw error;
  }
}

/** One signal for all sends over a link. */
function watch(sender: Sender): void {
  const link = linkOfSender(sender.sdk);
  if (link === undefined || link === sender.link) return;
  const lost = new AbortController();
  setMaxListeners(MAX_IN_FLIGHT + 1, lost.signal);
  sender.link = link;
  sender.lost = lost.signal;
  watchLink(link, () => lost.abort());
}

const NEVER = new AbortController().signal;
