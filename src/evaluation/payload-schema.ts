// The shape of an `evaluation` payload as people write it. What it means (defaults, evaluator options, metric names) is
// payload.ts's job.

import * as z from 'zod/mini';

import { blobRefSchema } from '../domain/message-schema.js';
import { DATASET_FIELDS } from './dataset/dataset-row.js';
import { DATASET_FORMATS } from './dataset/format.js';
import { EVALUATION_LIMITS } from './limits.js';
import { TARGET_TYPES } from './targets/registry.js';

const text = z.string().check(z.minLength(1), z.maxLength(1000));
const fraction = z.number().check(z.gte(0), z.lte(1));
const jsonRecord = z.record(z.string(), z.json());

const ID_TEXT = 'letters, digits, "_" or "-", at most 64, beginning with a letter or digit';

export const evaluatorSpecSchema = z.strictObject({
  id: z.optional(z.string().check(z.regex(/^[A-Za-z0-9][\w-]{0,63}$/, ID_TEXT))),
  type: text,
  options: z.optional(jsonRecord),
  threshold: z.optional(fraction),
  required: z.optional(z.boolean()),
  weight: z.optional(z.number().check(z.gt(0), z.lte(1000))),
  not: z.optional(z.boolean()),
});

export const evaluatorListSchema = z.array(evaluatorSpecSchema).check(z.minLength(1), z.maxLength(EVALUATION_LIMITS.evaluators));

const gateSchema = z.strictObject({
  metric: text,
  min: z.optional(z.number()),
  max: z.optional(z.number()),
  use: z.optional(z.enum(['value', 'lower95', 'upper95'])),
});

const sampleSchema = z.strictObject({
  n: z.int().check(z.gte(1), z.lte(EVALUATION_LIMITS.datasetRows)),
  seed: z._default(z.int(), 1),
});

const datasetSchema = z.strictObject({
  ref: z.optional(blobRefSchema),
  rows: z.optional(z.array(jsonRecord).check(z.minLength(1), z.maxLength(EVALUATION_LIMITS.inlineRows))),
  fileName: z.optional(text),
  format: z.optional(z.enum(DATASET_FORMATS)),
  columns: z.optional(z.partialRecord(z.enum(DATASET_FIELDS), text)),
  filter: z.optional(z.record(text, z.union([text, z.array(text).check(z.minLength(1))]))),
  limit: z.optional(z.int().check(z.gte(1))),
  sample: z.optional(sampleSchema),
});

export const evaluationPayloadSchema = z.strictObject({
  schemaVersion: z._default(z.literal(1), 1),
  name: z.optional(z.nullable(text)),
  dataset: datasetSchema,
  target: z._default(z.strictObject({ type: z.enum(TARGET_TYPES) }), { type: 'recorded' }),
  evaluators: z.optional(evaluatorListSchema),
  passThreshold: z._default(fraction, 0.5),
  repeats: z._default(z.literal(1), 1),
  gates: z._default(z.array(gateSchema).check(z.maxLength(EVALUATION_LIMITS.gates)), []),
});

export type WrittenPayload = z.output<typeof evaluationPayloadSchema>;
export type WrittenEvaluator = z.output<typeof evaluatorSpecSchema>;
export type WrittenGate = z.output<typeof gateSchema>;
