// Copies the file of a submission into the store, so that a later edit of it changes no job. A dataset is checked
// before anything is stored.

import { createHash } from 'node:crypto';

import { AppError } from '../domain/errors.js';
import type { BlobRef } from '../domain/job.js';
import type { Json } from '../domain/json.js';
import type { DatasetFormat } from '../evaluation/dataset/format.js';
import { EVALUATION_LIMITS } from '../evaluation/limits.js';
import type { ColumnHints } from '../evaluation/payload.js';
import type { Backend } from '../ports/backend.js';
import type { JobType } from './job-types.js';

/** Folders of the store where the same content is one file, whoever submits it. */
export const SHARED_PREFIXES = ['datasets', 'files'] as const;

export interface AttachFile {
  readonly type: Pick<JobType, 'type' | 'checkFile'>;
  readonly payload: Json;
  /** Without folders. */
  readonly fileName: string;
  readonly bytes: number;
  /** The bytes from the start; called twice. */
  readonly open: () => AsyncIterable<Uint8Array> | Promise<AsyncIterable<Uint8Array>>;
  /** Bytes read so far of the reading that is under way. */
  readonly onRead?: (bytes: number) => void;
  /** Checked, not stored: the payload then names no file that exists. */
  readonly dryRun: boolean;
}

export interface AttachedFile {
  readonly payload: Json;
  /** Rows of a dataset; null for other files. */
  readonly rows: number | null;
}

/**
 * The payload with the stored file in it. Throws DATASET_INVALID with the row, DATASET_TOO_LARGE, PAYLOAD_INVALID or
 * INPUT_INVALID before anything is stored. The file is durable when this resolves; if the process dies before the job is
 * saved, `prune` removes it.
 */
export async function attachFile(deps: Pick<Backend, 'blobs'>, request: AttachFile): Promise<AttachedFile> {
  if (request.type.type === 'evaluation') return attachDataset(deps, request);
  const { payload } = request;
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload) || 'file' in payload) {
    throw new AppError('PAYLOAD_INVALID', 'payload: expected an object without `file` beside --file');
  }
  const read = await measure(request);
  const ref = await store(deps, request, read, 'files');
  return { payload: { ...payload, file: { ...ref, fileName: request.fileName } }, rows: null };
}

async function attachDataset(deps: Pick<Backend, 'blobs'>, request: AttachFile): Promise<AttachedFile> {
  if (request.bytes > EVALUATION_LIMITS.datasetBytes) {
    const limit = EVALUATION_LIMITS.datasetBytes / (1024 * 1024);
    throw new AppError('DATASET_TOO_LARGE', `${request.fileName}: expected at most ${limit} MB, got ${Math.ceil(request.bytes / (1024 * 1024))} MB`, {
      hint: 'split it, or leave columns out',
    });
  }
  const [{ attachDataset: join, checkDataset }, { parseEvaluationPayload }] = await Promise.all([
    import('../evaluation/attach-dataset.js'),
    import('../evaluation/payload.js'),
  ]);
  const withPlace = (ref: BlobRef, format: DatasetFormat): Json => join(request.payload, { ref, fileName: request.fileName, format });
  // With a stand-in for the file: mistakes in the payload are told before a large file is read.
  const hints = datasetHints(request.payload);
  const { dataset } = parseEvaluationPayload(withPlace(STAND_IN, hints.format ?? 'csv'));
  const measured = new Measure(request);
  const check = await checkDataset(measured.through(await request.open()), {
    fileName: request.fileName,
    format: hints.format,
    columns: dataset.columns satisfies ColumnHints,
  });
  if (check.answered === 0) {
    throw new AppError('DATASET_INVALID', `${request.fileName}: none of its ${check.rows} rows has a recorded answer`, {
      hint: 'name the column of the answers `answer`, `output` or `response`, or say which it is: {"dataset":{"columns":{"answer":"…"}}}',
    });
  }
  const ref = await store(deps, request, measured.result(), 'datasets');
  return { payload: withPlace(ref, check.format), rows: check.rows };
}

const STAND_IN: BlobRef = { key: 'datasets/checked', sha256: '0'.repeat(64), bytes: 0 };

function datasetHints(payload: Json): { format: DatasetFormat | null } {
  const dataset = typeof payload === 'object' && payload !== null && 'dataset' in payload ? payload.dataset : null;
  const format = typeof dataset === 'object' && dataset !== null && 'format' in dataset ? dataset.format : null;
  return { format: typeof format === 'string' ? (format as DatasetFormat) : null };
}

interface Measured {
  readonly sha256: string;
  readonly bytes: number;
}

async function measure(request: AttachFile): Promise<Measured> {
  const measured = new Measure(request);
  const content = measured.through(await request.open());
  await request.type.checkFile?.(content);
  // What a check left unread counts too.
  for await (const _ of content) continue;
  return measured.result();
}

/** What is stored is what was checked: a file that changes in between is refused. */
async function store(deps: Pick<Backend, 'blobs'>, request: AttachFile, read: Measured, prefix: (typeof SHARED_PREFIXES)[number]): Promise<BlobRef> {
  if (request.dryRun) return { key: `${prefix}/${read.sha256}`, ...read };
  const ref = await deps.blobs.putByHash(prefix, new Measure(request).through(await request.open()));
  if (ref.sha256 === read.sha256) return ref;
  throw new AppError('INPUT_INVALID', `${request.fileName} changed while it was read`, { hint: 'submit it again when it is finished' });
}

class Measure {
  readonly #hash = createHash('sha256');
  readonly #onRead: AttachFile['onRead'];
  #bytes = 0;

  constructor({ onRead }: Pick<AttachFile, 'onRead'>) {
    this.#onRead = onRead;
  }

  async *through(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      this.#hash.update(chunk);
      this.#bytes += chunk.length;
      this.#onRead?.(this.#bytes);
      yield chunk;
    }
  }

  result(): Measured {
    return { sha256: this.#hash.digest('hex'), bytes: this.#bytes };
  }
}
