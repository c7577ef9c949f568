// Ids for new jobs. Randomness is fetched in bulk: asking the system for ten bytes costs more than the rest of an id.

import { randomFillSync } from 'node:crypto';

import { createIdSource } from '../domain/ids.js';
import type { JobId } from '../domain/job.js';
import type { Clock } from '../ports/clock.js';

const POOL_BYTES = 8192;

/** Each call answers a UUIDv7 larger than the one before. */
export function createJobIds(clock: Pick<Clock, 'now'>): () => JobId {
  const pool = new Uint8Array(POOL_BYTES);
  let used = POOL_BYTES;
  return createIdSource({
    nowMs: () => clock.now(),
    random: (bytes) => {
      if (used + bytes > POOL_BYTES) {
        randomFillSync(pool);
        used = 0;
      }
      used += bytes;
      // The caller reads it before the next call; it is never handed out twice.
      return pool.subarray(used - bytes, used);
    },
  });
}
