// A failure as the screen tells it.

import { AppError } from '../../domain/errors.js';
import type { Problem } from '../data.js';

export function problemOf(error: unknown): Problem {
  if (error instanceof AppError) {
    return { code: error.code, message: error.message, hint: error.hint ?? null, throttled: retryAfterMs(error) !== undefined };
  }
  if (wasReplaced(error)) return { code: 'INTERNAL', message: 'the program’s files are no longer those it was started from', hint: 'q, then start the dashboard again', throttled: false };
  return { code: 'INTERNAL', message: error instanceof Error ? error.message : String(error), hint: null, throttled: false };
}

/** Parts are read in when they are first needed; an upgrade under a running dashboard leaves it without them. */
function wasReplaced(error: unknown): boolean {
  if (error instanceof SyntaxError) return /does not provide an export/.test(error.message);
  return error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
}

/** How long the backend asked to be left alone; undefined when it did not. */
export function retryAfterMs(error: unknown): number | undefined {
  const wish = error instanceof AppError ? error.details?.['retryAfterMs'] : undefined;
  return typeof wish === 'number' && wish >= 0 ? wish : undefined;
}
