// Administration by Azure Resource Manager, for identities that hold a role on the namespace as a resource.

import type { SBQueue, ServiceBusManagementClient } from '@azure/arm-servicebus';

import { readIsoDuration } from '../../domain/iso-duration.js';
import type { AzureCredential } from '../azure-access/credentials.js';
import { ARM_SCOPE } from '../azure-access/credentials.js';
import { type BrokerQueue, type BrokerSettings, type CallOptions, type NamespaceFacts, type QueueAdministration, sentSettings, statusOf } from './queue-administration.js';
import type { ArmPlace } from './target.js';

export interface ArmOptions {
  readonly place: ArmPlace;
  /** The name, without its domain. */
  readonly namespace: string;
  readonly credential: AzureCredential;
}

/** Loads @azure/arm-servicebus. */
export async function openArmAdministration(options: ArmOptions): Promise<QueueAdministration> {
  // CommonJS: a bundle knows no names of it.
  const { default: arm } = await import('@azure/arm-servicebus');
  const { endpoint, certificateAuthority } = options.place;
  const client = new arm.ServiceBusManagementClient(options.credential, options.place.subscriptionId, {
    // Ours are bounded and know the budget; the SDK would wait for minutes when it is told to.
    retryOptions: { maxRetries: 0 },
    // With an endpoint of its own the SDK would ask for a token of that address, which only other clouds have.
    ...(endpoint === undefined ? {} : { endpoint: endpoint.replace(/\/$/, ''), credentialScopes: options.place.scope ?? ARM_SCOPE }),
    ...(certificateAuthority === undefined ? {} : { tlsOptions: { ca: certificateAuthority } }),
  });
  return new ArmAdministration(client, options);
}

class ArmAdministration implements QueueAdministration {
  readonly source = 'Azure Resource Manager';
  readonly #client: ServiceBusManagementClient;
  readonly #group: string;
  readonly #namespace: string;

  constructor(client: ServiceBusManagementClient, { place, namespace }: ArmOptions) {
    this.#client = client;
    this.#group = place.resourceGroup;
    this.#namespace = namespace;
  }

  async list({ signal }: CallOptions): Promise<BrokerQueue[]> {
    const queues: BrokerQueue[] = [];
    for await (const page of this.#client.queues.listByNamespace(this.#group, this.#namespace, { abortSignal: signal }).byPage()) {
      queues.push(...page.map(fromArm));
    }
    return queues;
  }

  async get(name: string, { signal }: CallOptions): Promise<BrokerQueue | undefined> {
    const queue = await this.#read(name, signal);
    return queue === undefined ? undefined : fromArm(queue);
  }

  async create(name: string, settings: BrokerSettings, { signal }: CallOptions): Promise<'created' | 'exists'> {
    // One verb makes and replaces here: between this look and the call somebody else's queue could be made and replaced.
    // The caller has looked too; what it replaces then is a queue that is younger than a second.
    if ((await this.#read(name, signal)) !== undefined) return 'exists';
    await this.#client.queues.createOrUpdate(this.#group, this.#namespace, name, sentSettings(settings), { abortSignal: signal });
    return 'created';
  }

  async update(name: string, settings: Partial<BrokerSettings>, { signal }: CallOptions): Promise<true | undefined> {
    const queue = await this.#read(name, signal);
    if (queue === undefined) return undefined;
    await this.#client.queues.createOrUpdate(this.#group, this.#namespace, name, { ...withoutDefaults(queue), ...sentSettings(settings) }, { abortSignal: signal });
    return true;
  }

  async namespace({ signal }: CallOptions): Promise<NamespaceFacts> {
    const facts = await this.#client.namespaces.get(this.#group, this.#namespace, { abortSignal: signal });
    return { name: facts.name ?? this.#namespace, tier: facts.sku?.name ?? null };
  }

  async #read(name: string, signal: AbortSignal): Promise<SBQueue | undefined> {
    try {
      return await this.#client.queues.get(this.#group, this.#namespace, name, { abortSignal: signal });
    } catch (error) {
      if (await this.#isOnlyTheQueueMissing(error, signal)) return undefined;
      throw error;
    }
  }

  /** A missing namespace answers a question for a queue as a missing queue does. */
  async #isOnlyTheQueueMissing(error: unknown, signal: AbortSignal): Promise<boolean> {
    if (!(error instanceof Error) || !('statusCode' in error) || error.statusCode !== 404) return false;
    await this.#client.namespaces.get(this.#group, this.#namespace, { abortSignal: signal });
    return true;
  }
}

function fromArm(queue: SBQueue): BrokerQueue {
  const { countDetails } = queue;
  return {
    name: queue.name ?? '',
    lockMs: readIsoDuration(queue.lockDuration ?? '') ?? 60_000,
    ttlMs: readIsoDuration(queue.defaultMessageTimeToLive ?? '') ?? null,
    maxDeliveryCount: queue.maxDeliveryCount ?? 10,
    deadLetterOnExpiration: queue.deadLetteringOnMessageExpiration ?? false,
    status: statusOf(queue.status),
    requiresSession: queue.requiresSession ?? false,
    requiresDuplicateDetection: queue.requiresDuplicateDetection ?? false,
    partitioned: queue.enablePartitioning ?? false,
    forwardTo: queue.forwardTo ?? null,
    counts: {
      active: countDetails?.activeMessageCount ?? 0,
      scheduled: countDetails?.scheduledMessageCount ?? 0,
      deadLetter: countDetails?.deadLetterMessageCount ?? 0,
    },
  };
}

/** The settings that stay; what the service only tells is not sent back, and no field of a feature that the tier lacks. */
function withoutDefaults(queue: SBQueue): SBQueue {
  const { autoDeleteOnIdle, maxMessageSizeInKilobytes } = queue;
  const kept = [
    'lockDuration', 'maxSizeInMegabytes', 'requiresDuplicateDetection', 'requiresSession', 'defaultMessageTimeToLive', 'deadLetteringOnMessageExpiration',
    'duplicateDetectionHistoryTimeWindow', 'maxDeliveryCount', 'status', 'enableBatchedOperations', 'enablePartitioning', 'enableExpress', 'forwardTo',
    'forwardDeadLetteredMessagesTo',
  ] as const;
  return {
    ...Object.fromEntries(kept.filter((name) => queue[name] !== undefined && queue[name] !== null).map((name) => [name, queue[name]])),
    ...(autoDeleteOnIdle === undefined || readIsoDuration(autoDeleteOnIdle) === null ? {} : { autoDeleteOnIdle }),
    ...(maxMessageSizeInKilobytes === undefined || maxMessageSizeInKilobytes <= 1024 ? {} : { maxMessageSizeInKilobytes }),
  };
}
