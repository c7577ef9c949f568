// The emulator as a process of its own, the official SDK as its client in this one: durable sends, and receiving with
// completion. What a broker without a disk reaches on such a machine is in the notes.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { ServiceBusClient, type ServiceBusReceivedMessage } from '@azure/service-bus';

import { PROGRAM, withTempDir } from '../processes.js';
import { quantile, report } from '../report.js';

const QUEUE = 'evaluation-jobs';
const BATCH = 100;
const BODY = { text: 'x'.repeat(1_000) };

/** `messages`: through the whole case; `latencies`: cycles of send, receive and complete. */
export async function benchEmulator(messages: number, latencies: number): Promise<void> {
  await withTempDir(async (dir) => {
    const emulator = await startEmulator(dir);
    const client = new ServiceBusClient(emulator.connectionString);
    try {
      await measure(client, messages, latencies);
    } finally {
      await client.close();
      emulator.process.kill('SIGTERM');
      await once(emulator.process, 'close');
    }
  });
}

async function measure(client: ServiceBusClient, messages: number, latencies: number): Promise<void> {
  const unit = 'messages/s';
  // The first ones pay for compiling both sides.
  await sendBatches(client, Math.min(messages, 5_000));
  await receiveWithSubscription(client, Math.min(messages, 5_000));

  report({ what: 'emulator: durable sends in batches of 100, 4 in flight', value: await sendBatches(client, messages), unit, goal: { atLeast: 10_000 }, note: 'in memory 33 000' });
  report({ what: 'emulator: receive and complete, subscribe with 100 calls', value: await receiveWithSubscription(client, messages), unit, goal: { atLeast: 5_000 }, note: 'in memory 9 000 to 14 000' });
  await sendBatches(client, messages);
  report({ what: 'emulator: receiveMessages(500) and complete all', value: await receiveInPages(client, messages, 500), unit, goal: { atLeast: 5_000 }, note: 'in memory 8 800' });
  report({ what: 'emulator: single durable sends, 200 in flight', value: await sendSingly(client, Math.ceil(messages / 4), 200), unit, note: 'in memory 11 000 to 13 000' });
  await receiveWithSubscription(client, Math.ceil(messages / 4));
  const cycles = await measureLatency(client, latencies);
  report({ what: 'emulator: send, receive and complete, p50', value: quantile(cycles, 0.5), unit: 'ms', note: 'in memory 2.3 ms' });
  report({ what: 'emulator: send, receive and complete, p95', value: quantile(cycles, 0.95), unit: 'ms', note: 'in memory 6.5 ms' });
}

async function sendBatches(client: ServiceBusClient, messages: number): Promise<number> {
  const batch = Array.from({ length: BATCH }, (_, index) => ({ body: BODY, messageId: `m${index}` }));
  return perSecond(messages, client, async (sender) => {
    await inFlight(4, Math.ceil(messages / BATCH), () => sender.sendMessages(batch));
  });
}

async function sendSingly(client: ServiceBusClient, messages: number, atOnce: number): Promise<number> {
  return perSecond(messages, client, async (sender) => {
    await inFlight(atOnce, messages, () => sender.sendMessages({ body: BODY }));
  });
}

async function perSecond(messages: number, client: ServiceBusClient, work: (sender: ReturnType<ServiceBusClient['createSender']>) => Promise<void>): Promise<number> {
  const sender = client.createSender(QUEUE);
  await sender.createMessageBatch();
  const from = performance.now();
  await work(sender);
  const rate = (messages / (performance.now() - from)) * 1000;
  await sender.close();
  return rate;
}

async function receiveWithSubscription(client: ServiceBusClient, messages: number): Promise<number> {
  const receiver = client.createReceiver(QUEUE);
  let left = messages;
  const from = performance.now();
  await new Promise<void>((resolve, reject) => {
    receiver.subscribe(
      {
        processMessage: async (message: ServiceBusReceivedMessage) => {
          await receiver.completeMessage(message);
          left -= 1;
          if (left === 0) resolve();
        },
        processError: async ({ error }) => reject(error),
      },
      { maxConcurrentCalls: 100, autoCompleteMessages: false },
    );
  });
  const rate = (messages / (performance.now() - from)) * 1000;
  await receiver.close();
  return rate;
}

async function receiveInPages(client: ServiceBusClient, messages: number, page: number): Promise<number> {
  const receiver = client.createReceiver(QUEUE);
  const from = performance.now();
  for (let left = messages; left > 0; ) {
    const received = await receiver.receiveMessages(Math.min(page, left));
    await Promise.all(received.map((message) => receiver.completeMessage(message)));
    left -= received.length;
  }
  const rate = (messages / (performance.now() - from)) * 1000;
  await receiver.close();
  return rate;
}

async function measureLatency(client: ServiceBusClient, cycles: number): Promise<number[]> {
  const sender = client.createSender(QUEUE);
  const receiver = client.createReceiver(QUEUE);
  const times: number[] = [];
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    const from = performance.now();
    await sender.sendMessages({ body: BODY });
    const [message] = await receiver.receiveMessages(1);
    if (message === undefined) throw new Error('the message that was sent did not come');
    await receiver.completeMessage(message);
    times.push(performance.now() - from);
  }
  await Promise.all([sender.close(), receiver.close()]);
  return times;
}

async function inFlight(width: number, count: number, work: () => Promise<void>): Promise<void> {
  let left = count;
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (; left > 0; ) {
        left -= 1;
        await work();
      }
    }),
  );
}

export interface StartedEmulator {
  readonly process: ChildProcess;
  readonly connectionString: string;
  readonly adminEndpoint: string;
}

export async function startEmulator(dir: string): Promise<StartedEmulator> {
  const args = ['emulator', 'start', '--port', '0', '--admin-port', '0', '--file', join(dir, 'emulator.db'), '-o', 'jsonl'];
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, COPILOTEVAL_HOME: dir, LOG_LEVEL: 'warn' } });
  let text = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    text += String(chunk);
    if (text.includes('\n')) break;
  }
  const { connectionString, adminEndpoint } = JSON.parse(text.slice(0, text.indexOf('\n'))) as StartedEmulator;
  return { process: child, connectionString, adminEndpoint };
}
