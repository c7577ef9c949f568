// Replaying dead letters, on SQLite.

import { describe, expect, test } from 'vitest';

import { parseAssignment, type PayloadAssignment } from '../../../../src/domain/dead-letters/payload-edit.js';
import { replay, retry, succeed } from '../../../../src/domain/lifecycle.js';
import { AppError } from '../../../../src/domain/errors.js';
import { parseSequenceRanges } from '../../../../src/domain/sequence-ranges.js';
import type { DeadLetterQueue } from '../../../../src/ports/dead-letter-queue.js';
import { planOperation } from '../../../../src/services/dead-letters/plan-operation.js';
import { until } from '../../../crash/until.js';
import { OTHER_QUEUE, QUEUE, SETTINGS, withMethods, World } from './world.js';

function edits(...texts: string[]): readonly PayloadAssignment[] {
  return texts.flatMap((text) => parseAssignment(text) ?? []);
}

describe('replaying jobs', () => {
  test('queues each job once more with all its attempts, and empties the dead-letter queue', async () => {
    const world = await World.open();
    const jobs = await world.deadJobs(5);
    const outcome = await world.run(world.request('replay', { reasonText: 'fixed' }));
    expect(outcome.counts).toMatchObject({ matched: 5, done: 5, skipped: 0, failed: 0, pending: 0 });
    expect(outcome.operation).toMatchObject({ state: 'finished', before: 5, after: 0, unexplained: 0, reasonText: 'fixed', by: 'operator' });
    expect(await world.letters()).toEqual([]);
    for (const job of jobs) {
      const stored = await world.job(job.jobId);
      expect(stored).toMatchObject({ status: 'Queued', sequence: job.sequence + 1, replayCount: 1, attempt: 0, payload: job.payload });
      const last = (await world.events(job.jobId)).at(-1);
      expect(last).toMatchObject({ type: 'replayed', detail: { operation: outcome.operation.id, by: 'operator' } });
    }
    const messages = await world.receiveAll();
    expect(messages.map(({ message }) => message.messageId).sort()).toEqual(jobs.map(({ jobId }) => `${jobId}:2`).sort());
  });

  test('takes what was selected and leaves the rest', async () => {
    const world = await World.open();
    await world.deadJobs(4);
    const numbers = (await world.letters()).map(({ sequenceNumber }) => sequenceNumber);
    const outcome = await world.run(world.request('replay', { select: { sequences: parseSequenceRanges(`${numbers[1]},${numbers[3]}`) } }));
    expect(outcome.counts).toMatchObject({ matched: 2, done: 2 });
    expect((await world.letters()).map(({ sequenceNumber }) => sequenceNumber)).toEqual([numbers[0], numbers[2]]);
  });

  test('takes several queues', async () => {
    const world = await World.open();
    await world.deadJob();
    await world.deadJob({ queue: OTHER_QUEUE });
    const outcome = await world.run(world.request('replay', { queues: [QUEUE, OTHER_QUEUE] }));
    expect(outcome.counts.done).toBe(2);
    expect(await world.receiveAll(OTHER_QUEUE)).toHaveLength(1);
  });

  test('to another queue and with a delay', async () => {
    const world = await World.open();
    const job = await world.deadJob();
    await world.run(world.request('replay', { settings: { ...SETTINGS, toQueue: OTHER_QUEUE, delayMs: 60_000 } }));
    expect(await world.job(job.jobId)).toMatchObject({ queue: OTHER_QUEUE, nextAttemptAt: world.clock.now() + 60_000, expiresAt: world.clock.now() + 60_000 + 3_600_000 });
    expect(await world.receiveAll(OTHER_QUEUE)).toEqual([]);
    world.clock.advance(60_001);
    expect(await world.receiveAll(OTHER_QUEUE)).toHaveLength(1);
  });

  test('a queue that does not exist fails each letter, which stays', async () => {
    const world = await World.open();
    await world.deadJob();
    const outcome = await world.run(world.request('replay', { settings: { ...SETTINGS, toQueue: 'nowhere' } }));
    expect(outcome.counts).toMatchObject({ matched: 1, failed: 1 });
    expect(outcome.operation).toMatchObject({ state: 'partly', unexplained: 0 });
    expect(Object.keys(outcome.counts.failedErrors)[0]).toMatch(/^QUEUE_UNKNOWN: /);
    expect(await world.letters()).toHaveLength(1);
  });

  test('stops at --max-replays, and leaves the letter', async () => {
    const world = await World.open();
    await world.deadJob();
    const outcome = await world.run(world.request('replay', { settings: { ...SETTINGS, maxReplays: 0 } }));
    expect(outcome.counts).toMatchObject({ skipped: 1, skippedReasons: { 'max-replays': 1 } });
    expect(await world.letters()).toHaveLength(1);
  });

  test('a letter whose job was retried meanwhile is superseded: completed, counted as skipped, and the job is not queued twice', async () => {
    const world = await World.open();
    const job = await world.deadJob();
    await world.backend.store.save(retry(job, world.clock.now(), { ttlMs: 1000, by: 'somebody' }));
    const outcome = await world.run(world.request('replay'));
    expect(outcome.counts).toMatchObject({ matched: 1, done: 0, skipped: 1, skippedReasons: { superseded: 1 } });
    expect(outcome.operation.unexplained).toBe(0);
    expect(await world.letters()).toEqual([]);
    expect((await world.job(job.jobId)).sequence).toBe(2);
    expect(await world.receiveAll()).toHaveLength(1);
  });

  test('a letter whose job succeeded goes away and the job keeps its result', async () => {
    const world = await World.open();
    const job = await world.deadJob();
    await world.backend.store.save(succeed(job, world.clock.now(), { result: 42, resultRef: null, artifacts: [] }));
    const outcome = await world.run(world.request('replay'));
    expect(outcome.counts.skippedReasons).toEqual({ 'job-succeeded': 1 });
    expect(await world.letters()).toEqual([]);
    expect(await world.job(job.jobId)).toMatchObject({ status: 'Succeeded', result: 42 });
  });

  test('somebody who saves the job at the same moment does not get lost', async () => {
    const world = await World.open();
    const job = await world.deadJob();
    let others = 0;
    const ports = {
      ...world.ports,
      store: withMethods(world.ports.store, {
        save: async (change) => {
          if (others++ === 0) await world.ports.store.save({ job: { ...(await world.job(job.jobId)), labels: { seen: 'yes' } }, event: change.event });
          return world.ports.store.save(change);
        },
      }),
    };
    const outcome = await world.run(world.request('replay'), {}, ports);
    expect(outcome.counts.done).toBe(1);
    expect(await world.job(job.jobId)).toMatchObject({ status: 'Queued', sequence: 2, labels: { seen: 'yes' } });
  });
});

describe('replaying with --set', () => {
  test('changes the payload in the same save, with both hashes in the event', async () => {
    const world = await World.open();
    const job = await world.deadJob({ payload: { url: 'a', keep: 1 } });
    await world.run(world.request('replay', { settings: { ...SETTINGS, edits: edits('url=b') } }));
    expect((await world.job(job.jobId)).payload).toEqual({ url: 'b', keep: 1 });
    const [delivery] = await world.receiveAll();
    expect(Buffer.from(delivery?.message.body ?? []).toString()).toContain('"url":"b"');
    const detail = (await world.events(job.jobId)).at(-1)?.detail;
    expect(detail?.['fromSha256']).toMatch(/^[0-9a-f]{64}$/);
    expect(detail?.['toSha256']).toMatch(/^[0-9a-f]{64}$/);
    expect(detail?.['toSha256']).not.toBe(detail?.['fromSha256']);
  });

  test('changes a payload that is kept in a file, and puts a large one into a file of its own', async () => {
    const world = await World.open();
    const old = JSON.stringify({ text: 'x'.repeat(100_000), n: 1 });
    const payloadRef = await world.ports.blobs.put('payloads/old.json', old);
    const job = await world.deadJob({ payload: null, payloadRef });
    await world.run(world.request('replay', { settings: { ...SETTINGS, edits: edits('n=2') } }));
    const stored = await world.job(job.jobId);
    expect(stored.payload).toBeNull();
    expect(stored.payloadRef?.key).not.toBe(payloadRef.key);
    const chunks: Uint8Array[] = [];
    for await (const chunk of world.ports.blobs.read(stored.payloadRef?.key ?? '', stored.payloadRef ?? undefined)) chunks.push(chunk);
    expect(JSON.parse(Buffer.concat(chunks).toString())).toEqual({ text: 'x'.repeat(100_000), n: 2 });
    expect(await world.ports.blobs.exists('payloads/old.json')).toBe(true);
  });

  test('is refused, letter by letter, where the result does not fit, and the job stays as it was', async () => {
    const world = await World.open();
    const good = await world.deadJob({ payload: { list: [1] } });
    const short = await world.deadJob({ payload: { list: 'none' } });
    const plain = await world.deadJob({ payload: 'a text' });
    const told: number[][] = [];
    const outcome = await world.run(world.request('replay', { settings: { ...SETTINGS, edits: edits('list[0]=2') } }), { onProgress: (...progress) => told.push(progress) });
    expect(outcome.counts).toMatchObject({ matched: 3, done: 1, skipped: 1, failed: 1, skippedReasons: { 'no-json-payload': 1 } });
    expect(told.at(-1)).toEqual([3, 3, 1]);
    expect((await world.job(good.jobId)).payload).toEqual({ list: [2] });
    expect(await world.job(short.jobId)).toMatchObject({ status: 'DeadLettered', payload: { list: 'none' } });
    expect(await world.job(plain.jobId)).toMatchObject({ status: 'DeadLettered' });
    expect(await world.letters()).toHaveLength(2);
  });

  test('is checked by the type of the job; a type that is not known here is checked by its worker', async () => {
    const world = await World.open();
    await world.deadJob({ payload: { x: 1 } });
    await world.deadJob({ payload: { x: 1 }, type: 'unknown-here' });
    const outcome = await world.run(world.request('replay', { settings: { ...SETTINGS, edits: edits('x=refused') } }));
    expect(outcome.counts).toMatchObject({ done: 1, failed: 1, failedErrors: { 'PAYLOAD_INVALID: payload.x: refused': 1 } });
  });
});

describe('replaying messages without a job', () => {
  test('sends a copy under a new id with its properties, and completes the letter', async () => {
    const world = await World.open();
    await world.deadMessage({ messageId: 'original', body: new Uint8Array([1, 2, 255]) });
    const outcome = await world.run(world.request('replay'));
    expect(outcome.counts).toMatchObject({ matched: 1, done: 1, maybeTwice: 0 });
    const [copy, ...others] = await world.receiveAll();
    expect(others).toEqual([]);
    expect(copy?.message.messageId).toBe(`${outcome.operation.id}:1`);
    expect([...(copy?.message.body ?? [])]).toEqual([1, 2, 255]);
    expect(copy?.message.properties).toEqual({ colour: 'blue', replayOf: 'original', replayCount: 1 });
  });

  test('counts its replays, so that --max-replays ends a loop', async () => {
    const world = await World.open();
    await world.deadMessage();
    for (let round = 1; round <= 3; round += 1) {
      expect((await world.run(world.request('replay'))).counts.done).toBe(1);
      await (await world.receive()).deadLetter({ reason: 'INVALID_MESSAGE', description: 'again' });
    }
    expect((await world.run(world.request('replay'))).counts.skippedReasons).toEqual({ 'max-replays': 1 });
  });

  test('lets a message of ours whose job is not stored become a job of its own', async () => {
    const world = await World.open();
    const message = { jobId: '01980000-0000-7000-8000-00000000ffff', type: 'echo', userId: 'u', createdAt: '2026-08-01T00:00:00.000Z', payload: {}, schemaVersion: 1 };
    await world.deadMessage({ body: JSON.stringify(message), properties: { jobId: message.jobId, sequence: 3, storeId: world.backend.store.storeId, attempt: 1, colour: 'blue' } });
    await world.run(world.request('replay'));
    const [copy] = await world.receiveAll();
    expect(copy?.message.properties).toEqual({ colour: 'blue', replayOf: expect.any(String) as string, replayCount: 1 });
  });

  test('leaves what belongs to another store', async () => {
    const world = await World.open();
    await world.deadMessage({ properties: { jobId: 'x', sequence: 1, storeId: 'another' } });
    const outcome = await world.run(world.request('replay'));
    expect(outcome.counts.skippedReasons).toEqual({ 'other-store': 1 });
    expect(await world.letters()).toHaveLength(1);
  });
});

describe('while an operation runs', () => {
  test('a letter that somebody else takes between plan and application is gone', async () => {
    const world = await World.open();
    await world.deadJobs(2);
    const { lease } = await planOperation(world.ports, world.request('replay'));
    await world.run(world.request('purge', { select: { sequences: parseSequenceRanges((await world.letters())[0]?.sequenceNumber ?? '') } }));
    const outcome = await world.apply(lease);
    expect(outcome.counts).toMatchObject({ matched: 2, done: 1, skipped: 1, skippedReasons: { gone: 1 } });
    expect(outcome.operation.unexplained).toBe(0);
  });

  test('letters that another process holds are waited for while their locks end soon', async () => {
    const world = await World.open();
    await world.deadJobs(3);
    const numbers = (await world.letters()).map(({ sequenceNumber }) => sequenceNumber);
    const { lease } = await planOperation(world.ports, world.request('replay'));
    const held = world.backend.deadLetters.take({ queue: QUEUE, sequenceNumbers: new Set([numbers[1] ?? '']) })[Symbol.asyncIterator]();
    expect((await held.next()).value).toMatchObject({ kind: 'held' });
    const waits: number[] = [];
    const clock = {
      now: () => world.clock.now(),
      monotonic: () => world.clock.monotonic(),
      sleep: (ms: number) => {
        world.clock.advance(ms);
        return Promise.resolve();
      },
    };
    const outcome = await world.apply(lease, { onWaiting: (letters) => waits.push(letters) }, { ...world.ports, clock });
    expect(waits).toEqual([1]);
    expect(outcome.counts).toMatchObject({ done: 3, failed: 0 });
  });

  test('two replays of the same letters at once queue every job once between them', async () => {
    const world = await World.open();
    const jobs = await world.deadJobs(150);
    const plans = await Promise.all([1, 2].map(() => planOperation(world.ports, world.request('replay'))));
    // Each waits for what the other holds; the locks themselves never end here.
    const clock = withMethods<typeof world.ports.clock>(world.clock, { sleep: () => until('no letter is left', async () => (await world.letters()).length === 0).then(() => undefined) });
    const outcomes = await Promise.all(plans.map(({ lease }) => world.apply(lease, {}, { ...world.ports, clock })));
    expect(outcomes.reduce((sum, { counts }) => sum + counts.done, 0)).toBe(150);
    for (const { counts, operation } of outcomes) {
      expect(counts).toMatchObject({ matched: 150, failed: 0, pending: 0 });
      expect(operation.unexplained).toBe(0);
    }
    for (const { jobId } of jobs) expect((await world.job(jobId)).sequence).toBe(2);
    expect(await world.receiveAll()).toHaveLength(150);
  });

  test('letters that are held for long have failed, and can be resumed', async () => {
    const world = await World.open();
    await world.deadJobs(2);
    const locked: DeadLetterQueue['take'] = async function* ({ sequenceNumbers }) {
      for (const sequenceNumber of sequenceNumbers) yield { kind: 'locked', sequenceNumber, until: world.clock.now() + 3_600_000 };
    };
    const deadLetters = withMethods(world.ports.deadLetters, { take: locked });
    const outcome = await world.run(world.request('replay'), {}, { ...world.ports, deadLetters });
    expect(outcome.counts).toMatchObject({ failed: 2 });
    expect(Object.keys(outcome.counts.failedErrors)[0]).toMatch(/^locked: somebody else holds the letter until 2026-08-01T13:00:00.000Z$/);
    expect(outcome.operation).toMatchObject({ state: 'partly', unexplained: 0 });
    const resumed = await world.resume(outcome.operation);
    expect(resumed.counts).toMatchObject({ matched: 2, done: 2, failed: 0 });
    expect(resumed.operation.state).toBe('finished');
  });

  test('resuming counts what this operation replayed before as replayed, and an older letter of the same job as superseded', async () => {
    const world = await World.open();
    const job = await world.deadJob();
    await world.deadAgain(await world.backend.store.save(retry(job, world.clock.now(), { ttlMs: 3_600_000, by: 'somebody' })));
    const { lease } = await planOperation(world.ports, world.request('replay'));
    const stopped = await world.apply(lease, { signal: AbortSignal.abort() });
    expect(stopped.counts).toMatchObject({ matched: 2, pending: 2 });
    // What a run leaves that is killed between the job's save and the letter's completion.
    const { id } = stopped.operation;
    await world.backend.store.save(replay(await world.job(job.jobId), world.clock.now(), { ttlMs: 3_600_000, dueAt: world.clock.now(), by: 'operator', operation: id }));
    const outcome = await world.resume(id);
    expect(outcome.counts).toMatchObject({ matched: 2, done: 1, skipped: 1, skippedReasons: { superseded: 1 } });
    expect(await world.letters()).toEqual([]);
    expect(await world.job(job.jobId)).toMatchObject({ status: 'Queued', sequence: 3, replayCount: 1 });
  });

  test('a run whose ledger somebody else took over stops, and leaves the rest to them', async () => {
    const world = await World.open();
    const jobs = await world.deadJobs(1_000);
    const { lease } = await planOperation(world.ports, world.request('replay'));
    const lost = withMethods(lease, { mark: () => Promise.reject(new AppError('OPERATION_BUSY', 'taken over')) });
    await expect(world.apply(lost, { onProgress: () => world.clock.advance(10) })).rejects.toMatchObject({ code: 'OPERATION_BUSY' });
    expect((await world.letters()).length).toBeGreaterThan(jobs.length / 2);
    expect((await world.resume(lease.operation)).counts).toMatchObject({ matched: jobs.length, done: jobs.length });
  });

  test('a signal ends the run after the letters at hand, and resuming does the rest', async () => {
    const world = await World.open();
    const jobs = await world.deadJobs(600);
    const abort = new AbortController();
    const first = await world.run(world.request('replay'), { signal: abort.signal, onProgress: () => abort.abort() });
    expect(first.operation).toMatchObject({ state: 'applying', unexplained: null });
    expect(first.counts.pending).toBeGreaterThan(0);
    expect(first.counts.done + first.counts.pending).toBe(600);
    expect(await world.letters()).toHaveLength(first.counts.pending);
    const second = await world.resume(first.operation);
    expect(second.counts).toMatchObject({ matched: 600, done: 600, pending: 0 });
    for (const { jobId } of jobs) expect((await world.job(jobId)).sequence).toBe(2);
  });

  test('a rate is kept', async () => {
    const world = await World.open();
    await world.deadJobs(6);
    let now = 0;
    const starts: number[] = [];
    const clock = {
      now: () => world.clock.now(),
      monotonic: () => now,
      sleep: (ms: number) => {
        now += ms;
        return Promise.resolve();
      },
    };
    await world.run(world.request('replay', { settings: { ...SETTINGS, ratePerSecond: 2 } }), { onProgress: () => starts.push(now) }, { ...world.ports, clock });
    expect(starts).toHaveLength(6);
    expect(now).toBeGreaterThanOrEqual(2500);
  });

  test('what another process changed in a letter since the plan is not touched', async () => {
    const world = await World.open();
    await world.deadJobs(1);
    const { lease } = await planOperation(world.ports, world.request('replay'));
    const take: DeadLetterQueue['take'] = async function* (params) {
      for await (const taken of world.ports.deadLetters.take(params)) {
        yield taken.kind === 'held' ? { ...taken, letter: { ...taken.letter, body: new Uint8Array([1]) } } : taken;
      }
    };
    const deadLetters = withMethods(world.ports.deadLetters, { take });
    const outcome = await world.apply(lease, {}, { ...world.ports, deadLetters });
    expect(outcome.counts).toMatchObject({ failed: 1, failedErrors: { 'MESSAGE_INVALID: the letter is not the one that was planned': 1 } });
    expect(await world.letters()).toHaveLength(1);
  });

  test('a backend that does not do what it says is found out by the second peek', async () => {
    const world = await World.open();
    await world.deadJobs(3);
    const take: DeadLetterQueue['take'] = async function* (params) {
      for await (const taken of world.ports.deadLetters.take(params)) yield taken.kind === 'held' ? { ...taken, complete: () => taken.release() } : taken;
    };
    const outcome = await world.run(world.request('replay'), {}, { ...world.ports, deadLetters: withMethods(world.ports.deadLetters, { take }) });
    expect(outcome.counts.done).toBe(3);
    expect(outcome.operation.unexplained).toBe(3);
  });
});
