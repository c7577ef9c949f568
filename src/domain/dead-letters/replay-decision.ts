// What replaying one dead letter means, as one pure function over the letter and the stored job. Every row has its test.
//
//   letter of           stored job                    do
//   another store       any                           skip, leave the letter
//   no job              -                             send a copy
//   ours                none                          send a copy without our properties: a worker stores the job anew
//   a job               newer message than the letter skip (superseded), complete the letter
//   a job               older than the letter         stale read: read again
//   a job               Succeeded, Failed, Cancelled  skip (job ended), complete the letter
//   a job               Running                       skip (running), leave the letter
//   a job               Queued, DeadLettered          queue the job again, unless it was replayed too often
//
// Completing a letter whose job has gone on loses nothing: the job's record has its payload, and the letter could never
// be replayed. Letters that are left can be replayed later.

import type { Job } from '../job.js';
import type { LetterFacts } from './letter-facts.js';

export const SKIP_REASONS = {
  superseded: 'the job has a newer message',
  'job-succeeded': 'the job succeeded',
  'job-failed': 'the job failed for good; `retry` queues it again',
  'job-cancelled': 'the job was cancelled; `retry` queues it again',
  running: 'the job is running',
  'max-replays': 'it was replayed too often',
  'other-store': 'it belongs to another store',
  'no-json-payload': 'it has no JSON payload to change',
  gone: 'it was gone before its turn',
  'already-there': 'it is in the dead-letter queue already',
  'already-restored': 'it was restored before',
} as const;
export type SkipReason = keyof typeof SKIP_REASONS;

/** Reasons after which the letter has been completed; after the others it is where it was. */
export const REMOVING_SKIPS: ReadonlySet<string> = new Set<SkipReason>(['superseded', 'job-succeeded', 'job-failed', 'job-cancelled']);

export type ReplayDecision =
  | { readonly do: 'replay-job'; readonly job: Job }
  /** `anew`: without the properties that tie it to a job that is not stored. */
  | { readonly do: 'send-copy'; readonly anew: boolean }
  | { readonly do: 'skip'; readonly reason: SkipReason; readonly complete: boolean }
  | { readonly do: 'read-again' };

export interface ReplayFacts {
  readonly letter: LetterFacts;
  readonly job: Job | undefined;
  readonly storeId: string;
  readonly maxReplays: number;
  /** The payload is to be changed. */
  readonly edits: boolean;
}

export function decideReplay(facts: ReplayFacts): ReplayDecision {
  const { letter, job, storeId } = facts;
  const { origin } = letter;
  if (origin.kind === 'ours' && origin.storeId !== storeId) return skip('other-store');
  if (origin.kind === 'none' || job === undefined) return decideCopy(facts);
  // Another producer numbers nothing: its message is the first of its job.
  const sequence = origin.kind === 'ours' ? origin.sequence : 1;
  if (sequence < job.sequence) return skip('superseded');
  if (sequence > job.sequence) return { do: 'read-again' };
  if (job.status === 'Running') return skip('running');
  if (job.status === 'Succeeded') return skip('job-succeeded');
  if (job.status === 'Failed') return skip('job-failed');
  if (job.status === 'Cancelled') return skip('job-cancelled');
  if (job.replayCount >= facts.maxReplays) return skip('max-replays');
  if (facts.edits && job.payloadRef === null && !isContainer(job.payload)) return skip('no-json-payload');
  return { do: 'replay-job', job };
}

function decideCopy({ letter, maxReplays, edits }: ReplayFacts): ReplayDecision {
  if (letter.replayCount >= maxReplays) return skip('max-replays');
  if (edits) return skip('no-json-payload');
  return { do: 'send-copy', anew: letter.origin.kind === 'ours' };
}

function skip(reason: SkipReason): ReplayDecision {
  return { do: 'skip', reason, complete: REMOVING_SKIPS.has(reason) };
}

function isContainer(value: Job['payload']): boolean {
  return typeof value === 'object' && value !== null;
}
