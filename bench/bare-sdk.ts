// Loops of the official SDK alone, with nothing of ours: what the product is measured against on Service Bus.

import type { ServiceBusClient } from '@azure/service-bus';

export interface BareLoop {
  readonly queue: string;
  readonly count: number;
}

/** Messages a second, from the first receive to the last completion: as many as there are slots are received, then all completed. */
export async function receiveAndComplete(client: ServiceBusClient, { queue, count, slots }: BareLoop & { readonly slots: number }): Promise<number> {
  const receiver = client.createReceiver(queue, { maxAutoLockRenewalDurationInMs: 0 });
  const from = performance.now();
  for (let left = count; left > 0; ) {
    const messages = await receiver.receiveMessages(Math.min(slots, left));
    await Promise.all(messages.map((message) => receiver.completeMessage(message)));
    left -= messages.length;
  }
  const rate = (count / (performance.now() - from)) * 1000;
  await receiver.close();
  return rate;
}

/** Dead letters a second: each is received, sent to the queue `to` and completed before the next. */
export async function replayOneAtATime(client: ServiceBusClient, { queue, count, to }: BareLoop & { readonly to: string }): Promise<number> {
  const receiver = client.createReceiver(queue, { subQueueType: 'deadLetter', maxAutoLockRenewalDurationInMs: 0 });
  const sender = client.createSender(to);
  const from = performance.now();
  for (let done = 0; done < count; done += 1) {
    const [message] = await receiver.receiveMessages(1);
    if (message === undefined) throw new Error('a dead letter did not come');
    await sender.sendMessages({ body: message.body as unknown, messageId: `single-${done}` });
    await receiver.completeMessage(message);
  }
  const rate = (count / (performance.now() - from)) * 1000;
  await Promise.all([receiver.close(), sender.close()]);
  return rate;
}
