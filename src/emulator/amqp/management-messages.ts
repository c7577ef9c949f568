// Management operations on messages: looking, scheduling, and receiving what was set aside.

import { refusalError, tooLarge } from './conditions.js';
import { readMessage } from './incoming-message.js';
import { uuidBytes } from './lock-tokens.js';
import { mapsField, numberField, numbersField, optionalNumberField } from './management-fields.js';
import { failed, type ManagementCall, type ManagementResult, succeeded } from './management-result.js';
import { writeMessage } from './outgoing-message.js';
import { types } from './rhea.js';
import { DecodeError } from './wire.js';

const RECEIVE_AND_DELETE = 0;

export async function peekMessage({ queue, fields, context }: ManagementCall): Promise<ManagementResult> {
  const from = numberField(fields, 'from-sequence-number');
  const max = Math.max(0, numberField(fields, 'message-count'));
  const messages = await context.broker.peek(queue, { from, max });
  if (messages.length === 0) return succeeded(null, 204);
  const list = messages.map((message) => types.wrap_map({ message: types.wrap_binary(writeMessage(message, null)) }));
  return succeeded(types.wrap_map({ messages: types.wrap_list(list) }));
}

export async function scheduleMessage({ queue, fields, context }: ManagementCall): Promise<ManagementResult> {
  const payloads = mapsField(fields, 'messages', ({ message }) => {
    if (Buffer.isBuffer(message)) return message;
    throw new DecodeError('each of messages needs a message, binary');
  });
  const { maxMessageBytes } = queue.entity.description;
  const bytes = payloads.reduce((sum, { length }) => sum + length, 0);
  if (bytes > maxMessageBytes) return failed(400, tooLarge(bytes, maxMessageBytes));
  const stored = await context.broker.accept(queue, payloads.map(readMessage));
  if (typeof stored === 'string') return failed(stored === 'queue-full' ? 403 : 404, refusalError(stored));
  // A duplicate is not stored; its sender is told a number that nothing has.
  const numbers = stored.numbers.map((number) => number ?? 0);
  return succeeded(types.wrap_map({ 'sequence-numbers': types.wrap_array(numbers, types.Long.typecode) }));
}

export async function cancelScheduledMessage({ queue, fields, context }: ManagementCall): Promise<ManagementResult> {
  const refusal = await context.broker.cancelScheduled(queue, numbersField(fields, 'sequence-numbers'));
  return refusal === undefined ? succeeded(null) : failed(404, refusalError(refusal));
}

export async function receiveBySequenceNumber({ queue, fields, context }: ManagementCall): Promise<ManagementResult> {
  const numbers = numbersField(fields, 'sequence-numbers');
  const settleMode = optionalNumberField(fields, 'receiver-settle-mode');
  const mode = settleMode === RECEIVE_AND_DELETE ? 'receive-and-delete' : 'peek-lock';
  const taken = await context.broker.takeDeferred(queue, numbers, mode);
  if (typeof taken === 'string') return failed(404, refusalError(taken));
  const list = taken.map((message) => {
    const { lock } = message;
    return types.wrap_map({
      message: types.wrap_binary(writeMessage(message, lock?.lockedUntil ?? null, lock?.token ?? null)),
      ...(lock === null ? {} : { 'lock-token': types.wrap_uuid(uuidBytes(lock.token)) }),
    });
  });
  return succeeded(types.wrap_map({ messages: types.wrap_list(list) }));
}
