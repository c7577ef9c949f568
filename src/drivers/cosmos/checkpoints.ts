// CosmosCheckpoints: one document per key in the job's partition, written in one batch with a touch of the job's document
// that holds only while the attempt is the job's.

import type { OperationInput } from '@azure/cosmos';

import { AppError } from '../../domain/errors.js';
import type { Json } from '../../domain/json.js';
import type { JobId } from '../../domain/job.js';
import type { CheckpointEntry, Checkpoints } from '../../ports/checkpoints.js';
import type { AttemptRef } from '../../ports/job-store.js';
import type { CosmosCalls } from './cosmos-calls.js';
import { documentIdOf } from './document-id.js';
import { JOB_ID } from './job-document.js';

interface CheckpointDocument {
  readonly id: string;
  readonly pk: JobId;
  readonly kind: 'checkpoint';
  readonly key: string;
  readonly value: Json;
  readonly ttl: number;
}

/** Of the hundred operations of a batch one is the touch. */
const ENTRIES_PER_BATCH = 99;
/** As JSON; the service takes 2 MB, with what is around them. A larger entry goes alone. */
const BYTES_PER_BATCH = 1_000_000;

export class CosmosCheckpoints implements Checkpoints {
  readonly #calls: CosmosCalls;
  readonly #keep: number;

  /** `keep`: seconds for each entry. */
  constructor(calls: CosmosCalls, keep: number) {
    this.#calls = calls;
    this.#keep = keep;
  }

  /**
   * More than 99 entries, or more than a megabyte, are stored in several steps: dying between two leaves the first ones, as if
   * there had been two calls. PAYLOAD_TOO_LARGE for an entry of over 2 MB; those before it are stored.
   */
  async put({ jobId, runEpoch }: AttemptRef, entries: readonly CheckpointEntry[]): Promise<void> {
    const latest = [...new Map(entries.map((entry) => [entry.key, entry])).values()];
    for (const documents of batchesOf(latest.map((entry) => documentOf(jobId, entry, this.#keep)))) {
      const touch = {
        operationType: 'Patch',
        id: JOB_ID,
        resourceBody: { condition: `from c where c.state.status = 'Running' and c.state.runEpoch = ${runEpoch}`, operations: [{ op: 'set', path: '/checkpointed', value: runEpoch }] },
      };
      const upserts = documents.map((document) => ({ operationType: 'Upsert', resourceBody: { ...document } }));
      const written = await this.#calls.batch(jobId, [touch, ...upserts] as OperationInput[]);
      if (written.kind === 'refused') {
        throw new AppError('JOB_LOST', `attempt ${runEpoch} of job ${jobId} is over: its checkpoints are not stored`, { details: { jobId, runEpoch } });
      }
    }
  }

  async get(jobId: JobId, key: string): Promise<Json | undefined> {
    return (await this.#calls.read<CheckpointDocument>(jobId, documentIdOf('checkpoint', key)))?.value;
  }

  async list({ jobId, prefix, afterKey, limit }: { jobId: JobId; prefix: string; afterKey?: string; limit: number }): Promise<readonly CheckpointEntry[]> {
    const documents = await this.#calls.query<CheckpointDocument>(
      {
        query: "SELECT * FROM c WHERE c.pk = @pk AND c.kind = 'checkpoint' AND STARTSWITH(c.key, @prefix) AND c.key > @after ORDER BY c.key",
        parameters: [
          { name: '@pk', value: jobId },
          { name: '@prefix', value: prefix },
          { name: '@after', value: afterKey ?? '' },
        ],
      },
      { partition: jobId, limit },
    );
    return documents.map(({ key, value }) => ({ key, value }));
  }
}

/** At least one, which may be empty: the touch tells whether the attempt is over. */
function batchesOf(documents: readonly CheckpointDocument[]): CheckpointDocument[][] {
  const batches: CheckpointDocument[][] = [[]];
  let bytes = 0;
  for (const document of documents) {
    const more = Buffer.byteLength(JSON.stringify(document));
    const batch = batches.at(-1);
    if (batch === undefined || batch.length === ENTRIES_PER_BATCH || (batch.length > 0 && bytes + more > BYTES_PER_BATCH)) {
      batches.push([document]);
      bytes = more;
    } else {
      batch.push(document);
      bytes += more;
    }
  }
  return batches;
}

function documentOf(jobId: JobId, { key, value }: CheckpointEntry, ttl: number): CheckpointDocument {
  return { id: documentIdOf('checkpoint', key), pk: jobId, kind: 'checkpoint', key, value, ttl };
}
