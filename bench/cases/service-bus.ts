// The Service Bus driver behind its ports, against bare loops of the official SDK on the same broker, which is the emulator
// in a process of its own.

import { once } from 'node:events';

import { ServiceBusClient, type ServiceBusReceivedMessage } from '@azure/service-bus';

import { openServiceBus, type ServiceBusBackend } from '../../src/drivers/service-bus/open-service-bus.js';
import { systemClock } from '../../src/ports/clock.js';
import type { Delivery } from '../../src/ports/message-queue.js';
import type { QueuePauses } from '../../src/ports/queue-pauses.js';
import { workInFlight } from '../../src/services/dead-letters/in-flight.js';
import { receiveAndComplete, replayOneAtATime } from '../bare-sdk.js';
import { withTempDir } from '../processes.js';
import { median, quantile, report } from '../report.js';
import { startEmulator, type StartedEmulator } from './emulator.js';

const QUEUE = 'evaluation-jobs';
const SLOTS = 32;
const BODY = JSON.stringify({ text: 'x'.repeat(1_000) });
const NO_PAUSES: QueuePauses = { list: async () => new Map(), pause: async () => undefined, resume: async () => undefined };

export interface ServiceBusBench {
  readonly messages: number;
  readonly letters: number;
  readonly latencies: number;
  readonly rounds: number;
}

export async function benchServiceBus(sizes: ServiceBusBench): Promise<void> {
  await withTempDir(async (dir) => {
    const emulator = await startEmulator(dir);
    const backend = await open(emulator);
    const client = new ServiceBusClient(emulator.connectionString);
    try {
      await benchReceiving(backend, client, sizes);
      await benchWaking(backend, sizes.latencies);
      await benchLetters(backend, client, sizes.letters);
    } finally {
      await Promise.all([backend.close(), client.close()]);
      emulator.process.kill('SIGTERM');
      await once(emulator.process, 'close');
    }
  });
}

function open({ connectionString, adminEndpoint }: StartedEmulator): Promise<ServiceBusBackend> {
  return openServiceBus({
    target: { kind: 'connection-string', connectionString, adminEndpoint },
    queues: [{ name: QUEUE, lockMs: 300_000, ttlMs: 86_400_000, maxAttempts: 3 }],
    pauses: NO_PAUSES,
    clock: systemClock,
    random: Math.random,
  });
}

async function benchReceiving(backend: ServiceBusBackend, client: ServiceBusClient, { messages, rounds }: ServiceBusBench): Promise<void> {
  const port: number[] = [];
  const bare: number[] = [];
  const slow: number[] = [];
  const slowBare: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    // The first round pays for compiling all sides.
    const count = round === 0 ? Math.min(messages, 1_000) : messages;
    await send(backend, count);
    const bareRate = await receiveAndComplete(client, { queue: QUEUE, count, slots: SLOTS });
    await send(backend, count);
    const portRate = await workThroughPort(backend, count, 0);
    await send(backend, Math.ceil(count / 4));
    const slowRate = await workThroughPort(backend, Math.ceil(count / 4), 20);
    await send(backend, Math.ceil(count / 4));
    const slowBareRate = await bareSubscription(client, Math.ceil(count / 4), 20);
    if (round > 0) void [bare.push(bareRate), port.push(portRate), slow.push(slowRate), slowBare.push(slowBareRate)];
  }
  const unit = 'messages/s';
  report({ what: `Service Bus port, receive and complete, ${SLOTS} at once`, value: median(port), unit, reference: { what: `bare SDK loop, receiveMessages(${SLOTS})`, value: median(bare) }, goal: { atLeast: 0.6 } });
  report({ what: `Service Bus port, ${SLOTS} handlers of 20 ms`, value: median(slow), unit, reference: { what: 'ideal', value: (SLOTS / 20) * 1000 }, goal: { atLeast: 0.9 } });
  report({ what: `Service Bus port, ${SLOTS} handlers of 20 ms`, value: median(slow), unit, reference: { what: `SDK subscription, ${SLOTS} calls of 20 ms`, value: median(slowBare) } });
}

async function benchWaking(backend: ServiceBusBackend, latencies: number): Promise<void> {
  const times: number[] = [];
  for (let round = 0; round < latencies; round += 1) {
    const receiving = backend.queue.receive({ queue: QUEUE, max: SLOTS, waitMs: 10_000 });
    await systemClock.sleep(20);
    const from = performance.now();
    await send(backend, 1);
    const [delivery] = await receiving;
    times.push(performance.now() - from);
    await delivery?.complete();
  }
  const note = 'from the call of send; the commit of the broker is in it';
  report({ what: 'Service Bus port, send to receive, p50', value: quantile(times, 0.5), unit: 'ms', note });
  report({ what: 'Service Bus port, send to receive, p95', value: quantile(times, 0.95), unit: 'ms', note });
}

async function benchLetters(backend: ServiceBusBackend, client: ServiceBusClient, letters: number): Promise<void> {
  const single = Math.ceil(letters / 20);
  await bury(backend, letters + single);
  const reference = await replayOneAtATime(client, { queue: QUEUE, count: single, to: QUEUE });
  const value = await replayThroughPort(backend);
  const rss = Math.round(process.memoryUsage.rss() / 1_000_000);
  report({ what: 'Service Bus port, take, send and complete dead letters', value, unit: 'letters/s', reference: { what: 'one at a time: receive, send, complete', value: reference }, goal: { atLeast: 5 }, note: `${letters} letters, ${rss} MB with both clients` });
}

async function send({ queue }: ServiceBusBackend, count: number): Promise<void> {
  for (let from = 0; from < count; from += 1_000) {
    const size = Math.min(1_000, count - from);
    await queue.send(Array.from({ length: size }, (_, index) => ({ queue: QUEUE, messageId: `m-${from + index}`, body: BODY, properties: { sequence: 1 } })));
  }
}

/** The SDK asks for the next message when a call has ended: no slot waits for a receive. */
async function bareSubscription(client: ServiceBusClient, count: number, handlerMs: number): Promise<number> {
  const receiver = client.createReceiver(QUEUE, { maxAutoLockRenewalDurationInMs: 0 });
  const from = performance.now();
  let left = count;
  await new Promise<void>((resolve, reject) => {
    const processMessage = async (message: ServiceBusReceivedMessage): Promise<void> => {
      await systemClock.sleep(handlerMs);
      await receiver.completeMessage(message);
      left -= 1;
      if (left === 0) resolve();
    };
    receiver.subscribe({ processMessage, processError: async ({ error }) => reject(error) }, { maxConcurrentCalls: SLOTS, autoCompleteMessages: false });
  });
  const rate = perSecond(count, from);
  await receiver.close();
  return rate;
}

/** As a worker does it: never more held than there are slots, a slot is free again when its message is settled. */
async function workThroughPort({ queue }: ServiceBusBackend, count: number, handlerMs: number): Promise<number> {
  const from = performance.now();
  let held = 0;
  let left = count;
  let wake = (): void => undefined;
  const work = async (delivery: Delivery): Promise<void> => {
    if (handlerMs > 0) await systemClock.sleep(handlerMs);
    await delivery.complete();
    held -= 1;
    wake();
  };
  while (left > 0 || held > 0) {
    if (left === 0 || held === SLOTS) {
      await new Promise<void>((resolve) => (wake = resolve));
      continue;
    }
    const deliveries = await queue.receive({ queue: QUEUE, max: Math.min(left, SLOTS - held), waitMs: 5_000 });
    left -= deliveries.length;
    held += deliveries.length;
    for (const delivery of deliveries) void work(delivery);
  }
  return perSecond(count, from);
}

async function bury(backend: ServiceBusBackend, count: number): Promise<void> {
  for (let left = count; left > 0; ) {
    await send(backend, Math.min(500, left));
    for (let batch = Math.min(500, left); batch > 0; ) {
      const deliveries = await backend.queue.receive({ queue: QUEUE, max: batch, waitMs: 5_000 });
      await Promise.all(deliveries.map((delivery) => delivery.deadLetter({ reason: 'BENCH', description: '' })));
      batch -= deliveries.length;
      left -= deliveries.length;
    }
  }
}

/** As a replay of messages without jobs does it: look at all, then send a copy of each and complete it. */
async function replayThroughPort({ deadLetters, queue }: ServiceBusBackend): Promise<number> {
  const from = performance.now();
  const sequenceNumbers = new Set<string>();
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page: Awaited<ReturnType<typeof deadLetters.peek>> = await deadLetters.peek({ queue: QUEUE, limit: 100, ...(cursor === undefined ? {} : { cursor }) });
    for (const { sequenceNumber } of page.letters) sequenceNumbers.add(sequenceNumber);
    cursor = page.nextCursor;
  }
  const total = sequenceNumbers.size;
  await workInFlight({
    source: deadLetters.take({ queue: QUEUE, sequenceNumbers, inFlight: 64 }),
    width: 64,
    mayGoOn: async () => true,
    handle: async (taken) => {
      if (taken.kind !== 'held') throw new Error(`letter ${taken.sequenceNumber} is ${taken.kind}`);
      const { letter } = taken;
      await queue.send([{ queue: QUEUE, messageId: `copy-${letter.sequenceNumber}`, body: letter.body, properties: letter.properties }]);
      await taken.complete();
    },
  });
  return perSecond(total, from);
}

function perSecond(count: number, from: number): number {
  return (count / (performance.now() - from)) * 1000;
}
