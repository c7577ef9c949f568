// The QueueAdmin of Service Bus over a namespace in memory: what the contract suite cannot see from outside.

import { describe, expect, test } from 'vitest';

import { AppError } from '../../../../src/domain/errors.js';
import type { PeekedMessage, PeekMessages } from '../../../../src/drivers/service-bus/peek-messages.js';
import { ServiceBusQueueAdmin } from '../../../../src/drivers/service-bus/queue-admin.js';
import type { BrokerQueue, BrokerSettings, QueueAdministration } from '../../../../src/drivers/service-bus/queue-administration.js';
import type { QueuePauses } from '../../../../src/ports/queue-pauses.js';
import type { QueueSettings } from '../../../../src/ports/queue-admin.js';
import { FakeClock } from '../../../support/fake-clock.js';
import { brokerQueue } from './broker-queue.js';

const UNAUTHORIZED = Object.assign(new Error('Manage claim is required'), { name: 'RestError', code: 'UnauthorizedRequestError', statusCode: 401 });
const NO_LISTEN = Object.assign(new Error('Listen claim is required'), { name: 'ServiceBusError', code: 'UnauthorizedAccess' });
const NO_QUEUE = Object.assign(new Error('gone'), { name: 'ServiceBusError', code: 'MessagingEntityNotFound' });
const SETTINGS: QueueSettings = { name: 'jobs', lockMs: 30_000, ttlMs: 3_600_000, maxAttempts: 3 };

class MemoryAdministration implements QueueAdministration {
  readonly source = 'memory';
  readonly queues = new Map<string, BrokerQueue>();
  readonly calls: string[] = [];
  /** Thrown by every call. */
  refusal: Error | undefined;
  /** Runs before a create, as somebody else would. */
  beforeCreate: (() => void) | undefined;

  async list(): Promise<BrokerQueue[]> {
    this.#called('list');
    return [...this.queues.values()];
  }

  async get(name: string): Promise<BrokerQueue | undefined> {
    this.#called(`get ${name}`);
    return this.queues.get(name);
  }

  async create(name: string, settings: BrokerSettings): Promise<'created' | 'exists'> {
    this.#called(`create ${name}`);
    this.beforeCreate?.();
    if (this.queues.has(name)) return 'exists';
    this.queues.set(name, brokerQueue(name, {}, settings));
    return 'created';
  }

  async update(name: string, settings: Partial<BrokerSettings>): Promise<true | undefined> {
    this.#called(`update ${name} ${Object.keys(settings).join()}`);
    const queue = this.queues.get(name);
    if (queue === undefined) return undefined;
    this.queues.set(name, { ...queue, ...settings });
    return true;
  }

  async namespace(): Promise<{ name: string; tier: string }> {
    return { name: 'memory', tier: 'Basic' };
  }

  #called(call: string): void {
    this.calls.push(call);
    if (this.refusal !== undefined) throw this.refusal;
  }
}

class MemoryPauses implements QueuePauses {
  readonly paused = new Map<string, { at: number; by: string }>();
  list = async (): Promise<ReadonlyMap<string, { at: number; by: string }>> => this.paused;
  pause = async (queue: string, by: string): Promise<void> => void this.paused.set(queue, { at: 1, by });
  resume = async (queue: string): Promise<void> => void this.paused.delete(queue);
}

function open(parts: { registry?: readonly QueueSettings[]; peek?: PeekMessages } = {}) {
  const administration = new MemoryAdministration();
  const pauses = new MemoryPauses();
  const peeks: string[] = [];
  const clock = new FakeClock();
  const peek: PeekMessages = async (params) => {
    peeks.push(`${params.queue}${params.deadLetters === true ? '/dead' : ''} ${params.from ?? '1'}+${params.limit}`);
    return (await parts.peek?.(params)) ?? [];
  };
  const admin = new ServiceBusQueueAdmin({ administration, registry: parts.registry ?? [SETTINGS], pauses, peek, clock, random: () => 0 });
  return { admin, administration, pauses, peeks, clock };
}

function active(sequence: number, enqueuedAt: number): PeekedMessage {
  return { sequenceNumber: String(sequence), state: 'active', enqueuedAt };
}

function scheduled(sequence: number): PeekedMessage {
  return { sequenceNumber: String(sequence), state: 'scheduled', enqueuedAt: 5 };
}

describe('listing', () => {
  test('asks once for all queues, however many are named and how often', async () => {
    const { admin, administration } = open();
    for (const name of ['b', 'a', 'c']) administration.queues.set(name, brokerQueue(name));
    expect((await admin.list()).map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect((await admin.list(['C', 'a', 'nope'])).map(({ name }) => name)).toEqual(['a', 'c']);
    expect(administration.calls).toEqual(['list']);
  });

  test('looks into queues with something in them only, and for one message', async () => {
    const { admin, administration, peeks } = open({ peek: async () => [active(4, 1_000)] });
    administration.queues.set('empty', brokerQueue('empty', { scheduled: 3, deadLetter: 2 }));
    administration.queues.set('full', brokerQueue('full', { active: 9 }));
    expect(await admin.list()).toMatchObject([{ name: 'empty', oldestDueAt: null }, { name: 'full', oldestDueAt: 1_000, status: 'Active', counts: { active: 9, locked: 0 } }]);
    expect(peeks).toEqual(['full 1+1']);
  });

  test('goes past scheduled messages to the first that waits, and not for ever', async () => {
    const messages = [...Array.from({ length: 40 }, (_, index) => scheduled(index + 1)), active(41, 1_000)];
    const peek: PeekMessages = async ({ from = '1', limit }) => messages.filter(({ sequenceNumber }) => BigInt(sequenceNumber) >= BigInt(from)).slice(0, limit);
    const { admin, administration, peeks } = open({ peek });
    administration.queues.set('jobs', brokerQueue('jobs', { active: 1 }));
    expect(await admin.list()).toMatchObject([{ oldestDueAt: 1_000 }]);
    expect(peeks).toEqual(['jobs 1+1', 'jobs 2+16', 'jobs 18+64']);
  });

  test('does without the age when the key may not listen', async () => {
    const { admin, administration } = open({ peek: () => Promise.reject(NO_LISTEN) });
    administration.queues.set('jobs', brokerQueue('jobs', { active: 1 }));
    expect(await admin.list()).toMatchObject([{ counts: { active: 1 }, oldestDueAt: null }]);
  });

  test('does without the age when a look takes too long', async () => {
    const { admin, administration, clock } = open({ peek: () => new Promise(() => undefined) });
    administration.queues.set('jobs', brokerQueue('jobs', { active: 1 }));
    const listed = admin.list();
    await clock.advance(4_000);
    expect(await listed).toMatchObject([{ oldestDueAt: null }]);
  });

  test('shows a queue whose messages never expire', async () => {
    const { admin, administration } = open();
    administration.queues.set('jobs', brokerQueue('jobs', {}, { ttlMs: null }));
    expect(await admin.list()).toMatchObject([{ ttlMs: Number.MAX_SAFE_INTEGER }]);
  });
});

describe('a key without the right to manage', () => {
  const OTHER = { ...SETTINGS, name: 'other' };

  test('counts what it can see of the queues it knows, and says that it is not all', async () => {
    const seen = [active(1, 10), scheduled(2), { ...active(3, 11), state: 'deferred' as const }];
    const { admin, administration } = open({
      registry: [SETTINGS, OTHER],
      peek: async ({ queue, deadLetters, limit }) => {
        if (queue === 'other') throw NO_QUEUE;
        return deadLetters === true ? Array.from({ length: limit }, (_, index) => active(index, 1)) : seen.slice(0, limit);
      },
    });
    administration.refusal = UNAUTHORIZED;
    expect(await admin.list()).toMatchObject([
      { name: 'jobs', lockMs: 30_000, maxAttempts: 3, counts: { active: 2, scheduled: 1, deadLetter: 32 }, oldestDueAt: 10, partial: expect.stringContaining('as far as was looked') },
    ]);
  });

  test('counts a queue that is named, although it is none of those it knows, and one that is not there is not listed', async () => {
    const { admin, administration, peeks } = open({
      peek: async ({ queue }) => {
        if (queue === 'gone') throw NO_QUEUE;
        return queue === 'orders' ? [active(1, 10)] : [];
      },
    });
    administration.refusal = UNAUTHORIZED;
    expect(await admin.list(['orders', 'gone'])).toMatchObject([{ name: 'orders', counts: { active: 1 }, partial: expect.stringContaining('by looking') }]);
    expect(peeks.some((peek) => peek.startsWith('jobs'))).toBe(false);
    expect(await admin.list(['JOBS'])).toMatchObject([{ name: 'jobs', maxAttempts: 3 }]);
  });

  test('looks again after a change of its own: what was seen before it is no longer so', async () => {
    let letters = 3;
    const { admin, administration } = open({ peek: async ({ deadLetters }) => (deadLetters === true ? Array.from({ length: letters }, (_, index) => active(index, 1)) : []) });
    administration.refusal = UNAUTHORIZED;
    expect(await admin.list()).toMatchObject([{ counts: { deadLetter: 3 } }]);
    letters = 1;
    expect(await admin.list()).toMatchObject([{ counts: { deadLetter: 3 } }]);
    admin.forgetCounts();
    expect(await admin.list()).toMatchObject([{ counts: { deadLetter: 1 } }]);
  });

  test('is not shown to the service with every look, and not every look is a peek', async () => {
    const { admin, administration, peeks, clock } = open();
    administration.refusal = UNAUTHORIZED;
    for (let tick = 0; tick < 10; tick += 1) {
      await admin.list();
      await clock.advance(1_000);
    }
    expect(administration.calls).toEqual(['list']);
    expect(peeks).toHaveLength(4);
    administration.refusal = undefined;
    administration.queues.set('jobs', brokerQueue('jobs'));
    await clock.advance(60_000);
    expect(await admin.list()).toMatchObject([{ name: 'jobs', status: 'Active' }]);
  });

  test('that may not listen either is told which right is needed', async () => {
    const { admin, administration } = open({ peek: () => Promise.reject(NO_LISTEN) });
    administration.refusal = UNAUTHORIZED;
    await expect(admin.list()).rejects.toMatchObject({ code: 'SB_UNAUTHORIZED', message: expect.stringContaining('Manage claim'), hint: expect.stringContaining('Manage') });
    // A ready-made signature is not shown to the administration: what is wrong with it only the look can tell.
    administration.refusal = new AppError('SB_UNAUTHORIZED', 'nothing can be asked', { details: { asked: false } });
    admin.forgetCounts();
    await expect(admin.list()).rejects.toMatchObject({ code: 'SB_UNAUTHORIZED', message: expect.stringContaining('Listen claim'), hint: expect.stringContaining('Manage') });
  });

  test('can pause what the registry knows, and nothing else', async () => {
    const { admin, administration, pauses } = open();
    administration.refusal = UNAUTHORIZED;
    await admin.pause('jobs', 'ann');
    expect(pauses.paused.get('jobs')).toMatchObject({ by: 'ann' });
    await expect(admin.pause('unheard-of', 'ann')).rejects.toMatchObject({ code: 'QUEUE_UNKNOWN' });
  });

  test('cannot create, and is told so', async () => {
    const { admin, administration } = open();
    administration.refusal = UNAUTHORIZED;
    await expect(admin.create(SETTINGS)).rejects.toMatchObject({ code: 'SB_UNAUTHORIZED', message: expect.stringContaining('queue jobs') });
    expect(administration.calls).toEqual(['get jobs']);
  });
});

describe('creating', () => {
  test('does nothing to a queue that is right', async () => {
    const { admin, administration } = open();
    administration.queues.set('jobs', brokerQueue('jobs'));
    expect(await admin.create(SETTINGS)).toBe('unchanged');
    expect(administration.calls).toEqual(['get jobs']);
  });

  test('changes only what differs, and never a status', async () => {
    const { admin, administration } = open();
    administration.queues.set('jobs', brokerQueue('jobs', {}, { lockMs: 60_000, deadLetterOnExpiration: false, status: 'ReceiveDisabled' }));
    expect(await admin.create(SETTINGS)).toBe('changed');
    expect(administration.calls).toEqual(['get jobs', 'update jobs lockMs,deadLetterOnExpiration']);
    expect(administration.queues.get('jobs')).toMatchObject({ lockMs: 30_000, deadLetterOnExpiration: true, status: 'ReceiveDisabled' });
  });

  test('brings a queue in order that somebody else made in the same moment', async () => {
    const { admin, administration } = open();
    administration.beforeCreate = () => administration.queues.set('jobs', brokerQueue('jobs', {}, { lockMs: 1_000 }));
    expect(await admin.create(SETTINGS)).toBe('changed');
    expect(administration.queues.get('jobs')).toMatchObject({ lockMs: 30_000 });
  });

  test('shows the new queue at once, although counts are kept for a while', async () => {
    const { admin } = open();
    expect(await admin.list()).toEqual([]);
    await admin.create(SETTINGS);
    expect(await admin.list(['jobs'])).toMatchObject([{ ...SETTINGS, status: 'Active' }]);
  });

  test.each([
    [{ lockMs: 300_001 }, 'at most 5 minutes'],
    [{ lockMs: 0 }, 'lockMs'],
    [{ ttlMs: Number.NaN }, 'ttlMs'],
    [{ maxAttempts: 2001 }, 'at most 2000 times'],
    [{ name: 'two words' }, 'queue name'],
    [{ name: '-dash' }, 'queue name'],
  ])('refuses %j without asking the service', async (wrong, says) => {
    const { admin, administration } = open();
    await expect(admin.create({ ...SETTINGS, ...wrong })).rejects.toMatchObject({ code: 'INPUT_INVALID', message: expect.stringContaining(says) });
    await expect(admin.plan({ ...SETTINGS, ...wrong })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(administration.calls).toEqual([]);
  });
});

describe('the plan', () => {
  test('shows all settings of a queue that is to be made', async () => {
    const { admin, administration } = open();
    expect(await admin.plan(SETTINGS)).toEqual({
      outcome: 'created',
      changes: [
        { setting: 'lock duration', from: null, to: 'PT30S' },
        { setting: 'default message time to live', from: null, to: 'PT1H' },
        { setting: 'max delivery count', from: null, to: '3' },
        { setting: 'dead-letter expired messages', from: null, to: 'true' },
      ],
      warnings: [],
    });
    expect(administration.queues.size).toBe(0);
  });

  test('shows what differs, and what will be in the way', async () => {
    const { admin, administration } = open();
    administration.queues.set('jobs', brokerQueue('jobs', {}, { ttlMs: null, maxDeliveryCount: 10, requiresSession: true, forwardTo: 'elsewhere', partitioned: true, status: 'Disabled' }));
    const plan = await admin.plan(SETTINGS);
    expect(plan).toMatchObject({
      outcome: 'changed',
      changes: [
        { setting: 'default message time to live', from: 'never', to: 'PT1H' },
        { setting: 'max delivery count', from: '10', to: '3' },
      ],
    });
    for (const word of ['sessions', 'elsewhere', 'partitioned', 'Disabled']) expect(plan.warnings.join('\n')).toContain(word);
    expect(administration.calls).toEqual(['get jobs']);
  });
});

describe("the broker's own switch", () => {
  test('is set and shown', async () => {
    const { admin, administration } = open();
    administration.queues.set('jobs', brokerQueue('jobs'));
    expect(await admin.list()).toMatchObject([{ status: 'Active' }]);
    await admin.setStatus('jobs', 'ReceiveDisabled');
    expect(await admin.list()).toMatchObject([{ status: 'ReceiveDisabled', pausedAt: null }]);
  });

  test('of a queue that is not there is QUEUE_UNKNOWN', async () => {
    const { admin } = open();
    await expect(admin.setStatus('jobs', 'Active')).rejects.toMatchObject({ code: 'QUEUE_UNKNOWN' });
  });
});
