// What a delivery tells its link. Everything that needs a broker is in the contract tests.

import Long from 'long';
import { expect, test } from 'vitest';

import type { HeldMessage } from '../../../../src/drivers/service-bus/receiver-link.js';
import { type DeliveryParts, ServiceBusDelivery } from '../../../../src/drivers/service-bus/service-bus-delivery.js';
import { FakeClock } from '../../../support/fake-clock.js';

const LOCK_MS = 60_000;

function deliver(): { delivery: ServiceBusDelivery; clock: FakeClock; forgotten: HeldMessage[]; held: HeldMessage } {
  const clock = new FakeClock();
  const forgotten: HeldMessage[] = [];
  const link = { entity: { queue: 'q', deadLetter: false }, forget: (one: HeldMessage) => void forgotten.push(one) };
  const message = { body: Buffer.from(''), messageId: 'm', sequenceNumber: Long.fromNumber(7), lockedUntilUtc: new Date(clock.now() + LOCK_MS), _rawAmqpMessage: { body: undefined, bodyType: 'data' } };
  const held = { message, link, ordinal: 0 } as unknown as HeldMessage;
  const parts: DeliveryParts = { clock, random: () => 0.5, links: undefined as unknown as DeliveryParts['links'], lockMs: LOCK_MS, settleBudgetMs: 1000 };
  return { delivery: new ServiceBusDelivery(parts, held), clock, forgotten, held };
}

test('a message that is let go is forgotten by its link, which may close then', async () => {
  const { delivery, forgotten, held } = deliver();
  await delivery.release(0);
  expect(forgotten).toEqual([held]);
  await expect(delivery.release(0)).rejects.toMatchObject({ code: 'LOCK_LOST' });
});

test('so is one whose lock is over', async () => {
  const { delivery, clock, forgotten, held } = deliver();
  await clock.advance(LOCK_MS + 1);
  await expect(delivery.release(0)).rejects.toMatchObject({ code: 'LOCK_LOST' });
  expect(forgotten).toEqual([held]);
});
