// Calls the handler of an attempt and says how it ended. Never throws; what the end means is conclude.ts's matter.

import { AppError, PermanentError } from '../domain/errors.js';
import type { Json } from '../domain/json.js';
import { MAX_INLINE_PAYLOAD_BYTES } from '../domain/message.js';
import type { BlobStore } from '../ports/blob-store.js';
import { readPayload } from '../services/submit-prepare.js';
import type { Attempt } from './attempt.js';
import type { HandlerEnd } from './conclude.js';
import type { HandlerContext } from './handler.js';
import type { AnyHandler } from './handler-registry.js';
import { waitsForChildren } from './job-error.js';

/** Resolves when the handler ends or when the attempt is abandoned, whichever is first. */
export function runHandler(handler: AnyHandler, context: HandlerContext, attempt: Attempt, blobs: BlobStore): Promise<HandlerEnd> {
  return new Promise((resolve) => {
    attempt.onAbandoned = () => resolve({ kind: 'abandoned' });
    // After an abandonment the late end of the handler resolves a promise that is settled: nothing happens.
    callHandler(handler, context, attempt, blobs).then(resolve, (error: unknown) => resolve(endOfError(error)));
  });
}

async function callHandler(handler: AnyHandler, context: HandlerContext, attempt: Attempt, blobs: BlobStore): Promise<HandlerEnd> {
  const { job } = attempt;
  const raw = job.payloadRef === null ? job.payload : await readPayload({ blobs }, job);
  const payload = handler.parse === undefined ? raw : parsePayload(handler.parse, raw);
  const answer = await handler.run(context, payload);
  const result = resultOf(answer);
  if (result === null) return { kind: 'result', result: null, resultRef: null };
  return storeResult(result, attempt, blobs);
}

function parsePayload(parse: (payload: Json) => unknown, raw: Json): unknown {
  try {
    return parse(raw);
  } catch (error) {
    if (error instanceof AppError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new AppError('PAYLOAD_INVALID', `payload: ${reason}`, { cause: error });
  }
}

function resultOf(answer: unknown): Json {
  if (answer === undefined || answer === null) return null;
  const unknown = typeof answer === 'object' ? Object.keys(answer).find((key) => key !== 'result') : typeof answer;
  if (typeof answer === 'object' && unknown === undefined) return (Reflect.get(answer, 'result') as Json | undefined) ?? null;
  throw new PermanentError(`the handler returned ${unknown} instead of { result }`, { code: 'RESULT_INVALID' });
}

/** A large result is a file before the job names it; dying in between leaves a file that `prune` removes. */
async function storeResult(result: Json, attempt: Attempt, blobs: BlobStore): Promise<HandlerEnd> {
  const text = resultText(result);
  if (text === undefined) return { kind: 'result', result: null, resultRef: null };
  const small = text.length * 3 <= MAX_INLINE_PAYLOAD_BYTES || Buffer.byteLength(text) <= MAX_INLINE_PAYLOAD_BYTES;
  if (small) return { kind: 'result', result, resultRef: null };
  const resultRef = await blobs.put(`results/${attempt.jobId}/${attempt.runEpoch}.json`, text);
  return { kind: 'result', result: null, resultRef };
}

function resultText(result: Json): string | undefined {
  try {
    // Undefined for what JSON has no word for: a function, a symbol.
    return JSON.stringify(result);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PermanentError(`the handler's result cannot be written as JSON: ${reason}`, { code: 'RESULT_INVALID', cause: error });
  }
}

function endOfError(error: unknown): HandlerEnd {
  const expected = waitsForChildren(error);
  return expected === undefined ? { kind: 'threw', error } : { kind: 'waits', expected };
}
