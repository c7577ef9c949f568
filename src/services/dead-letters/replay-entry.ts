// Replays one dead letter that is held under a lock.
//
// A job: save it Queued with its next message (one step), complete the letter. The job's history says which operation
// did it, so the ledger needs no note between the two.
// A message without a job: note that a copy may be sent, send it, note that it was, complete the letter.

import { canonicalSha256 } from '../../domain/canonical-json.js';
import { readLetterFacts, type LetterFacts } from '../../domain/dead-letters/letter-facts.js';
import type { LetterProperties } from '../../domain/dead-letters/letter-record.js';
import type { LedgerEntry } from '../../domain/dead-letters/operation.js';
import { decideReplay, type ReplayDecision } from '../../domain/dead-letters/replay-decision.js';
import { AppError, hasCode } from '../../domain/errors.js';
import type { Job } from '../../domain/job.js';
import { replay, type Change } from '../../domain/lifecycle.js';
import type { DeadLetter } from '../../ports/dead-letter-queue.js';
import { editPayload } from './edit-payload.js';
import type { OperationRun } from './operation-run.js';
import { wasReplayedHere } from './own-replays.js';
import type { HeldLetter, StageKeeper } from './settle-entry.js';

/** Somebody else saves the job at the same time only now and then; more often is a fault. */
const MAX_TRIES = 5;
const STALE_PAUSE_MS = 50;

export interface ReplayEnd {
  readonly state: 'done' | 'skipped';
  readonly note: string | null;
}

export async function replayEntry(run: OperationRun, entry: LedgerEntry, held: HeldLetter, keeper: StageKeeper): Promise<ReplayEnd> {
  const facts = readLetterFacts(held.letter);
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    const decision = await decide(run, facts);
    switch (decision.do) {
      case 'skip':
        if (decision.reason === 'superseded' && (await wasReplayedHere(run, entry))) {
          // A run before saved the job and died before it completed the letter.
          await held.complete();
          return { state: 'done', note: null };
        }
        // A crash after complete() and before the ledger knows: resuming finds the letter gone and says so.
        await (decision.complete ? held.complete() : held.release());
        return { state: 'skipped', note: decision.reason };
      case 'send-copy':
        await sendCopy(run, { entry, letter: held.letter, facts, anew: decision.anew }, keeper);
        await held.complete();
        return { state: 'done', note: null };
      case 'replay-job':
        if (!(await saveReplayed(run, decision.job))) continue;
        keeper.reached('secured');
        // A crash here leaves a queued job and its letter, which is superseded: resuming sees by whom, and completes it.
        await held.complete();
        return { state: 'done', note: null };
      case 'read-again':
        await run.ports.clock.sleep(STALE_PAUSE_MS);
    }
  }
  throw new AppError('JOB_CONFLICT', `job ${facts.jobId ?? ''} was changed by others ${MAX_TRIES} times in a row`);
}

async function decide(run: OperationRun, facts: LetterFacts): Promise<ReplayDecision> {
  const { store } = run.ports;
  const { maxReplays, edits } = run.operation.settings;
  const job = facts.jobId === null ? undefined : await store.get(facts.jobId);
  return decideReplay({ letter: facts, job, storeId: store.storeId, maxReplays, edits: edits.length > 0 });
}

/** False when somebody saved the job since it was read; nothing was stored then. */
async function saveReplayed(run: OperationRun, job: Job): Promise<boolean> {
  try {
    await run.ports.store.save(await replayChange(run, job));
    return true;
  } catch (error) {
    if (hasCode(error, 'JOB_CONFLICT')) return false;
    throw error;
  }
}

async function replayChange(run: OperationRun, job: Job): Promise<Change> {
  const { id, by, settings } = run.operation;
  const { toQueue, delayMs, edits } = settings;
  const at = run.ports.clock.now();
  const ttlMs = await run.ttlMs(toQueue ?? job.queue);
  const edit = edits.length === 0 ? undefined : await editPayload(run.ports, job, edits);
  return replay(job, at, {
    ttlMs,
    dueAt: at + delayMs,
    by,
    operation: id,
    ...(toQueue === null ? {} : { queue: toQueue }),
    ...(edit === undefined
      ? {}
      : {
          edit: {
            payload: edit.payloadRef === null ? edit.payload : null,
            payloadRef: edit.payloadRef,
            fromSha256: canonicalSha256(edit.before),
            toSha256: canonicalSha256(edit.payload),
          },
        }),
  });
}

interface Copy {
  readonly entry: LedgerEntry;
  readonly letter: DeadLetter;
  readonly facts: LetterFacts;
  readonly anew: boolean;
}

/**
 * The copy's id is made of the operation and the entry, so that sending it twice is visible to whoever receives both.
 * A crash between the two notes may have sent it: resuming sends it again. So may a broker that did not answer.
 */
async function sendCopy(run: OperationRun, { entry, letter, facts, anew }: Copy, keeper: StageKeeper): Promise<void> {
  const { toQueue, delayMs } = run.operation.settings;
  await keeper.advance('sending');
  const copy = {
    queue: toQueue ?? letter.queue,
    messageId: `${run.operation.id}:${entry.index}`,
    body: letter.body,
    properties: copyProperties(letter, { anew, replayCount: facts.replayCount + 1 }),
    ...(letter.headers === undefined ? {} : { headers: letter.headers }),
    ...(facts.priority === null ? {} : { priority: facts.priority }),
    notBefore: delayMs > 0 ? run.ports.clock.now() + delayMs : null,
  };
  // A job that was replayed by a run before, and has ended and been pruned since, looks as if there had been none.
  let maybeTwice = entry.stage === 'sending' || (run.isResumed && entry.do === 'replay-job');
  await run.ports.queue.send([copy], { onRepeat: () => (maybeTwice = true), patient: true, ...run.whileRunning });
  await keeper.advance(maybeTwice ? 'secured-maybe-twice' : 'secured');
}

/** What ties a message to a job of ours; on a copy that shall become a job of its own it would lead nowhere. */
const JOB_PROPERTIES = new Set(['jobId', 'sequence', 'storeId', 'attempt']);

function copyProperties(letter: DeadLetter, copy: { anew: boolean; replayCount: number }): LetterProperties {
  const kept = Object.entries(letter.properties).filter(
    ([name]) => !name.startsWith('DeadLetter') && !(copy.anew && JOB_PROPERTIES.has(name)),
  );
  return { ...Object.fromEntries(kept), replayOf: letter.messageId, replayCount: copy.replayCount };
}
