// Properties of the whole where-language: printing, evaluation, narrowing, hostile input.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../src/domain/errors.js';
import type { WhereExpression } from '../../../../src/domain/where/ast.js';
import { matchesWhere } from '../../../../src/domain/where/evaluate.js';
import { narrow } from '../../../../src/domain/where/narrow.js';
import { MAX_WHERE_BYTES, parseWhere } from '../../../../src/domain/where/parser.js';
import { printWhere } from '../../../../src/domain/where/print.js';
import { narrowableExpressions, narrowableRecords, whereExpressions, whereRecords } from './arbitraries.js';
import { naiveMatches } from './naive-evaluator.js';

describe('the where-language', () => {
  it('reads what it prints to the same tree', () => {
    fc.assert(
      fc.property(whereExpressions.filter(isParseable), (expression) => {
        expect(parseWhere(printWhere(expression))).toStrictEqual(expression);
      }),
      { numRuns: 2_000 },
    );
  });

  it('prints in characters that do not move a terminal', () => {
    fc.assert(
      fc.property(whereExpressions, (expression) => {
        expect(printWhere(expression)).not.toMatch(/[\p{Cc}\p{Cs}]/u);
      }),
    );
  });

  it('decides as a naive evaluator does', () => {
    const seen = { true: 0, false: 0 };
    fc.assert(
      fc.property(whereExpressions, whereRecords, (expression, record) => {
        const expected = naiveMatches(expression, record);
        seen[`${expected}`] += 1;
        expect(matchesWhere(expression, record)).toBe(expected);
      }),
      { numRuns: 5_000 },
    );
    expect(Math.min(seen.true, seen.false)).toBeGreaterThan(500);
  });

  it('narrows to a superset: whatever matches is inside', () => {
    let [matched, narrowed] = [0, 0];
    fc.assert(
      fc.property(narrowableExpressions, narrowableRecords, (expression, record) => {
        if (!matchesWhere(expression, record)) return;
        const { minAgeMs, maxAgeMs, ...lists } = narrow(expression);
        matched += 1;
        for (const [field, values] of Object.entries(lists)) {
          narrowed += 1;
          expect(values).toContain(record.get(field as 'status', []));
        }
        const age = Number(record.get('age', []) ?? Number.NaN);
        if (minAgeMs !== undefined || maxAgeMs !== undefined) narrowed += 1;
        if (minAgeMs !== undefined) expect(age).toBeGreaterThanOrEqual(minAgeMs);
        if (maxAgeMs !== undefined) expect(age).toBeLessThanOrEqual(maxAgeMs);
      }),
      { numRuns: 5_000 },
    );
    expect(matched).toBeGreaterThan(500);
    expect(narrowed).toBeGreaterThan(250);
  });

  it('answers any text with a tree or WHERE_INVALID on one line', () => {
    const pieces = fc.constantFrom(
      ...['status', 'payload.a', 'label."x', 'age', '=', '!=', '<', '~', '(', ')', ',', ' in ', ' and ', ' or ', ' not ', '"', "'", '\\', '[', '0]', '.', '5m', 'null', '1e999', '\u001b[31m', '\n', '😀', '\ud800', '__proto__', '*'],
    );
    const junk = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.array(pieces, { maxLength: 25 }).map((parts) => parts.join('')),
      whereExpressions.map(printWhere).chain((text) => fc.tuple(fc.nat(text.length), pieces).map(([at, piece]) => text.slice(0, at) + piece + text.slice(at + 1))),
    );
    const seen = { read: 0, refused: 0 };
    fc.assert(
      fc.property(junk, (text) => {
        const refused = refusalOf(text);
        seen[refused === undefined ? 'read' : 'refused'] += 1;
        if (refused === undefined) return;
        expect(refused).toBeInstanceOf(AppError);
        expect(refused).toMatchObject({ code: 'WHERE_INVALID', message: expect.stringMatching(/^where expression, column \d+: expected .+, got .+$/) });
        expect((refused as AppError).message + (refused as AppError).hint).not.toMatch(/\p{Cc}/u);
      }),
      { numRuns: 5_000 },
    );
    expect(Math.min(seen.read, seen.refused)).toBeGreaterThan(100);
  });

  it.each([
    ['parentheses', '('.repeat(MAX_WHERE_BYTES)],
    ['negations', 'not '.repeat(MAX_WHERE_BYTES / 4)],
    ['dots', `payload${'.'.repeat(4_000)}=1`],
    ['indexes', `payload${'[0]'.repeat(1_300)}=1`],
    ['quotes', `payload."${'\\"'.repeat(2_000)}=1`],
    ['backslashes', `type="${'\\'.repeat(4_001)}`],
    ['digits', `attempt=${'1'.repeat(4_000)}`],
    ['digits before a letter', `age>${'1'.repeat(4_000)}x`],
    ['equal signs', '='.repeat(4_000)],
    ['operands', Array.from({ length: 500 }, () => 'age>1').join(' or ')],
  ])('ends at once for thousands of %s', (_what, text) => {
    const refused = refusalOf(text);
    if (refused !== undefined) expect(refused).toMatchObject({ code: 'WHERE_INVALID' });
  });
});

/** Escapes can carry a text over the limit. */
function isParseable(expression: WhereExpression): boolean {
  return Buffer.byteLength(printWhere(expression)) <= MAX_WHERE_BYTES;
}

function refusalOf(text: string): unknown {
  try {
    parseWhere(text);
    return undefined;
  } catch (error) {
    return error;
  }
}
