// Makes a change under an entry of the audit log.

import { AppError } from '../domain/errors.js';
import type { AuditLog, ChangeOutcome, NewAuditedChange } from '../ports/audit-log.js';
import type { Clock } from '../ports/clock.js';

export interface AuditPorts {
  readonly clock: Clock;
  operationFiles(): Promise<{ readonly audit: AuditLog }>;
}

/**
 * Notes who does what and why, does it, and notes what came of it. If the process dies in between, the entry says that the
 * change was begun and nothing of its end. Throws what the change throws, also when its end cannot be noted.
 */
export async function auditedChange<T>(
  ports: AuditPorts,
  entry: Omit<NewAuditedChange, 'at'>,
  change: () => Promise<T>,
  count: (result: T) => Pick<ChangeOutcome, 'changed' | 'failed'>,
): Promise<T> {
  const { clock } = ports;
  const { audit } = await ports.operationFiles();
  const id = await audit.begin({ ...entry, at: clock.now() });
  const end = (outcome: Omit<ChangeOutcome, 'endedAt'>): Promise<void> => audit.end(id, { ...outcome, endedAt: clock.now() });
  try {
    const result = await change();
    await end({ ...count(result), error: null });
    return result;
  } catch (error) {
    // What went wrong with the change is what the user must hear of.
    await end({ changed: 0, failed: 0, error: error instanceof AppError ? error.code : 'INTERNAL' }).catch(() => undefined);
    throw error;
  }
}
