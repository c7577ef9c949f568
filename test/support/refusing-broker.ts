// An AMQP peer that lets everybody in and refuses what is sent with the condition that the queue's name says: shows what the
// real SDK makes of each.

import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';

import type { Container, Delivery, EventContext, Message } from 'rhea';
import { onTestFinished } from 'vitest';

// A CommonJS package whose export is a container.
const rhea = createRequire(import.meta.url)('rhea') as { create_container(options: { id: string }): Container };

export interface Refusal {
  readonly condition: string;
  readonly description: string;
}

export interface RefusingBroker {
  readonly connectionString: string;
  /** For each queue what its messages, or with `attach` its links, are refused with. Other queues accept. */
  readonly refusals: Map<string, Refusal & { readonly at?: 'attach' | 'put-token' }>;
}

export async function openRefusingBroker(): Promise<RefusingBroker> {
  const refusals: RefusingBroker['refusals'] = new Map();
  const container = rhea.create_container({ id: 'refusing' });
  (container as unknown as { sasl_server_mechanisms: { enable_anonymous(): void } }).sasl_server_mechanisms.enable_anonymous();
  for (const name of ['connection_error', 'session_error', 'sender_error', 'receiver_error', 'protocol_error', 'error', 'disconnected']) container.on(name, () => undefined);
  container.on('receiver_open', ({ receiver }: EventContext) => {
    const address = String(receiver?.target.address);
    receiver?.set_source(receiver.source);
    receiver?.set_target(receiver.target);
    const refusal = refusals.get(address);
    if (refusal?.at === 'attach') receiver?.close({ condition: refusal.condition, description: refusal.description });
  });
  container.on('sender_open', ({ sender }: EventContext) => {
    sender?.set_source(sender.source);
    sender?.set_target(sender.target);
  });
  container.on('message', (context: EventContext) => {
    const address = String(context.receiver?.target.address);
    if (address === '$cbs') return answerToken(context, refusals);
    settle(context.delivery, refusals.get(address));
  });
  const server = container.listen({ port: 0, host: '127.0.0.1', noDelay: true, receiver_options: { autoaccept: false, credit_window: 100 } } as never);
  await new Promise<void>((resolve) => server.once('listening', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { connectionString: `Endpoint=sb://127.0.0.1:${port};SharedAccessKeyName=k;SharedAccessKey=x;UseDevelopmentEmulator=true`, refusals };
}

function answerToken({ message, session, delivery }: EventContext, refusals: RefusingBroker['refusals']): void {
  delivery?.accept();
  const { message_id: id, application_properties: asked } = message as Message;
  const queue = String(asked?.['name']).split('/').at(-1) ?? '';
  const refusal = refusals.get(queue);
  const refused = refusal?.at === 'put-token';
  const links = (session as unknown as { links: Record<string, { is_sender(): boolean; source: { address: string }; send(message: Message): void }> }).links;
  const back = Object.values(links).find((link) => link.is_sender() && link.source.address === '$cbs');
  back?.send({
    correlation_id: id as string,
    application_properties: { 'status-code': refused ? 401 : 202, 'status-description': refused ? refusal.description : 'Accepted' },
    body: '',
  });
}

function settle(delivery: Delivery | undefined, refusal: Refusal | undefined): void {
  if (delivery === undefined) return;
  if (refusal === undefined) delivery.accept();
  else delivery.reject({ condition: refusal.condition, description: refusal.description });
}
