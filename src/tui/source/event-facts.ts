// The facts of an event as people read them.

import { printDuration } from '../../domain/duration.js';
import type { NewJobEvent } from '../../domain/job-event.js';
import { detailFacts } from '../../output/event-facts.js';

/** What the event says besides its name, as people read it. */
export function factsOf({ type, detail, attempt, worker, at }: Pick<NewJobEvent, 'type' | 'detail' | 'attempt' | 'worker' | 'at'>): readonly string[] {
  const start = type === 'started' ? [`attempt ${attempt}`, ...(worker === null ? [] : [worker])] : [];
  return [...start, ...detailFacts(detail, at, printDuration)];
}
