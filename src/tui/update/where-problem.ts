// Whether a typed expression can be read.

import { AppError } from '../../domain/errors.js';
import { parseWhere } from '../../domain/where/parser.js';

/** Null when the text is an expression, or empty. */
export function whereProblem(text: string): string | null {
  if (text === '') return null;
  try {
    parseWhere(text);
    return null;
  } catch (error) {
    if (error instanceof AppError) return error.hint === undefined ? error.message : `${error.message} (${error.hint})`;
    throw error;
  }
}
