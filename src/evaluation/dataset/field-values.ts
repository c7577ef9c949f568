// Single values of a record to the types of a row. Delimited files have text only; JSON has more, and is taken as written.

import { canonicalJson } from '../../domain/canonical-json.js';
import type { Json } from '../../domain/json.js';
import { shortValue } from '../schema-issues.js';
import type { TokenUsage } from './dataset-row.js';

/** A value that does not fit its field. parse-row.ts adds row and column. */
export class FieldError extends Error {
  override readonly name = 'FieldError';
}

/** Text of a scalar; null for null. Lists and objects are refused. */
export function scalarText(value: Json): string | null {
  if (value === null) return null;
  if (typeof value === 'object') throw new FieldError(`expected text, got ${shortValue(value)}`);
  return String(value);
}

/** Like scalarText, but an object or list is its canonical JSON: answers and expected answers may be JSON values. */
export function answerText(value: Json): string | null {
  return typeof value === 'object' && value !== null ? canonicalJson(value) : scalarText(value);
}

/** One text or a list of them. In a cell a list is written as JSON: `["yes", "y"]`. */
export function textList(value: Json, cells: boolean): string[] | null {
  const list = cells && typeof value === 'string' ? listInCell(value) : value;
  if (!Array.isArray(list)) {
    const text = answerText(list);
    return text === null ? null : [text];
  }
  return list.map((entry: Json) => answerText(entry) ?? '');
}

/** Tags: a list, or text with `|`, `,` or `;` between them. */
export function tagList(value: Json, cells: boolean): string[] {
  if (typeof value === 'string' && !(cells && Array.isArray(listInCell(value)))) {
    return value.split(/[|,;]/).map((tag) => tag.trim()).filter((tag) => tag !== '');
  }
  return textList(value, cells) ?? [];
}

export function numberBetween(value: Json, min: number, max: number): number | null {
  if (value === null || value === '') return null;
  const number = typeof value === 'string' ? Number(value.trim() === '' ? NaN : value) : value;
  if (typeof number === 'number' && number >= min && number <= max) return number;
  const range = max === Infinity ? `of at least ${min}` : `from ${min} to ${max}`;
  throw new FieldError(`expected a number ${range}, got ${shortValue(value)}`);
}

/** Token counts under any provider's names; null when either is not there. */
export function tokenUsage(value: Json): TokenUsage | null {
  const usage = jsonInCell(value);
  if (usage === null) return null;
  if (typeof usage !== 'object' || Array.isArray(usage)) throw new FieldError(`expected an object with token counts, got ${shortValue(value)}`);
  const counts = new Map(Object.entries(usage));
  const inputTokens = tokenCount(counts.get('inputTokens') ?? counts.get('input_tokens') ?? counts.get('prompt_tokens'));
  const outputTokens = tokenCount(counts.get('outputTokens') ?? counts.get('output_tokens') ?? counts.get('completion_tokens'));
  return inputTokens === null || outputTokens === null ? null : { inputTokens, outputTokens };
}

/** The JSON value a cell holds as text; other values as they are. */
export function jsonInCell(value: Json): Json {
  if (typeof value !== 'string') return value;
  if (value.trim() === '') return null;
  try {
    return JSON.parse(value) as Json;
  } catch {
    throw new FieldError(`expected JSON, got ${shortValue(value)}`);
  }
}

function tokenCount(value: Json | undefined): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : null;
}

/** Only a JSON list of strings counts as a list: `[1, 2]` may well be the expected answer itself. */
function listInCell(text: string): Json {
  if (!text.trimStart().startsWith('[')) return text;
  try {
    const value = JSON.parse(text) as Json;
    return Array.isArray(value) && value.every((entry) => typeof entry === 'string') ? value : text;
  } catch {
    return text;
  }
}
