// Opens queues, dead letters, administration and diagnostics of one namespace. Loads the SDK; connects with the first call.

import type { ServiceBusClient } from '@azure/service-bus';

import type { Clock } from '../../ports/clock.js';
import type { DeadLetterQueue } from '../../ports/dead-letter-queue.js';
import type { Diagnostics } from '../../ports/diagnostics.js';
import type { MessageQueue } from '../../ports/message-queue.js';
import type { QueueAdmin, QueueSettings } from '../../ports/queue-admin.js';
import type { QueuePauses } from '../../ports/queue-pauses.js';
import type { CountBudget } from './counted-queues.js';
import { type AzureCredential, createCredential } from '../azure-access/credentials.js';
import { ServiceBusDiagnostics } from './diagnostics.js';
import { administrationEndingWith, clockEndingWith, closingSignal } from './ending-with.js';
import { openAdministration } from './open-administration.js';
import { peekThrough } from './peek-messages.js';
import { ServiceBusQueueAdmin } from './queue-admin.js';
import { SdkClients, sdkRetryOptions } from './sdk-clients.js';
import { SenderLinks } from './sender-links.js';
import { ServiceBusDeadLetterQueue } from './service-bus-dead-letter-queue.js';
import { ServiceBusMessageQueue } from './service-bus-message-queue.js';
import { namespaceHost, sdkConnectionString, type ServiceBusTarget } from './target.js';

export interface OpenServiceBus {
  readonly target: ServiceBusTarget;
  /** Of the registry: their locks are known without asking. Any other queue of the namespace works too. */
  readonly queues: readonly QueueSettings[];
  readonly pauses: QueuePauses;
  /** Who signs in, where that is somebody already; else a chain is made for a target of Entra ID. */
  readonly credential?: AzureCredential;
  readonly clock: Clock;
  /** As Math.random. */
  readonly random: () => number;
  /** Other limits of time than the usual ones; in milliseconds. */
  readonly patience?: Partial<Patience>;
  /** How fresh counts are and how often they are asked for, where the usual is not wanted. */
  readonly countBudget?: CountBudget;
}

/** How long each kind of call may take, and for how long one that failed and may do better is tried again. */
export interface Patience {
  /** One call of the SDK. */
  readonly callTimeoutMs: number;
  /** Short: what is not sent now stays in the outbox. */
  readonly sendBudgetMs: number;
  readonly settleBudgetMs: number;
  readonly lookBudgetMs: number;
  /** Of work on dead letters: long enough for a broker to start again in the middle of a replay, or to be busy for a while. */
  readonly takeBudgetMs: number;
}

const PATIENCE: Patience = { callTimeoutMs: 10_000, sendBudgetMs: 3_000, settleBudgetMs: 5_000, lookBudgetMs: 10_000, takeBudgetMs: 30_000 };

export interface ServiceBusBackend {
  readonly queue: MessageQueue;
  readonly deadLetters: DeadLetterQueue;
  readonly admin: QueueAdmin;
  readonly diagnostics: Diagnostics;
  /** What is still held is left: its locks end by themselves. Calls that wait for an answer end. Takes a second at most. */
  close(): Promise<void>;
}

/** Asks nothing of the service yet. Throws CONFIG_INVALID. */
export async function openServiceBus({ target, countBudget, ...options }: OpenServiceBus): Promise<ServiceBusBackend> {
  const { queues, pauses, random } = options;
  const closing = closingSignal();
  const clock = clockEndingWith(options.clock, closing.signal);
  const patience = { ...PATIENCE, ...options.patience };
  const credential = target.kind === 'entra' ? (options.credential ?? (await createCredential(target, options.clock))) : undefined;
  const { ServiceBusClient: Client } = await import('./azure-sdk.js');
  const createClient = (): ServiceBusClient => {
    const sdkOptions = { retryOptions: sdkRetryOptions(patience.callTimeoutMs) };
    if (target.kind === 'connection-string') return new Client(sdkConnectionString(target), sdkOptions);
    if (credential === undefined) throw new TypeError('a target of Entra ID needs its credential');
    return new Client(namespaceHost(target.namespace), credential, sdkOptions);
  };
  const clients = new SdkClients(createClient, options.clock);
  const opened = await openAdministration(target, credential);
  const administration = administrationEndingWith(opened.administration, closing.signal);
  const admin = new ServiceBusQueueAdmin({
    ...{ administration, registry: queues, pauses, clock, random },
    peek: peekThrough(() => clients.current),
    budget: countBudget ?? opened.budget,
  });
  const parts = { ...patience, clients, clock, random, queues };
  const queue = new ServiceBusMessageQueue({ ...parts, pauses, senders: new SenderLinks(parts) });
  return {
    queue,
    deadLetters: new ServiceBusDeadLetterQueue({ ...parts, queue, admin }),
    admin,
    diagnostics: new ServiceBusDiagnostics({ target, registry: queues, clock, ...(credential === undefined ? {} : { credential }) }),
    close: async () => {
      closing.abort();
      await clients.close();
    },
  };
}
