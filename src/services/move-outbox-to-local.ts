// Puts everything that waits in the outbox on the store's own queue, also what is not to be tried again yet.

import { AppError } from '../domain/errors.js';
import type { Backend } from '../ports/backend.js';

const AT_ONCE = 200;
const LEASE_MS = 30_000;

/**
 * Answers how many were moved. What another process is sending at this moment is left to it. Dying in here leaves each
 * job with its entry or with its message. Throws when the store has no queue of its own.
 */
export async function moveOutboxToLocal({ outbox }: Pick<Backend, 'outbox'>, reason: string): Promise<number> {
  const move = outbox?.moveToLocal;
  if (outbox === undefined || move === undefined) throw new AppError('INPUT_INVALID', 'this store has no queue of its own to move messages to');
  let moved = 0;
  for (;;) {
    const claimed = await outbox.claim({ leaseMs: LEASE_MS, limit: AT_ONCE, evenIfPaused: true });
    if (claimed.length === 0) return moved;
    moved += await move.call(outbox, claimed, reason);
  }
}
