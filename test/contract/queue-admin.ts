// What every QueueAdmin promises, checked through the ports only.

import { describe, expect, test } from 'vitest';

import type { QueueInfo } from '../../src/ports/queue-admin.js';
import { deadLetterAll, LOCK_MS, type MakeQueueBackend, message, OTHER_QUEUE, QUEUE, QUEUE_SETTINGS, type QueuePorts, receiveNow, TTL_MS } from './queue-backend.js';

async function infoOf(ports: QueuePorts, name = QUEUE): Promise<QueueInfo> {
  const [info] = await ports.admin.list([name]);
  if (info === undefined) throw new Error(`no queue ${name}`);
  return info;
}

export function describeQueueAdminContract(name: string, makeBackend: MakeQueueBackend): void {
  describe(`QueueAdmin contract: ${name}`, () => {
    describe('queues', () => queues(makeBackend));
    describe('counts', () => counts(makeBackend));
    describe('pause', () => pause(makeBackend));
  });
}

function queues(makeBackend: MakeQueueBackend): void {
  const settings = { name: 'contract-new', lockMs: 45_000, ttlMs: 60_000, maxAttempts: 5 };

  test('lists every queue by name with its settings', async () => {
    const backend = await makeBackend();
    const listed = await backend.admin.list();
    const known = listed.filter((queue) => [QUEUE, OTHER_QUEUE].includes(queue.name));
    expect(known).toMatchObject(QUEUE_SETTINGS);
    expect(listed.map((queue) => queue.name)).toEqual(listed.map((queue) => queue.name).sort());
  });

  test('lists the named queues that exist', async () => {
    const backend = await makeBackend();
    expect((await backend.admin.list(['no-such-queue', QUEUE])).map((queue) => queue.name)).toEqual([QUEUE]);
    expect(await backend.admin.list([])).toEqual([]);
  });

  test('creates a queue once and changes it afterwards', async () => {
    const backend = await makeBackend();
    expect(await backend.admin.create(settings)).toBe('created');
    expect(await backend.admin.create(settings)).toBe('unchanged');
    expect(await infoOf(backend.other, settings.name)).toMatchObject(settings);
    const changed = { ...settings, lockMs: 30_000, maxAttempts: 2 };
    expect(await backend.admin.create(changed)).toBe('changed');
    expect(await infoOf(backend.other, settings.name)).toMatchObject(changed);
  });

  test('lets a new queue be used at once, with its own lock', async () => {
    const backend = await makeBackend();
    await backend.admin.create(settings);
    await backend.queue.send([message('m', { queue: settings.name })]);
    const [delivery] = await receiveNow(backend.other, 1, settings.name);
    const lockMs = (delivery?.lockedUntil ?? 0) - backend.now();
    expect(Math.abs(lockMs - settings.lockMs)).toBeLessThan(5_000);
  });

  test.each([
    ['a name with spaces', { ...settings, name: 'two words' }],
    ['an empty name', { ...settings, name: '' }],
    ['a lock of no time', { ...settings, lockMs: 0 }],
    ['a time to live that is no number', { ...settings, ttlMs: Number.NaN }],
    ['no attempts', { ...settings, maxAttempts: 0 }],
  ])('refuses %s and creates nothing', async (_what, wrong) => {
    const backend = await makeBackend();
    const before = await backend.admin.list();
    await expect(backend.admin.create(wrong)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect((await backend.admin.list()).map((queue) => queue.name)).toEqual(before.map((queue) => queue.name));
  });
}

function counts(makeBackend: MakeQueueBackend): void {
  test('counts messages in each state', async () => {
    const backend = await makeBackend();
    await deadLetterAll(backend, ['dead']);
    await backend.queue.send([
      ...['1', '2', '3', '4'].map((id) => message(id)),
      message('later', { notBefore: backend.now() + 60_000 }),
      message('elsewhere', { queue: OTHER_QUEUE }),
    ]);
    const [first] = await receiveNow(backend, 2);
    await first?.complete();
    // Where locked ones are not told apart they are among the active ones.
    const waiting = backend.capabilities.lockedCounted ? { active: 2, locked: 1 } : { active: 3, locked: 0 };
    expect((await infoOf(backend.other)).counts).toEqual({ ...waiting, scheduled: 1, deadLetter: 1 });
    expect((await infoOf(backend.other, OTHER_QUEUE)).counts).toEqual({ active: 1, locked: 0, scheduled: 0, deadLetter: 0 });
  });

  test('counts what time has moved, also where nobody receives', async () => {
    const backend = await makeBackend();
    await backend.queue.send([message('locked'), message('later', { notBefore: backend.now() + 1_000 })]);
    await receiveNow(backend, 1);
    await backend.advance(LOCK_MS + 1_000);
    expect((await infoOf(backend.other)).counts).toEqual({ active: 2, locked: 0, scheduled: 0, deadLetter: 0 });
    await backend.advance(TTL_MS);
    expect((await infoOf(backend.other)).counts).toEqual({ active: 0, locked: 0, scheduled: 0, deadLetter: 2 });
  });

  test('tells since when the message that waits longest has been due, and keeps it while everything stalls', async () => {
    const backend = await makeBackend();
    expect((await infoOf(backend)).oldestDueAt).toBeNull();
    const start = backend.now();
    await backend.queue.send([message('low', { priority: 'low' })]);
    await backend.advance(10_000);
    await backend.queue.send([message('urgent', { priority: 'urgent' }), message('later', { notBefore: backend.now() + 600_000 })]);
    const oldest = (await infoOf(backend)).oldestDueAt ?? 0;
    expect(Math.abs(oldest - start)).toBeLessThan(5_000);
    await backend.advance(60_000);
    expect((await infoOf(backend)).oldestDueAt).toBe(oldest);
  });

  test('takes a message for later as waiting from its due time, not from its sending', async () => {
    const backend = await makeBackend();
    const dueAt = backend.now() + 20_000;
    await backend.queue.send([message('later', { notBefore: dueAt })]);
    await backend.advance(10_000);
    await backend.queue.send([message('sooner')]);
    const sentAt = backend.now();
    await backend.advance(20_000);
    expect(Math.abs(((await infoOf(backend)).oldestDueAt ?? 0) - sentAt)).toBeLessThan(5_000);
    const [later, sooner] = await receiveNow(backend, 2);
    await (sooner?.message.messageId === 'sooner' ? sooner : later)?.complete();
    await (sooner?.message.messageId === 'sooner' ? later : sooner)?.release(0);
    if (!backend.capabilities.releaseDelay) await backend.advance(LOCK_MS + 1_000);
    expect((await infoOf(backend)).oldestDueAt).toBeGreaterThanOrEqual(dueAt - 1_000);
  });
}

function pause(makeBackend: MakeQueueBackend): void {
  test('keeps who paused a queue and when, until it is resumed', async () => {
    const backend = await makeBackend();
    expect(await infoOf(backend)).toMatchObject({ pausedAt: null, pausedBy: null });
    await backend.admin.pause(QUEUE, 'ann');
    const { pausedAt } = await infoOf(backend.other);
    expect(Math.abs((pausedAt ?? 0) - backend.now())).toBeLessThan(5_000);
    await backend.advance(10_000);
    await backend.other.admin.pause(QUEUE, 'bob');
    expect(await infoOf(backend)).toMatchObject({ pausedAt, pausedBy: 'ann' });
    await backend.admin.resume(QUEUE);
    await backend.admin.resume(QUEUE);
    expect(await infoOf(backend)).toMatchObject({ pausedAt: null, pausedBy: null });
  });

  test('lets held messages of a paused queue be settled and new ones be sent', async () => {
    const backend = await makeBackend();
    await backend.queue.send([message('held')]);
    const [held] = await receiveNow(backend);
    await backend.admin.pause(QUEUE, 'ann');
    await backend.queue.send([message('new')]);
    await held?.renewLock();
    await held?.complete();
    expect((await infoOf(backend)).counts).toEqual({ active: 1, locked: 0, scheduled: 0, deadLetter: 0 });
  });

  test('pauses one queue and not the others', async () => {
    const backend = await makeBackend();
    await backend.admin.pause(QUEUE, 'ann');
    await backend.queue.send([message('m', { queue: OTHER_QUEUE })]);
    expect(await receiveNow(backend, 1, OTHER_QUEUE)).toHaveLength(1);
  });

  test('stays paused when the settings are changed', async () => {
    const backend = await makeBackend();
    await backend.admin.pause(QUEUE, 'ann');
    await backend.admin.create({ name: QUEUE, lockMs: LOCK_MS + 1_000, ttlMs: TTL_MS, maxAttempts: 3 });
    expect((await infoOf(backend)).pausedBy).toBe('ann');
  });

  test('refuses a queue that does not exist', async () => {
    const backend = await makeBackend();
    await expect(backend.admin.pause('no-such-queue', 'ann')).rejects.toMatchObject({ code: 'QUEUE_UNKNOWN' });
    await expect(backend.admin.resume('no-such-queue')).rejects.toMatchObject({ code: 'QUEUE_UNKNOWN' });
  });
}
