// How long a send is tried again, and what its caller is told of that.

import { expect, test } from 'vitest';

import { sendMessages } from '../../../../src/drivers/service-bus/send-messages.js';
import type { SenderLinks } from '../../../../src/drivers/service-bus/sender-links.js';
import type { OutgoingMessage, SendOptions } from '../../../../src/ports/message-queue.js';
import { FakeClock } from '../../../support/fake-clock.js';

const BUSY = Object.assign(new Error('Please wait 2 seconds and try again.'), { name: 'ServiceBusError', code: 'ServiceBusy' });
const CUT = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
const MESSAGE: OutgoingMessage = { queue: 'jobs', messageId: 'm-1', body: '{}', properties: {} };

/** What became of a send whose first tries fail with these, and how many tries there were. */
async function send(failures: readonly Error[], options?: SendOptions): Promise<{ end: unknown; tries: number }> {
  const clock = new FakeClock();
  let tries = 0;
  const senders: Pick<SenderLinks, 'send' | 'newBatch'> = {
    send: () => {
      const failure = failures[tries++];
      return failure === undefined ? Promise.resolve() : Promise.reject(failure);
    },
    newBatch: () => Promise.reject(new Error('one message needs no batch')),
  };
  const parts = { senders: senders as SenderLinks, clock, random: () => 0.5, sendBudgetMs: 3_000, takeBudgetMs: 30_000 };
  const sending = sendMessages(parts, [MESSAGE], options).then(
    () => 'sent',
    (error: unknown) => error,
  );
  await clock.advance(60_000);
  return { end: await sending, tries };
}

test('a busy queue is left alone soon by a caller that keeps the message in its outbox', async () => {
  expect(await send([BUSY, BUSY, BUSY])).toMatchObject({ end: { code: 'SB_THROTTLED' }, tries: 2 });
});

test('a busy queue is waited for by a patient caller, and not for ever', async () => {
  expect(await send([BUSY, BUSY, BUSY], { patient: true })).toEqual({ end: 'sent', tries: 4 });
  const { end, tries } = await send(Array.from({ length: 50 }, () => BUSY), { patient: true });
  expect(end).toMatchObject({ code: 'SB_THROTTLED' });
  expect(tries).toBeGreaterThan(6);
});

test('a patient caller that is told to end is not kept', async () => {
  expect(await send([BUSY, BUSY], { patient: true, signal: AbortSignal.abort() })).toMatchObject({ end: { code: 'SB_THROTTLED' }, tries: 1 });
});

test('the caller is told before a message is sent again that may have arrived, not after a refusal', async () => {
  let repeats = 0;
  const onRepeat = (): void => void (repeats += 1);
  await send([BUSY], { onRepeat });
  expect(repeats).toBe(0);
  await send([CUT], { onRepeat });
  expect(repeats).toBe(1);
});
