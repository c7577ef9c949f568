// Reads one line of a bulk submission: `{"type": "echo", "payload": {…}, "delay": "30s", …}`.

import { parseDuration } from '../domain/duration.js';
import { AppError } from '../domain/errors.js';
import { parseInstant } from '../domain/instant.js';
import type { Json, JsonObject } from '../domain/json.js';
import { nearest } from '../domain/nearest.js';
import type { SubmitRequest } from './submit-request.js';

/** What holds for lines that do not say otherwise. */
export interface BulkDefaults {
  readonly userId: string;
  readonly type?: string;
  readonly queue?: string;
  readonly priority?: string;
  readonly delayMs?: number;
  readonly at?: number;
  readonly labels?: Readonly<Record<string, string>>;
}

export const BULK_FIELDS = [
  'type',
  'payload',
  'priority',
  'delay',
  'at',
  'idKey',
  'userId',
  'labels',
  'queue',
  'knowledgeSource',
  'instructions',
  'callbackUrl',
] as const;
const KNOWN: ReadonlySet<string> = new Set(BULK_FIELDS);

/** Throws INPUT_INVALID with the field, what was expected and what came. */
export function parseBulkLine(text: string, defaults: BulkDefaults): SubmitRequest {
  const line = parseObject(text);
  for (const key in line) if (!KNOWN.has(key)) throw unknownField(key);
  const type = optionalText(line, 'type') ?? defaults.type;
  if (type === undefined) throw new AppError('INPUT_INVALID', 'type: expected the name of a job type, got nothing');
  const delay = optionalText(line, 'delay');
  const at = optionalText(line, 'at');
  const ownTime = delay !== undefined || at !== undefined;
  const request: Mutable<SubmitRequest> = {
    type,
    payload: line['payload'] ?? (line['payload'] === null ? null : {}),
    userId: optionalText(line, 'userId') ?? defaults.userId,
  };
  setIfGiven(request, 'queue', optionalText(line, 'queue') ?? defaults.queue);
  setIfGiven(request, 'priority', optionalText(line, 'priority') ?? defaults.priority);
  setIfGiven(request, 'delayMs', delay === undefined ? (ownTime ? undefined : defaults.delayMs) : parseDuration(delay, 'delay'));
  setIfGiven(request, 'at', at === undefined ? (ownTime ? undefined : defaults.at) : parseInstant(at, 'at'));
  setIfGiven(request, 'idempotencyKey', optionalText(line, 'idKey'));
  setIfGiven(request, 'labels', mergedLabels(line['labels'], defaults.labels));
  setIfGiven(request, 'selectedKnowledgeSource', optionalText(line, 'knowledgeSource'));
  setIfGiven(request, 'additionalInstructions', optionalText(line, 'instructions'));
  setIfGiven(request, 'callbackUrl', optionalText(line, 'callbackUrl'));
  return request;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function parseObject(text: string): JsonObject {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (error) {
    throw new AppError('INPUT_INVALID', `not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new AppError('INPUT_INVALID', `expected an object with "type" and "payload", got ${kindOf(value)}`);
}

/** null counts as not given. */
function optionalText(line: JsonObject, field: string): string | undefined {
  const value = line[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  const hint = field === 'delay' ? 'write a duration with its unit, such as "30s"' : undefined;
  throw new AppError('INPUT_INVALID', `${field}: expected a text, got ${kindOf(value)}`, hint === undefined ? {} : { hint });
}

function mergedLabels(value: Json | undefined, defaults: BulkDefaults['labels']): Readonly<Record<string, string>> | undefined {
  if (value === undefined || value === null) return defaults;
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new AppError('INPUT_INVALID', `labels: expected an object of texts, got ${kindOf(value)}`);
  }
  const labels: Record<string, string> = { ...defaults };
  for (const [key, item] of Object.entries(value as JsonObject)) {
    if (typeof item !== 'string') throw new AppError('INPUT_INVALID', `labels.${key}: expected a text, got ${kindOf(item)}`);
    labels[key] = item;
  }
  return labels;
}

function setIfGiven<K extends keyof SubmitRequest>(request: Mutable<SubmitRequest>, key: K, value: SubmitRequest[K] | undefined): void {
  if (value !== undefined) request[key] = value;
}

function unknownField(key: string): AppError {
  const near = nearest(key, BULK_FIELDS);
  return new AppError('INPUT_INVALID', `unknown field ${JSON.stringify(key.slice(0, 40))}`, {
    hint: near === undefined ? `fields are ${BULK_FIELDS.join(', ')}` : `did you mean "${near}"?`,
  });
}

function kindOf(value: Json): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : typeof value === 'object' ? 'an object' : `the ${typeof value} ${JSON.stringify(value).slice(0, 40)}`;
}
