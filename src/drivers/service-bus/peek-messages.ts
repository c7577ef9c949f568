// Looks at messages without locking them, for counts and ages. Dead letters of the DeadLetterQueue port have their own code.

import type { ServiceBusClient, ServiceBusReceivedMessage, ServiceBusReceiver } from '@azure/service-bus';
import Long from 'long';

export interface PeekedMessage {
  readonly sequenceNumber: string;
  /** A locked message is `active` too: a peek does not tell. */
  readonly state: 'active' | 'deferred' | 'scheduled';
  /** When it became due, for one that is active. */
  readonly enqueuedAt: number | null;
}

export interface PeekParams {
  readonly queue: string;
  readonly deadLetters?: boolean;
  /** From this sequence number on; default from the first. */
  readonly from?: string;
  readonly limit: number;
}

export type PeekMessages = (params: PeekParams) => Promise<readonly PeekedMessage[]>;

/** Over a client of the caller's, which decides how long a call may take. What it throws is the SDK's own. */
export function peekThrough(client: () => ServiceBusClient): PeekMessages {
  const receivers = new WeakMap<ServiceBusClient, Map<string, ServiceBusReceiver>>();
  return async ({ queue, deadLetters = false, from = '1', limit }) => {
    const present = client();
    const known = receivers.get(present) ?? new Map<string, ServiceBusReceiver>();
    receivers.set(present, known);
    const key = `${queue} ${String(deadLetters)}`;
    // It opens no link of its own: peeking goes over the queue's management link.
    const receiver = known.get(key) ?? present.createReceiver(queue, deadLetters ? { subQueueType: 'deadLetter' } : {});
    known.set(key, receiver);
    // Without a number the SDK goes on where any receiver of this queue looked last.
    const messages = await receiver.peekMessages(limit, { fromSequenceNumber: Long.fromString(from) });
    return messages.map(toPeeked);
  };
}

function toPeeked({ sequenceNumber, state, enqueuedTimeUtc }: ServiceBusReceivedMessage): PeekedMessage {
  return { sequenceNumber: sequenceNumber?.toString() ?? '0', state, enqueuedAt: enqueuedTimeUtc?.getTime() ?? null };
}
