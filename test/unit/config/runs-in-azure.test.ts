import { expect, test } from 'vitest';

import { runsInAzure } from '../../../src/config/runs-in-azure.js';

test('a process knows by its variables whether Azure gives it an identity', () => {
  expect(runsInAzure(() => undefined)).toBe(false);
  expect(runsInAzure((name) => (name === 'IDENTITY_ENDPOINT' ? '' : undefined))).toBe(false);
  expect(runsInAzure((name) => (name === 'IDENTITY_ENDPOINT' ? 'http://localhost:42356/msi/token' : undefined))).toBe(true);
});
