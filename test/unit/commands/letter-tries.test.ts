import { expect, test } from 'vitest';

import { triesText } from '../../../src/commands/dlq/letter-text.js';

test('a count of nothing, as Service Bus has it for a letter that never came back, is not shown as no try at all', () => {
  expect(triesText({ deliveryCount: 0 })).toBe('-');
  expect(triesText({ deliveryCount: 3 })).toBe('3');
});
