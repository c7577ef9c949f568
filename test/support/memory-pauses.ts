// Pause flags in memory, for a driver whose broker keeps none.

import type { QueuePause, QueuePauses } from '../../src/ports/queue-pauses.js';

export function memoryPauses(now: () => number): QueuePauses {
  const pauses = new Map<string, QueuePause>();
  return {
    list: async () => new Map(pauses),
    pause: async (queue, by) => {
      if (!pauses.has(queue)) pauses.set(queue, { at: now(), by });
    },
    resume: async (queue) => void pauses.delete(queue),
  };
}
