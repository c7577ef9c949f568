// What a call of the SDK fails with when nothing comes back.

import { expect, test } from 'vitest';

import { callSdkInTime, type CallEnd } from '../../../../src/drivers/service-bus/call-sdk.js';
import { FakeClock } from '../../../support/fake-clock.js';

test('a call without an answer says what was tried on which queue, and counts as silence', async () => {
  const clock = new FakeClock();
  const ends: CallEnd[] = [];
  const sdkCall = { operation: 'receive', queue: 'jobs', ended: (how: CallEnd) => void ends.push(how), isCutOff: () => false };
  const called = callSdkInTime(sdkCall, { clock, limitMs: 10_000 }, () => new Promise(() => undefined)).catch((error: unknown) => error);
  await clock.advance(10_000);
  expect(await called).toMatchObject({ code: 'SB_TIMEOUT', message: 'cannot receive (queue jobs): no answer within 10 s' });
  expect(ends).toEqual(['silent']);
});
