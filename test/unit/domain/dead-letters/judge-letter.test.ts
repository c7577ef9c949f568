// Each row of the table in judge-letter.ts.

import { describe, expect, test } from 'vitest';

import { judgeLetter, type LetterJudgement, MAX_RECOVERIES, mayRecover } from '../../../../src/domain/dead-letters/judge-letter.js';
import { readLetterFacts } from '../../../../src/domain/dead-letters/letter-facts.js';
import type { Job } from '../../../../src/domain/job.js';
import { job, letter, letterOf, STORE } from './letters.js';

const NOW = 10_000;
const queued = job({ status: 'Queued' });
const running = job({ status: 'Running', attempt: 1, runEpoch: 1, worker: 'w-1' });
const TOO_OFTEN = 'MaxDeliveryCountExceeded';

function judge(facts: Partial<LetterJudgement>, of: Job = queued): ReturnType<typeof judgeLetter> {
  return judgeLetter({ letter: readLetterFacts(letterOf(of)), reason: TOO_OFTEN, description: 'told', job: of, storeId: STORE, recoveries: 0, now: NOW, ...facts });
}

describe('a letter that says nothing about a job', () => {
  test('is one of another store, of no job, or of a job that is not stored', () => {
    expect(judge({ storeId: 'another' })).toEqual({ do: 'nothing' });
    expect(judge({ letter: readLetterFacts(letter()) })).toEqual({ do: 'nothing' });
    expect(judge({ job: undefined })).toEqual({ do: 'nothing' });
  });

  test('is one that its job has superseded, or that is newer than what was read', () => {
    expect(judge({ job: { ...queued, sequence: 2 }, reason: 'SOMEBODY' })).toEqual({ do: 'nothing' });
    expect(judge({ letter: readLetterFacts(letterOf({ ...queued, sequence: 2 })) })).toEqual({ do: 'nothing' });
  });

  test.each(['Succeeded', 'Failed', 'DeadLettered', 'Cancelled'] as const)('is one of a job that is %s', (status) => {
    expect(judge({ reason: 'SOMEBODY' }, job({ status }))).toEqual({ do: 'nothing' });
  });
});

describe('a message that expired', () => {
  test.each(['TTLExpiredException', 'EXPIRED'])('ends its job, waiting or running, with attempts left or not (%s)', (reason) => {
    for (const of of [queued, running, { ...running, attempt: 3 }]) {
      expect(judge({ reason }, of)).toEqual({ do: 'record', job: of, error: { code: 'EXPIRED', message: 'told', retryable: false, at: NOW } });
    }
  });
});

describe('a message that was handed out too often', () => {
  test.each([TOO_OFTEN, 'DELIVERY_LIMIT'])('is sent anew while attempts are left (%s)', (reason) => {
    expect(judge({ reason })).toMatchObject({ do: 'recover', job: queued });
    expect(judge({ reason }, running)).toMatchObject({ do: 'recover', job: running });
  });

  test('goes when its job has gone on, or has its outcome: only completing it was lost', () => {
    for (const status of ['Succeeded', 'Failed', 'Cancelled'] as const) expect(judge({}, job({ status }))).toEqual({ do: 'remove' });
    expect(judge({ job: { ...queued, sequence: 2 } })).toEqual({ do: 'remove' });
    expect(judge({}, job({ status: 'DeadLettered' }))).toEqual({ do: 'nothing' });
  });

  test('is sent anew three times at most', () => {
    expect(judge({ recoveries: MAX_RECOVERIES - 1 })).toMatchObject({ do: 'recover' });
    expect(judge({ recoveries: MAX_RECOVERIES })).toMatchObject({ do: 'record', error: { code: 'DELIVERY_LIMIT', retryable: true } });
  });

  test('ends a job without attempts left: its worker was lost', () => {
    expect(judge({}, { ...running, attempt: 3 })).toMatchObject({ do: 'record', error: { code: 'WORKER_LOST' } });
  });

  test('ends a job whose time is over', () => {
    expect(judge({}, { ...queued, expiresAt: NOW })).toMatchObject({ do: 'record', error: { code: 'DELIVERY_LIMIT' } });
  });
});

describe('a message that somebody put there', () => {
  test('ends its job with what the letter says', () => {
    expect(judge({ reason: 'INVALID_MESSAGE' })).toMatchObject({ do: 'record', error: { code: 'INVALID_MESSAGE', message: 'told', retryable: true } });
    expect(judge({ reason: 'by hand', description: null })).toMatchObject({ do: 'record', error: { code: 'DEAD_LETTERED', message: 'by hand' } });
    expect(judge({ reason: null, description: null })).toMatchObject({ do: 'record', error: { code: 'DEAD_LETTERED', message: '' } });
  });

  test('that has no numbers is the first message of its job', () => {
    const body = JSON.stringify({ jobId: queued.jobId, userId: 'u', createdAt: '2026-01-01T00:00:00Z', type: 'echo', payload: null });
    const foreign = readLetterFacts(letter({ body: new Uint8Array(Buffer.from(body)) }));
    expect(judge({ letter: foreign }, running)).toMatchObject({ do: 'recover' });
    expect(judge({ letter: foreign }, { ...running, sequence: 2 })).toEqual({ do: 'remove' });
  });
});

test('a job that never expires may be recovered by its attempts alone', () => {
  expect(mayRecover({ ...queued, expiresAt: null }, 0, NOW)).toBe(true);
  expect(mayRecover({ ...queued, expiresAt: null, attempt: 3 }, 0, NOW)).toBe(false);
});
