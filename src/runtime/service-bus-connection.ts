// From the settings to the Service Bus they mean, and its ports, opened when one of them is first used.

import { type Config } from '../config/config.js';
import { effectiveQueues } from '../config/effective-queues.js';
import { namesServiceBus } from '../config/queue-choice.js';
import { AppError } from '../domain/errors.js';
import type { ServiceBusTarget } from '../drivers/service-bus/target.js';
import type { Clock } from '../ports/clock.js';
import type { DeadLetterQueue } from '../ports/dead-letter-queue.js';
import type { Diagnostics } from '../ports/diagnostics.js';
import type { MessageQueue } from '../ports/message-queue.js';
import type { QueueAdmin } from '../ports/queue-admin.js';
import type { QueuePauses } from '../ports/queue-pauses.js';
import { type CredentialOnUse, credentialPlace } from './azure-credential.js';

/** Queues of another system than the store. */
export interface RemoteQueues {
  readonly queue: MessageQueue;
  readonly deadLetters: DeadLetterQueue;
  readonly admin: QueueAdmin;
  readonly diagnostics: Diagnostics;
  close(): Promise<void>;
}

export interface ServiceBusConnection {
  readonly target: ServiceBusTarget;
  /** The namespace, for people. */
  readonly name: string;
}

/** Throws CONFIG_INVALID when the settings name no Service Bus or cannot mean one. Nothing is opened. */
export async function readServiceBusConnection(config: Config): Promise<ServiceBusConnection> {
  if (!namesServiceBus(config)) {
    throw new AppError('CONFIG_INVALID', 'Service Bus is chosen, and neither AZURE_SERVICE_BUS_CONNECTION_STRING nor AZURE_SERVICE_BUS_NAMESPACE is set', {
      hint: 'set one of them (in .env, say), or the setting serviceBusConnectionString or serviceBusNamespace of the profile',
    });
  }
  const { adminUrl, namespaceName } = await import('../drivers/service-bus/target.js');
  const target = targetOf(config);
  if (target.kind === 'connection-string') adminUrl(target);
  return { target, name: namespaceName(target) };
}

function targetOf(config: Config): ServiceBusTarget {
  const { serviceBusConnectionString, serviceBusNamespace, serviceBusAdminEndpoint, azureSubscriptionId, azureResourceGroup } = config;
  if (serviceBusConnectionString !== undefined) {
    const adminEndpoint = serviceBusAdminEndpoint === undefined ? {} : { adminEndpoint: serviceBusAdminEndpoint };
    return { kind: 'connection-string', connectionString: serviceBusConnectionString, ...adminEndpoint };
  }
  const place = azureSubscriptionId === undefined || azureResourceGroup === undefined ? undefined : { subscriptionId: azureSubscriptionId, resourceGroup: azureResourceGroup };
  return {
    kind: 'entra',
    namespace: serviceBusNamespace ?? '',
    ...credentialPlace(config),
    ...(place === undefined ? {} : { arm: { ...place, ...(serviceBusAdminEndpoint === undefined ? {} : { endpoint: serviceBusAdminEndpoint }) } }),
  };
}

export interface RemoteParts {
  readonly pauses: QueuePauses;
  readonly clock: Clock;
  readonly random: () => number;
  readonly credential: CredentialOnUse;
}

/** The SDK is loaded, and connects, when a port is first used: commands that only read the store never wait for it. */
export function openServiceBusOnUse(config: Config, { target }: ServiceBusConnection, { credential, ...parts }: RemoteParts): RemoteQueues {
  return openOnUse(async () => {
    const { openServiceBus } = await import('../drivers/service-bus/open-service-bus.js');
    const signedIn = target.kind === 'entra' ? { credential: await credential() } : {};
    return openServiceBus({ target, queues: effectiveQueues(config), ...parts, ...signedIn });
  });
}

/** Ports that open what is behind them with their first call. Exported for tests. */
export function openOnUse(open: () => Promise<RemoteQueues>): RemoteQueues {
  let opening: Promise<RemoteQueues> | undefined;
  const opened = (): Promise<RemoteQueues> => (opening ??= open());
  return {
    queue: {
      send: async (messages, options) => (await opened()).queue.send(messages, options),
      receive: async (params) => (await opened()).queue.receive(params),
    },
    deadLetters: {
      peek: async (params) => (await opened()).deadLetters.peek(params),
      take: async function* (params) {
        yield* (await opened()).deadLetters.take(params);
      },
      restore: async (letters, options) => (await opened()).deadLetters.restore(letters, options),
      count: async (queue) => (await opened()).deadLetters.count(queue),
    },
    admin: adminOnUse(async () => (await opened()).admin),
    diagnostics: { check: async () => (await opened()).diagnostics.check() },
    close: async () => {
      const backend = await opening?.catch(() => undefined);
      await backend?.close();
    },
  };
}

function adminOnUse(opened: () => Promise<QueueAdmin>): QueueAdmin {
  return {
    list: async (names) => (await opened()).list(names),
    create: async (settings) => (await opened()).create(settings),
    pause: async (name, by) => (await opened()).pause(name, by),
    resume: async (name) => (await opened()).resume(name),
    plan: async (settings) => {
      const admin = await opened();
      if (admin.plan === undefined) throw new Error('the queue administration makes no plans');
      return admin.plan(settings);
    },
    setStatus: async (name, status) => {
      const admin = await opened();
      if (admin.setStatus === undefined) throw new Error('the queue administration has no switch');
      return admin.setStatus(name, status);
    },
  };
}
