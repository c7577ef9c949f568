// Faults on request: what each does to a client, and that none of them loses a message.

import { describe, expect, it } from 'vitest';

import type { FaultRates } from '../../src/emulator/faults.js';
import { connect, type EmulatorClient, failure, openClient, receiveOne } from './emulator-clients.js';

/** The first draw strikes, no later one. */
function once(kind: keyof FaultRates): { faults: FaultRates; random: () => number } {
  let struck = false;
  const random = (): number => {
    const first = !struck;
    struck = true;
    return first ? 0 : 1;
  };
  return { faults: { [kind]: 0.5 }, random };
}

/** A client without the fault's attention: the fault strikes at what comes after `from`. */
function later(kind: keyof FaultRates): { options: { faults: FaultRates; random: () => number }; strike: () => void } {
  let armed = false;
  const random = (): number => {
    const strikes = armed;
    armed = false;
    return strikes ? 0 : 1;
  };
  return { options: { faults: { [kind]: 0.5 }, random }, strike: () => (armed = true) };
}

async function counts({ emulator }: EmulatorClient): Promise<unknown> {
  const runtime = await emulator.catalog.runtime('q');
  return runtime && [runtime.active, runtime.deadLetter];
}

describe('faults', () => {
  it('server-busy refuses a send once, as throttling', async () => {
    const opened = await openClient({}, once('server-busy'));
    const sender = opened.client.createSender('q');
    expect(await failure(sender.sendMessages({ body: 1 }))).toMatchObject({ code: 'ServiceBusy' });
    await sender.sendMessages({ body: 2 });
    expect(await counts(opened)).toEqual([1, 0]);
    expect(opened.emulator.faults.counts()).toEqual({ 'server-busy': 1 });
  });

  it('server-busy refuses a new receiver and a request', async () => {
    const { client } = await openClient({}, once('server-busy'));
    expect(await failure(client.createReceiver('q').receiveMessages(1, { maxWaitTimeInMs: 200 }))).toMatchObject({ code: 'ServiceBusy' });
    const other = await openClient({}, once('server-busy'));
    expect(await failure(other.client.createReceiver('q').peekMessages(1))).toMatchObject({ code: 'ServiceBusy' });
  });

  it('drop-connection loses what was not accepted, and the client can go on', async () => {
    const { options, strike } = later('drop-connection');
    const opened = await openClient({}, options);
    const client = connect(opened.emulator.connectionString, { maxRetries: 2, retryDelayInMs: 10, timeoutInMs: 1_000 });
    const sender = client.createSender('q');
    await sender.sendMessages({ body: 1 });
    strike();
    await sender.sendMessages({ body: 2 });
    expect(await counts(opened)).toEqual([2, 0]);
    expect(opened.emulator.faults.counts()).toEqual({ 'drop-connection': 1 });
  });

  it('lost-reply stores the message and tells nobody: a retry stores it again', async () => {
    const { options, strike } = later('lost-reply');
    const opened = await openClient({}, options);
    const client = connect(opened.emulator.connectionString, { maxRetries: 2, retryDelayInMs: 10, timeoutInMs: 1_000 });
    const sender = client.createSender('q');
    await sender.sendMessages({ body: 1 });
    strike();
    await sender.sendMessages({ body: 2 });
    expect(await counts(opened)).toEqual([3, 0]);
  });

  it('lost-reply of a settlement settles', async () => {
    const { options, strike } = later('lost-reply');
    const opened = await openClient({}, options);
    const client = connect(opened.emulator.connectionString, { maxRetries: 0, timeoutInMs: 700 });
    await client.createSender('q').sendMessages({ body: 1 });
    const receiver = client.createReceiver('q');
    const message = await receiveOne(receiver);
    strike();
    await failure(receiver.completeMessage(message));
    expect(await counts(opened)).toEqual([0, 0]);
  });

  it('lose-lock refuses the settlement and the renewal of a message, which comes again', async () => {
    const { options, strike } = later('lose-lock');
    const opened = await openClient({}, options);
    await opened.client.createSender('q').sendMessages({ body: 1 });
    const receiver = opened.client.createReceiver('q', { maxAutoLockRenewalDurationInMs: 0 });
    const first = await receiveOne(receiver);
    strike();
    expect(await failure(receiver.completeMessage(first))).toMatchObject({ code: 'MessageLockLost' });
    const second = await receiveOne(receiver);
    expect(second.deliveryCount).toBe(1);
    strike();
    expect(await failure(receiver.renewMessageLock(second))).toMatchObject({ code: 'MessageLockLost' });
    const third = await receiveOne(receiver);
    await receiver.completeMessage(third);
    expect(await counts(opened)).toEqual([0, 0]);
  });

  it('detach-link ends the link of a sender and of a receiver, and both can be opened again', async () => {
    const { options, strike } = later('detach-link');
    const opened = await openClient({}, options);
    const client = connect(opened.emulator.connectionString, { maxRetries: 2, retryDelayInMs: 10, timeoutInMs: 1_000 });
    const sender = client.createSender('q');
    await sender.sendMessages({ body: 1 });
    strike();
    await sender.sendMessages({ body: 2 });
    const receiver = client.createReceiver('q');
    const message = await receiveOne(receiver);
    strike();
    await receiver.completeMessage(message).catch(() => undefined);
    await receiver.completeMessage(await receiveOne(receiver));
    expect(await counts(opened)).toEqual([0, 0]);
  });

  it('all of them together lose nothing: every message that was accepted is received', async () => {
    const rate = 0.02;
    let seed = 7;
    const random = (): number => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
    const faults = { 'server-busy': rate, 'drop-connection': rate, 'detach-link': rate, 'lose-lock': rate, 'lost-reply': rate };
    const opened = await openClient({ lockMs: 1_000, maxDeliveryCount: 1_000 }, { faults, random });
    const accepted = await sendAll(opened.emulator.connectionString, 150);
    expect(accepted.size).toBeGreaterThan(75);
    const seen = await receiveAll(opened.emulator.connectionString, accepted);
    expect([...accepted].filter((body) => !seen.has(body))).toEqual([]);
    expect(Object.keys(opened.emulator.faults.counts()).sort()).toEqual(Object.keys(faults).sort());
  }, 60_000);
});

/** A client that lost its connection while it opened a link stalls for a minute: each round has one of its own. */
const ROUND = { maxRetries: 0, timeoutInMs: 500 };

async function sendAll(connectionString: string, count: number): Promise<Set<number>> {
  const accepted = new Set<number>();
  for (let from = 0; from < count; from += 10) {
    const sender = connect(connectionString, ROUND).createSender('q');
    const sends = Array.from({ length: 10 }, async (_, index) => {
      await sender.sendMessages({ body: from + index });
      accepted.add(from + index);
    });
    await Promise.allSettled(sends);
  }
  return accepted;
}

/** Until each of them was received. */
async function receiveAll(connectionString: string, bodies: ReadonlySet<number>): Promise<Set<number>> {
  const seen = new Set<number>();
  for (const left = new Set(bodies); left.size > 0; ) {
    const receiver = connect(connectionString, ROUND).createReceiver('q');
    const messages = await receiver.receiveMessages(20, { maxWaitTimeInMs: 500 }).catch(() => []);
    for (const message of messages) {
      seen.add(message.body as number);
      left.delete(message.body as number);
    }
    await Promise.allSettled(messages.map((message) => receiver.completeMessage(message)));
  }
  return seen;
}
