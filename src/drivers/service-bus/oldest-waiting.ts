// Since when the message that waits longest has been due: of the first active one in the order of sequence numbers, which
// is the order of becoming due, since a scheduled message gets a new number when its time comes.

import type { PeekMessages } from './peek-messages.js';

/** Bodies come along with every peek, so most queues are asked for one message. */
const PAGES = [1, 16, 64];

/**
 * Null when no active message is among the first 81. Behind as many scheduled or deferred ones it is not looked for: there
 * is no way to skip them. A locked message counts as waiting, since a peek does not tell.
 */
export async function oldestDueAt(queue: string, peek: PeekMessages): Promise<number | null> {
  let from = '1';
  for (const limit of PAGES) {
    const messages = await peek({ queue, from, limit });
    const first = messages.find(({ state }) => state === 'active');
    if (first !== undefined) return first.enqueuedAt;
    const last = messages.at(-1);
    if (last === undefined || messages.length < limit) return null;
    from = String(BigInt(last.sequenceNumber) + 1n);
  }
  return null;
}
