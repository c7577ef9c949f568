import { expect, test } from 'vitest';

import { AppError } from '../../../../src/domain/errors.js';
import { networkFailure } from '../../../../src/drivers/azure-access/network-failure.js';
import { toAppError as ofBlobs } from '../../../../src/drivers/azure-blob/azure-errors.js';
import { toAppError as ofCosmos } from '../../../../src/drivers/cosmos/cosmos-errors.js';

const failed = (code: string, name = 'RestError'): Error => Object.assign(new Error('self-signed certificate'), { code, name });

test.each([
  ['ENOTFOUND', 'cannot be reached (ENOTFOUND)'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'does not trust (DEPTH_ZERO_SELF_SIGNED_CERT; the variable NODE_EXTRA_CA_CERTS'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'does not trust (UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ['CERT_HAS_EXPIRED', 'does not trust (CERT_HAS_EXPIRED'],
])('%s is told in words, by the files as by the store, and is no mistake of the program', (code, words) => {
  expect(networkFailure(code)).toContain(words);
  for (const error of [ofBlobs(failed(code), 'https://files.example'), ofCosmos(failed(code, 'Error'), 'https://store.example')]) {
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({ code: 'BACKEND_UNAVAILABLE', message: expect.stringContaining(words) });
  }
});

test('what the service answered is not the network’s', () => {
  expect([networkFailure(503), networkFailure('AuthorizationFailure')]).toEqual([undefined, undefined]);
});

test('an answer of another server says so', () => {
  expect(ofCosmos(new SyntaxError('Unexpected token <'), 'https://store.example')).toMatchObject({ message: 'https://store.example does not answer as Cosmos DB does' });
});
