// The management node of a queue or of its dead letters: everything that is asked for instead of received.
// https://learn.microsoft.com/azure/service-bus-messaging/service-bus-amqp-request-response

import { DEAD_LETTER_SUFFIX, type SubQueue } from '../broker/entity.js';
import type { AccessRight } from '../sas/access-key.js';
import { CONDITIONS, entityDisabled, SERVER_BUSY, unauthorized } from './conditions.js';
import type { AmqpContext } from './context.js';
import { renewLock, updateDisposition } from './management-locks.js';
import { cancelScheduledMessage, peekMessage, receiveBySequenceNumber, scheduleMessage } from './management-messages.js';
import { failed, type ManagementCall, type ManagementResult } from './management-result.js';
import { bodyFields, type Request, type Response, textProperty } from './request.js';
import { types } from './rhea.js';
import { DecodeError } from './wire.js';

interface Operation {
  readonly right: AccessRight;
  run(call: ManagementCall): Promise<ManagementResult>;
}

const OPERATIONS: Readonly<Record<string, Operation>> = {
  'com.microsoft:renew-lock': { right: 'Listen', run: renewLock },
  'com.microsoft:peek-message': { right: 'Listen', run: peekMessage },
  'com.microsoft:receive-by-sequence-number': { right: 'Listen', run: receiveBySequenceNumber },
  'com.microsoft:update-disposition': { right: 'Listen', run: updateDisposition },
  'com.microsoft:schedule-message': { right: 'Send', run: scheduleMessage },
  'com.microsoft:cancel-scheduled-message': { right: 'Send', run: cancelScheduledMessage },
};

/** Never rejects. `allows`: whether the connection has this right on the queue. */
export async function manage(
  request: Request,
  parts: { readonly queue: SubQueue; readonly context: AmqpContext; readonly allows: (right: AccessRight) => boolean },
): Promise<Response> {
  try {
    return responseOf(await runOperation(request, parts));
  } catch (error) {
    if (error instanceof DecodeError) return responseOf(failed(400, { condition: CONDITIONS.argument, description: error.message }));
    parts.context.log.error({ err: error }, 'a management request failed');
    return responseOf(failed(500, { condition: CONDITIONS.internal, description: 'The request could not be served.' }));
  }
}

async function runOperation(request: Request, { queue, context, allows }: Parameters<typeof manage>[1]): Promise<ManagementResult> {
  const name = textProperty(request, 'operation') ?? '';
  const operation = OPERATIONS[name];
  const { description } = queue.entity;
  if (operation === undefined) {
    return failed(501, { condition: CONDITIONS.notImplemented, description: `The operation ${JSON.stringify(name)} is not offered here.` });
  }
  const address = queue.kind === 'messages' ? description.name : `${description.name}/${DEAD_LETTER_SUFFIX}`;
  if (!allows(operation.right)) return failed(401, unauthorized(operation.right, address));
  const off = operation.right === 'Send' ? 'SendDisabled' : 'ReceiveDisabled';
  if (description.status === 'Disabled' || description.status === off) return failed(400, entityDisabled(address));
  if (context.faults.draw('server-busy')) return failed(503, SERVER_BUSY);
  return operation.run({ queue, fields: bodyFields(request), context });
}

function responseOf({ status, body, error }: ManagementResult): Response {
  return {
    properties: {
      statusCode: types.wrap_int(status),
      statusDescription: types.wrap_string(error?.description ?? (status === 204 ? 'No content' : 'OK')),
      ...(error === undefined ? {} : { errorCondition: types.wrap_symbol(error.condition) }),
    },
    body,
  };
}
