// What the dashboard looks at and works with: the ports that commands use, and what services ask for besides them.

import type { AuditLog } from '../../ports/audit-log.js';
import type { Backend } from '../../ports/backend.js';
import type { OperationJournal } from '../../ports/operation-journal.js';
import type { Trash } from '../../ports/trash.js';
import type { JobTypes } from '../../services/job-types.js';
import type { OutboxFallback } from '../../services/relay-outbox.js';

export interface DashboardPorts extends Backend {
  /** What holds the queues: `sqlite`, `servicebus`. */
  readonly source: string;
  /** Names the backend that gave dead letters their numbers. */
  readonly letterScope: string;
  /** What becomes of messages that the queue's system does not take. */
  readonly fallback: OutboxFallback;
  readonly jobTypes: JobTypes;
  readonly newJobId: () => string;
  readonly publicBaseUrl: string | null;
  /** What a store that charges for requests has charged this process so far. */
  readonly usage?: (() => { readonly requestUnits: number }) | null;
  operationFiles(): Promise<{ readonly journal: OperationJournal; readonly trash: Trash; readonly audit: AuditLog }>;
}

/** The store charges for each document it reads. */
export function isCharged({ usage }: Pick<DashboardPorts, 'usage'>): boolean {
  return usage !== undefined && usage !== null;
}

/** Looking at queues is a request to a service, which counts them. */
export function isCostly({ source }: Pick<DashboardPorts, 'source'>): boolean {
  return source !== 'sqlite';
}
