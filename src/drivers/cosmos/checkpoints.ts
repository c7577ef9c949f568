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
}

/** Of the hundred operations of a batch one is the touch. */
const ENTRIES_PER_BATCH = 99;

export class CosmosCheckpoints implements Checkpoints {
  readonly #calls: CosmosCalls;

  constructor(calls: CosmosCalls) {
    this.#calls = calls;
  }

  /** More than 99 entries are stored in several steps: dying between two leaves the first ones, as if there had been two calls. */
  async put({ jobId, runEpoch }: AttemptRef, entries: readonly CheckpointEntry[]): Promise<void> {
    const latest = [...new Map(entries.map((entry) => [entry.key, entry])).values()];
    for (let from = 0; from < Math.max(1, latest.length); from += ENTRIES_PER_BATCH) {
      const touch = {
        operationType: 'Patch',
        id: JOB_ID,
        resourceBody: { condition: `from c where c.state.status = 'Running' and c.state.runEpoch = ${runEpoch}`, operations: [{ op: 'set', path: '/checkpointed', value: runEpoch }] },
      };
      const upserts = latest.slice(from, from + ENTRIES_PER_BATCH).map((entry) => ({ operationType: 'Upsert', resourceBody: { ...documentOf(jobId, entry) } }));
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

function documentOf(jobId: JobId, { key, value }: CheckpointEntry): CheckpointDocument {
  return { id: documentIdOf('checkpoint', key), pk: jobId, kind: 'checkpoint', key, value };
}
