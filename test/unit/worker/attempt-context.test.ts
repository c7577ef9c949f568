// What handlers store on the way: progress, log lines, checkpoints, artifacts.

import { expect, test } from 'vitest';

import type { JobProgress } from '../../../src/domain/job.js';
import type { HandlerContext } from '../../../src/worker/handler.js';
import type { AnyHandler } from '../../../src/worker/handler-registry.js';
import { Deferred, turns, until } from '../../support/turns.js';
import { withMethods } from '../../support/with-methods.js';
import { World } from '../../support/worker-world.js';

/** A job whose handler is this test: its context, and the end of it. */
async function insideHandler(world: World, backend = world.backend): Promise<{ context: HandlerContext; jobId: string; end: Deferred<unknown> }> {
  const entered = new Deferred<HandlerContext>();
  const end = new Deferred<unknown>();
  const handler: AnyHandler = {
    type: 'echo',
    run: (context) => {
      entered.resolve(context);
      return end.promise as ReturnType<AnyHandler['run']>;
    },
  };
  const job = await world.submit('echo');
  world.start([handler], {}, backend);
  return { context: await entered.promise, jobId: job.jobId, end };
}

test('progress is saved four times a second at most, the newest always', async () => {
  const world = await World.open();
  const saves: JobProgress[] = [];
  const store = withMethods(world.backend.store, {
    saveProgress: (attempt, progress) => {
      saves.push(progress);
      return world.backend.store.saveProgress(attempt, progress);
    },
  });
  const { context, jobId, end } = await insideHandler(world, { ...world.backend, store });
  for (let n = 1; n <= 1000; n += 1) {
    context.progress(n, 1000);
    if (n % 100 === 0) await world.clock.advance(100);
  }
  expect(saves.length).toBeGreaterThanOrEqual(3);
  expect(saves.length).toBeLessThanOrEqual(5);
  await world.clock.advance(1000);
  expect((await world.job(jobId)).progress).toEqual({ completed: 1000, total: 1000, message: null });
  context.progress(1001, 1001, 'the last word');
  end.resolve(undefined);
  expect((await world.becomes(jobId, 'Succeeded')).progress).toEqual({ completed: 1001, total: 1001, message: 'the last word' });
});

test('progress that the store refuses tells the handler that its job is lost', async () => {
  const world = await World.open();
  const store = withMethods(world.backend.store, { saveProgress: () => Promise.resolve(false) });
  const { context } = await insideHandler(world, { ...world.backend, store });
  context.progress(1);
  await until(() => context.signal.aborted);
  expect(context.signal.reason).toMatchObject({ kind: 'lock-lost' });
});

test('log lines are kept with the job in order, with level and attempt, before its outcome is', async () => {
  const world = await World.open();
  const { context, jobId, end } = await insideHandler(world);
  const { info } = context.log;
  info('first');
  context.log.warn('second');
  await world.clock.advance(500);
  expect((await world.backend.jobLog.read({ jobId, limit: 10 })).map(({ text }) => text)).toEqual(['first', 'second']);
  context.log.error('third');
  context.log.debug('x'.repeat(5000));
  end.resolve(undefined);
  await world.becomes(jobId, 'Succeeded');
  const lines = await world.backend.jobLog.read({ jobId, limit: 10 });
  expect(lines.map(({ level, text, attempt }) => `${attempt} ${level} ${text.length > 100 ? text.length : text}`)).toEqual(['1 info first', '1 warn second', '1 error third', '1 debug 4096']);
});

test('a handler that logs without end does not fill the memory, and its newest lines are kept', async () => {
  const world = await World.open();
  const { context, jobId, end } = await insideHandler(world);
  for (let n = 1; n <= 20_000; n += 1) context.log.info(`line ${n}`);
  end.resolve(undefined);
  await world.becomes(jobId, 'Succeeded');
  const lines = await world.backend.jobLog.read({ jobId, limit: 5000 });
  expect(lines.length).toBeLessThanOrEqual(1000);
  expect(lines.at(-1)?.text).toBe('line 20000');
});

/** The file of the whole log, line by line; undefined where there is none. */
async function wholeLog(world: World, jobId: string): Promise<readonly string[] | undefined> {
  const { artifacts } = await world.job(jobId);
  const file = artifacts.find(({ name }) => name === 'start-1.log');
  if (file === undefined) return undefined;
  const pieces: Uint8Array[] = [];
  for await (const piece of world.backend.blobs.read(file.key)) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8').trimEnd().split('\n');
}

test('of an attempt that writes more lines than are kept with its job, all are in a file of the job', async () => {
  const world = await World.open();
  const { context, jobId, end } = await insideHandler(world);
  for (let n = 1; n <= 1000; n += 1) context.log.info(`line ${n}`);
  await world.clock.advance(1000);
  for (let n = 1001; n <= 3500; n += 1) context.log.warn(`line ${n}`);
  end.resolve(undefined);
  const { artifacts } = await world.becomes(jobId, 'Succeeded');
  expect(artifacts).toMatchObject([{ name: 'start-1.log', contentType: 'text/plain' }]);
  const lines = await wholeLog(world, jobId);
  expect(lines).toHaveLength(3500);
  expect(lines?.[0]).toMatch(/^\d{4}-\d\d-\d\dT\S+Z info  line 1$/);
  expect(lines?.at(-1)).toMatch(/ warn  line 3500$/);
});

test('an attempt that fails leaves its whole log too, with why it failed', async () => {
  const world = await World.open();
  const { context, jobId, end } = await insideHandler(world);
  for (let n = 1; n <= 1000; n += 1) context.log.info(`line ${n}`);
  end.reject(new Error('out of order'));
  await until(async () => (await world.job(jobId)).error !== null);
  const lines = await wholeLog(world, jobId);
  expect(lines?.[999]).toContain('line 1000');
  expect(lines?.[1000]).toContain('error Error: out of order');
});

test('the lines that are kept with a job are no file as well', async () => {
  const world = await World.open();
  const { context, jobId, end } = await insideHandler(world);
  for (let n = 1; n <= 1000; n += 1) context.log.info(`line ${n}`);
  end.resolve(undefined);
  expect((await world.becomes(jobId, 'Succeeded')).artifacts).toEqual([]);
});

test.each([
  ['refuses', () => Promise.reject(new Error('no space'))],
  ['does not answer', () => new Promise<never>(() => undefined)],
])('a store of files that %s costs a job its whole log, and not its outcome', async (_what, put) => {
  const world = await World.open();
  const { context, jobId, end } = await insideHandler(world, { ...world.backend, blobs: withMethods(world.backend.blobs, { put }) });
  for (let n = 1; n <= 1500; n += 1) context.log.info(`line ${n}`);
  end.resolve(undefined);
  await until(async () => (await world.job(jobId)).status === 'Succeeded' || (await world.clock.advance(1_000), false));
  expect((await world.job(jobId)).artifacts).toEqual([]);
  expect((await world.backend.jobLog.read({ jobId, limit: 5000 })).at(-1)?.text).toBe('line 1500');
});

test('log lines that cannot be stored do not cost the job its outcome', async () => {
  const world = await World.open();
  const jobLog = withMethods(world.backend.jobLog, { append: () => Promise.reject(new Error('no space')) });
  const { context, jobId, end } = await insideHandler(world, { ...world.backend, jobLog });
  context.log.info('lost');
  end.resolve(undefined);
  await world.becomes(jobId, 'Succeeded');
});

test('what a handler threw stands in the log: a stack for what nobody expected', async () => {
  const world = await World.open();
  const { jobId, end } = await insideHandler(world);
  end.reject(new TypeError('x is undefined'));
  await until(async () => (await world.job(jobId)).error !== null);
  const [line] = await world.backend.jobLog.read({ jobId, limit: 10 });
  expect(line).toMatchObject({ level: 'error', text: expect.stringMatching(/^TypeError: x is undefined\n\s+at /) as string });
});

test('checkpoints are there for the next attempt, in the order of their keys', async () => {
  const world = await World.open();
  const { context, jobId, end } = await insideHandler(world);
  await context.checkpoint.set('row/2', { b: 2 });
  await context.checkpoint.setMany([{ key: 'row/1', value: 1 }, { key: 'other', value: null }]);
  await context.checkpoint.set('row/2', 'replaced');
  const entries: unknown[] = [];
  for await (const entry of context.checkpoint.entries('row/')) entries.push(entry);
  expect(entries).toEqual([{ key: 'row/1', value: 1 }, { key: 'row/2', value: 'replaced' }]);
  expect(await context.checkpoint.get('row/1')).toBe(1);
  expect(await context.checkpoint.get('missing')).toBeUndefined();
  end.resolve(undefined);
  await world.becomes(jobId, 'Succeeded');
});

test('artifacts are named in the job, once per name, also when it fails', async () => {
  const world = await World.open();
  const { context, jobId, end } = await insideHandler(world);
  await context.artifacts.put('report.csv', 'a,b\n');
  await context.artifacts.put('report.csv', 'a,b\n1,2\n');
  await context.artifacts.put('data.bin', new Uint8Array([1, 2]), { contentType: 'application/x-own' });
  end.reject(Object.assign(new Error('never'), { name: 'PermanentError' }));
  const { artifacts } = await world.becomes(jobId, 'Failed');
  expect(artifacts).toMatchObject([
    { name: 'report.csv', bytes: 8, contentType: 'text/csv' },
    { name: 'data.bin', bytes: 2, contentType: 'application/x-own' },
  ]);
});

test.each(['', '..', 'a/b', 'a\\b', '/etc/passwd', 'a\nb', ' x', 'x'.repeat(201)])('an artifact cannot be named %j', async (name) => {
  const world = await World.open();
  const { context, end } = await insideHandler(world);
  await expect(context.artifacts.put(name, 'x')).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  end.resolve(undefined);
});

test('children cannot be waited for in a number that is none', async () => {
  const world = await World.open();
  const { context, end } = await insideHandler(world);
  expect(() => context.children.wait(-1)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }) as Error);
  expect(() => context.children.wait(1.5)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }) as Error);
  end.resolve(undefined);
  await turns();
});
