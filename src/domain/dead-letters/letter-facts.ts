// What a dead letter says about its job. Never throws: any program may have put any bytes on the queue.

import type { Priority } from '../job.js';
import type { Json } from '../json.js';
import type { JobMessage } from '../message.js';
import { decodeMessage } from '../message-codec.js';
import { findJobType } from '../queue-registry.js';
import type { LetterRecord } from './letter-record.js';

/**
 * Whose message it is. `ours`: its properties name job, sequence and store, whatever its body holds.
 * `foreign`: another producer's job; the worker that receives it stores a job under this id. `none`: no job at all.
 */
export type LetterOrigin =
  | { readonly kind: 'ours'; readonly jobId: string; readonly sequence: number; readonly storeId: string }
  | { readonly kind: 'foreign'; readonly jobId: string }
  | { readonly kind: 'none' };

export interface LetterFacts {
  readonly origin: LetterOrigin;
  readonly jobId: string | null;
  /** Canonical; null when the body is no job. */
  readonly type: string | null;
  readonly userId: string | null;
  readonly priority: Priority | null;
  /** Undefined when the body is no job. */
  readonly payload: Json | undefined;
  readonly payloadRef: JobMessage['payloadRef'];
  /** Replays before this letter. */
  readonly replayCount: number;
}

export function readLetterFacts(letter: LetterRecord): LetterFacts {
  const decoded = decodeMessage({
    // Bytes that are not UTF-8 turn into replacement characters, which no JSON of a job contains outside of strings.
    body: Buffer.from(letter.body.buffer, letter.body.byteOffset, letter.body.byteLength).toString('utf8'),
    properties: letter.properties,
    messageId: letter.messageId,
    enqueuedAt: letter.enqueuedAt,
  });
  const message = decoded.kind === 'undecodable' ? undefined : decoded.message;
  const origin = originOf(letter, decoded.kind === 'foreign' ? decoded.message.jobId : undefined);
  const { replayCount } = letter.properties;
  return {
    origin,
    jobId: origin.kind === 'none' ? null : origin.jobId,
    type: message === undefined ? null : (findJobType(message.type)?.type ?? message.type),
    userId: message?.userId ?? null,
    priority: message?.priority ?? null,
    payload: message?.payload,
    payloadRef: message?.payloadRef ?? null,
    replayCount: typeof replayCount === 'number' && replayCount > 0 ? replayCount : 0,
  };
}

function originOf(letter: LetterRecord, foreignJobId: string | undefined): LetterOrigin {
  const { jobId, sequence, storeId } = letter.properties;
  if (typeof jobId === 'string' && typeof sequence === 'number' && typeof storeId === 'string') {
    return { kind: 'ours', jobId, sequence, storeId };
  }
  return foreignJobId === undefined ? { kind: 'none' } : { kind: 'foreign', jobId: foreignJobId };
}
