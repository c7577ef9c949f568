// What is set and has no effect, of which `doctor` tells: variables of the systems that copiloteval took the place of, and
// addresses and keys of parts in Azure that the settings do not choose.

import type { Config } from '../config/config.js';
import type { Environment } from '../config/environment.js';
import { chooseQueue } from '../config/queue-choice.js';
import type { SettingName } from '../config/schema.js';
import type { HealthCheck } from '../ports/diagnostics.js';

const SUPERSEDED: Readonly<Record<string, string>> = {
  REDIS_URL: 'queues are in the database file (COPILOTEVAL_DATABASE), there is no Redis',
  AzureWebJobsStorage: 'queues are not in a storage account; the worker is `copiloteval worker start`',
  DATABASE_URL: 'jobs are in the database file (COPILOTEVAL_DATABASE)',
};

export function checkVariables(env: Environment): readonly HealthCheck[] {
  const found = Object.keys(SUPERSEDED).filter((name) => env.get(name) !== undefined);
  if (found.length === 0) return [{ name: 'environment', status: 'ok', detail: 'no superseded variables', remedy: null }];
  // Their values are addresses with passwords: only the names are told.
  return found.map((name) => ({ name: 'environment', status: 'warn', detail: `${name} is set and has no effect`, remedy: `remove it: ${SUPERSEDED[name]}` }));
}

/** Who sets the address of a store expects jobs to go there, and they would stay on this machine in silence. */
export function checkIdle(config: Config): readonly HealthCheck[] {
  // Switched off by hand is meant so, and the queues are told of by themselves.
  const isQueueIdle = chooseQueue(config).kind === 'sqlite' && config.useServiceBus === undefined;
  return [
    ...idle(config, isQueueIdle, ['serviceBusConnectionString', 'serviceBusNamespace'], 'the queues are in SQLite', '`queue: servicebus` (COPILOTEVAL_QUEUE_BACKEND)'),
    ...idle(config, config.store !== 'cosmos', ['cosmosEndpoint', 'cosmosKey'], 'the jobs are in SQLite', '`store: cosmos` (COPILOTEVAL_STORE)'),
    ...idle(config, config.blobs !== 'azure', ['storageConnectionString', 'storageAccountUrl'], 'files are in a directory of this machine', '`blobs: azure` (STORAGE_BACKEND)'),
  ];
}

function idle(config: Config, isIdle: boolean, names: readonly SettingName[], instead: string, choice: string): HealthCheck[] {
  const set = isIdle ? names.filter((name) => config[name] !== undefined) : [];
  if (set.length === 0) return [];
  const shown = set.map((name) => `${name} (from ${config.sources[name]})`).join(' and ');
  return [{ name: 'unused settings', status: 'warn', detail: `${shown} ${set.length === 1 ? 'has' : 'have'} no effect: ${instead}`, remedy: `choose ${choice}, or remove ${set.length === 1 ? 'it' : 'them'}` }];
}
