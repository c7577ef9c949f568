// What the watcher makes of messages that another broker moved, expired or lost: the job is ended or queued again, once,
// and only for the message that is its newest.

import { describe, expect, test } from 'vitest';

import { AppError } from '../../../src/domain/errors.js';
import type { Job } from '../../../src/domain/job.js';
import { awaitChildren, scheduleRetry, start, succeed } from '../../../src/domain/lifecycle.js';
import type { Delivery } from '../../../src/ports/message-queue.js';
import type { WorkerRecord } from '../../../src/ports/worker-registry.js';
import { DeadLetterWatch, type WatchDeps } from '../../../src/services/dead-letter-watch.js';
import { FarWorld } from '../../support/far-world.js';
import { withMethods } from '../../support/with-methods.js';
import { OTHER_QUEUE, QUEUE } from '../../support/worker-world.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOTHING = { recorded: 0, recovered: 0, problem: null };
const TOO_OFTEN = { reason: 'MaxDeliveryCountExceeded', description: 'handed out 3 times' };
const EXPIRED = { reason: 'TTLExpiredException', description: 'The message expired and was dead lettered.' };

interface Watched {
  readonly world: FarWorld;
  readonly watch: DeadLetterWatch;
  /** How often each port was asked. */
  readonly asked: { peeks: number; counts: number };
}

async function open(more: Partial<WatchDeps> = {}): Promise<Watched> {
  const world = await FarWorld.openFar();
  const asked = { peeks: 0, counts: 0 };
  const { backend, own } = world;
  const { watched } = own;
  if (watched === undefined) throw new Error('nothing is watched');
  const deps: WatchDeps = {
    ...backend,
    watched,
    deadLetters: withMethods(backend.deadLetters, { peek: (params) => (asked.peeks++, backend.deadLetters.peek(params)) }),
    admin: withMethods(backend.admin, { list: (names) => (asked.counts++, backend.admin.list(names)) }),
    ...more,
  };
  return { world, asked, watch: new DeadLetterWatch(deps, { queues: [QUEUE], workerId: 'w-1' }) };
}

async function take(world: FarWorld, queue = QUEUE): Promise<Delivery> {
  const [delivery] = await world.far.receive({ queue, max: 1, waitMs: 0 });
  if (delivery === undefined) throw new Error('no message is ready');
  return delivery;
}

/** Running, its message under a lock. */
async function running(world: FarWorld, job: Job, worker = 'dead-worker'): Promise<{ job: Job; delivery: Delivery }> {
  const delivery = await take(world, job.queue);
  const { message, queueMode, lockedUntil } = delivery;
  const held = { queue: job.queue, brokerSequence: message.brokerSequence, queueMode, lockedUntil };
  return { delivery, job: await world.backend.store.save(start(job, world.clock.now(), { worker, delivery: held, afterLostLock: false })) };
}

async function letters(world: FarWorld): Promise<string[]> {
  return (await world.remote.deadLetters.peek({ queue: QUEUE, limit: 100 })).letters.map(({ messageId }) => messageId);
}

async function heartbeat(world: FarWorld, more: Partial<WorkerRecord> = {}): Promise<void> {
  const now = world.clock.now();
  const record: WorkerRecord = { workerId: 'w-1', host: 'h', pid: 1, version: '0', queues: [QUEUE], types: [], concurrency: 1, startedAt: now, heartbeatAt: now, draining: false, running: [], processed: 0, failed: 0, ...more };
  await world.backend.workers.heartbeat(record);
}

describe('a message that the broker put aside', () => {
  test('because it expired ends its job, and the letter stays for a replay', async () => {
    const { world, watch } = await open();
    const job = await world.submitSent('echo');
    await (await take(world)).deadLetter(EXPIRED);
    expect(await watch.round()).toEqual({ ...NOTHING, recorded: 1 });
    expect(await world.job(job.jobId)).toMatchObject({ status: 'DeadLettered', error: { code: 'EXPIRED', message: EXPIRED.description } });
    expect(await letters(world)).toEqual([`${job.jobId}:1`]);
  });

  test('because nobody settled it comes again under a new number while attempts are left', async () => {
    const { world, watch } = await open();
    const { job, delivery } = await running(world, await world.submitSent('echo'));
    await delivery.deadLetter(TOO_OFTEN);
    expect(await watch.round()).toEqual({ ...NOTHING, recovered: 1 });
    expect(await world.job(job.jobId)).toMatchObject({ status: 'Queued', sequence: 2, attempt: 1, queueMode: 'pending' });
    expect(await world.events(job.jobId)).toEqual(['submitted', 'started', 'recovered']);
    expect(await letters(world)).toEqual([]);
    await world.relay();
    expect((await take(world)).message.messageId).toBe(`${job.jobId}:2`);
  });

  test('comes again three times at most in one run of its job', async () => {
    const { world, watch } = await open();
    const { jobId } = await world.submitSent('echo');
    for (let round = 1; round <= 4; round += 1) {
      await (await take(world)).deadLetter(TOO_OFTEN);
      await world.clock.advance(MINUTE);
      expect(await watch.round()).toEqual(round <= 3 ? { ...NOTHING, recovered: 1 } : { ...NOTHING, recorded: 1 });
      await world.relay();
    }
    expect(await world.job(jobId)).toMatchObject({ status: 'DeadLettered', error: { code: 'DELIVERY_LIMIT' }, sequence: 4 });
  });

  test('says nothing when its job has a newer one, or has ended, and goes', async () => {
    const { world, watch } = await open();
    const first = await running(world, await world.submitSent('echo'));
    const retryError = { code: 'X', message: 'no', retryable: true, at: 0 };
    const newer = await world.backend.store.save(scheduleRetry(first.job, world.clock.now(), { retryAt: world.clock.now() + HOUR, error: retryError }));
    await first.delivery.deadLetter(TOO_OFTEN);
    const second = await running(world, await world.submitSent('echo'));
    const done = await world.backend.store.save(succeed(second.job, 1, { result: null, resultRef: null, artifacts: [] }));
    await second.delivery.deadLetter(TOO_OFTEN);
    const before = [await world.job(newer.jobId), await world.job(done.jobId)];
    expect(await watch.round()).toEqual(NOTHING);
    expect([await world.job(newer.jobId), await world.job(done.jobId)]).toEqual(before);
    expect(await letters(world)).toEqual([]);
  });

  test('does not end a job that a live worker says it runs, until that worker is gone', async () => {
    const { world, watch } = await open();
    const { job, delivery } = await running(world, await world.submitSent('echo'), 'w-2');
    await delivery.deadLetter(EXPIRED);
    await heartbeat(world, { workerId: 'w-2', running: [{ jobId: job.jobId, type: 'echo', startedAt: 0 }] });
    await heartbeat(world);
    expect(await watch.round()).toEqual(NOTHING);
    await world.clock.advance(MINUTE);
    expect(await watch.round()).toEqual({ ...NOTHING, recorded: 1 });
  });

  test('lets the parent of its job go on', async () => {
    const { world, watch } = await open();
    const parent = await running(world, await world.submitSent('echo'));
    const child = await world.submitSent('echo', { parentJobId: parent.job.jobId });
    await world.backend.store.save(awaitChildren(parent.job, world.clock.now(), 1));
    await (await take(world)).deadLetter(EXPIRED);
    await watch.round();
    expect(await world.job(child.jobId)).toMatchObject({ status: 'DeadLettered' });
    expect(await world.events(parent.job.jobId)).toContain('children-ended');
  });
});

describe('looking', () => {
  test('walks nothing while there are no dead letters, and not again while their count stays', async () => {
    const { world, watch, asked } = await open();
    await watch.round();
    expect(asked).toEqual({ peeks: 0, counts: 1 });
    await world.submitSent('echo');
    await (await take(world)).deadLetter(EXPIRED);
    for (let minute = 0; minute < 5; minute += 1) {
      await world.clock.advance(MINUTE);
      await watch.round();
    }
    expect(asked).toEqual({ peeks: 1, counts: 6 });
  });

  test('counts once a minute however often it is called', async () => {
    const { world, watch, asked } = await open();
    for (let second = 0; second < 120; second += 5) {
      await watch.round();
      await world.clock.advance(5_000);
    }
    expect(asked.counts).toBe(2);
  });

  test('judges each letter once, however many there are', async () => {
    let reads = 0;
    const { world } = await open();
    const { store } = world.backend;
    const counting = new DeadLetterWatch(
      { ...world.backend, watched: world.own.watched ?? never(), store: withMethods(store, { get: (jobId) => (reads++, store.get(jobId)) }) },
      { queues: [QUEUE], workerId: 'w-1' },
    );
    for (let index = 0; index < 600; index += 1) await world.submit('echo', index);
    await world.relay();
    for (let left = 600; left > 0; ) {
      const taken = await world.far.receive({ queue: QUEUE, max: 100, waitMs: 0 });
      await Promise.all(taken.map((delivery) => delivery.deadLetter(EXPIRED)));
      left -= taken.length;
    }
    expect(await counting.round()).toEqual({ ...NOTHING, recorded: 600 });
    expect(reads).toBe(600);
    await world.submitSent('echo');
    await (await take(world)).deadLetter(EXPIRED);
    await world.clock.advance(MINUTE);
    expect(await counting.round()).toEqual({ ...NOTHING, recorded: 1 });
    expect(reads).toBe(601);
  });

  test('is done by one of the live workers of a queue', async () => {
    const { world, watch, asked } = await open();
    await heartbeat(world, { workerId: 'a-first' });
    await heartbeat(world);
    await watch.round();
    expect(asked).toEqual({ peeks: 0, counts: 0 });
    await world.clock.advance(MINUTE);
    await heartbeat(world);
    await watch.round();
    expect(asked.counts).toBe(1);
  });

  test('goes on without counts when the account may not see them, less often', async () => {
    const denied = new AppError('SB_UNAUTHORIZED', 'no right to manage');
    const { world, watch } = await open({ admin: { list: () => Promise.reject(denied), create: never, pause: never, resume: never } });
    await world.submitSent('echo');
    await (await take(world)).deadLetter(EXPIRED);
    expect(await watch.round()).toEqual({ recorded: 1, recovered: 0, problem: '[SB_UNAUTHORIZED] no right to manage' });
  });

  test('walks now and then where the account sees only a part of what is there: the count then stays as it is', async () => {
    const { world, watch } = await open();
    const partly = withMethods(world.backend.admin, {
      list: async (names) => (await world.backend.admin.list(names)).map((info) => ({ ...info, counts: { ...info.counts, deadLetter: Math.min(1, info.counts.deadLetter) }, partial: 'no right to manage' })),
    });
    const seeing = new DeadLetterWatch({ ...world.backend, watched: world.own.watched ?? never(), admin: partly }, { queues: [QUEUE], workerId: 'w-1' });
    await world.submitSent('echo');
    await (await take(world)).deadLetter(EXPIRED);
    expect(await seeing.round()).toEqual({ ...NOTHING, recorded: 1 });
    await world.submitSent('echo');
    await (await take(world)).deadLetter(EXPIRED);
    await world.clock.advance(MINUTE);
    expect(await seeing.round()).toEqual(NOTHING);
    await world.clock.advance(10 * MINUTE);
    expect(await seeing.round()).toEqual({ ...NOTHING, recorded: 1 });
    expect(await watch.round()).toEqual(NOTHING);
  });

  test('at one queue goes on while another one is switched off', async () => {
    const { world } = await open();
    const { deadLetters } = world.backend;
    const off = new AppError('SB_ENTITY_DISABLED', 'switched off');
    const watch = new DeadLetterWatch(
      { ...world.backend, watched: world.own.watched ?? never(), deadLetters: withMethods(deadLetters, { peek: (params) => (params.queue === QUEUE ? Promise.reject(off) : deadLetters.peek(params)) }) },
      { queues: [QUEUE, OTHER_QUEUE], workerId: 'w-1' },
    );
    // Found by looking at overdue locks; the one of the queue that is off is overdue for longer.
    const lost = await running(world, await world.submitSent('echo'));
    const found = await running(world, await world.submitSent('echo', { queue: OTHER_QUEUE }));
    for (const { delivery } of [lost, found]) await delivery.deadLetter(EXPIRED);
    // Found by walking.
    const walked = await world.submitSent('echo', { queue: OTHER_QUEUE });
    await (await take(world, OTHER_QUEUE)).deadLetter(EXPIRED);
    await world.clock.advance(6 * MINUTE);
    expect(await watch.round()).toEqual({ recorded: 2, recovered: 0, problem: '[SB_ENTITY_DISABLED] switched off' });
    expect(await world.job(lost.job.jobId)).toMatchObject({ status: 'Running' });
    for (const { jobId } of [found.job, walked]) expect(await world.job(jobId)).toMatchObject({ status: 'DeadLettered' });
  });

  test('begins nothing more when it is told to end', async () => {
    const { world, watch, asked } = await open();
    await running(world, await world.submitSent('echo'));
    await world.clock.advance(6 * MINUTE);
    expect(await watch.round(AbortSignal.abort())).toEqual(NOTHING);
    expect(asked.peeks).toBe(0);
  });

  test('says what went wrong when the other system is away, and goes on the next time', async () => {
    const { world } = await open();
    let away = true;
    const admin = withMethods(world.backend.admin, { list: (names) => (away ? Promise.reject(new AppError('SB_UNREACHABLE', 'away')) : world.remote.admin.list(names)) });
    const peek: WatchDeps['deadLetters']['peek'] = (params) => (away ? Promise.reject(new AppError('SB_UNREACHABLE', 'away')) : world.remote.deadLetters.peek(params));
    const watch = new DeadLetterWatch(
      { ...world.backend, watched: world.own.watched ?? never(), admin, deadLetters: withMethods(world.backend.deadLetters, { peek }) },
      { queues: [QUEUE], workerId: 'w-1' },
    );
    await world.submitSent('echo');
    await (await take(world)).deadLetter(EXPIRED);
    expect(await watch.round()).toEqual({ ...NOTHING, problem: '[SB_UNREACHABLE] away' });
    away = false;
    await world.clock.advance(10 * MINUTE);
    expect(await watch.round()).toEqual({ ...NOTHING, recorded: 1 });
  });
});

describe('a job that is overdue', () => {
  test('because its lock ended long ago is looked up at its number, without a walk', async () => {
    const { world, watch, asked } = await open();
    await heartbeat(world, { workerId: 'a-first' });
    const { job, delivery } = await running(world, await world.submitSent('echo'));
    await delivery.deadLetter(TOO_OFTEN);
    await world.clock.advance(5 * MINUTE + 31_000);
    await heartbeat(world, { workerId: 'a-first' });
    expect(await watch.round()).toEqual({ ...NOTHING, recovered: 1 });
    expect(asked).toEqual({ peeks: 1, counts: 0 });
    expect(await world.job(job.jobId)).toMatchObject({ status: 'Queued', sequence: 2 });
    expect(await letters(world)).toEqual([]);
  });

  test('is left alone while its message is on the queue, and looked up again minutes later', async () => {
    const { world, watch, asked } = await open();
    await heartbeat(world, { workerId: 'a-first' });
    const { job } = await running(world, await world.submitSent('echo'));
    await world.clock.advance(6 * MINUTE);
    const peeks: number[] = [];
    for (let round = 0; round < 12; round += 1) {
      await heartbeat(world, { workerId: 'a-first' });
      expect(await watch.round()).toEqual(NOTHING);
      peeks.push(asked.peeks);
      await world.clock.advance(MINUTE);
    }
    expect(peeks.at(-1)).toBeLessThanOrEqual(3);
    expect(await world.job(job.jobId)).toEqual(job);
  });

  test('because its life is over ends in any case, some time later', async () => {
    const { world, watch } = await open();
    await heartbeat(world, { workerId: 'a-first' });
    const { jobId, expiresAt } = await world.submitSent('echo');
    await (await take(world)).complete();
    world.clock.step((expiresAt ?? 0) - world.clock.now() + MINUTE);
    await heartbeat(world, { workerId: 'a-first' });
    expect(await watch.round()).toEqual(NOTHING);
    world.clock.step(10 * MINUTE);
    await heartbeat(world, { workerId: 'a-first' });
    expect(await watch.round()).toEqual({ ...NOTHING, recorded: 1 });
    expect(await world.job(jobId)).toMatchObject({ status: 'DeadLettered', error: { code: 'EXPIRED', retryable: false } });
  });

  test('and never reported back ends when its life is over, although its queue is never empty', async () => {
    const { world, watch } = await open();
    await heartbeat(world, { workerId: 'a-first' });
    const { job, delivery } = await running(world, await world.submitSent('echo'));
    await delivery.complete();
    world.clock.step((job.expiresAt ?? 0) - world.clock.now() + 11 * MINUTE);
    await world.submitSent('echo');
    await heartbeat(world, { workerId: 'a-first' });
    await heartbeat(world, { workerId: 'dead-worker', running: [{ jobId: job.jobId, type: 'echo', startedAt: 0 }] });
    expect(await watch.round()).toEqual(NOTHING);
    await world.clock.advance(10 * MINUTE);
    await heartbeat(world, { workerId: 'a-first' });
    expect(await watch.round()).toEqual({ ...NOTHING, recorded: 1 });
    expect(await world.job(job.jobId)).toMatchObject({ status: 'DeadLettered', error: { code: 'EXPIRED', message: expect.stringContaining('never reported back') } });
  });

  test('and was never sent is the relay’s matter', async () => {
    const { world, watch } = await open();
    const { jobId, expiresAt } = await world.submit('echo');
    world.clock.step((expiresAt ?? 0) - world.clock.now() + HOUR);
    expect(await watch.round()).toEqual(NOTHING);
    expect(await world.job(jobId)).toMatchObject({ status: 'Queued', queueMode: 'pending' });
  });
});

describe('a queue that lost its messages', () => {
  test('gets them again when it stays empty and jobs wait for them', async () => {
    const { world, watch } = await open();
    const waiting = await world.submitSent('echo');
    const lost = await running(world, await world.submitSent('echo'));
    // Somebody emptied the queue.
    await lost.delivery.complete();
    await (await take(world)).complete();
    const delayed = await world.submitSent('echo', { delayMs: 24 * HOUR });
    const reports = [];
    for (let minute = 0; minute < 25; minute += 1) {
      await world.clock.advance(MINUTE);
      reports.push((await watch.round()).recovered);
    }
    expect(reports.reduce((sum, count) => sum + count)).toBe(2);
    expect(await world.events(waiting.jobId)).toEqual(['submitted', 'recovered']);
    expect(await world.events(lost.job.jobId)).toEqual(['submitted', 'started', 'recovered']);
    expect(await world.events(delayed.jobId)).toEqual(['submitted']);
    await world.relay();
    expect(await world.counts()).toMatchObject({ active: 2, scheduled: 1 });
  });

  test('is not suspected while something is on it, or while its jobs were just saved', async () => {
    const { world, watch } = await open();
    const { jobId } = await world.submitSent('echo');
    for (let minute = 0; minute < 30; minute += 1) {
      await world.clock.advance(MINUTE);
      expect(await watch.round()).toEqual(NOTHING);
    }
    expect(await world.events(jobId)).toEqual(['submitted']);
    await (await take(world)).complete();
    await world.clock.advance(MINUTE);
    // Empty only now: it may be between two states.
    expect(await watch.round()).toEqual(NOTHING);
  });

  test('is not suspected where only scheduled messages were seen: they may hide the others', async () => {
    const { world } = await open();
    const partly = withMethods(world.backend.admin, {
      list: async (names) => (await world.backend.admin.list(names)).map((info) => ({ ...info, counts: { active: 0, locked: 0, scheduled: 32, deadLetter: 0 }, partial: 'no right to manage' })),
    });
    const watch = new DeadLetterWatch({ ...world.backend, watched: world.own.watched ?? never(), admin: partly }, { queues: [QUEUE], workerId: 'w-1' });
    const { jobId } = await world.submitSent('echo');
    for (let minute = 0; minute < 90; minute += 1) {
      await world.clock.advance(MINUTE);
      await watch.round();
      await world.relay();
    }
    expect(await world.events(jobId)).toEqual(['submitted']);
  });

  test('ends a job in the end that loses every message', async () => {
    const { world, watch } = await open();
    const { jobId } = await world.submitSent('echo');
    for (let minute = 0; minute < 90; minute += 1) {
      for (const delivery of await world.far.receive({ queue: QUEUE, max: 5, waitMs: 0 })) await delivery.complete();
      await world.clock.advance(MINUTE);
      await watch.round();
      await world.relay();
    }
    expect(await world.events(jobId)).toEqual(['submitted', 'recovered', 'recovered', 'recovered', 'dead-lettered']);
    expect(await world.job(jobId)).toMatchObject({ error: { code: 'MESSAGE_LOST', retryable: true } });
  });
});

function never(): never {
  throw new Error('not to be called');
}
