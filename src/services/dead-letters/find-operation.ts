// Finds an operation that somebody names, and takes it up again.

import { countLedger, type OperationCounts } from '../../domain/dead-letters/equation.js';
import { readOperationId, type Operation, type OperationAction } from '../../domain/dead-letters/operation.js';
import { AppError } from '../../domain/errors.js';
import type { OperationLease } from '../../ports/operation-journal.js';
import type { OperationPorts } from './operation-ports.js';

/** OPERATION_NOT_FOUND; STORE_MISMATCH when its letters are in another backend than this one. */
export async function findOperation(ports: Pick<OperationPorts, 'journal' | 'letterScope'>, typed: string): Promise<Operation> {
  const id = readOperationId(typed);
  const found = id === undefined ? undefined : await ports.journal.find(id);
  if (found === undefined || found.operation.state === 'planning') {
    throw new AppError('OPERATION_NOT_FOUND', `no replay, purge or restore has the id ${typed.trim()}`, {
      hint: 'see what was done with `copiloteval dlq history`',
    });
  }
  if (found.operation.storeId !== ports.letterScope) {
    throw new AppError('STORE_MISMATCH', `operation ${found.operation.id} was made on other queues than those in use`, {
      hint: 'choose the profile and the settings of Service Bus that it was made with',
    });
  }
  return found.operation;
}

export interface ResumedOperation {
  readonly lease: OperationLease;
  /** So far. */
  readonly counts: OperationCounts;
}

/** Takes the lease. As findOperation; INPUT_INVALID when it is another action, OPERATION_BUSY while somebody works on it. */
export async function resumeOperation(ports: OperationPorts, typed: string, action: OperationAction): Promise<ResumedOperation> {
  const operation = await findOperation(ports, typed);
  if (operation.action !== action) {
    const command = operation.action === 'restore' ? `dlq restore ${operation.id}` : `dlq ${operation.action} --resume ${operation.id}`;
    throw new AppError('INPUT_INVALID', `operation ${operation.id} is a ${operation.action}, not a ${action}`, {
      hint: `resume it with \`copiloteval ${command}\``,
    });
  }
  const lease = await ports.journal.acquire(operation.id);
  return { lease, counts: countLedger(await ports.journal.counts(operation.id)) };
}
