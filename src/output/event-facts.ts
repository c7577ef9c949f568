// What an event says besides its name, as people read it, on the command line and on the dashboard.

import type { JsonObject } from '../domain/json.js';

const INSTANTS = new Set(['retryAt', 'dueAt']);
/** For programs only: whether an error may pass, and which of a job's messages was replaced. */
const NOT_SHOWN = new Set(['retryable', 'sequence']);

/**
 * Its error first, then everything else by name. Due times are told from the event on (`at`): in a history, how long ago a
 * retry was due says nothing. Not cleaned: details come from outside.
 */
export function detailFacts(detail: JsonObject, at: number, printDuration: (ms: number) => string): string[] {
  const { code, message, ...rest } = detail;
  const error = typeof code === 'string' ? [`${code}${typeof message === 'string' ? `: ${message}` : ''}`] : [];
  const others = Object.entries(rest).flatMap(([key, value]) => {
    if (NOT_SHOWN.has(key)) return [];
    if (INSTANTS.has(key) && typeof value === 'number') return [`due after ${printDuration(Math.max(0, value - at))}`];
    return [`${key} ${typeof value === 'string' ? value : JSON.stringify(value)}`];
  });
  return [...error, ...others];
}
