// The payload of `sleep` jobs.

import * as z from 'zod/mini';

import type { Json } from '../../../domain/json.js';
import { readPayload } from './read-payload.js';

const MAX_SLEEP_MS = 24 * 3_600_000;

const schema = z.strictObject({ ms: z.int().check(z.gte(0), z.lte(MAX_SLEEP_MS)) });

export type SleepPayload = z.output<typeof schema>;

export function parseSleepPayload(payload: Json): SleepPayload {
  return readPayload(schema, payload, 'a `sleep` payload is {"ms": 1000}');
}
