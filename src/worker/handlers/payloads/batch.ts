// The payload of `batch` jobs, and the lines of its file.

import * as z from 'zod/mini';

import { AppError } from '../../../domain/errors.js';
import { PRIORITIES } from '../../../domain/job.js';
import type { Json } from '../../../domain/json.js';
import { blobRefSchema } from '../../../domain/message-schema.js';
import { readPayload } from './read-payload.js';

export const MAX_INLINE_JOBS = 10_000;
const HINT = 'a `batch` payload is {"jobs": [{"type": "echo", "payload": …}, …]} or {} with `--file jobs.jsonl`, with "allowPartial" if failures may be';

const itemSchema = z.strictObject({
  /** Names the job within the batch; its place in the list when left out. */
  key: z.optional(z.string().check(z.minLength(1), z.maxLength(200))),
  type: z.string().check(z.minLength(1), z.maxLength(128)),
  payload: z._default(z.json(), null),
  priority: z.optional(z.enum(PRIORITIES)),
  labels: z.optional(z.record(z.string(), z.string())),
});

const schema = z.strictObject({
  jobs: z.optional(z.array(itemSchema).check(z.minLength(1), z.maxLength(MAX_INLINE_JOBS))),
  /** JSON lines, one job each, stored at submit. */
  file: z.optional(z.extend(blobRefSchema, { fileName: z.optional(z.string()) })),
  /** The batch succeeds although some of its jobs did not. */
  allowPartial: z._default(z.boolean(), false),
});

export type BatchPayload = z.output<typeof schema>;
export type BatchItem = z.output<typeof itemSchema>;

export function parseBatchPayload(payload: Json): BatchPayload {
  const batch = readPayload(schema, payload, HINT);
  if ((batch.jobs === undefined) === (batch.file === undefined)) {
    throw new AppError('PAYLOAD_INVALID', `payload: expected one of jobs and file, got ${batch.jobs === undefined ? 'neither' : 'both'}`, { hint: HINT });
  }
  refuseRepeatedKeys(batch.jobs ?? []);
  return batch;
}

/** One line of the file. Throws PAYLOAD_INVALID naming the line. */
export function parseBatchLine(text: string, line: number): BatchItem {
  try {
    return readPayload(itemSchema, JSON.parse(text) as Json, HINT);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^payload[:.]? ?/, '') : String(error);
    throw new AppError('PAYLOAD_INVALID', `line ${line}: ${reason}`, { hint: 'each line is one JSON object {"type", "payload", "key"}' });
  }
}

function refuseRepeatedKeys(jobs: readonly BatchItem[]): void {
  const seen = new Set<string>();
  for (const [index, { key }] of jobs.entries()) {
    if (key !== undefined && seen.has(key)) {
      throw new AppError('PAYLOAD_INVALID', `payload.jobs[${index}].key: ${JSON.stringify(key)} is there twice`, { hint: 'two jobs of a batch cannot share a key' });
    }
    if (key !== undefined) seen.add(key);
  }
}
