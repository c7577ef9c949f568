// AMQP errors as the service words them: clients tell several of them apart by condition and text.

import { REFUSALS, type Refusal } from '../broker/refusal.js';
import type { AmqpError } from './rhea.js';

export const CONDITIONS = {
  notFound: 'amqp:not-found',
  notAllowed: 'amqp:not-allowed',
  notImplemented: 'amqp:not-implemented',
  unauthorized: 'amqp:unauthorized-access',
  internal: 'amqp:internal-error',
  decode: 'amqp:decode-error',
  resourceLimit: 'amqp:resource-limit-exceeded',
  framing: 'amqp:connection:framing-error',
  forced: 'amqp:connection:forced',
  detachForced: 'amqp:link:detach-forced',
  transferLimit: 'amqp:link:transfer-limit-exceeded',
  messageSize: 'amqp:link:message-size-exceeded',
  lockLost: 'com.microsoft:message-lock-lost',
  messageNotFound: 'com.microsoft:message-not-found',
  entityDisabled: 'com.microsoft:entity-disabled',
  serverBusy: 'com.microsoft:server-busy',
  argument: 'com.microsoft:argument-error',
  /** How a receiver asks for a message to be dead-lettered. */
  deadLetter: 'com.microsoft:dead-letter',
} as const;

const OF_REFUSALS: Readonly<Record<Refusal, string>> = {
  'lock-lost': CONDITIONS.lockLost,
  'message-not-found': CONDITIONS.messageNotFound,
  'queue-full': CONDITIONS.resourceLimit,
  'entity-gone': CONDITIONS.notFound,
  'not-in-letters': CONDITIONS.notAllowed,
  busy: CONDITIONS.serverBusy,
};

export function refusalError(refusal: Refusal): AmqpError {
  return { condition: OF_REFUSALS[refusal], description: REFUSALS[refusal] };
}

export const SERVER_BUSY: AmqpError = {
  condition: CONDITIONS.serverBusy,
  description: 'The request was terminated because the entity is being throttled. Error code: 50009. Please wait 2 seconds and try again.',
};

/** This wording is what clients recognise an unknown entity by. */
export function entityNotFound(address: string): AmqpError {
  return { condition: CONDITIONS.notFound, description: `The messaging entity '${address}' could not be found.` };
}

export function entityDisabled(name: string): AmqpError {
  return { condition: CONDITIONS.entityDisabled, description: `Messaging entity '${name}' is currently disabled.` };
}

export function unauthorized(right: string, address: string): AmqpError {
  return {
    condition: CONDITIONS.unauthorized,
    description: `Unauthorized access. '${right}' claim(s) are required to perform this operation. Resource: '${address}'.`,
  };
}

export function tooLarge(bytes: number, limit: number): AmqpError {
  return {
    condition: CONDITIONS.messageSize,
    description: `The received message (size: ${bytes} bytes) exceeds the limit (${limit} bytes) currently allowed on the link.`,
  };
}
