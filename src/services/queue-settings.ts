// The settings of a queue by its name: of the registry and the configuration, else of a queue that was created later.

import { AppError, hasCode } from '../domain/errors.js';
import { nearest } from '../domain/nearest.js';
import type { Backend } from '../ports/backend.js';
import type { QueueSettings } from '../ports/queue-admin.js';
import type { JobTypes } from './job-types.js';

export type QueueSettingsDeps = Pick<Backend, 'admin'> & { readonly jobTypes: Pick<JobTypes, 'queue'> };

/** Throws QUEUE_UNKNOWN, with the nearest name in the hint. */
export async function queueSettings(deps: QueueSettingsDeps, name: string): Promise<QueueSettings> {
  try {
    return deps.jobTypes.queue(name);
  } catch (error) {
    if (!hasCode(error, 'QUEUE_UNKNOWN')) throw error;
    const [created] = await deps.admin.list([name]);
    if (created !== undefined) return created;
    throw await unknownQueue(deps, name);
  }
}

/** Checks that each queue exists in the backend; returns the names without repeats. Throws QUEUE_UNKNOWN. */
export async function knownQueues(deps: Pick<Backend, 'admin'>, names: readonly string[]): Promise<readonly string[]> {
  if (names.length === 0) return [];
  const known = new Set((await deps.admin.list(names)).map((queue) => queue.name));
  for (const name of names) if (!known.has(name)) throw await unknownQueue(deps, name);
  return [...new Set(names)];
}

async function unknownQueue(deps: Pick<Backend, 'admin'>, name: string): Promise<AppError> {
  const names = (await deps.admin.list()).map((queue) => queue.name);
  const near = nearest(name, names);
  return new AppError('QUEUE_UNKNOWN', `no queue is named ${JSON.stringify(name)}`, {
    hint: near === undefined ? 'see the queues with `copiloteval queues list`, or make it with `copiloteval queues create`' : `did you mean \`${near}\`?`,
  });
}
