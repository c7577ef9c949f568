import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hasCode, type ErrorCode } from '../../../src/domain/errors.js';
import { submitJob } from '../../../src/services/submit-job.js';
import { MAX_PAYLOAD_BYTES, readPayload } from '../../../src/services/submit-prepare.js';
import type { SubmitRequest } from '../../../src/services/submit-request.js';
import { openServices } from '../../support/open-services.js';

const echo: SubmitRequest = { type: 'echo', payload: { hello: 'world' }, userId: 'ada' };

describe('a submitted job', () => {
  test('is stored with its message and answered with its id', async () => {
    const services = await openServices({ publicBaseUrl: 'https://jobs.example/' });
    const { answer, duplicate } = await submitJob(services, echo);
    expect(answer).toEqual({
      jobId: answer.jobId,
      statusUrl: `https://jobs.example/api/jobs/${answer.jobId}`,
      queue: 'evaluation-jobs',
      queueMode: 'local',
      status: 'Queued',
    });
    expect(duplicate).toBe(false);
    const job = await services.store.get(answer.jobId);
    expect(job).toMatchObject({ type: 'echo', payload: { hello: 'world' }, userId: 'ada', priority: 'normal', origin: 'submit', attempt: 0, maxAttempts: 3 });
    const [delivery] = await services.queue.receive({ queue: 'evaluation-jobs', max: 1, waitMs: 0 });
    expect(JSON.parse(Buffer.from(delivery?.message.body ?? []).toString())).toMatchObject({ jobId: answer.jobId, payload: { hello: 'world' } });
  });

  test('is stored under the real name of its type when an alias was given', async () => {
    const services = await openServices();
    const { job } = await submitJob(services, { ...echo, type: 'bulk_evaluation' });
    expect(job.type).toBe('evaluation');
  });

  test('keeps a payload of exactly 48 KiB with the job and a larger one in a file', async () => {
    const services = await openServices();
    const quotes = 2;
    const atLimit = 'x'.repeat(48 * 1024 - quotes);
    const small = await submitJob(services, { ...echo, payload: atLimit });
    expect(small.job).toMatchObject({ payload: atLimit, payloadRef: null });
    const large = await submitJob(services, { ...echo, payload: `${atLimit}y` });
    expect(large.job.payload).toBeNull();
    expect(large.job.payloadRef).toMatchObject({ bytes: 48 * 1024 + 1 });
    expect(await readPayload(services, large.job)).toBe(`${atLimit}y`);
  });

  test('counts bytes and not characters of a payload', async () => {
    const services = await openServices();
    const { job } = await submitJob(services, { ...echo, payload: '€'.repeat(20_000) });
    expect(job.payloadRef?.bytes).toBe(60_002);
  });

  test('is due later with a delay or an instant, and keeps its time to live from then', async () => {
    const services = await openServices();
    const delayed = await submitJob(services, { ...echo, delayMs: 60_000 });
    expect(delayed.job.queuedAt - delayed.job.createdAt).toBe(60_000);
    expect(delayed.job.nextAttemptAt).toBe(delayed.job.queuedAt);
    expect((delayed.job.expiresAt ?? 0) - delayed.job.queuedAt).toBe(14 * 86_400_000);
    expect(await services.queue.receive({ queue: 'evaluation-jobs', max: 1, waitMs: 0 })).toEqual([]);
    const at = services.clock.now() + 5_000;
    expect((await submitJob(services, { ...echo, at })).job.queuedAt).toBe(at);
  });

  test('runs at once when its instant has just gone by', async () => {
    const services = await openServices();
    const { job } = await submitJob(services, { ...echo, at: services.clock.now() - 30_000 });
    expect(job.queuedAt).toBe(job.createdAt);
  });

  test('goes to a queue that was created later', async () => {
    const services = await openServices();
    await services.admin.create({ name: 'slow', lockMs: 1000, ttlMs: 5_000, maxAttempts: 7 });
    const { job } = await submitJob(services, { ...echo, queue: 'slow' });
    expect(job).toMatchObject({ queue: 'slow', maxAttempts: 7, expiresAt: job.queuedAt + 5_000 });
  });
});

describe('an idempotency key', () => {
  test('makes one job of the same request sent twice', async () => {
    const services = await openServices();
    const first = await submitJob(services, { ...echo, idempotencyKey: 'k', payload: { a: 1, b: 2 } });
    const second = await submitJob(services, { ...echo, idempotencyKey: 'k', payload: { b: 2, a: 1 }, delayMs: 5000 });
    expect(second).toMatchObject({ duplicate: true, answer: { jobId: first.job.jobId } });
    expect((await services.store.list({ filter: {}, limit: 10 })).jobs).toHaveLength(1);
  });

  test('refuses another request and names the job that has it', async () => {
    const services = await openServices();
    const { job } = await submitJob(services, { ...echo, idempotencyKey: 'k' });
    await expect(submitJob(services, { ...echo, idempotencyKey: 'k', payload: 1 })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_CONFLICT',
      details: { jobId: job.jobId },
    });
  });

  test('belongs to its user and type', async () => {
    const services = await openServices();
    const ids = new Set<string>();
    for (const other of [{}, { userId: 'bob' }, { type: 'http' }]) {
      ids.add((await submitJob(services, { ...echo, idempotencyKey: 'k', ...other })).job.jobId);
    }
    expect(ids.size).toBe(3);
  });
});

describe('refuses, and stores nothing', () => {
  const refused: readonly [what: string, request: Partial<SubmitRequest>, code: ErrorCode, message: RegExp][] = [
    ['an unknown type, with the nearest name', { type: 'ecoh' }, 'TYPE_UNKNOWN', /ecoh/],
    ['a payload that its type refuses', { type: 'sleep', payload: {} }, 'PAYLOAD_INVALID', /ms/],
    ['an unknown queue', { queue: 'evaluation-job' }, 'QUEUE_UNKNOWN', /evaluation-job/],
    ['a negative delay', { delayMs: -1 }, 'INPUT_INVALID', /delay: .*-1/],
    ['an instant in the past', { at: Date.UTC(2020, 0, 1) }, 'INPUT_INVALID', /2020-01-01.* in the past/],
    ['an instant that no date can hold', { at: 1e300 }, 'INPUT_INVALID', /too far/],
    ['a delay together with an instant', { delayMs: 1, at: Date.UTC(2100, 0, 1) }, 'INPUT_INVALID', /both/],
    ['a priority that is none', { priority: 'hihg' }, 'INPUT_INVALID', /low, normal, high, urgent/],
    ['instructions over 16 KiB', { additionalInstructions: 'x'.repeat(16 * 1024 + 1) }, 'PAYLOAD_TOO_LARGE', /16384/],
    ['a callback address that is not http', { callbackUrl: 'file:///etc/passwd' }, 'INPUT_INVALID', /http/],
    ['a label name with blanks', { labels: { 'a b': 'c' } }, 'INPUT_INVALID', /a b/],
    ['control characters in a key', { idempotencyKey: 'a\u001b[31m' }, 'INPUT_INVALID', /control/],
    ['an empty user', { userId: ' ' }, 'INPUT_INVALID', /userId/],
    ['a payload over its limit', { payload: 'x'.repeat(MAX_PAYLOAD_BYTES) }, 'PAYLOAD_TOO_LARGE', /payload/],
    ['a payload nested too deeply', { payload: JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`) as [] }, 'PAYLOAD_INVALID', /levels/],
  ];
  test.each(refused)('%s', async (_what, change, code, message) => {
    const services = await openServices();
    const error: unknown = await submitJob(services, { ...echo, ...change }).catch((reason: unknown) => reason);
    expect(hasCode(error, code), String(error)).toBe(true);
    expect((error as Error).message).toMatch(message);
    expect((await services.store.list({ filter: {}, limit: 1 })).jobs).toEqual([]);
    expect(readdirSync(services.dataDir)).not.toContain(join('blobs'));
  });

  test('and gives the nearest queue in the hint', async () => {
    const services = await openServices();
    await expect(submitJob(services, { ...echo, queue: 'evaluation-job' })).rejects.toMatchObject({ hint: 'did you mean `evaluation-jobs`?' });
  });
});
