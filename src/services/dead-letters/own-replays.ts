// What a run that was killed did and could not write down any more: the jobs it replayed say so in their history.

import type { LedgerEntry } from '../../domain/dead-letters/operation.js';
import { sequenceOfMessageId } from '../../domain/message.js';
import type { OperationRun } from './operation-run.js';

const PAGE = 500;

/** Whether a run before, of this operation, queued the entry's job again in the place of the entry's letter. */
export async function wasReplayedHere(run: OperationRun, { jobId, messageId }: Pick<LedgerEntry, 'jobId' | 'messageId'>): Promise<boolean> {
  if (!run.isResumed || run.operation.action !== 'replay' || jobId === null) return false;
  const sequence = sequenceOfMessageId(messageId, jobId);
  for (let after: string | undefined; ; ) {
    const { events, cursor } = await run.ports.events.read({ jobId, limit: PAGE, ...(after === undefined ? {} : { after }) });
    if (events.some(({ type, detail }) => type === 'replayed' && detail['operation'] === run.operation.id && detail['sequence'] === sequence)) return true;
    if (events.length < PAGE) return false;
    after = cursor;
  }
}
