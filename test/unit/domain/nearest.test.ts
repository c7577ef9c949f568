import { expect, test } from 'vitest';
import { nearest } from '../../../src/domain/nearest.js';

const words = ['submit', 'status', 'list', 'tail', 'dlq', 'high', 'evaluation'];

test.each([
  ['submti', 'submit'],
  ['SUBMIT', 'submit'],
  ['hihg', 'high'],
  ['dql', undefined],
  ['eval', 'evaluation'],
  ['evalution', 'evaluation'],
  ['frobnicate', undefined],
  ['', undefined],
])('%j is nearest to %s', (typed, expected) => {
  expect(nearest(typed, words)).toBe(expected);
});
