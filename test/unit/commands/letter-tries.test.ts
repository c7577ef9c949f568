import { expect, test } from 'vitest';

import { formatTries } from '../../../src/output/quantities.js';

test('a count of nothing, as Service Bus has it for a letter that never came back, is not shown as no try at all', () => {
  expect(formatTries({ deliveryCount: 0 })).toBe('-');
  expect(formatTries({ deliveryCount: 3 })).toBe('3');
});
