// The facts of an event as people read them.

import { printDuration } from '../../domain/duration.js';
import { DETAILS_FOR_PROGRAMS, type NewJobEvent } from '../../domain/job-event.js';
import type { Json } from '../../domain/json.js';

/** What the event says besides its name, as people read it. */
export function factsOf({ type, detail, attempt, worker, at }: Pick<NewJobEvent, 'type' | 'detail' | 'attempt' | 'worker' | 'at'>): readonly string[] {
  const { code, message, ...rest } = detail;
  const error = typeof code === 'string' ? [`${code}${typeof message === 'string' ? `: ${message}` : ''}`] : [];
  const start = type === 'started' ? [`attempt ${attempt}`, ...(worker === null ? [] : [worker])] : [];
  return [...start, ...error, ...Object.entries(rest).flatMap(([key, value]) => (DETAILS_FOR_PROGRAMS.has(key) ? [] : [factOf(key, value, at)]))];
}

const INSTANTS = new Set(['retryAt', 'dueAt']);

function factOf(key: string, value: Json, at: number): string {
  if (INSTANTS.has(key) && typeof value === 'number') return `due after ${printDuration(Math.max(0, value - at))}`;
  return `${key} ${typeof value === 'string' ? value : JSON.stringify(value)}`;
}
