// One attempt: how its end is stored, and what happens when it loses its lock, takes too long, or does not listen.

import { describe, expect, test } from 'vitest';

import { AppError, PermanentError, RetryLaterError } from '../../../src/domain/errors.js';
import type { Job } from '../../../src/domain/job.js';
import { requestCancel, start } from '../../../src/domain/lifecycle.js';
import type { HandlerContext } from '../../../src/worker/handler.js';
import type { AnyHandler } from '../../../src/worker/handler-registry.js';
import { Deferred, turns, until } from '../../support/turns.js';
import { withMethods } from '../../support/with-methods.js';
import { QUEUE, World } from '../../support/worker-world.js';

/** A handler that tells when it starts and does what the test says. */
function handler(run: (context: HandlerContext, payload: unknown) => Promise<unknown>, more: Partial<AnyHandler> = {}): AnyHandler {
  return { type: 'echo', run: (context, payload) => run(context, payload) as ReturnType<AnyHandler['run']>, ...more };
}

/** Ends when its signal fires, as a handler should. */
const untilAborted = ({ signal }: HandlerContext): Promise<never> =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }));

describe('how a run ends', () => {
  test('with a result', async () => {
    const world = await World.open();
    const job = await world.submit('echo');
    world.start([handler(async () => ({ result: { answer: 42 } }))]);
    expect(await world.becomes(job.jobId, 'Succeeded')).toMatchObject({ result: { answer: 42 }, resultRef: null, attempt: 1, worker: 'worker-1', delivery: null });
  });

  test('without one', async () => {
    const world = await World.open();
    const job = await world.submit('echo');
    world.start([handler(async () => undefined)]);
    expect(await world.becomes(job.jobId, 'Succeeded')).toMatchObject({ result: null });
  });

  test('with a large result, which is kept as a file', async () => {
    const world = await World.open();
    const job = await world.submit('echo');
    const result = { text: 'ä'.repeat(30_000) };
    world.start([handler(async () => ({ result }))]);
    const { resultRef } = await world.becomes(job.jobId, 'Succeeded');
    if (resultRef === null) throw new Error('no file');
    const chunks: Uint8Array[] = [];
    for await (const chunk of world.backend.blobs.read(resultRef.key, resultRef)) chunks.push(chunk);
    expect(JSON.parse(Buffer.concat(chunks).toString())).toEqual(result);
  });

  test.each([
    ['a value without { result }', { ok: true }, /returned ok instead of/],
    ['a plain text', 'done', /returned string instead of/],
    ['what JSON cannot hold', { result: 10n }, /cannot be written as JSON/],
  ])('with %s it fails for good', async (_name, answer, message) => {
    const world = await World.open();
    const job = await world.submit('echo');
    world.start([handler(async () => answer)]);
    const { error } = await world.becomes(job.jobId, 'Failed');
    expect(error).toMatchObject({ code: 'RESULT_INVALID', retryable: false, message: expect.stringMatching(message) as string });
  });

  test('with an ordinary error it is tried again after its delay, and dead-lettered after the last attempt', async () => {
    const world = await World.open();
    const job = await world.submit('echo');
    const attempts: number[] = [];
    world.start([
      handler(async ({ attempt }) => {
        attempts.push(attempt);
        throw Object.assign(new Error(`no luck ${attempt}`), { code: 'NO_LUCK' });
      }),
    ]);
    await until(async () => (await world.job(job.jobId)).nextAttemptAt !== null);
    // random() is 0.5: half of 2 s.
    expect(await world.job(job.jobId)).toMatchObject({ status: 'Queued', nextAttemptAt: world.clock.now() + 1000, error: { code: 'NO_LUCK', message: 'no luck 1', retryable: true } });
    expect(await world.counts()).toMatchObject({ scheduled: 1 });
    await world.clock.advance(10_000);
    expect(await world.becomes(job.jobId, 'DeadLettered')).toMatchObject({ error: { code: 'NO_LUCK', message: 'no luck 3' }, attempt: 3 });
    expect(attempts).toEqual([1, 2, 3]);
    expect(await world.events(job.jobId)).toEqual(['submitted', 'started', 'retry-scheduled', 'started', 'retry-scheduled', 'started', 'dead-lettered']);
    const { letters } = await world.backend.deadLetters.peek({ queue: QUEUE, limit: 10 });
    expect(letters).toMatchObject([{ reason: 'NO_LUCK', description: 'no luck 3' }]);
  });

  test('errors without a code are grouped by their class, or by having used up their attempts', async () => {
    const world = await World.open();
    const typeError = await world.submit('echo', 'TypeError');
    const plain = await world.submit('echo', 'Error');
    const text = await world.submit('echo', 'text');
    world.start([
      handler(async (_context, payload) => {
        // A handler may throw anything.
        const thrown: Readonly<Record<string, unknown>> = { TypeError: new TypeError('x is undefined'), Error: new Error('it broke'), text: 'just a text' };
        await Promise.resolve().then(() => {
          const reject: (reason: unknown) => never = (reason) => {
            throw reason as Error;
          };
          reject(thrown[String(payload)]);
        });
      }),
    ]);
    await world.clock.advance(20_000);
    expect((await world.becomes(typeError.jobId, 'DeadLettered')).error).toMatchObject({ code: 'TYPE_ERROR', message: 'x is undefined' });
    expect((await world.becomes(plain.jobId, 'DeadLettered')).error).toMatchObject({ code: 'ATTEMPTS_EXHAUSTED', message: 'it broke' });
    expect((await world.becomes(text.jobId, 'DeadLettered')).error).toMatchObject({ code: 'ATTEMPTS_EXHAUSTED', message: 'just a text' });
  });

  test.each([
    ['PermanentError', new PermanentError('never', { code: 'BAD_ROW' }), 'BAD_ROW'],
    ['a PermanentError of another bundle', Object.assign(new Error('never'), { name: 'PermanentError', code: 'BAD_ROW' }), 'BAD_ROW'],
    ['a refused input', new AppError('DATASET_INVALID', 'row 3'), 'DATASET_INVALID'],
  ])('with %s it fails at once and its message is completed', async (_name, error, code) => {
    const world = await World.open();
    const job = await world.submit('echo');
    world.start([handler(() => Promise.reject(error))]);
    expect(await world.becomes(job.jobId, 'Failed')).toMatchObject({ attempt: 1, error: { code, retryable: false } });
    await until(async () => (await world.counts()).locked === 0);
    expect(await world.counts()).toMatchObject({ deadLetter: 0, scheduled: 0 });
  });

  test('with RetryLaterError it is queued again when asked, as the same attempt', async () => {
    const world = await World.open();
    const job = await world.submit('echo');
    const attempts: number[] = [];
    world.start([
      handler(async ({ attempt }) => {
        attempts.push(attempt);
        if (attempts.length < 5) throw new RetryLaterError('the other side is closed', { afterMs: 60_000 });
        return {};
      }),
    ]);
    await until(async () => (await world.job(job.jobId)).nextAttemptAt !== null);
    expect(await world.job(job.jobId)).toMatchObject({ status: 'Queued', attempt: 0, nextAttemptAt: world.clock.now() + 60_000 });
    await world.clock.advance(300_000);
    await world.becomes(job.jobId, 'Succeeded');
    expect(attempts).toEqual([1, 1, 1, 1, 1]);
  });

  test('asking for later beyond the end of its life ends it', async () => {
    const world = await World.open();
    const job = await world.submit('echo');
    world.start([handler(() => Promise.reject(new RetryLaterError('next year', { afterMs: 365 * 86_400_000 })))]);
    expect(await world.becomes(job.jobId, 'DeadLettered')).toMatchObject({ error: { code: 'EXPIRED', message: expect.stringContaining('next year') as string } });
  });

  test('with more than the store takes it fails for good and says so, once', async () => {
    const world = await World.open();
    const job = await world.submit('echo');
    let runs = 0;
    const store = withMethods(world.backend.store, {
      save: (change, settles) =>
        change.job.artifacts.length > 0 ? Promise.reject(new AppError('PAYLOAD_TOO_LARGE', 'a document of over 2 MB')) : world.backend.store.save(change, settles),
    });
    const run = async (context: HandlerContext): Promise<unknown> => {
      runs += 1;
      context.progress(1, 2, 'half of it');
      await context.artifacts.put('one.txt', 'x');
      return { result: 'done' };
    };
    world.start([handler(run)], {}, { ...world.backend, store });
    expect(await world.becomes(job.jobId, 'Failed')).toMatchObject({ error: { code: 'PAYLOAD_TOO_LARGE', message: 'a document of over 2 MB', retryable: false }, artifacts: [], result: null });
    await world.clock.advance(60_000);
    expect(runs).toBe(1);
    expect(await world.counts()).toMatchObject({ active: 0, locked: 0, scheduled: 0, deadLetter: 0 });
  });

  test('a payload that is refused at the run fails for good', async () => {
    const world = await World.open();
    const job = await world.submit('echo', 'nonsense');
    const parse = (): never => {
      throw new Error('expected a number');
    };
    world.start([handler(async () => undefined, { parse })]);
    expect(await world.becomes(job.jobId, 'Failed')).toMatchObject({ error: { code: 'PAYLOAD_INVALID', message: 'payload: expected a number' }, attempt: 1 });
  });

  test('a handler that throws before it returns a promise is a handler that fails', async () => {
    const world = await World.open();
    const job = await world.submit('echo');
    world.start([
      handler(() => {
        throw new PermanentError('at once');
      }),
    ]);
    expect(await world.becomes(job.jobId, 'Failed')).toMatchObject({ error: { code: 'PERMANENT', message: 'at once' } });
  });

  test('a large payload is read from its file and its hash is checked', async () => {
    const world = await World.open();
    const text = 'x'.repeat(60_000);
    const good = await world.submit('echo', { text });
    const damaged = await world.submit('echo', { text: 'y'.repeat(60_000) });
    await world.backend.blobs.put(damaged.payloadRef?.key ?? '', '{"text":"something else"}');
    const seen: unknown[] = [];
    world.start([handler(async (_context, payload) => void seen.push(payload))]);
    await world.becomes(good.jobId, 'Succeeded');
    await world.clock.advance(20_000);
    expect(await world.becomes(damaged.jobId, 'DeadLettered')).toMatchObject({ error: { code: 'BLOB_CORRUPT' } });
    expect(seen).toEqual([{ text }]);
  });
});

describe('the lock', () => {
  test('is renewed for as long as the handler runs', async () => {
    const world = await World.open();
    const job = await world.submit('echo');
    const ends = new Deferred();
    world.start([handler(() => ends.promise)], { lockMs: 10_000 });
    await world.becomes(job.jobId, 'Running');
    await world.clock.advance(120_000);
    expect(await world.counts()).toMatchObject({ locked: 1, active: 0 });
    ends.resolve();
    expect(await world.becomes(job.jobId, 'Succeeded')).toMatchObject({ attempt: 1 });
  });

  /** Renewals of this world's workers fail from now on, as when the broker has given the message to another. */
  function withoutRenewal(world: World): World['backend'] {
    const queue = withMethods(world.backend.queue, {
      receive: async (params) =>
        (await world.backend.queue.receive(params)).map((delivery) =>
          withMethods(delivery, { renewLock: () => Promise.reject(new AppError('LOCK_LOST', 'the lock is gone')) }),
        ),
    });
    return { ...world.backend, queue };
  }

  test('when lost, tells the handler, and what it throws then is not stored', async () => {
    const world = await World.open();
    const job = await world.submit('echo');
    const reasons: unknown[] = [];
    const { worker } = world.start(
      [handler(async (context) => untilAborted(context).catch((error: unknown) => Promise.reject(reasons.push(error) as unknown as Error)))],
      { lockMs: 10_000 },
      withoutRenewal(world),
    );
    await world.becomes(job.jobId, 'Running');
    await world.clock.advance(5001);
    expect(reasons).toMatchObject([{ kind: 'lock-lost' }]);
    expect(worker.metrics.locksLost).toBe(1);
    expect(await world.job(job.jobId)).toMatchObject({ status: 'Running', attempt: 1 });
    expect(await world.counts()).toMatchObject({ locked: 1 });
  });

  test('when lost to another worker, fences the first: its late success is not stored', async () => {
    const world = await World.open();
    const job = await world.submit('echo');
    const first = new Deferred<{ result: string }>();
    const slow = world.start([handler(() => first.promise)], { lockMs: 10_000, graceMs: 1_000_000, concurrency: 1 }, withoutRenewal(world));
    await world.becomes(job.jobId, 'Running');
    await world.clock.advance(10_001);
    const second = new Deferred<{ result: string }>();
    world.start([handler(() => second.promise)]);
    await until(async () => (await world.job(job.jobId)).attempt === 2);
    first.resolve({ result: 'from the first' });
    await until(() => slow.worker.metrics.locksLost === 1);
    slow.worker.drain('seen enough');
    expect(await world.job(job.jobId)).toMatchObject({ status: 'Running', worker: 'worker-2', runEpoch: 2 });
    second.resolve({ result: 'from the second' });
    expect(await world.becomes(job.jobId, 'Succeeded')).toMatchObject({ result: 'from the second', attempt: 2 });
    await until(async () => (await world.counts()).locked === 0);
    expect(await world.events(job.jobId)).toEqual(['submitted', 'started', 'started', 'succeeded']);
  });

  test('when lost while nobody else took the job, does not lose the work that was done', async () => {
    const world = await World.open();
    const job = await world.submit('echo');
    const ends = new Deferred<{ result: string }>();
    world.start([handler(() => ends.promise)], { lockMs: 10_000, graceMs: 1_000_000, concurrency: 1 }, withoutRenewal(world));
    await world.becomes(job.jobId, 'Running');
    await world.clock.advance(10_001);
    ends.resolve({ result: 'done after all' });
    expect(await world.becomes(job.jobId, 'Succeeded')).toMatchObject({ result: 'done after all', attempt: 1 });
    await world.clock.advance(3000);
    await until(async () => (await world.counts()).locked + (await world.counts()).active === 0);
  });

  test('survives renewals that fail for a while', async () => {
    const world = await World.open();
    const job = await world.submit('echo');
    let failing = true;
    const queue = withMethods(world.backend.queue, {
      receive: async (params) =>
        (await world.backend.queue.receive(params)).map((delivery) =>
          withMethods(delivery, { renewLock: () => (failing ? Promise.reject(new AppError('DB_BUSY', 'busy')) : delivery.renewLock()) }),
        ),
    });
    const ends = new Deferred();
    world.start([handler(() => ends.promise)], { lockMs: 10_000 }, { ...world.backend, queue });
    await world.becomes(job.jobId, 'Running');
    await world.clock.advance(8000);
    failing = false;
    await world.clock.advance(60_000);
    expect(await world.counts()).toMatchObject({ locked: 1 });
    ends.resolve();
    expect(await world.becomes(job.jobId, 'Succeeded')).toMatchObject({ attempt: 1 });
  });

  test('holds while the wall clock is set back', async () => {
    const world = await World.open();
    const job = await world.submit('echo');
    const ends = new Deferred();
    world.start([handler(() => ends.promise)], { lockMs: 10_000 });
    await world.becomes(job.jobId, 'Running');
    world.clock.step(-3_600_000);
    await world.clock.advance(60_000);
    ends.resolve();
    expect(await world.becomes(job.jobId, 'Succeeded')).toMatchObject({ attempt: 1 });
  });
});

describe('time-out', () => {
  test('stops the handler and counts as an attempt', async () => {
    const world = await World.open();
    const job = await world.submit('echo');
    world.start([handler(untilAborted, { timeoutMs: 30_000 })]);
    await world.becomes(job.jobId, 'Running');
    await world.clock.advance(29_999);
    expect(await world.job(job.jobId)).toMatchObject({ status: 'Running' });
    await world.clock.advance(1);
    expect(await world.becomes(job.jobId, 'Queued')).toMatchObject({ attempt: 1, error: { code: 'TIMED_OUT', message: 'the attempt took longer than 30000 ms', retryable: true } });
  });

  test("is the queue's when the handler has none", async () => {
    const world = await World.open();
    const job = await world.submit('echo');
    world.start([handler(untilAborted)]);
    await world.becomes(job.jobId, 'Running');
    await world.clock.advance(60 * 60_000);
    expect(await world.becomes(job.jobId, 'Queued')).toMatchObject({ error: { code: 'TIMED_OUT' } });
  });

  test('of a handler that does not listen gives its slot to others after a grace, and its late end changes nothing', async () => {
    const world = await World.open();
    const deaf = await world.submit('echo', 'deaf');
    const late = new Deferred<{ result: string }>();
    let lateContext: HandlerContext | undefined;
    world.start(
      [
        handler(
          (context, payload) => {
            if (payload !== 'deaf') return Promise.resolve({ result: payload });
            lateContext ??= context;
            return late.promise;
          },
          { timeoutMs: 30_000 },
        ),
      ],
      { concurrency: 1, graceMs: 3000 },
    );
    await world.becomes(deaf.jobId, 'Running');
    const next = await world.submit('echo', 'next');
    await world.clock.advance(32_999);
    expect(await world.job(deaf.jobId)).toMatchObject({ status: 'Running' });
    await world.clock.advance(1);
    await world.becomes(next.jobId, 'Succeeded');
    const waiting = await world.job(deaf.jobId);
    expect(waiting).toMatchObject({ status: 'Queued', attempt: 1, error: { code: 'TIMED_OUT' } });
    await expect(lateContext?.checkpoint.set('k', 1)).rejects.toMatchObject({ code: 'JOB_LOST' });
    await expect(lateContext?.artifacts.put('a.txt', 'x')).rejects.toMatchObject({ code: 'JOB_LOST' });
    lateContext?.progress(1);
    late.resolve({ result: 'too late' });
    await turns();
    expect(await world.job(deaf.jobId)).toEqual(waiting);
  });
});

describe('cancel', () => {
  async function askToCancel(world: World, job: Job): Promise<void> {
    await world.backend.store.save(requestCancel(await world.job(job.jobId), world.clock.now(), 'somebody'));
  }

  test('reaches a running handler within two seconds and ends the job Cancelled', async () => {
    const world = await World.open();
    const job = await world.submit('echo');
    world.start([handler(untilAborted)]);
    await world.becomes(job.jobId, 'Running');
    await askToCancel(world, job);
    await world.clock.advance(2000);
    await world.becomes(job.jobId, 'Cancelled');
    await until(async () => (await world.counts()).locked === 0);
    expect(await world.events(job.jobId)).toEqual(['submitted', 'started', 'cancel-requested', 'cancelled']);
  });

  test('loses against a success that is saved first', async () => {
    const world = await World.open();
    const job = await world.submit('echo');
    const ends = new Deferred<{ result: string }>();
    world.start([handler(() => ends.promise)]);
    await world.becomes(job.jobId, 'Running');
    await askToCancel(world, job);
    ends.resolve({ result: 'done' });
    expect(await world.becomes(job.jobId, 'Succeeded')).toMatchObject({ result: 'done' });
    expect(await world.events(job.jobId)).toEqual(['submitted', 'started', 'cancel-requested', 'succeeded']);
  });

  test.each([
    ['an error that would be retried', new Error('some error')],
    ['a request for later', new RetryLaterError('later', { afterMs: 1000 })],
    ['an error for good', new PermanentError('never')],
  ])('wins over %s', async (_name, error) => {
    const world = await World.open();
    const job = await world.submit('echo');
    const ends = new Deferred<never>();
    world.start([handler(() => ends.promise)]);
    await world.becomes(job.jobId, 'Running');
    await askToCancel(world, job);
    ends.reject(error);
    await world.becomes(job.jobId, 'Cancelled');
  });

  test('of a handler that does not listen ends it after the grace', async () => {
    const world = await World.open();
    const job = await world.submit('echo');
    world.start([handler(() => new Promise(() => undefined))], { graceMs: 3000 });
    await world.becomes(job.jobId, 'Running');
    await askToCancel(world, job);
    await world.clock.advance(5000);
    await world.becomes(job.jobId, 'Cancelled');
  });
});

describe('what others change meanwhile', () => {
  test('progress, labels and the like do not cost the outcome', async () => {
    const world = await World.open();
    const job = await world.submit('echo');
    const ends = new Deferred<{ result: string }>();
    world.start([handler(() => ends.promise)]);
    const running = await world.becomes(job.jobId, 'Running');
    const { event } = requestCancel(running, world.clock.now(), 'x');
    await world.backend.store.save({ job: { ...running, labels: { team: 'a' } }, event: { ...event, type: 'labelled' } });
    ends.resolve({ result: 'done' });
    expect(await world.becomes(job.jobId, 'Succeeded')).toMatchObject({ labels: { team: 'a' }, result: 'done' });
  });

  test('a job that another attempt owns is not touched, and the handler hears of it with its next checkpoint', async () => {
    const world = await World.open();
    const job = await world.submit('echo');
    const goOn = new Deferred();
    const thrown: unknown[] = [];
    world.start([
      handler(async (context) => {
        await goOn.promise;
        await context.checkpoint.set('k', 1).catch((error: unknown) => thrown.push(error, context.signal.reason));
        throw new Error('lost');
      }),
    ]);
    const running = await world.becomes(job.jobId, 'Running');
    const other = { queue: QUEUE, brokerSequence: running.delivery?.brokerSequence ?? '', lockedUntil: 0 };
    await world.backend.store.save(start(running, world.clock.now(), { worker: 'other', delivery: other, afterLostLock: true }));
    goOn.resolve();
    await until(() => thrown.length > 0);
    expect(thrown).toMatchObject([{ code: 'JOB_LOST' }, { kind: 'lock-lost' }]);
    await turns();
    expect(await world.job(job.jobId)).toMatchObject({ status: 'Running', worker: 'other', runEpoch: 2 });
  });
});
