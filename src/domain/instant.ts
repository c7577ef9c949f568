// Instants as people and programs write them in JSON: ISO 8601.

import { AppError } from './errors.js';

const ISO_TIME = /^(\d{4})-(\d{2})-(\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/;

/**
 * Milliseconds since 1970. A date alone is midnight UTC; a time without a zone is local, as in ECMAScript. `what` names
 * the field in the error (INPUT_INVALID).
 */
export function parseInstant(text: string, what: string): number {
  const match = ISO_TIME.exec(text);
  if (match !== null) {
    // Date.parse moves 30 February into March; such a date is refused instead.
    const day = new Date(Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3])));
    const at = Date.parse(text.replace(' ', 'T'));
    if (day.getUTCMonth() === Number(match[2]) - 1 && !Number.isNaN(at)) return at;
  }
  const shown = JSON.stringify(text.length > 40 ? `${text.slice(0, 39)}…` : text);
  throw new AppError('INPUT_INVALID', `${what}: expected an ISO 8601 time such as 2026-08-01T09:30:00Z, got ${shown}`);
}
