// Who may do what on the emulator: keys, tokens, their rights and their ends.

import { once } from 'node:events';

import { expect, test } from 'vitest';

import type { AccessKey, AccessRight } from '../../src/emulator/sas/access-key.js';
import { openTestEmulator, TEST_KEY } from '../support/emulator.js';
import { openRawConnection, putToken, refusal } from './amqp-client.js';
import { connect, failure, openClient, receiveNow } from './emulator-clients.js';

function keyWith(...rights: AccessRight[]): AccessKey {
  return { name: rights.join('').toLowerCase() || 'none', key: 'c2VjcmV0', rights: new Set(rights) };
}

test('a wrong key and an unknown key name are refused', async () => {
  const { emulator } = await openClient();
  for (const wrong of [{ ...TEST_KEY, key: 'd3Jvbmc=' }, { ...TEST_KEY, name: 'nobody' }]) {
    const client = connect(emulator.connectionStringOf(wrong));
    expect(await failure(client.createSender('q').sendMessages({ body: 1 }))).toMatchObject({ code: 'UnauthorizedAccess' });
    expect(await failure(receiveNow(client.createReceiver('q')))).toMatchObject({ code: 'UnauthorizedAccess' });
  }
});

test('a key does only what its rights say', async () => {
  const [send, listen] = [keyWith('Send'), keyWith('Listen')];
  const emulator = await openTestEmulator({ queues: [{ name: 'q' }], keys: [TEST_KEY, send, listen] });
  const sending = connect(emulator.connectionStringOf(send));
  const listening = connect(emulator.connectionStringOf(listen));
  await sending.createSender('q').sendMessages({ body: 1 });
  const [number] = await sending.createSender('q').scheduleMessages({ body: 2 }, new Date(Date.now() + 60_000));
  expect(await failure(receiveNow(sending.createReceiver('q')))).toMatchObject({ code: 'UnauthorizedAccess' });
  expect(await failure(sending.createReceiver('q').peekMessages(1))).toMatchObject({ code: 'UnauthorizedAccess' });
  expect(await receiveNow(listening.createReceiver('q'), 1)).toHaveLength(1);
  expect(await listening.createReceiver('q').peekMessages(5)).toHaveLength(2);
  expect(await failure(listening.createSender('q').sendMessages({ body: 3 }))).toMatchObject({ code: 'UnauthorizedAccess' });
  if (number !== undefined) expect(await failure(listening.createSender('q').cancelScheduledMessages(number))).toMatchObject({ code: 'UnauthorizedAccess' });
});

test('without a token no link opens', async () => {
  const { emulator } = await openClient();
  const connection = await openRawConnection(emulator.port);
  expect(await refusal(connection.open_sender('q'))).toBe('amqp:unauthorized-access');
  expect(await refusal(connection.open_receiver('q'))).toBe('amqp:unauthorized-access');
  expect(await refusal(connection.open_receiver('q/$management'))).toBe('amqp:unauthorized-access');
});

test('a token is good for its address and what is below it, and for nothing else', async () => {
  const emulator = await openTestEmulator({ queues: [{ name: 'q' }, { name: 'q2' }] });
  const connection = await openRawConnection(emulator.port);
  expect(await putToken(connection, { audience: `sb://localhost:${emulator.port}/Q` })).toMatchObject({ application_properties: { 'status-code': 202 } });
  expect(await refusal(connection.open_sender('q2'))).toBe('amqp:unauthorized-access');
  await once(connection.open_receiver('q/$DeadLetterQueue'), 'receiver_open');
  await putToken(connection, { audience: 'sb://localhost/' });
  await once(connection.open_sender('q2'), 'sendable');
});

test('tokens that are expired, forged, or of another kind are refused with 401', async () => {
  const { emulator } = await openClient();
  const connection = await openRawConnection(emulator.port);
  const audience = 'sb://localhost/q';
  for (const bad of [{ expiresAt: Date.now() - 1_000 }, { key: 'other' }, { keyName: 'other' }, { type: 'jwt' }]) {
    expect(await putToken(connection, { audience, ...bad })).toMatchObject({ application_properties: { 'status-code': 401 } });
  }
  expect(await refusal(connection.open_sender('q'))).toBe('amqp:unauthorized-access');
});

test('when a token ends, the links it allowed are detached; a newer one keeps them', async () => {
  const emulator = await openTestEmulator({ queues: [{ name: 'q' }, { name: 'kept' }] });
  const connection = await openRawConnection(emulator.port);
  const expiresAt = Math.ceil(Date.now() / 1000) * 1000 + 1_000;
  await putToken(connection, { audience: 'sb://localhost/q', expiresAt });
  await putToken(connection, { audience: 'sb://localhost/kept', expiresAt });
  const [link, kept] = [connection.open_receiver('q'), connection.open_receiver('kept')];
  await Promise.all([once(link, 'receiver_open'), once(kept, 'receiver_open')]);
  await putToken(connection, { audience: 'sb://localhost/kept' });
  expect(await refusal(link)).toBe('amqp:unauthorized-access');
  expect(Date.now()).toBeGreaterThanOrEqual(expiresAt);
  expect(kept.is_open()).toBe(true);
});

test('a client with a password needs no token, and a wrong one does not get in', async () => {
  const { emulator } = await openClient();
  const connection = await openRawConnection(emulator.port, { username: TEST_KEY.name, password: TEST_KEY.key });
  await once(connection.open_sender('q'), 'sendable');
  const refused = openRawConnection(emulator.port, { username: TEST_KEY.name, password: 'wrong' });
  await expect(Promise.race([refused, new Promise((_, reject) => setTimeout(() => reject(new Error('not connected')), 300))])).rejects.toThrow('not connected');
});
