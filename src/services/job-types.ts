// JobTypes: which types can be submitted, where they run and how their payload is checked. Built by the composition
// root from the registry, the configuration (`types:`) and the handler modules.

import type { Json } from '../domain/json.js';
import type { QueueDefinition } from '../domain/queue-registry.js';

export interface JobType {
  /** Canonical. */
  readonly type: string;
  readonly queue: string;
  readonly handlerTimeoutMs: number;
  readonly summary: string;
  /** Throws PAYLOAD_INVALID with the path; loads its schema on demand. */
  checkPayload(payload: Json): Promise<void>;
  /** Reads the file of `--file` to its end; throws with the line. Types without it take any file. */
  readonly checkFile?: (content: AsyncIterable<Uint8Array>) => Promise<void>;
}

export interface JobTypes {
  /** By name or alias; TYPE_UNKNOWN (with the nearest name in the hint) when no handler and no configuration names it. */
  resolve(nameOrAlias: string): Promise<JobType>;
  all(): Promise<readonly JobType[]>;
  /** The effective settings of a queue of the registry or configuration; QUEUE_UNKNOWN otherwise. */
  queue(name: string): QueueDefinition;
  queues(): readonly QueueDefinition[];
}
