import { describe, expect, test } from 'vitest';

import { isTransient, serviceBusError } from '../../../../src/drivers/service-bus/service-bus-errors.js';

describe('plain errors of the SDK', () => {
  test.each([
    'Unknown error occurred on the AMQP connection while receiving messages.',
    'Connection is reopening, aborting link initialization.',
    'Link closed before receiving messages.',
    'Link has been permanently closed. Not reopening.',
    'The underlying AMQP connection is closed.',
    'Expecting SASL layer',
  ])('of a connection that ended without saying why are worth another try: %s', (text) => {
    expect(serviceBusError(new Error(text), { operation: 'receive' }).code).toBe('SB_UNREACHABLE');
    expect(isTransient(new Error(text))).toBe(true);
  });
});
