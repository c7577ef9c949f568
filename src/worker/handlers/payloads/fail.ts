// The payload of `fail` jobs.

import * as z from 'zod/mini';

import type { Json } from '../../../domain/json.js';
import { readPayload } from './read-payload.js';

export const FAIL_MODES = ['always', 'permanent', 'crash'] as const;

const schema = z.strictObject({
  mode: z._default(z.enum(FAIL_MODES), 'always'),
  /** This many starts fail, counted over retries and replays, the next one succeeds; without it all fail. */
  times: z.optional(z.int().check(z.gte(1), z.lte(1_000_000))),
  message: z.optional(z.string().check(z.minLength(1), z.maxLength(1000))),
});

export type FailPayload = z.output<typeof schema>;

export function parseFailPayload(payload: Json): FailPayload {
  return readPayload(schema, payload ?? {}, 'a `fail` payload is {"mode": "always" | "permanent" | "crash", "times": 2}');
}
