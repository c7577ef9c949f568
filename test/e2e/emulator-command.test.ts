// `emulator start` as a process: killed, started again, stopped, in the way of another.

import { ServiceBusClient, type ServiceBusReceivedMessage } from '@azure/service-bus';
import { expect, onTestFinished, test } from 'vitest';

import { openAdminClient } from '../support/admin-client.js';
import { type EmulatorProcess, type EmulatorProcessOptions, openEmulatorProcess } from '../support/emulator-process.js';
import { tempDir } from '../support/temp-dir.js';

const QUEUE = 'evaluation-jobs';

async function open(options: Partial<EmulatorProcessOptions> = {}): Promise<EmulatorProcess> {
  const emulator = await openEmulatorProcess({ directory: tempDir(), ...options });
  onTestFinished(() => emulator.kill());
  return emulator;
}

function client({ connectionString }: EmulatorProcess): ServiceBusClient {
  const opened = new ServiceBusClient(connectionString, { retryOptions: { maxRetries: 0, timeoutInMs: 2000 } });
  onTestFinished(() => opened.close());
  return opened;
}

/** Everything that can be received within a second. */
async function receiveAll(bus: ServiceBusClient): Promise<ServiceBusReceivedMessage[]> {
  const receiver = bus.createReceiver(QUEUE);
  const all: ServiceBusReceivedMessage[] = [];
  for (;;) {
    const messages = await receiver.receiveMessages(500, { maxWaitTimeInMs: 1000 });
    if (messages.length === 0) return all;
    await Promise.all(messages.map((message) => receiver.completeMessage(message)));
    all.push(...messages);
  }
}

test('a kill in the middle of sending loses nothing that was accepted', async () => {
  const emulator = await open();
  const accepted = new Set<string>();
  const sender = client(emulator).createSender(QUEUE);
  let killed: Promise<void> | undefined;
  for (let round = 0; ; round += 1) {
    const ids = Array.from({ length: 10 }, (_, index) => `${round}-${index}`);
    if (round === 20) killed = emulator.kill();
    try {
      await sender.sendMessages(ids.map((messageId) => ({ messageId, body: messageId })));
      for (const id of ids) accepted.add(id);
    } catch {
      break;
    }
  }
  await killed;
  expect(accepted.size).toBeGreaterThanOrEqual(200);
  await emulator.start();
  const received = await receiveAll(client(emulator));
  const ids = new Set(received.map(({ messageId }) => String(messageId)));
  expect([...accepted].filter((id) => !ids.has(id))).toEqual([]);
  expect(ids.size).toBe(received.length);
});

test('a kill gives back what was held, dead letters and scheduled messages stay', async () => {
  const emulator = await open();
  const bus = client(emulator);
  const sender = bus.createSender(QUEUE);
  await sender.sendMessages([{ body: 'held' }, { body: 'dead' }, { body: 'done' }]);
  await sender.scheduleMessages({ body: 'later' }, new Date(Date.now() + 3_600_000));
  const receiver = bus.createReceiver(QUEUE);
  const messages = await receiver.receiveMessages(3);
  expect(messages.map(({ body }) => body as string)).toEqual(['held', 'dead', 'done']);
  const [, dead, done] = messages as [ServiceBusReceivedMessage, ServiceBusReceivedMessage, ServiceBusReceivedMessage];
  await receiver.deadLetterMessage(dead, { deadLetterReason: 'bad', deadLetterErrorDescription: 'very' });
  await receiver.completeMessage(done);
  await emulator.kill();
  await emulator.start();
  const again = client(emulator);
  // At once, and not counted as a delivery that failed.
  expect((await receiveAll(again)).map(({ body, deliveryCount }) => [body as string, deliveryCount])).toEqual([['held', 0]]);
  const [letter] = await again.createReceiver(QUEUE, { subQueueType: 'deadLetter' }).receiveMessages(1);
  expect(letter).toMatchObject({ body: 'dead', deadLetterReason: 'bad', deadLetterErrorDescription: 'very' });
  const counts = await openAdminClient(emulator.adminEndpoint, emulator.connectionString).getQueueRuntimeProperties(QUEUE);
  expect(counts).toMatchObject({ activeMessageCount: 0, scheduledMessageCount: 1, deadLetterMessageCount: 1 });
});

test('a client goes on by itself when the emulator comes back', async () => {
  const emulator = await open();
  const sender = client(emulator).createSender(QUEUE);
  await sender.sendMessages({ body: 1 });
  await emulator.kill();
  await expect(sender.sendMessages({ body: 2 })).rejects.toThrow();
  await emulator.start();
  await sender.sendMessages({ body: 3 });
  expect((await receiveAll(client(emulator))).map(({ body }) => body as number)).toEqual([1, 3]);
});

test('SIGTERM ends it with 0 under connected clients; what they held is there at the next start', async () => {
  const emulator = await open();
  const bus = client(emulator);
  await bus.createSender(QUEUE).sendMessages({ body: 'kept' });
  await new Promise<void>((resolve) => {
    const processMessage = async (): Promise<void> => resolve();
    bus.createReceiver(QUEUE).subscribe({ processMessage, processError: async () => undefined }, { autoCompleteMessages: false });
  });
  expect(await emulator.stop()).toBe(0);
  await bus.close();
  await emulator.start();
  expect((await receiveAll(client(emulator))).map(({ body }) => body as string)).toEqual(['kept']);
});

test('a second one on the same file, or on the same ports, is refused while the first goes on', async () => {
  const directory = tempDir();
  const first = await open({ directory });
  await expect(openEmulatorProcess({ directory })).rejects.toThrow(/ended with 4: .*EMULATOR_RUNNING.*another emulator has .*emulator\.db open/s);
  await expect(openEmulatorProcess({ directory: tempDir(), args: ['--port', String(first.port)] })).rejects.toThrow(/ended with 4: .*PORT_UNUSABLE/s);
  await client(first).createSender(QUEUE).sendMessages({ body: 1 });
});
