// The one schema of a JobMessage; schemas/job-message.schema.json is generated from it.

import * as z from 'zod/mini';

import { PRIORITIES } from './job.js';
import { MESSAGE_SCHEMA_VERSION } from './message.js';

export const blobRefSchema = z.strictObject({
  key: z.string(),
  sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  bytes: z.int().check(z.nonnegative()),
});

/** Optional fields have the default that another producer's message gets. */
export const jobMessageSchema = z.strictObject({
  schemaVersion: z._default(z.literal(MESSAGE_SCHEMA_VERSION), MESSAGE_SCHEMA_VERSION),
  jobId: z.string().check(z.regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i, 'expected a UUID')),
  userId: z.string().check(z.minLength(1), z.maxLength(256)),
  createdAt: z.iso.datetime(),
  type: z.string().check(z.minLength(1), z.maxLength(128)),
  payload: z.json(),
  payloadRef: z._default(z.nullable(blobRefSchema), null),
  priority: z._default(z.enum(PRIORITIES), 'normal'),
  selectedKnowledgeSource: z._default(z.nullable(z.string()), null),
  additionalInstructions: z._default(z.nullable(z.string()), null),
  callbackUrl: z._default(z.nullable(z.string()), null),
});
