// Turns a request into the entry that JobStore.insert takes: checked against its type and queue, a large payload already
// on disk. Storing it is submit-job.ts's and submit-bulk.ts's job.

import { canonicalSha256, MAX_JSON_DEPTH } from '../domain/canonical-json.js';
import { createJob } from '../domain/create-job.js';
import { AppError } from '../domain/errors.js';
import type { BlobRef, Job, JobId } from '../domain/job.js';
import type { Json } from '../domain/json.js';
import { submit } from '../domain/lifecycle.js';
import { MAX_INLINE_PAYLOAD_BYTES } from '../domain/message.js';
import type { Backend } from '../ports/backend.js';
import type { NewJobEntry } from '../ports/job-store.js';
import type { QueueSettings } from '../ports/queue-admin.js';
import type { JobType, JobTypes } from './job-types.js';
import { queueSettings } from './queue-settings.js';
import { checkRequest, dueAtOf, type SubmitRequest } from './submit-request.js';

export type SubmitDeps = Pick<Backend, 'store' | 'blobs' | 'admin' | 'clock'> & {
  readonly jobTypes: JobTypes;
  /** A new UUIDv7, larger than the one before. */
  readonly newJobId: () => JobId;
  readonly publicBaseUrl: string | null;
};

/** A payload larger than this is a file in disguise: a dataset, or something for an object store. */
export const MAX_PAYLOAD_BYTES = 16 * 1024 * 1024;
/** JSON text of fewer UTF-16 units is under MAX_INLINE_PAYLOAD_BYTES in any writing, and too short to be nested too deeply. */
const SURELY_SMALL_CHARS = 900;

/** Prepares any number of requests; looks each type and queue up once. */
export class SubmissionPreparer {
  readonly #deps: SubmitDeps;
  readonly #dryRun: boolean;
  readonly #types = new Map<string, Promise<JobType>>();
  readonly #queues = new Map<string, Promise<QueueSettings>>();

  /** `dryRun`: large payloads are not stored, so the entries are for looking at only. */
  constructor(deps: SubmitDeps, { dryRun = false }: { readonly dryRun?: boolean } = {}) {
    this.#deps = deps;
    this.#dryRun = dryRun;
  }

  /**
   * Throws INPUT_INVALID, TYPE_UNKNOWN, QUEUE_UNKNOWN, PAYLOAD_INVALID or PAYLOAD_TOO_LARGE; nothing is stored then.
   * The file of a large payload is durable when this resolves. If the process dies before the job is inserted, the file
   * is left without a job, and `prune` removes it. `sourceChars`: length of the text the payload was parsed from, if known.
   */
  async prepare(request: SubmitRequest, sourceChars?: number): Promise<NewJobEntry> {
    const priority = checkRequest(request);
    const type = await this.#type(request.type);
    const queue = await this.#queue(request.queue ?? type.queue);
    const large = sourceChars !== undefined && sourceChars < SURELY_SMALL_CHARS ? undefined : largePayload(request.payload);
    await type.checkPayload(request.payload);
    // The checks may have loaded the type's code: the job begins now.
    const jobId = this.#deps.newJobId();
    const now = this.#deps.clock.now();
    const dueAt = dueAtOf(request, now);
    const payloadRef = large === undefined || this.#dryRun ? null : await this.#deps.blobs.put(payloadKey(jobId), large);
    const job = createJob({
      jobId,
      type: type.type,
      queue: queue.name,
      userId: request.userId,
      priority,
      origin: request.parentJobId === undefined ? 'submit' : 'child',
      createdAt: now,
      dueAt,
      ttlMs: queue.ttlMs,
      maxAttempts: queue.maxAttempts,
      payload: payloadRef === null ? request.payload : null,
      payloadRef,
      selectedKnowledgeSource: request.selectedKnowledgeSource ?? null,
      additionalInstructions: request.additionalInstructions ?? null,
      callbackUrl: request.callbackUrl ?? null,
      idempotencyKey: request.idempotencyKey ?? null,
      labels: request.labels ?? {},
      parentJobId: request.parentJobId ?? null,
    });
    return entryOf(job, request.payload);
  }

  #type(name: string): Promise<JobType> {
    return remembered(this.#types, name, () => this.#deps.jobTypes.resolve(name));
  }

  #queue(name: string): Promise<QueueSettings> {
    return remembered(this.#queues, name, () => queueSettings(this.#deps, name));
  }
}

/** Where the payload of a job is kept that is too large for its record. */
export function payloadKey(jobId: JobId): string {
  return `payloads/${jobId}.json`;
}

/** Throws PAYLOAD_INVALID or BLOB_NOT_FOUND, BLOB_CORRUPT; reads the file of a large payload. */
export async function readPayload(backend: Pick<Backend, 'blobs'>, job: { payload: Json; payloadRef: BlobRef | null }): Promise<Json> {
  if (job.payloadRef === null) return job.payload;
  const chunks: Uint8Array[] = [];
  for await (const chunk of backend.blobs.read(job.payloadRef.key, job.payloadRef)) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as Json;
}

function entryOf(job: Job, payload: Json): NewJobEntry {
  const change = submit(job);
  if (job.idempotencyKey === null) return change;
  return { ...change, idempotency: { key: job.idempotencyKey, requestHash: requestHash(job, payload) } };
}

/** Over what the job would do. When it is due is left out: a request repeated a minute later has another `at`. */
function requestHash(job: Job, payload: Json): string {
  return canonicalSha256({
    type: job.type,
    queue: job.queue,
    priority: job.priority,
    payload,
    selectedKnowledgeSource: job.selectedKnowledgeSource,
    additionalInstructions: job.additionalInstructions,
    callbackUrl: job.callbackUrl,
    labels: job.labels,
  });
}

/** The payload's JSON text when it is too large to be kept in the job, else undefined. */
function largePayload(payload: Json): string | undefined {
  checkDepth(payload);
  const text = JSON.stringify(payload);
  if (text.length * 3 <= MAX_INLINE_PAYLOAD_BYTES) return undefined;
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_PAYLOAD_BYTES) {
    throw new AppError('PAYLOAD_TOO_LARGE', `payload: expected at most ${MAX_PAYLOAD_BYTES} bytes of JSON, got ${bytes}`, {
      hint: 'give rows as a dataset with `--file`',
    });
  }
  return bytes > MAX_INLINE_PAYLOAD_BYTES ? text : undefined;
}

/** Without recursion: a value nested deeply enough overflows the stack of everything that walks it. */
function checkDepth(payload: Json): void {
  let level: readonly Json[] = [payload];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_JSON_DEPTH) {
      throw new AppError('PAYLOAD_INVALID', `payload: expected at most ${MAX_JSON_DEPTH} levels of nesting, got more`);
    }
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? nestedValues(value) : []));
  }
}

function nestedValues(value: object): readonly Json[] {
  const values: readonly Json[] = Object.values(value);
  return values.filter((item) => typeof item === 'object' && item !== null);
}

function remembered<T>(known: Map<string, Promise<T>>, name: string, find: () => Promise<T>): Promise<T> {
  let found = known.get(name);
  if (found === undefined) {
    found = find();
    known.set(name, found);
  }
  return found;
}
