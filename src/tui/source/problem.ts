// A failure as the screen tells it.

import { AppError } from '../../domain/errors.js';
import type { Problem } from '../data.js';

export function problemOf(error: unknown): Problem {
  if (error instanceof AppError) {
    return { code: error.code, message: error.message, hint: error.hint ?? null, throttled: retryAfterMs(error) !== undefined };
  }
  return { code: 'INTERNAL', message: error instanceof Error ? error.message : String(error), hint: null, throttled: false };
}

/** How long the backend asked to be left alone; undefined when it did not. */
export function retryAfterMs(error: unknown): number | undefined {
  const wish = error instanceof AppError ? error.details?.['retryAfterMs'] : undefined;
  return typeof wish === 'number' && wish >= 0 ? wish : undefined;
}
