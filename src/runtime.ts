// The composition root: turns configuration into drivers behind ports. It and its parts in src/runtime/ are the only
// importers of drivers/.

import { dirname } from 'node:path';

import type { Config } from './config/config.js';
import { jobTypeSettings } from './config/job-type-settings.js';
import { makeDirectory } from './config/make-directory.js';
import { chooseQueue, type QueueChoice } from './config/queue-choice.js';
import { AppError } from './domain/errors.js';
import type { JobId } from './domain/job.js';
import type { SqliteBackend } from './drivers/sqlite/open-sqlite.js';
import type { Backend } from './ports/backend.js';
import { systemClock } from './ports/clock.js';
import type { Diagnostics } from './ports/diagnostics.js';
import type { JobsElsewhere } from './ports/jobs-elsewhere.js';
import type { QueuePorts } from './runtime/hybrid-queues.js';
import { besideDatabase, lazyOperationFiles, type OperationFiles } from './runtime/operation-files.js';
import type { RemoteQueues, ServiceBusConnection } from './runtime/service-bus-connection.js';
import { createJobIds } from './services/job-ids.js';
import type { OutboxFallback } from './services/relay-outbox.js';
import { type LoadedJobTypes, loadJobTypes } from './worker/load-job-types.js';

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
  /** The journal, the audit log and the trash, loaded when first asked for. */
  operationFiles(): Promise<OperationFiles>;
  close(): Promise<void>;
}

/**
 * Opens what the configuration names. Throws what opening the database throws (DATA_DIR_UNUSABLE, DB_INVALID, DB_NEWER,
 * DB_BUSY …) and CONFIG_INVALID. Packages are loaded here and not before, so that `--help` pays for none of them; those of
 * Service Bus when one of its ports is first used.
 */
export async function openRuntime(config: Config): Promise<Runtime> {
  const { connection, degraded } = await readQueues(config, chooseQueue(config));
  makeDirectory(dirname(config.database));
  const parts = await openParts(config, connection === null ? 'own-queue' : 'outbox');
  if (connection === null) return { ...parts, ...(await localQueues(config, parts)), degraded };
  return { ...parts, ...(await serviceBusQueues(config, connection, parts)), degraded };
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

type Parts = Omit<Runtime, 'degraded' | 'source' | 'namespace' | 'letterScope' | 'diagnostics' | 'local' | 'leftBehind'> & Pick<SqliteBackend, 'pauses'>;

async function openParts(config: Config, messages: 'own-queue' | 'outbox'): Promise<Parts> {
  const clock = systemClock;
  const random = Math.random;
  const settings = jobTypeSettings(config);
  const jobTypes = loadJobTypes(settings);
  const [{ openSqliteBackend }, { FsBlobStore }] = await Promise.all([
    import('./drivers/sqlite/open-sqlite.js'),
    import('./drivers/blob-fs/fs-blob-store.js'),
  ]);
  const backend = await openSqliteBackend({ file: config.database, queues: settings.queues, clock, random, messages });
  const operations = lazyOperationFiles(config, clock);
  return {
    ...backend,
    blobs: new FsBlobStore({ directory: besideDatabase(config, 'files'), clock }),
    clock,
    random,
    jobTypes,
    newJobId: createJobIds(clock),
    publicBaseUrl: config.publicBaseUrl ?? null,
    fallback: config.fallback,
    operationFiles: operations.open,
    close: async () => {
      await operations.close();
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
    diagnostics: fileDiagnostics(config),
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
  const file = fileDiagnostics(config);
  return {
    ...hybridQueues(remote, local),
    localQueue: local.queue,
    source: 'servicebus',
    namespace: connection.name,
    letterScope: `${parts.store.storeId}@${connection.name}`,
    diagnostics: { check: async () => [...(await file.check()), ...(await remote.diagnostics.check())] },
    local,
    leftBehind: null,
    close: async () => {
      await remote.close();
      await parts.close();
    },
  };
}

function fileDiagnostics({ database }: Config): Diagnostics {
  return { check: async () => (await import('./drivers/sqlite/check-database.js')).checkDatabase(database) };
}
