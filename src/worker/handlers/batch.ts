// `batch`: sends its jobs out as children, waits for them, and ends with how they ended.
//
// It runs twice: once to send, then, when all children have ended, once more to sum up. The checkpoint `sent` tells the
// second run from the first, and an interrupted first run from the start.

import { PermanentError } from '../../domain/errors.js';
import type { Json } from '../../domain/json.js';
import type { ChildCounts } from '../../ports/job-store.js';
import { type ChildSpec, defineHandler, type HandlerContext } from '../handler.js';
import { batchItems } from './batch/batch-items.js';
import { type BatchPayload, parseBatchPayload } from './payloads/batch.js';

const CHUNK = 500;
const SENT = 'sent';
const FAILURES_SHOWN = 20;

export const batchHandler = defineHandler<BatchPayload>({
  type: 'batch',
  parse: parseBatchPayload,
  async run(context, payload) {
    const sent = await readSent(context);
    if (!sent.all) await sendOut(context, payload, sent.count);
    const counts = await context.children.counts();
    // The set of children decides, not the count of lines: two lines with one key are one job.
    const expected = counts.stored;
    context.progress(counts.succeeded + counts.failed, expected, null);
    // Also on the way back from a wait: another child may have been retried by hand meanwhile.
    if (counts.succeeded + counts.failed < expected) throw context.children.wait(expected);
    return { result: await sumUp(context, payload, expected, counts) };
  },
});

interface Sent {
  readonly count: number;
  readonly all: boolean;
}

/**
 * Dying between two chunks: the next attempt skips those the checkpoint counts and sends the rest; a chunk that was
 * stored and not counted is sent again and found by its keys.
 */
async function sendOut(context: HandlerContext, payload: BatchPayload, skip: number): Promise<void> {
  let count = 0;
  let chunk: ChildSpec[] = [];
  const send = async (all: boolean): Promise<void> => {
    context.signal.throwIfAborted();
    await context.children.send(chunk);
    count += chunk.length;
    chunk = [];
    await context.checkpoint.set(SENT, { count: skip + count, all });
    context.progress(0, null, `${skip + count} jobs sent`);
  };
  let seen = 0;
  for await (const item of batchItems(payload, context.blobs)) {
    seen += 1;
    if (seen <= skip) continue;
    chunk.push(item);
    if (chunk.length === CHUNK) await send(false);
  }
  if (seen === 0) throw new PermanentError('the file has no jobs', { code: 'PAYLOAD_INVALID' });
  await send(true);
  context.log.info(`${skip + count} jobs sent`);
}

async function readSent({ checkpoint }: HandlerContext): Promise<Sent> {
  const stored = await checkpoint.get(SENT);
  const { count, all } = typeof stored === 'object' && stored !== null && !Array.isArray(stored) ? (stored as { count?: Json; all?: Json }) : {};
  return { count: typeof count === 'number' ? count : 0, all: all === true };
}

async function sumUp(context: HandlerContext, { allowPartial }: BatchPayload, expected: number, counts: ChildCounts): Promise<Json> {
  const { succeeded, failed } = counts;
  const failures = failed === 0 ? [] : await context.children.failures(FAILURES_SHOWN);
  const told = failures.map(({ jobId, type, status, error }) => ({ jobId, type, status, code: error?.code ?? null, message: error?.message ?? null }));
  const summary: Json = { expected, succeeded, failed, failures: told };
  for (const { jobId, type, status, code, message } of told) context.log.warn(`${type} ${jobId}: ${status} [${code ?? 'no code'}] ${message ?? ''}`);
  if (failed === 0 || allowPartial) return summary;
  // A failed job has no result; the list of its failures is worth keeping all the same.
  await context.artifacts.put('summary.json', `${JSON.stringify(summary, null, 2)}\n`);
  throw new PermanentError(`${failed} of ${expected} jobs did not succeed`, { code: 'CHILDREN_FAILED' });
}
