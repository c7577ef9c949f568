// Reaches into the SDK: shows that what it reaches for is there, and that it ends what the SDK itself would not end.

import { type AddressInfo, createServer, type Socket } from 'node:net';

import { ServiceBusClient } from '@azure/service-bus';
import { expect, onTestFinished, test } from 'vitest';

import { cutConnection, rememberConnection } from '../../../../src/drivers/service-bus/cut-connection.js';
import { turns, until } from '../../../support/turns.js';

test('a connection that a silent peer keeps open ends at once, with everything that waits for it', async () => {
  const { client, sockets } = await openSilentPeer();
  const waiting = client.createSender('jobs').createMessageBatch().catch((error: unknown) => error);
  await until(() => sockets.length === 1, 'the connection');
  // The SDK's own way: it waits for what never comes.
  const closing = client.close();
  expect(await Promise.race([closing.then(() => 'closed'), waiting, turns(50).then(() => 'still waiting')])).toBe('still waiting');
  cutConnection(client);
  expect(await waiting).toMatchObject({ message: expect.stringContaining('given up') });
  await closing;
  await until(() => sockets[0]?.closed === true, 'the end of the connection');
  cutConnection(client);
});

test('a connection that is opened after the cut, by a call that was under way, is cut too', async () => {
  const { client, sockets } = await openSilentPeer();
  cutConnection(client);
  const late = client.createSender('jobs').createMessageBatch().catch((error: unknown) => error);
  await until(() => sockets.length === 1, 'the connection');
  expect(await late).toMatchObject({ message: expect.stringContaining('given up') });
});

test('a connection that the SDK has put another one in the place of is cut too: calls that were under way go on with it', async () => {
  const { client, sockets } = await openSilentPeer();
  rememberConnection(client);
  const waiting = client.createSender('jobs').createMessageBatch().catch((error: unknown) => error);
  await until(() => sockets.length === 1, 'the connection');
  // What it does when a connection is lost.
  const { _connectionContext: context } = client as unknown as { _connectionContext: { refreshConnection(): void } };
  context.refreshConnection();
  cutConnection(client);
  expect(await waiting).toMatchObject({ message: expect.stringContaining('given up') });
  await until(() => sockets[0]?.closed === true, 'the end of the connection');
});

async function openSilentPeer(): Promise<{ readonly client: ServiceBusClient; readonly sockets: readonly Socket[] }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket.on('error', () => undefined).resume()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const client = new ServiceBusClient(`Endpoint=sb://127.0.0.1:${port};SharedAccessKeyName=k;SharedAccessKey=x;UseDevelopmentEmulator=true`, { retryOptions: { maxRetries: 0, timeoutInMs: 60_000 } });
  return { client, sockets };
}
