import { describe, expect, test } from 'vitest';
import type { JobId } from '../../../src/domain/job.js';
import { submitBulk, MAX_REJECTED_KEPT, type BulkInput } from '../../../src/services/submit-bulk.js';
import { MAX_PAYLOAD_BYTES, readPayload } from '../../../src/services/submit-prepare.js';
import { openServices, type TestServices } from '../../support/open-services.js';

const defaults = { userId: 'ada' };

describe('a bulk submission', () => {
  test('stores every line as a job, in order', async () => {
    const services = await openServices();
    const lines = Array.from({ length: 2500 }, (_, index) => ({ type: 'echo', payload: { index } }));
    const seen: number[] = [];
    const result = await bulk(services, jsonl(lines), { onProgress: ({ line }) => seen.push(line) });
    expect(result).toEqual({ submitted: 2500, duplicates: 0, rejectedCount: 0, prioritised: 0, line: 2500, rejected: [], stopped: false });
    expect(seen).toEqual([1000, 2000, 2500]);
    const jobs = await allJobs(services);
    expect(jobs.map(({ payload }) => payload)).toEqual(lines.map(({ payload }) => payload).reverse());
  });

  test('takes every field of a line', async () => {
    const services = await openServices();
    const at = new Date(services.clock.now() + 3_600_000).toISOString();
    await bulk(
      services,
      jsonl([
        { type: 'echo', payload: null, priority: 'high', delay: '1m', idKey: 'a', userId: 'bob', labels: { team: 'x' } },
        { type: 'http', at, knowledgeSource: 'kb', instructions: 'be brief', callbackUrl: 'https://a.example/b', queue: 'evaluation-jobs' },
      ]),
    );
    const [second, first] = await allJobs(services);
    expect(first).toMatchObject({ payload: null, priority: 'high', idempotencyKey: 'a', userId: 'bob', labels: { team: 'x' } });
    expect((first?.queuedAt ?? 0) - (first?.createdAt ?? 0)).toBe(60_000);
    expect(second).toMatchObject({
      payload: {},
      queuedAt: Date.parse(at),
      selectedKnowledgeSource: 'kb',
      additionalInstructions: 'be brief',
      callbackUrl: 'https://a.example/b',
      userId: 'ada',
    });
  });

  test('lets a line override what holds for all, and adds its labels to theirs', async () => {
    const services = await openServices();
    const all = { ...defaults, type: 'echo', priority: 'low', delayMs: 5000, labels: { run: '7', team: 'a' } };
    await bulk(services, jsonl([{}, { type: 'http', priority: 'urgent', delay: '0', labels: { team: 'b' } }]), { defaults: all });
    const [second, first] = await allJobs(services);
    expect(first).toMatchObject({ type: 'echo', priority: 'low', labels: { run: '7', team: 'a' } });
    expect(second).toMatchObject({ type: 'http', priority: 'urgent', labels: { run: '7', team: 'b' }, nextAttemptAt: null });
  });

  test('collects lines it cannot use, with their numbers, and stores the others', async () => {
    const services = await openServices();
    const text = [
      '\uFEFF{"type":"echo"}',
      '{"type":"echo",',
      '',
      '["echo"]',
      '{"type":"ecoh"}',
      '{"type":"sleep"}',
      '{"type":"echo","delay":-5}',
      '{"type":"echo","delay":"-5s"}',
      '{"type":"echo","priority":"soon"}',
      '{"type":"echo","labels":{"a":1}}',
      '{"type":"echo","prioriy":"low"}',
      '{"payload":1}',
      '{"type":"echo","queue":"nowhere"}',
      '{"type":"echo"}\r',
    ].join('\n');
    const result = await bulk(services, text);
    expect(result).toMatchObject({ submitted: 2, rejectedCount: 11, line: 14 });
    expect(result.rejected.map(({ line, code }) => [line, code])).toEqual([
      [2, 'INPUT_INVALID'],
      [4, 'INPUT_INVALID'],
      [5, 'TYPE_UNKNOWN'],
      [6, 'PAYLOAD_INVALID'],
      [7, 'INPUT_INVALID'],
      [8, 'INPUT_INVALID'],
      [9, 'INPUT_INVALID'],
      [10, 'INPUT_INVALID'],
      [11, 'INPUT_INVALID'],
      [12, 'INPUT_INVALID'],
      [13, 'QUEUE_UNKNOWN'],
    ]);
    expect(result.rejected.find(({ line }) => line === 11)?.message).toBe('unknown field "prioriy"');
  });

  test('refuses bytes that are not UTF-8 and lines without end, and reads on behind them', async () => {
    const services = await openServices();
    const latin1 = Buffer.from('{"type":"echo","payload":"\xe9"}\n', 'latin1');
    const endless = Buffer.alloc(MAX_PAYLOAD_BYTES + 100_000, 'x');
    const good = Buffer.from('\n{"type":"echo","payload":"\ufffd is fine when it was written"}');
    const result = await submitBulk(services, { source: chunks([latin1, endless, good]), defaults });
    expect(result.submitted).toBe(1);
    expect(result.rejected.map(({ line, message }) => [line, message])).toEqual([
      [1, 'the line is not UTF-8'],
      [2, expect.stringContaining('longer than') as string],
    ]);
  });

  test('finds lines and characters that chunks of the input cut in two', async () => {
    const services = await openServices();
    const bytes = Buffer.from(jsonl([{ type: 'echo', payload: 'äöü€😀' }, { type: 'echo', payload: 'two' }]));
    const result = await submitBulk(services, { source: chunks([...bytes].map((byte) => Buffer.from([byte]))), defaults });
    expect(result.submitted).toBe(2);
    expect((await allJobs(services)).map(({ payload }) => payload)).toEqual(['two', 'äöü€😀']);
  });

  test('keeps a large payload of a line in a file', async () => {
    const services = await openServices();
    await bulk(services, jsonl([{ type: 'echo', payload: 'x'.repeat(100_000) }]));
    const [job] = await allJobs(services);
    expect(job?.payloadRef?.bytes).toBe(100_002);
    expect(job === undefined ? '' : await readPayload(services, job)).toHaveLength(100_000);
  });

  test('tells lines that are known by their key from new ones and from conflicts', async () => {
    const services = await openServices();
    const line = { type: 'echo', payload: 1, idKey: 'a' };
    expect(await bulk(services, jsonl([line, line, { ...line, payload: 2 }]))).toMatchObject({
      submitted: 1,
      duplicates: 1,
      rejected: [{ line: 3, code: 'IDEMPOTENCY_CONFLICT' }],
    });
    expect(await bulk(services, jsonl([line, { ...line, idKey: 'b' }]))).toMatchObject({ submitted: 1, duplicates: 1 });
  });

  test('counts all rejected lines and keeps a bounded number of them', async () => {
    const services = await openServices();
    const told: number[] = [];
    const result = await bulk(services, 'x\n'.repeat(MAX_REJECTED_KEPT + 5), { onRejected: ({ line }) => told.push(line) });
    expect(result.rejectedCount).toBe(MAX_REJECTED_KEPT + 5);
    expect(result.rejected).toHaveLength(MAX_REJECTED_KEPT);
    expect(told).toHaveLength(MAX_REJECTED_KEPT + 5);
  });

  test('stores nothing in a dry run and says what it would', async () => {
    const services = await openServices();
    const text = jsonl([{ type: 'echo', payload: 'x'.repeat(100_000) }, { type: 'none' }]);
    expect(await bulk(services, text, { dryRun: true })).toMatchObject({ submitted: 1, rejectedCount: 1 });
    expect(await allJobs(services)).toEqual([]);
    for await (const blob of services.blobs.list('')) expect.fail(`stored ${blob.key}`);
  });
});

describe('a stopped bulk submission', () => {
  test('ends after the chunk at hand; what was stored stays', async () => {
    const services = await openServices();
    const stop = new AbortController();
    const result = await bulk(services, jsonl(Array.from({ length: 5000 }, () => ({ type: 'echo' }))), {
      signal: stop.signal,
      onProgress: ({ line }) => line >= 2000 && stop.abort(),
    });
    expect(result).toMatchObject({ submitted: 2000, stopped: true, line: 2000 });
    expect(await allJobs(services)).toHaveLength(2000);
  });

  test('does not wait for an input that has nothing more to say', async () => {
    const services = await openServices();
    const stop = new AbortController();
    async function* silent(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('{"type":"echo"}\n');
      stop.abort();
      await new Promise(() => undefined);
    }
    expect(await submitBulk(services, { source: silent(), defaults, signal: stop.signal })).toMatchObject({ submitted: 0, stopped: true });
  });

  test('fails as a whole when the store does, since that is no fault of a line', async () => {
    const services = await openServices();
    const failing = { ...services, store: { ...services.store, insert: () => Promise.reject(new Error('disk')) } };
    await expect(submitBulk(failing, { source: chunks([Buffer.from('{"type":"echo"}')]), defaults })).rejects.toThrow('disk');
  });
});

function bulk(services: TestServices, text: string, options: Partial<BulkInput> = {}) {
  return submitBulk(services, { source: chunks([Buffer.from(text)]), defaults, ...options });
}

function jsonl(lines: readonly object[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

async function* chunks(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

/** Newest first. */
async function allJobs({ store }: TestServices) {
  const { jobs } = await store.list({ filter: {}, limit: 10_000 });
  const ids: readonly JobId[] = jobs.map(({ jobId }) => jobId);
  expect([...ids].sort().reverse()).toEqual(ids);
  return jobs;
}
