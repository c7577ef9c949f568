// Two sets of queues under one set of names, and ports that open what is behind them when they are first used.

import { describe, expect, test } from 'vitest';

import { hybridQueues, type QueuePorts } from '../../../src/runtime/hybrid-queues.js';
import { openOnUse, type RemoteQueues } from '../../../src/runtime/service-bus-connection.js';
import { FarWorld } from '../../support/far-world.js';
import type { Clock } from '../../../src/ports/clock.js';
import { QUEUE } from '../../support/worker-world.js';

const LOCAL = `${QUEUE}@local`;

async function both(): Promise<{ world: FarWorld<Clock>; queues: QueuePorts }> {
  const world = await FarWorld.openFarReal();
  const remote = { queue: world.remote.queue, deadLetters: world.remote.deadLetters, admin: world.remote.admin };
  return { world, queues: hybridQueues(remote, { queue: world.own.queue, deadLetters: world.own.deadLetters, admin: world.own.admin }) };
}

const message = (queue: string, messageId: string) => ({ queue, messageId, body: '"x"', properties: {} });

async function bury(queues: QueuePorts, queue: string): Promise<void> {
  const [delivery] = await queues.queue.receive({ queue, max: 1, waitMs: 0 });
  await delivery?.deadLetter({ reason: 'BURIED', description: queue });
}

describe('queues beside another system', () => {
  test('of the store are listed by their own names, when they hold something', async () => {
    const { queues } = await both();
    expect((await queues.admin.list()).map(({ name }) => name)).not.toContain(LOCAL);
    await queues.queue.send([message(QUEUE, 'there'), message(LOCAL, 'here'), message(LOCAL, 'here too')]);
    const counts = Object.fromEntries((await queues.admin.list([QUEUE, LOCAL])).map(({ name, counts: { active } }) => [name, active]));
    expect(counts).toEqual({ [QUEUE]: 1, [LOCAL]: 2 });
    expect((await queues.admin.list()).map(({ name }) => name)).toContain(LOCAL);
    expect(await queues.admin.list([LOCAL])).toHaveLength(1);
  });

  test('each have dead letters of their own, which say where they are', async () => {
    const { queues } = await both();
    await queues.queue.send([message(QUEUE, 'there'), message(LOCAL, 'here')]);
    await bury(queues, QUEUE);
    await bury(queues, LOCAL);
    expect([await queues.deadLetters.count(QUEUE), await queues.deadLetters.count(LOCAL)]).toEqual([1, 1]);
    const { letters } = await queues.deadLetters.peek({ queue: LOCAL, limit: 10 });
    expect(letters.map(({ queue, messageId }) => [queue, messageId])).toEqual([[LOCAL, 'here']]);
    const numbers = new Set(letters.map(({ sequenceNumber }) => sequenceNumber));
    for await (const taken of queues.deadLetters.take({ queue: LOCAL, sequenceNumbers: numbers })) {
      expect(taken.kind === 'held' && taken.letter.queue).toBe(LOCAL);
      if (taken.kind === 'held') await taken.complete();
    }
    expect([await queues.deadLetters.count(QUEUE), await queues.deadLetters.count(LOCAL)]).toEqual([1, 0]);
    expect(await queues.deadLetters.restore(letters)).toEqual({ to: 'dead-letter', restored: 1, skipped: 0 });
    expect(await queues.deadLetters.count(LOCAL)).toBe(1);
  });

  test('are paused one by one', async () => {
    const { queues } = await both();
    await queues.queue.send([message(LOCAL, 'here')]);
    await queues.admin.pause(LOCAL, 'ada');
    expect((await queues.admin.list([QUEUE, LOCAL])).map(({ name, pausedBy }) => [name, pausedBy])).toEqual([[QUEUE, null], [LOCAL, 'ada']]);
  });
});

describe('ports that open on use', () => {
  function countingOpen(fail = false): { ports: RemoteQueues; opened: () => number; closed: () => number } {
    let opens = 0;
    let closes = 0;
    const queue = { send: async () => undefined, receive: async () => [] };
    const ports = openOnUse(async () => {
      opens += 1;
      if (fail) throw new Error('no way');
      const unused = async (): Promise<never> => Promise.reject(new Error('unused'));
      const deadLetters = { peek: unused, restore: unused, count: async () => 7, take: async function* () {} };
      const admin = { list: async () => [], create: unused, pause: unused, resume: unused };
      return { queue, deadLetters, admin, diagnostics: { check: async () => [] }, close: async () => void (closes += 1) };
    });
    return { ports, opened: () => opens, closed: () => closes };
  }

  test('open once, whichever is used first, and close what was opened', async () => {
    const { ports, opened, closed } = countingOpen();
    expect(opened()).toBe(0);
    await Promise.all([ports.deadLetters.count('a'), ports.queue.send([]), ports.admin.list()]);
    expect(opened()).toBe(1);
    await ports.close();
    expect(closed()).toBe(1);
  });

  test('have nothing to close when nothing was opened, or opening failed', async () => {
    const unused = countingOpen();
    await unused.ports.close();
    expect([unused.opened(), unused.closed()]).toEqual([0, 0]);
    const failing = countingOpen(true);
    await expect(failing.ports.deadLetters.count('a')).rejects.toThrow('no way');
    await failing.ports.close();
    expect(failing.closed()).toBe(0);
  });
});
