import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { readLetterFacts } from '../../../../src/domain/dead-letters/letter-facts.js';
import { decideReplay, REMOVING_SKIPS, type ReplayDecision } from '../../../../src/domain/dead-letters/replay-decision.js';
import { JOB_STATUSES, type Job } from '../../../../src/domain/job.js';
import { job, JOB_ID, letter, letterOf, STORE } from './letters.js';

function decideFor(parts: { letter?: ReturnType<typeof letter>; job: Job | undefined; maxReplays?: number; edits?: boolean }): ReplayDecision {
  return decideReplay({
    letter: readLetterFacts(parts.letter ?? letterOf(job())),
    job: parts.job,
    storeId: STORE,
    maxReplays: parts.maxReplays ?? 3,
    edits: parts.edits ?? false,
  });
}

const FOREIGN = { jobId: JOB_ID, type: 'bulk_evaluation', userId: 'u', createdAt: '2026-08-01T00:00:00Z', payload: { a: 1 } };
const foreignLetter = letter({ body: new Uint8Array(Buffer.from(JSON.stringify(FOREIGN))) });

describe('facts of a letter', () => {
  test('ours: job, sequence and store from its properties, the rest from its body', () => {
    expect(readLetterFacts(letterOf(job({ sequence: 4, replayCount: 2 })))).toMatchObject({
      origin: { kind: 'ours', jobId: JOB_ID, sequence: 4, storeId: STORE },
      jobId: JOB_ID,
      type: 'echo',
      userId: 'someone',
      priority: 'high',
      payload: { text: 'hello' },
      replayCount: 2,
    });
  });

  test('ours, also with a body that nobody can read', () => {
    const broken = letterOf(job(), { body: new Uint8Array([0xff, 0]) });
    expect(readLetterFacts(broken)).toMatchObject({ origin: { kind: 'ours', jobId: JOB_ID }, type: null, payload: undefined });
  });

  test("another producer's job, under its real type", () => {
    expect(readLetterFacts(foreignLetter)).toMatchObject({ origin: { kind: 'foreign', jobId: JOB_ID }, type: 'evaluation', payload: { a: 1 } });
  });

  test('no job', () => {
    expect(readLetterFacts(letter())).toMatchObject({ origin: { kind: 'none' }, jobId: null, type: null, payload: undefined, replayCount: 0 });
  });

  test('any bytes and properties are read without an error', () => {
    const properties = fc.dictionary(fc.constantFrom('jobId', 'sequence', 'storeId', 'replayCount', 'x'), fc.oneof(fc.string(), fc.integer(), fc.constant(null)));
    const body = fc.oneof(fc.uint8Array(), fc.json().map((text) => new Uint8Array(Buffer.from(text))));
    fc.assert(fc.property(properties, body, (made, bytes) => void readLetterFacts(letter({ properties: made, body: bytes }))));
  });
});

describe('replaying a letter', () => {
  test('of a dead-lettered job queues the job', () => {
    const stored = job();
    expect(decideFor({ job: stored })).toEqual({ do: 'replay-job', job: stored });
  });

  test('of a job that is recorded as queued under this message queues it again: nothing else would run it', () => {
    expect(decideFor({ job: job({ status: 'Queued' }) }).do).toBe('replay-job');
  });

  test.each([
    ['Succeeded', 'job-succeeded', true],
    ['Failed', 'job-failed', true],
    ['Cancelled', 'job-cancelled', true],
    ['Running', 'running', false],
  ] as const)('of a job that is %s is skipped', (status, reason, complete) => {
    expect(decideFor({ job: job({ status }) })).toEqual({ do: 'skip', reason, complete });
  });

  test('older than the newest message of its job is superseded and completed, whatever became of the job', () => {
    for (const status of JOB_STATUSES) {
      expect(decideFor({ job: job({ status, sequence: 2 }) })).toEqual({ do: 'skip', reason: 'superseded', complete: true });
    }
  });

  test('newer than the stored job reads again: the answer came from the past', () => {
    expect(decideFor({ letter: letterOf(job({ sequence: 5 })), job: job({ sequence: 4 }) })).toEqual({ do: 'read-again' });
  });

  test('of another store is left alone', () => {
    const other = letterOf(job(), { properties: { jobId: JOB_ID, sequence: 1, storeId: 'store-2' } });
    expect(decideFor({ letter: other, job: undefined })).toEqual({ do: 'skip', reason: 'other-store', complete: false });
    expect(decideFor({ letter: other, job: job() })).toMatchObject({ reason: 'other-store' });
  });

  test('replayed often enough is left where it is', () => {
    expect(decideFor({ job: job({ replayCount: 2 }) }).do).toBe('replay-job');
    expect(decideFor({ job: job({ replayCount: 3 }) })).toEqual({ do: 'skip', reason: 'max-replays', complete: false });
    expect(decideFor({ letter: letter({ properties: { replayCount: 3 } }), job: undefined })).toMatchObject({ reason: 'max-replays' });
  });

  test('without a job sends a copy', () => {
    expect(decideFor({ letter: letter(), job: undefined })).toEqual({ do: 'send-copy', anew: false });
    expect(decideFor({ letter: foreignLetter, job: undefined })).toEqual({ do: 'send-copy', anew: false });
  });

  test('of a job of ours that is not stored sends a copy that becomes a job of its own', () => {
    expect(decideFor({ job: undefined })).toEqual({ do: 'send-copy', anew: true });
  });

  test("of another producer's job that a worker has stored queues that job", () => {
    expect(decideFor({ letter: foreignLetter, job: job({ origin: 'external' }) }).do).toBe('replay-job');
    expect(decideFor({ letter: foreignLetter, job: job({ origin: 'external', sequence: 2 }) })).toMatchObject({ reason: 'superseded' });
  });

  test('with a change of the payload needs a JSON payload of a job', () => {
    expect(decideFor({ job: job(), edits: true }).do).toBe('replay-job');
    expect(decideFor({ job: job({ payload: null, payloadRef: { key: 'k', sha256: 'a'.repeat(64), bytes: 9 } }), edits: true }).do).toBe('replay-job');
    expect(decideFor({ job: job({ payload: 'text' }), edits: true })).toMatchObject({ reason: 'no-json-payload', complete: false });
    expect(decideFor({ letter: letter(), job: undefined, edits: true })).toMatchObject({ reason: 'no-json-payload' });
  });

  test('never removes a letter that is the newest message of a job that could still run', () => {
    const anyJob = fc.record({ status: fc.constantFrom(...JOB_STATUSES), sequence: fc.integer({ min: 1, max: 4 }), replayCount: fc.integer({ min: 0, max: 5 }) });
    fc.assert(
      fc.property(anyJob, fc.integer({ min: 1, max: 4 }), fc.boolean(), (changes, sequence, edits) => {
        const decision = decideFor({ letter: letterOf(job({ sequence })), job: job(changes), edits });
        if (decision.do !== 'skip') return;
        expect(decision.complete).toBe(REMOVING_SKIPS.has(decision.reason));
        const alive = changes.status === 'Queued' || changes.status === 'Running' || changes.status === 'DeadLettered';
        if (decision.complete && alive) expect(sequence).toBeLessThan(changes.sequence);
      }),
    );
  });
});
