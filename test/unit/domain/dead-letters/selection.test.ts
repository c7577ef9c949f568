import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { readLetterFacts } from '../../../../src/domain/dead-letters/letter-facts.js';
import type { LetterRecord } from '../../../../src/domain/dead-letters/letter-record.js';
import { letterWhereRecord } from '../../../../src/domain/dead-letters/letter-where.js';
import { compileSelection, EVERY_LETTER, type LetterSelection, printSelection, selectsEverything, shellWord } from '../../../../src/domain/dead-letters/selection.js';
import { reasonFingerprint } from '../../../../src/domain/reason-fingerprint.js';
import { parseSequenceRanges } from '../../../../src/domain/sequence-ranges.js';
import { matchesWhere } from '../../../../src/domain/where/evaluate.js';
import { parseWhere } from '../../../../src/domain/where/parser.js';
import { job, JOB_ID, letter, letterOf } from './letters.js';

const NOW = 100_000;

function matches(selection: Partial<LetterSelection>, tested: LetterRecord): boolean {
  return compileSelection({ ...EVERY_LETTER, ...selection }, NOW)(tested, () => readLetterFacts(tested));
}

describe('a selection', () => {
  test('of everything takes any letter', () => {
    expect(matches({}, letter())).toBe(true);
    expect(selectsEverything(EVERY_LETTER)).toBe(true);
  });

  test('by number', () => {
    const sequences = parseSequenceRanges('1,5-9');
    expect(matches({ sequences }, letter({ sequenceNumber: '7' }))).toBe(true);
    expect(matches({ sequences }, letter({ sequenceNumber: '4' }))).toBe(false);
  });

  test('by job', () => {
    expect(matches({ jobIds: [JOB_ID, 'x'] }, letterOf(job()))).toBe(true);
    expect(matches({ jobIds: ['x'] }, letterOf(job()))).toBe(false);
    expect(matches({ jobIds: ['x'] }, letter())).toBe(false);
  });

  test('by type, also under an alias', () => {
    const evaluation = letterOf(job({ type: 'evaluation' }));
    expect(matches({ types: ['bulk_evaluation'] }, evaluation)).toBe(true);
    expect(matches({ types: ['echo'] }, evaluation)).toBe(false);
    expect(matches({ types: ['echo'] }, letter())).toBe(false);
  });

  test('by reason: the code, the description, or both', () => {
    for (const pattern of ['attempts_exhausted', 'econnrefused', '*ECONNREFUSED*', 'ATTEMPTS_EXHAUSTED: connect*', 'ATTEMPTS_?XHAUSTED']) {
      expect(matches({ reasons: [pattern] }, letter()), pattern).toBe(true);
    }
    for (const pattern of ['timeout', 'ECONN*']) expect(matches({ reasons: [pattern] }, letter())).toBe(false);
    expect(matches({ reasons: ['x'] }, letter({ reason: null, description: null }))).toBe(false);
    expect(matches({ reasons: ['*'] }, letter({ reason: null, description: null }))).toBe(true);
  });

  test('by age since the dead-lettering, or since the sending where that is all there is', () => {
    expect(matches({ olderThanMs: 95_000 }, letter({ deadLetteredAt: 5_000 }))).toBe(true);
    expect(matches({ olderThanMs: 95_001 }, letter({ deadLetteredAt: 5_000 }))).toBe(false);
    expect(matches({ olderThanMs: 98_000 }, letter({ deadLetteredAt: null, enqueuedAt: 1_000 }))).toBe(true);
  });

  test('by group', () => {
    const { name } = reasonFingerprint(letter());
    expect(matches({ groups: [name] }, letter({ description: 'connect ECONNREFUSED 10.9.8.7:80' }))).toBe(true);
    expect(matches({ groups: [name] }, letter({ description: 'timeout' }))).toBe(false);
  });

  test('of several kinds takes what fits all of them', () => {
    const parts: Partial<LetterSelection>[] = [
      { sequences: parseSequenceRanges('7') },
      { types: ['echo'] },
      { reasons: ['refused'] },
      { olderThanMs: 10 },
      { jobIds: [JOB_ID] },
    ];
    fc.assert(
      fc.property(fc.subarray(parts), fc.constantFrom('7', '8'), fc.constantFrom('echo', 'sleep'), (chosen, sequenceNumber, type) => {
        const tested = letterOf(job({ type }), { sequenceNumber });
        const together = Object.assign({}, ...chosen) as Partial<LetterSelection>;
        expect(matches(together, tested)).toBe(chosen.every((part) => matches(part, tested)));
      }),
    );
  });

  test('is printed as the options that make it', () => {
    expect(printSelection(EVERY_LETTER)).toBe('--all');
    expect(
      printSelection({
        sequences: parseSequenceRanges('3-9,1'),
        jobIds: [JOB_ID],
        reasons: ["it's *"],
        types: ['echo'],
        olderThanMs: 5_400_000,
        groups: ['G123456'],
        where: parseWhere('payload.a = 1 and age > 2h'),
      }),
    ).toBe(`--sequence 1,3-9 --job ${JOB_ID} --reason 'it'\\''s *' --type echo --older-than 1h30m --group G123456 --where 'payload.a=1 and age>2h'`);
  });

  test('a word of a shell is quoted when it must be', () => {
    expect(shellWord('a-b/c.d:1')).toBe('a-b/c.d:1');
    expect(shellWord('')).toBe("''");
    expect(shellWord('$(x)')).toBe("'$(x)'");
  });
});

describe('a where-expression on a letter', () => {
  const stored = job({ labels: { team: 'blue' }, attempt: 3, error: { code: 'E', message: 'broken', retryable: true, at: 1 } });
  const tested = letterOf(stored);
  const record = letterWhereRecord({ letter: tested, facts: readLetterFacts(tested), job: stored, payload: stored.payload, now: NOW });

  test.each([
    'type = echo',
    'queue = evaluation-jobs and user = someone',
    'reason = ATTEMPTS_EXHAUSTED',
    'error ~ econnrefused and error ~ broken',
    'status = DeadLettered and attempt = 3 and label.team = blue',
    'priority = high and age >= 95s and age < 96s',
    'payload.text = hello and result.x = null',
  ])('holds: %s', (text) => {
    expect(matchesWhere(parseWhere(text), record)).toBe(true);
  });

  test('without a stored job knows what the letter says', () => {
    const alone = letterWhereRecord({ letter: letter(), facts: readLetterFacts(letter()), job: undefined, payload: undefined, now: NOW });
    expect(matchesWhere(parseWhere('status = null and type = null and label.x = null and payload.x = null and attempt = 3'), alone)).toBe(true);
  });
});
