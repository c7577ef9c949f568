// Submits a stream of lines of any length: in chunks, each stored in one step where the store can do that; lines that cannot
// be used are collected.

import { AppError, type ErrorCode } from '../domain/errors.js';
import type { Job } from '../domain/job.js';
import type { InsertOutcome, NewJobEntry } from '../ports/job-store.js';
import { parseBulkLine, type BulkDefaults } from './submit-bulk-line.js';
import { idempotencyConflict } from './submit-job.js';
import { lineChunks, type InputLine } from './submit-lines.js';
import { MAX_PAYLOAD_BYTES, SubmissionPreparer, type SubmitDeps } from './submit-prepare.js';

/** Lines of one store step: large enough that the step's fixed cost does not count, small enough to end soon. */
const CHUNK_LIMITS = { lines: 1000, chars: 8 * 1024 * 1024, lineBytes: MAX_PAYLOAD_BYTES + 64 * 1024 };
/** Rejected lines that are kept for the answer; further ones are only counted. */
export const MAX_REJECTED_KEPT = 10_000;

export interface BulkInput {
  /** JSONL in UTF-8. */
  readonly source: AsyncIterable<Uint8Array>;
  readonly defaults: BulkDefaults;
  /** Everything is checked, nothing is stored; lines that could be are counted as `submitted`. */
  readonly dryRun?: boolean;
  /** When it fires, the chunk being stored is the last. */
  readonly signal?: AbortSignal;
  /** After each chunk. */
  readonly onProgress?: (counts: BulkCounts) => void;
  /** Each rejected line as it is met, also beyond MAX_REJECTED_KEPT. */
  readonly onRejected?: (line: RejectedLine) => void;
}

export interface BulkCounts {
  /** Stored by this call. */
  readonly submitted: number;
  /** Known by their idempotency key: nothing was stored for them. */
  readonly duplicates: number;
  readonly rejectedCount: number;
  /** Jobs with a priority of their own. */
  readonly prioritised: number;
  /** The last line that was looked at. */
  readonly line: number;
}

export interface RejectedLine {
  readonly line: number;
  readonly code: ErrorCode;
  readonly message: string;
}

export interface BulkResult extends BulkCounts {
  /** The first MAX_REJECTED_KEPT of them. */
  readonly rejected: readonly RejectedLine[];
  /** The signal fired before the end of the input. */
  readonly stopped: boolean;
}

/**
 * What a chunk stored stays, whatever happens to later ones: if the process dies, or the store fails, the jobs of whole
 * chunks are there and none of the chunk it was in; some of them in a store that saves each job by itself. Repeating the
 * input with an `idKey` on each line then stores the missing ones only.
 */
export async function submitBulk(deps: SubmitDeps, input: BulkInput): Promise<BulkResult> {
  const run = new BulkRun(deps, input);
  for await (const lines of lineChunks(input.source, CHUNK_LIMITS, input.signal)) await run.store(lines);
  return run.result(input.signal?.aborted === true);
}

class BulkRun {
  readonly #deps: SubmitDeps;
  readonly #input: BulkInput;
  readonly #preparer: SubmissionPreparer;
  readonly #rejected: RejectedLine[] = [];
  #submitted = 0;
  #duplicates = 0;
  #rejectedCount = 0;
  #prioritised = 0;
  #line = 0;

  constructor(deps: SubmitDeps, input: BulkInput) {
    this.#deps = deps;
    this.#input = input;
    this.#preparer = new SubmissionPreparer(deps, { dryRun: input.dryRun === true });
  }

  /** Stores the lines of one chunk together. */
  async store(lines: readonly InputLine[]): Promise<void> {
    const prepared = await Promise.all(lines.map((line) => this.#prepare(line)));
    const kept: { line: number; entry: NewJobEntry }[] = [];
    for (const [index, result] of prepared.entries()) {
      const line = lines[index]?.line ?? 0;
      if (result instanceof AppError) this.#reject(line, result);
      else kept.push({ line, entry: result });
    }
    const outcomes = await this.#insert(kept.map(({ entry }) => entry));
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.kind === 'inserted') this.#inserted(outcome.job);
      else if (outcome.kind === 'duplicate') this.#duplicates += 1;
      else this.#reject(kept[index]?.line ?? 0, idempotencyConflict(kept[index]?.entry.idempotency?.key ?? '', outcome));
    }
    this.#line = lines.at(-1)?.line ?? this.#line;
    this.#input.onProgress?.(this.#counts());
  }

  #inserted({ priority }: Job): void {
    this.#submitted += 1;
    if (priority !== 'normal') this.#prioritised += 1;
  }

  async #insert(entries: readonly NewJobEntry[]): Promise<readonly InsertOutcome[]> {
    if (this.#input.dryRun === true) return entries.map(({ job }) => ({ kind: 'inserted', job }));
    return entries.length === 0 ? [] : this.#deps.store.insert(entries);
  }

  result(stopped: boolean): BulkResult {
    return { ...this.#counts(), rejected: this.#rejected.sort((a, b) => a.line - b.line), stopped };
  }

  /** An AppError is the line's own fault; anything else ends the whole submission. */
  async #prepare(line: InputLine): Promise<NewJobEntry | AppError> {
    if ('problem' in line) return new AppError('INPUT_INVALID', line.problem);
    try {
      return await this.#preparer.prepare(parseBulkLine(line.text, this.#input.defaults), line.text.length);
    } catch (error) {
      if (error instanceof AppError && LINE_FAULTS.has(error.code)) return error;
      throw error;
    }
  }

  #reject(line: number, { code, message }: AppError): void {
    const rejected = { line, code, message };
    this.#rejectedCount += 1;
    if (this.#rejected.length < MAX_REJECTED_KEPT) this.#rejected.push(rejected);
    this.#input.onRejected?.(rejected);
  }

  #counts(): BulkCounts {
    return { submitted: this.#submitted, duplicates: this.#duplicates, rejectedCount: this.#rejectedCount, prioritised: this.#prioritised, line: this.#line };
  }
}

/** A full disk or a lost database is nobody's line. */
const LINE_FAULTS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'INPUT_INVALID',
  'PAYLOAD_INVALID',
  'PAYLOAD_TOO_LARGE',
  'DATASET_INVALID',
  'DATASET_TOO_LARGE',
  'TYPE_UNKNOWN',
  'QUEUE_UNKNOWN',
  'REFUSED',
]);
