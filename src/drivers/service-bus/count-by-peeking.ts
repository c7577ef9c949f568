// Counts by looking, for keys that may receive but not manage: at most a page of each queue, so often "at least".

import type { BrokerQueue } from './queue-administration.js';
import type { PeekMessages } from './peek-messages.js';

/** As many bodies are read for one number; a queue with more is only known to have at least these. */
const LIMIT = 32;

export interface SeenCounts {
  readonly counts: BrokerQueue['counts'];
  readonly isWhole: boolean;
}

export async function countByPeeking(queue: string, peek: PeekMessages): Promise<SeenCounts> {
  const [messages, dead] = await Promise.all([peek({ queue, limit: LIMIT }), peek({ queue, deadLetters: true, limit: LIMIT })]);
  const scheduled = messages.filter(({ state }) => state === 'scheduled').length;
  return {
    counts: { active: messages.length - scheduled, scheduled, deadLetter: dead.length },
    isWhole: messages.length < LIMIT && dead.length < LIMIT,
  };
}
