// The SDK's client: one connection for everything, opened when it is first needed and kept until it is lost. The SDK would
// reconnect under the same client; a new one has nothing left over from the old connection that could hang.

import type { RetryMode, RetryOptions, ServiceBusClient, ServiceBusReceiver } from '@azure/service-bus';

import { AppError } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';
import type { CallEnd, SdkCall } from './call-sdk.js';
import { cutConnection, rememberConnection } from './cut-connection.js';
import { quietConnection } from './quiet-connection.js';
import { failRequests, sendWithoutDelay, watchConnection } from './sdk-internals.js';
import { withinTime } from '../azure-access/within-time.js';

/** A queue or the dead-letter queue that belongs to it. */
export interface Entity {
  readonly queue: string;
  readonly deadLetter: boolean;
}

/** Calls in a row without an answer, and with no other call answered in between, after which the connection is given up. */
const MAX_SILENT_CALLS = 2;
/** Politeness: what the service has not answered by then it will notice by itself. */
const CLOSE_LIMIT_MS = 1_000;
const CLOSE_AFTER_MS = 1_000;

/**
 * The SDK's own retries are off: a repeated settlement could fall into the turn of another one (settlement-queue.ts), and
 * ours (with-retry.ts) know what is worth repeating. The delay is that of the SDK's endless reconnecting.
 */
export function sdkRetryOptions(timeoutMs: number): RetryOptions {
  return { maxRetries: 0, timeoutInMs: timeoutMs, retryDelayInMs: 500, maxRetryDelayInMs: 5_000, mode: FIXED };
}

/** RetryMode.Fixed; the enum itself would load the SDK. */
const FIXED: RetryMode = 1;

export class SdkClients {
  readonly #create: () => ServiceBusClient;
  readonly #clock: Clock;
  #client: ServiceBusClient | undefined;
  #silentCalls = 0;
  #hasWorked = false;
  #closed = false;
  /** Given up and not closed yet, with what ends the wait before that. */
  readonly #closing = new Map<Promise<void>, AbortController>();

  constructor(create: () => ServiceBusClient, clock: Clock) {
    this.#create = create;
    this.#clock = clock;
  }

  /** The service has done something for this process already: what fails now may be passing. */
  get hasWorked(): boolean {
    return this.#hasWorked;
  }

  /** What belongs to another client than this one is not used for anything new. */
  get current(): ServiceBusClient {
    if (this.#closed) throw new AppError('BACKEND_UNAVAILABLE', 'the connection to Service Bus was closed by this process');
    return (this.#client ??= this.#open());
  }

  /** For the calls of this client: notices when it hangs, tells whether it was given up. */
  judge(client: ServiceBusClient): Pick<SdkCall, 'ended' | 'isCutOff'> {
    return { ended: (how) => this.#callEnded(client, how), isCutOff: () => client !== this.#client };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#giveUp();
    for (const closeNow of this.#closing.values()) closeNow.abort();
    await Promise.all(this.#closing.keys());
  }

  #callEnded(client: ServiceBusClient, how: CallEnd): void {
    if (how === 'answered') this.#hasWorked = true;
    if (client !== this.#client) return;
    this.#silentCalls = how === 'silent' ? this.#silentCalls + 1 : 0;
    if (this.#silentCalls >= MAX_SILENT_CALLS) this.#giveUp();
  }

  #open(): ServiceBusClient {
    const client = this.#create();
    rememberConnection(client);
    sendWithoutDelay(client);
    quietConnection(client);
    watchConnection(client, () => {
      failRequests(client, new AppError('SB_UNREACHABLE', 'the connection was lost before the broker answered'));
      if (client === this.#client) this.#giveUp();
    });
    return client;
  }

  #giveUp(): void {
    const client = this.#client;
    this.#client = undefined;
    this.#silentCalls = 0;
    if (client === undefined) return;
    // One for each: while the service is away many are given up within the wait of the first.
    const closeNow = new AbortController();
    const closing = this.#closeLater(client, closeNow.signal);
    this.#closing.set(closing, closeNow);
    void closing.then(() => this.#closing.delete(closing));
  }

  /** Not at once: while it is being closed the SDK tells nobody who waits that the connection is gone. */
  async #closeLater(client: ServiceBusClient, closeNow: AbortSignal): Promise<void> {
    await this.#clock.sleep(CLOSE_AFTER_MS, closeNow);
    const limit = { clock: this.#clock, limitMs: CLOSE_LIMIT_MS, operation: 'close the connection' };
    // Nothing is left to be done for a connection that cannot even be closed.
    await withinTime(limit, () => client.close()).catch(() => undefined);
    failRequests(client, new AppError('SB_UNREACHABLE', 'the connection was closed before the broker answered'));
    cutConnection(client);
  }
}

/** Opens no link yet. Locks are renewed by who holds the message, bodies are handed on as they came. */
export function createReceiver(client: ServiceBusClient, { queue, deadLetter }: Entity): ServiceBusReceiver {
  return client.createReceiver(queue, {
    receiveMode: 'peekLock',
    maxAutoLockRenewalDurationInMs: 0,
    skipParsingBodyAsJson: true,
    skipConvertingDate: true,
    ...(deadLetter ? { subQueueType: 'deadLetter' } : {}),
  });
}
