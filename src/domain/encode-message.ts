// Writes the body and properties of a queue message. Apart from message-codec.ts, which needs the schema: whoever only
// sends does not pay for loading it.

import type { MessageProperties, OutboxEntry } from './message.js';

export interface EncodedMessage {
  /** JSON text in UTF-8. */
  readonly body: string;
  readonly properties: MessageProperties;
}

export function encodeMessage(entry: OutboxEntry, storeId: string): EncodedMessage {
  const properties: MessageProperties = {
    jobId: entry.jobId,
    sequence: entry.sequence,
    storeId,
    attempt: entry.attempt,
    ...(entry.replayCount > 0 ? { replayCount: entry.replayCount } : {}),
  };
  return { body: JSON.stringify(entry.message), properties };
}
