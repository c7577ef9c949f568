// Management operations on locks, named by their tokens: ordinary deliveries and messages that were set aside alike.

import type { Settlement } from '../broker/settle.js';
import type { HeldLock } from '../broker/stored-message.js';
import { keepChanges } from './application-properties.js';
import { refusalError } from './conditions.js';
import type { AmqpContext } from './context.js';
import { textField, tokensField } from './management-fields.js';
import { failed, type ManagementCall, type ManagementResult, succeeded } from './management-result.js';
import { types } from './rhea.js';
import { DecodeError } from './wire.js';

const GONE = 410;

/** All or none in what is answered: one lost lock fails the request, as in the service; the others stay renewed. */
export async function renewLock({ queue, fields, context }: ManagementCall): Promise<ManagementResult> {
  const renewals = tokensField(fields, 'lock-tokens').map(async (token) => {
    const lock = context.broker.lock(queue, token);
    return lock === undefined || (await loseLock(context, lock)) ? 'lock-lost' : context.broker.renew(lock);
  });
  const ends = await Promise.all(renewals);
  for (const end of ends) if (typeof end === 'string') return failed(GONE, refusalError(end));
  return succeeded(types.wrap_map({ expirations: types.wrap_array(ends, types.Timestamp.typecode) }));
}

export async function updateDisposition({ queue, fields, context }: ManagementCall): Promise<ManagementResult> {
  const settlement = settlementOf(fields);
  const settlements = tokensField(fields, 'lock-tokens').map(async (token) => {
    const lock = context.broker.lock(queue, token);
    return lock === undefined || (await loseLock(context, lock)) ? 'lock-lost' : context.broker.settle(lock, settlement);
  });
  for (const refusal of await Promise.all(settlements)) {
    if (refusal !== undefined) return failed(refusal === 'lock-lost' ? GONE : 400, refusalError(refusal));
  }
  return succeeded(null);
}

/** On request: true when the lock was taken away. */
async function loseLock({ broker, faults }: AmqpContext, lock: HeldLock): Promise<boolean> {
  if (!faults.draw('lose-lock')) return false;
  await broker.settle(lock, { kind: 'abandon', changes: null });
  return true;
}

function settlementOf(fields: ReadonlyMap<string, Buffer>): Settlement {
  const properties = fields.get('properties-to-modify');
  const changes = properties === undefined ? null : keepChanges(properties);
  const status = textField(fields, 'disposition-status');
  switch (status) {
    case 'completed':
      return { kind: 'complete' };
    case 'abandoned':
      return { kind: 'abandon', changes };
    // The service's spelling.
    case 'defered':
    case 'deferred':
      return { kind: 'defer', changes };
    case 'suspended':
      return {
        kind: 'dead-letter',
        reason: textField(fields, 'deadletter-reason') ?? null,
        description: textField(fields, 'deadletter-description') ?? null,
        changes,
      };
    default:
      throw new DecodeError(`disposition-status must be completed, abandoned, defered or suspended, got ${JSON.stringify(status)}`);
  }
}
