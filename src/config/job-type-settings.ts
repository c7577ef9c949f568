// What the job types need of the configuration.

import type { QueueDefinition } from '../domain/queue-registry.js';
import type { Config } from './config.js';
import { effectiveQueues } from './effective-queues.js';

type Settings = Pick<Config, 'types' | 'handlers' | 'httpAllowHosts' | 'allowCommandJobs' | 'defaultQueue'> & {
  readonly queues: readonly QueueDefinition[];
  /** Where programs of `command` jobs and of `types` run: relative paths in them are relative to the data directory. */
  readonly cwd: string;
};

export function jobTypeSettings(config: Config): Settings {
  const { types, handlers, httpAllowHosts, allowCommandJobs, defaultQueue, dataDir } = config;
  return { types, handlers, httpAllowHosts, allowCommandJobs, defaultQueue, cwd: dataDir, queues: effectiveQueues(config) };
}
