// Administration by the namespace's own protocol (ATOM over http), which a key with Manage or the role Data Owner opens.

import type { QueueProperties, ServiceBusAdministrationClient } from '@azure/service-bus';

import { AppError } from '../../domain/errors.js';
import { readIsoDuration } from '../../domain/iso-duration.js';
import { readCounts } from './atom-counts.js';
import type { AzureCredential } from '../azure-access/credentials.js';
import { type BrokerQueue, type BrokerSettings, type CallOptions, type NamespaceFacts, type QueueAdministration, sentSettings, statusOf } from './queue-administration.js';
import { parseConnectionString } from './connection-string.js';
import { type ServiceBusTarget, adminUrl, namespaceHost } from './target.js';

export type AtomPlace =
  | Extract<ServiceBusTarget, { kind: 'connection-string' }>
  | { readonly kind: 'entra'; readonly namespace: string; readonly credential: AzureCredential };

/** Loads @azure/service-bus; asks nothing yet. Throws CONFIG_INVALID. */
export async function openAtomAdministration(place: AtomPlace): Promise<QueueAdministration> {
  const { ServiceBusAdministrationClient: Client } = await import('./azure-sdk.js');
  // No retries of its own: ours are bounded and know the budget.
  const options = { retryOptions: { maxRetries: 0 } };
  if (place.kind === 'entra') return new AtomAdministration(new Client(namespaceHost(place.namespace), place.credential, options));
  const url = adminUrl(place);
  const { keyName, key } = parseConnectionString(place.connectionString);
  if (keyName === null || key === null) return withoutKey();
  const client = new Client(`Endpoint=sb://${url.host}/;SharedAccessKeyName=${keyName};SharedAccessKey=${key}`, options);
  if (url.protocol === 'http:') speakPlainHttp(client);
  return new AtomAdministration(client);
}

/** A signature is for one address, and each request of this protocol is signed for its own: the answer is that of a key without Manage. */
function withoutKey(): QueueAdministration {
  const refuse = (): Promise<never> => {
    const hint = 'use the connection string of a policy with the right Manage, or Entra ID';
    return Promise.reject(new AppError('SB_UNAUTHORIZED', 'with a ready-made signature and no key nothing can be asked about queues', { hint, details: { asked: false } }));
  };
  return { source: SOURCE, list: refuse, get: refuse, create: refuse, update: refuse, namespace: refuse };
}

/**
 * Keeps each answer's text under the signal of its request: the SDK reads settings and counts out of one answer, but gives
 * them out by two methods that ask twice.
 */
function keepAnswers(client: ServiceBusAdministrationClient): WeakMap<object, string> {
  const answers = new WeakMap<object, string>();
  client.pipeline.addPolicy({
    name: 'keep-answer',
    sendRequest: async (request, next) => {
      const response = await next(request);
      if (request.abortSignal !== undefined) answers.set(request.abortSignal, response.bodyAsText ?? '');
      return response;
    },
  });
  return answers;
}

/** The client asks for https whatever its address is. What is signed is the address it thinks it calls, so this comes after. */
function speakPlainHttp(client: ServiceBusAdministrationClient): void {
  client.pipeline.addPolicy(
    {
      name: 'plain-http',
      sendRequest: (request, next) => {
        request.url = request.url.replace(/^https:/, 'http:');
        request.allowInsecureConnection = true;
        return next(request);
      },
    },
    { afterPolicies: ['signingPolicy'] },
  );
}

const PAGE_SIZE = 100;
const SOURCE = 'administration of the namespace';

class AtomAdministration implements QueueAdministration {
  readonly source = SOURCE;
  readonly #client: ServiceBusAdministrationClient;
  readonly #answers: WeakMap<object, string>;

  constructor(client: ServiceBusAdministrationClient) {
    this.#client = client;
    this.#answers = keepAnswers(client);
  }

  async list({ signal }: CallOptions): Promise<BrokerQueue[]> {
    const queues: BrokerQueue[] = [];
    for await (const page of this.#client.listQueues({ abortSignal: signal }).byPage({ maxPageSize: PAGE_SIZE })) {
      const counts = await readCounts(this.#answers.get(signal) ?? '');
      queues.push(...page.map((queue) => fromAtom(queue, counts.get(queue.name))));
    }
    return queues;
  }

  async get(name: string, { signal }: CallOptions): Promise<BrokerQueue | undefined> {
    try {
      const queue = await this.#client.getQueue(name, { abortSignal: signal });
      const counts = await readCounts(this.#answers.get(signal) ?? '');
      return fromAtom(queue, counts.get(queue.name));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** Only what is asked for is sent: Basic refuses fields of features it does not have, even when they are off. */
  async create(name: string, settings: BrokerSettings, { signal }: CallOptions): Promise<'created' | 'exists'> {
    try {
      await this.#client.createQueue(name, { ...sentSettings(settings), abortSignal: signal });
      return 'created';
    } catch (error) {
      if (codeOf(error) === 'MessageEntityAlreadyExistsError') return 'exists';
      throw error;
    }
  }

  async update(name: string, settings: Partial<BrokerSettings>, { signal }: CallOptions): Promise<true | undefined> {
    try {
      // The whole description is replaced: what is not sent falls back to its default.
      const queue = await this.#client.getQueue(name, { abortSignal: signal });
      await this.#client.updateQueue(Object.assign(withoutDefaults(queue), sentSettings(settings)), { abortSignal: signal });
      return true;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async namespace({ signal }: CallOptions): Promise<NamespaceFacts> {
    const { name, messagingSku } = await this.#client.getNamespaceProperties({ abortSignal: signal });
    return { name, tier: messagingSku ?? null };
  }
}

function fromAtom(queue: QueueProperties, counts: BrokerQueue['counts'] | undefined): BrokerQueue {
  return {
    name: queue.name,
    lockMs: readIsoDuration(queue.lockDuration) ?? 60_000,
    ttlMs: readIsoDuration(queue.defaultMessageTimeToLive) ?? null,
    maxDeliveryCount: queue.maxDeliveryCount,
    deadLetterOnExpiration: queue.deadLetteringOnMessageExpiration,
    status: statusOf(queue.status),
    requiresSession: queue.requiresSession,
    requiresDuplicateDetection: queue.requiresDuplicateDetection,
    partitioned: queue.enablePartitioning,
    forwardTo: queue.forwardTo === undefined || queue.forwardTo === '' ? null : queue.forwardTo,
    counts: counts ?? { active: 0, scheduled: 0, deadLetter: 0 },
  };
}

/** What some tiers do not take back although they tell it; each is left out only when it has its default. Changes `queue`. */
function withoutDefaults<Q extends QueueProperties>(queue: Q): Q {
  if (queue.autoDeleteOnIdle === undefined || readIsoDuration(queue.autoDeleteOnIdle) === null) Reflect.deleteProperty(queue, 'autoDeleteOnIdle');
  if ((queue.maxMessageSizeInKilobytes ?? 0) <= 1024) Reflect.deleteProperty(queue, 'maxMessageSizeInKilobytes');
  for (const name of ['forwardTo', 'forwardDeadLetteredMessagesTo'] as const) if ((queue[name] ?? '') === '') Reflect.deleteProperty(queue, name);
  return queue;
}

function isMissing(error: unknown): boolean {
  return codeOf(error) === 'MessageEntityNotFoundError';
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
