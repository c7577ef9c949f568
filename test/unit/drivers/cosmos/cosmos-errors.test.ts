import { describe, expect, test } from 'vitest';

import { CosmosCalls } from '../../../../src/drivers/cosmos/cosmos-calls.js';
import { toAppError } from '../../../../src/drivers/cosmos/cosmos-errors.js';
import { systemClock } from '../../../../src/ports/clock.js';

const ENDPOINT = 'https://store.example';

describe('what the driver says of an error', () => {
  test.each([
    [Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }), 'BACKEND_UNAVAILABLE'],
    [Object.assign(new Error('bad request'), { code: 400 }), 'BACKEND_UNAVAILABLE'],
    [Object.assign(new Error('too late'), { name: 'TimeoutError' }), 'BACKEND_UNAVAILABLE'],
    [new SyntaxError('Unexpected token < in JSON'), 'BACKEND_UNAVAILABLE'],
    [Object.assign(new Error('no'), { code: 403 }), 'COSMOS_UNAUTHORIZED'],
    [Object.assign(new Error('slower'), { code: 429 }), 'COSMOS_THROTTLED'],
    [Object.assign(new Error('gone'), { code: 404 }), 'COSMOS_NOT_FOUND'],
  ])('%s is %s', (error, code) => {
    expect(toAppError(error, ENDPOINT)).toMatchObject({ code, cause: error });
  });

  test.each([
    new TypeError('x is not a function'),
    new RangeError('Invalid array length'),
    new ReferenceError('y is not defined'),
    Object.assign(new TypeError('must be a string'), { code: 'ERR_INVALID_ARG_TYPE' }),
  ])('%s is a mistake in a program and stays what it is', (error) => {
    expect(toAppError(error, ENDPOINT)).toBe(error);
  });
});

test('a mistake in a program is thrown by a call at once and as it is', async () => {
  const mistake = new TypeError('no such method');
  const container = { item: () => { throw mistake; } } as unknown as ConstructorParameters<typeof CosmosCalls>[0]['container'];
  const calls = new CosmosCalls({ container, endpoint: ENDPOINT, clock: systemClock, random: Math.random });
  await expect(calls.read('partition', 'id')).rejects.toBe(mistake);
  expect(calls.requests).toBe(1);
});
