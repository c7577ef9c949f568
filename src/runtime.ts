// The composition root: turns configuration into drivers behind ports. It and its parts in src/runtime/ are the only
// importers of drivers/.

import { dirname } from 'node:path';

import type { Config } from './config/config.js';
import { refuseImpossibleMix } from './config/backend-mix.js';
import { effectiveQueues } from './config/effective-queues.js';
import { makeDirectory } from './config/make-directory.js';
import { chooseQueue, type QueueChoice } from './config/queue-choice.js';
import { AppError } from './domain/errors.js';
import type { JobId } from './domain/job.js';
import type { SqliteBackend } from './drivers/sqlite/open-sqlite.js';
import type { Backend } from './ports/backend.js';
import { systemClock } from './ports/clock.js';
import type { Diagnostics, HealthCheck } from './ports/diagnostics.js';
import type { JobsElsewhere } from './ports/jobs-elsewhere.js';
import type { AzureSection } from './runtime/azure-commands.js';
import { credentialOnUse } from './runtime/azure-credential.js';
import { type Basics, openBasics } from './runtime/basics.js';
import { openBlobs } from './runtime/blob-connection.js';
import type { QueuePorts } from './runtime/hybrid-queues.js';
import type { OperationFiles } from './runtime/operation-files.js';
import type { RemoteQueues, ServiceBusConnection } from './runtime/service-bus-connection.js';
import { withVaultSecrets } from './runtime/vault-settings.js';
import type { OutboxFallback } from './services/relay-outbox.js';
import type { LoadedJobTypes } from './worker/load-job-types.js';

export type { OperationFiles } from './runtime/operation-files.js';

/** What commands, worker and API work with: opened once per process, closed by cli.ts. */
export interface Runtime extends Backend {
  /** What holds the queues, for people and `stats`. */
  readonly source: 'sqlite' | 'servicebus';
  /** The namespace; null where the queues are in the file. */
  readonly namespace: string | null;
  /** Why this is not what the settings asked for, for people; null when it is. */
  readonly degraded: string | null;
  /** What becomes of messages that Service Bus does not take. */
  readonly fallback: OutboxFallback;
  /** Names the backend that gave dead letters their numbers. */
  readonly letterScope: string;
  readonly jobTypes: LoadedJobTypes;
  /** A new UUIDv7, larger than the one before of this process. */
  readonly newJobId: () => JobId;
  readonly publicBaseUrl: string | null;
  readonly diagnostics: Diagnostics;
  /** Jobs whose messages are on another system's queue. */
  readonly elsewhere: JobsElsewhere;
  /** Beside Service Bus: the store's own queues, under the names that both share. */
  readonly local: QueuePorts | null;
  /** A Service Bus that the settings know and that is not in use: what was left there can be fetched. Opened on use. */
  readonly leftBehind: RemoteQueues | null;
  /** What a store that charges for requests has charged this process; null where it does not. */
  readonly usage: (() => { readonly requests: number; readonly requestUnits: number }) | null;
  /** The journal, the audit log and the trash, loaded when first asked for. */
  operationFiles(): Promise<OperationFiles>;
  close(): Promise<void>;
}

/**
 * Opens what the configuration names. Throws what opening the store throws (DATA_DIR_UNUSABLE, DB_…, COSMOS_…), KEY_VAULT_…
 * for secrets that stand there, and CONFIG_INVALID. Packages are loaded here and not before, so that `--help` pays for
 * none of them; those of Service Bus and Blob Storage when one of their ports is first used.
 */
export async function openRuntime(given: Config): Promise<Runtime> {
  refuseImpossibleMix(given);
  const credential = credentialOnUse(given, systemClock);
  const config = await withVaultSecrets(given, credential);
  const basics = openBasics(config, given, credential);
  if (config.store === 'cosmos') return (await import('./runtime/cosmos-world.js')).openCosmosWorld(config, basics);
  const { connection, degraded } = await readQueues(config, chooseQueue(config));
  makeDirectory(dirname(config.database));
  const parts = await openParts(config, basics, connection === null ? 'own-queue' : 'outbox');
  if (connection === null) return { ...parts, ...(await localQueues(config, parts)), degraded };
  return { ...parts, ...(await serviceBusQueues(config, connection, parts)), degraded };
}

/**
 * What `doctor` can say of the parts in Azure, also when nothing opens: Key Vault, Cosmos DB, Blob Storage, and Service Bus
 * where the store is in Azure too. Empty where the settings name none of them.
 */
export async function diagnoseParts(config: Config): Promise<readonly HealthCheck[]> {
  const { diagnoseAzure } = await import('./runtime/diagnose-azure.js');
  return diagnoseAzure(config, { clock: systemClock, credential: credentialOnUse(config, systemClock) });
}

/** The `az` lines that create what the settings name, by part; empty where they name nothing in Azure. Asks nobody. */
export async function azureCommands(config: Config): Promise<readonly AzureSection[]> {
  return (await import('./runtime/azure-commands.js')).azureCommands(config);
}

interface ChosenQueues {
  /** Null: the queues are in the file. */
  readonly connection: ServiceBusConnection | null;
  readonly degraded: string | null;
}

/** The flag alone goes on without a connection that works; a profile that asks for Service Bus does not. */
async function readQueues(config: Config, choice: QueueChoice): Promise<ChosenQueues> {
  if (choice.kind === 'sqlite') return { connection: null, degraded: null };
  const { readServiceBusConnection } = await import('./runtime/service-bus-connection.js');
  try {
    return { connection: await readServiceBusConnection(config), degraded: null };
  } catch (error) {
    if (choice.strict || !(error instanceof AppError)) throw error;
    return { connection: null, degraded: `USE_SERVICE_BUS is on, but jobs use the local queue: ${error.message}${error.hint === undefined ? '' : `; ${error.hint}`}` };
  }
}

interface Parts extends Omit<Runtime, 'degraded' | 'source' | 'namespace' | 'letterScope' | 'diagnostics' | 'local' | 'leftBehind' | 'pauses'>, Pick<Basics, 'credential' | 'parts'>, Pick<SqliteBackend, 'pauses'> {}

async function openParts(config: Config, basics: Basics, messages: 'own-queue' | 'outbox'): Promise<Parts> {
  const { clock, random, credential } = basics;
  const { openSqliteBackend } = await import('./drivers/sqlite/open-sqlite.js');
  const backend = await openSqliteBackend({ file: config.database, queues: effectiveQueues(config), clock, random, messages });
  return {
    ...basics,
    ...backend,
    blobs: await openBlobs(config, { clock, credential, storeId: backend.store.storeId }),
    usage: null,
    close: async () => {
      await basics.close();
      await backend.close();
    },
  };
}

type QueueParts = Pick<Runtime, 'source' | 'namespace' | 'letterScope' | 'diagnostics' | 'local' | 'leftBehind' | 'close'> & Partial<Backend>;

async function localQueues(config: Config, parts: Parts): Promise<QueueParts> {
  const choice = chooseQueue(config);
  const leftBehind = choice.kind === 'sqlite' && choice.switchedOff ? await openLeftBehind(config, parts) : null;
  return {
    source: 'sqlite',
    namespace: null,
    letterScope: parts.store.storeId,
    diagnostics: diagnosticsOf(config, parts),
    local: null,
    leftBehind,
    close: async () => {
      await leftBehind?.close();
      await parts.close();
    },
  };
}

/** Settings that no longer mean a Service Bus are no error where it is switched off. */
async function openLeftBehind(config: Config, parts: Parts): Promise<RemoteQueues | null> {
  const { openServiceBusOnUse, readServiceBusConnection } = await import('./runtime/service-bus-connection.js');
  try {
    return openServiceBusOnUse(config, await readServiceBusConnection(config), parts);
  } catch (error) {
    if (error instanceof AppError) return null;
    throw error;
  }
}

async function serviceBusQueues(config: Config, connection: ServiceBusConnection, parts: Parts): Promise<QueueParts> {
  const [{ openServiceBusOnUse }, { hybridQueues }] = await Promise.all([
    import('./runtime/service-bus-connection.js'),
    import('./runtime/hybrid-queues.js'),
  ]);
  const remote = openServiceBusOnUse(config, connection, parts);
  const local: QueuePorts = { queue: parts.queue, deadLetters: parts.deadLetters, admin: parts.admin };
  const own = diagnosticsOf(config, parts);
  return {
    ...hybridQueues(remote, local),
    localQueue: local.queue,
    source: 'servicebus',
    namespace: connection.name,
    letterScope: `${parts.store.storeId}@${connection.name}`,
    diagnostics: { check: async () => [...(await own.check()), ...(await remote.diagnostics.check())] },
    local,
    leftBehind: null,
    close: async () => {
      await remote.close();
      await parts.close();
    },
  };
}

function diagnosticsOf(config: Config, { parts }: Parts): Diagnostics {
  return {
    check: async () => {
      const { checkDatabase } = await import('./drivers/sqlite/check-database.js');
      return [...checkDatabase(config.database), ...(await parts.check())];
    },
  };
}
