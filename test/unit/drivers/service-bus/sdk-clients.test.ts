import { ServiceBusClient } from '@azure/service-bus';
import { expect, onTestFinished, test, vi } from 'vitest';

import { SdkClients } from '../../../../src/drivers/service-bus/sdk-clients.js';
import { FakeClock } from '../../../support/fake-clock.js';
import { turns } from '../../../support/turns.js';

/** Connects nowhere: nothing is asked of it. */
function idleClient(): ServiceBusClient {
  return new ServiceBusClient('Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=k;SharedAccessKey=x;UseDevelopmentEmulator=true');
}

function giveUp(clients: SdkClients): ServiceBusClient {
  const client = clients.current;
  const { ended } = clients.judge(client);
  ended('silent');
  ended('silent');
  return client;
}

test('many clients that are given up at the same time wait for their end without a warning of too many listeners', async () => {
  const warned = vi.fn();
  process.on('warning', warned);
  onTestFinished(() => void process.off('warning', warned));
  const clients = new SdkClients(idleClient, new FakeClock());
  const given = new Set(Array.from({ length: 12 }, () => giveUp(clients)));
  expect(given.size).toBe(12);
  await clients.close();
  // A warning comes in a turn of its own.
  await turns();
  expect(warned).not.toHaveBeenCalled();
});

test('a client whose close never comes back is left after a second', async () => {
  const clock = new FakeClock();
  const clients = new SdkClients(() => Object.assign(idleClient(), { close: () => new Promise<void>(() => undefined) }), clock);
  expect(clients.current).toBeInstanceOf(ServiceBusClient);
  let isClosed = false;
  const closing = clients.close().then(() => (isClosed = true));
  await clock.advance(999);
  expect(isClosed).toBe(false);
  await clock.advance(1);
  await closing;
  expect(() => clients.current).toThrow('closed by this process');
});
