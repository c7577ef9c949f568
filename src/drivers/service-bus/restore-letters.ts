// Purged letters back on their queues. Nothing can be sent into a dead-letter queue, so they come as new messages.

import type { DeadLetter } from '../../ports/dead-letter-queue.js';
import type { MessageProps, OutgoingMessage } from '../../ports/message-queue.js';

const MAX_ID = 128;

/**
 * The id is made of the letter's number, so that a queue that detects duplicates takes the letter although it has seen
 * its own id, and drops a second try. A message of one of our jobs keeps its properties: by them a worker knows which
 * job it belongs to, and where it belongs.
 */
export function restoredMessage({ queue, sequenceNumber, messageId, body, properties, headers }: DeadLetter): OutgoingMessage {
  return {
    queue,
    messageId: `restored:${sequenceNumber}:${messageId}`.slice(0, MAX_ID),
    body,
    properties: restoredProperties(messageId, properties),
    ...(headers === undefined ? {} : { headers }),
  };
}

function restoredProperties(messageId: string, properties: MessageProps): MessageProps {
  const { jobId, sequence, storeId, replayCount } = properties;
  if (typeof jobId === 'string' && typeof sequence === 'number' && typeof storeId === 'string') return properties;
  return { ...properties, replayOf: messageId, replayCount: (typeof replayCount === 'number' ? replayCount : 0) + 1 };
}
