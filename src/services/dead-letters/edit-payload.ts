// Changes the payload of a job for a replay, wherever the payload is kept.

import { applyAssignments, type PayloadAssignment } from '../../domain/dead-letters/payload-edit.js';
import { AppError, hasCode } from '../../domain/errors.js';
import type { BlobRef, Job } from '../../domain/job.js';
import type { Json } from '../../domain/json.js';
import { MAX_INLINE_PAYLOAD_BYTES } from '../../domain/message.js';
import { MAX_PAYLOAD_BYTES, readPayload } from '../submit-prepare.js';
import type { OperationPorts } from './operation-ports.js';

export interface EditedPayload {
  readonly before: Json;
  readonly payload: Json;
  /** The file the changed payload is kept in; null when it is small enough for the job's record. */
  readonly payloadRef: BlobRef | null;
}

/**
 * The file of a large payload is durable when this resolves; if the process dies before the job is saved, no job names
 * it and `prune` removes it. Throws INPUT_INVALID for a path that leads nowhere, PAYLOAD_INVALID when the result does
 * not fit the job's type, PAYLOAD_TOO_LARGE, BLOB_NOT_FOUND, BLOB_CORRUPT.
 */
export async function editPayload(
  ports: Pick<OperationPorts, 'blobs' | 'jobTypes'>,
  job: Job,
  edits: readonly PayloadAssignment[],
): Promise<EditedPayload> {
  const before = await readPayload(ports, job);
  const payload = applyAssignments(before, edits);
  await checkPayload(ports, job.type, payload);
  const text = JSON.stringify(payload);
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_PAYLOAD_BYTES) {
    throw new AppError('PAYLOAD_TOO_LARGE', `payload: expected at most ${MAX_PAYLOAD_BYTES} bytes of JSON, got ${bytes}`);
  }
  if (bytes <= MAX_INLINE_PAYLOAD_BYTES) return { before, payload, payloadRef: null };
  // Under a key of its own: the stored job still names the old file, with its hash.
  return { before, payload, payloadRef: await ports.blobs.put(`payloads/${job.jobId}.${job.sequence + 1}.json`, text) };
}

/** A type whose handler is not known here is checked by the worker that knows it. */
async function checkPayload(ports: Pick<OperationPorts, 'jobTypes'>, type: string, payload: Json): Promise<void> {
  try {
    await (await ports.jobTypes.resolve(type)).checkPayload(payload);
  } catch (error) {
    if (!hasCode(error, 'TYPE_UNKNOWN')) throw error;
  }
}
