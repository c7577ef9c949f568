// Reads the message of a delivery: whose it is and what it says.

import { isUtf8 } from 'node:buffer';

import type { DecodedMessage } from '../domain/decide.js';
import type { JobId } from '../domain/job.js';
import { decodeMessage } from '../domain/message-codec.js';
import type { Delivery } from '../ports/message-queue.js';

/** Never throws: what cannot be read is `undecodable` with the reason. */
export function decodeDelivery({ message }: Delivery): DecodedMessage {
  const { buffer, byteOffset, byteLength } = message.body;
  const body = Buffer.from(buffer, byteOffset, byteLength);
  if (!isUtf8(body)) return { kind: 'undecodable', problem: 'the body is not text in UTF-8' };
  const { properties, messageId, enqueuedAt } = message;
  return decodeMessage({ body: body.toString('utf8'), properties, messageId, enqueuedAt });
}

export function jobIdOf(message: DecodedMessage): JobId | undefined {
  if (message.kind === 'undecodable') return undefined;
  return message.kind === 'ours' ? message.jobId : message.message.jobId;
}
