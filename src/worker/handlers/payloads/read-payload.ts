// Checks a payload against its schema and says in one line what does not fit.

import type * as z from 'zod/mini';

import { AppError } from '../../../domain/errors.js';
import type { Json } from '../../../domain/json.js';
import { describeIssues } from '../../../evaluation/schema-issues.js';

/** `payload.ms: expected a number, got "soon"`. Throws PAYLOAD_INVALID with the first issue; `hint` shows the shape. */
export function readPayload<T>(schema: z.ZodMiniType<T>, payload: Json, hint: string): T {
  const result = schema.safeParse(payload);
  if (result.success) return result.data;
  const [first, ...others] = describeIssues(result.error.issues, payload, ['payload']);
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  throw new AppError('PAYLOAD_INVALID', `${first ?? 'payload: not acceptable'}${more}`, { hint });
}
