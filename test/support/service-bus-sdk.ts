// The official SDK as another program uses it, beside the driver under test.

import { ServiceBusClient, type ServiceBusMessage } from '@azure/service-bus';

export interface SentBySdk extends Pick<ServiceBusMessage, 'body' | 'messageId' | 'applicationProperties' | 'contentType' | 'subject' | 'correlationId'> {
  /** Other than data. */
  readonly bodyType?: 'value' | 'sequence';
}

export interface SdkSide {
  readonly client: ServiceBusClient;
  send(queue: string, messages: readonly SentBySdk[]): Promise<void>;
  /** Takes so many messages off the queue and dead-letters each. */
  deadLetterAll(queue: string, count: number): Promise<void>;
  close(): Promise<void>;
}

export async function openServiceBusSdk(connectionString: string): Promise<SdkSide> {
  const client = new ServiceBusClient(connectionString, { retryOptions: { maxRetries: 0 } });
  return {
    client,
    send: async (queue, messages) => {
      const sender = client.createSender(queue);
      for (const message of messages) await sender.sendMessages(asSent(message));
      await sender.close();
    },
    deadLetterAll: async (queue, count) => {
      const receiver = client.createReceiver(queue);
      for (let left = count; left > 0; left -= 1) {
        const [message] = await receiver.receiveMessages(1, { maxWaitTimeInMs: 5_000 });
        if (message === undefined) throw new Error(`${left} messages did not come`);
        await receiver.deadLetterMessage(message, { deadLetterReason: 'TEST', deadLetterErrorDescription: 'put there' });
      }
      await receiver.close();
    },
    close: () => client.close(),
  };
}

function asSent({ bodyType, body, messageId, subject, ...more }: SentBySdk): Parameters<ReturnType<ServiceBusClient['createSender']>['sendMessages']>[0] {
  const ids = { ...(messageId === undefined ? {} : { messageId }), ...(subject === undefined ? {} : { subject }) };
  return bodyType === undefined ? { body: body as unknown, ...ids, ...more } : { body: body as unknown, bodyType, properties: ids };
}
