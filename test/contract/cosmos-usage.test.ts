// What a process says it was charged: --debug prints it, and docs/operations.md is written from it.

import { expect, test } from 'vitest';

import { insertJob } from './contract-backend.js';
import { makeCosmosBackend } from './cosmos-backend.js';

test('what is written in batches is in it, as the account has billed it', async () => {
  const backend = await makeCosmosBackend();
  const own = await backend.open();
  const [billed, charged] = [backend.double.units(), own.usage().requestUnits];
  await insertJob({ ...backend, ports: { ...backend.ports, ...own } });
  const cost = own.usage().requestUnits - charged;
  expect(cost).toBeGreaterThan(5);
  expect(cost).toBeCloseTo(backend.double.units() - billed, 1);
});
