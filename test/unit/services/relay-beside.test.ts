import { expect, test } from 'vitest';

import { AppError } from '../../../src/domain/errors.js';
import type { Clock } from '../../../src/ports/clock.js';
import { relayBeside, relayNow, type RelayPorts } from '../../../src/services/relay-beside.js';
import { FarWorld } from '../../support/far-world.js';
import { withMethods } from '../../support/with-methods.js';
import { World } from '../../support/worker-world.js';

const portsOf = (world: FarWorld<Clock>): RelayPorts => ({ ...world.backend, fallback: 'relay' });

test('what is saved while the work goes on is sent while it goes on, and the rest after it', async () => {
  const world = await FarWorld.openFarReal();
  const seen: number[] = [];
  const work = async (): Promise<string> => {
    await world.submit('echo');
    // Only the relay beside can have sent it.
    while (world.far.sent.length === 0) await world.clock.sleep(5);
    await world.submit('echo');
    return 'done';
  };
  const { result, relayed } = await relayBeside(portsOf(world), work, { onProgress: ({ sent }) => seen.push(sent) });
  expect([result, relayed]).toEqual(['done', { sent: 2, moved: 0, problem: null, error: null }]);
  // One pass may bring both.
  expect(seen.at(-1)).toBe(2);
});

test('a system that is away ends the relay with the work, and says why', async () => {
  const world = await FarWorld.openFarReal();
  world.far.faults = () => 'refuse';
  const { relayed } = await relayBeside(portsOf(world), () => world.submit('echo'));
  expect(relayed).toMatchObject({ sent: 0, moved: 0, error: { code: 'SB_UNREACHABLE' } });
  expect(await world.outbox.waiting()).toMatchObject([{ count: 1 }]);
});

test('a store that fails in the relay takes nothing from the report of what was saved', async () => {
  const world = await FarWorld.openFarReal();
  const throttled = new AppError('COSMOS_THROTTLED', 'no request units left');
  const ports = { ...portsOf(world), outbox: withMethods(world.outbox, { claim: () => Promise.reject(throttled) }) };
  const { result, relayed } = await relayBeside(ports, async () => (await world.submit('echo')).status);
  expect([result, relayed]).toEqual(['Queued', { sent: 0, moved: 0, problem: '[COSMOS_THROTTLED] no request units left', error: throttled }]);
  expect(await relayNow(ports, { budgetMs: 1000 })).toMatchObject({ sent: 0, left: 0, error: throttled });
});

test('work that fails fails as it would alone', async () => {
  const world = await FarWorld.openFarReal();
  await expect(relayBeside(portsOf(world), () => Promise.reject(new Error('no')))).rejects.toThrow('no');
});

test('a store that shares its file with the queue has nothing to relay', async () => {
  const world = await World.openReal();
  const ports: RelayPorts = { ...world.backend, fallback: 'relay' };
  expect(await relayNow(ports, { budgetMs: 1000 })).toBeUndefined();
  expect((await relayBeside(ports, async () => 1)).relayed).toEqual({ sent: 0, moved: 0, problem: null, error: null });
});
