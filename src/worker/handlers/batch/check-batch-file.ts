// Checks the file of a batch when it is submitted, so that a broken line is told before anything runs.

import { AppError } from '../../../domain/errors.js';
import { batchLines } from './batch-items.js';

/** Reads the file once. PAYLOAD_INVALID names the first line that cannot be a job; `resolveType` throws for a type that nobody handles. */
export async function checkBatchFile(content: AsyncIterable<Uint8Array>, resolveType: (type: string) => Promise<unknown>): Promise<void> {
  const knownTypes = new Set<string>();
  let jobs = 0;
  for await (const { item, line } of batchLines(content)) {
    jobs += 1;
    if (knownTypes.has(item.type)) continue;
    try {
      await resolveType(item.type);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      throw new AppError(error.code, `line ${line}: ${error.message}`, { ...(error.hint === undefined ? {} : { hint: error.hint }), cause: error });
    }
    knownTypes.add(item.type);
  }
  if (jobs === 0) throw new AppError('PAYLOAD_INVALID', 'the file has no jobs', { hint: 'each line is one JSON object {"type", "payload", "key"}' });
}
