// batch: sends its jobs out once, waits for them, and ends with how they ended.

import { describe, expect, test } from 'vitest';

import type { Json } from '../../../../src/domain/json.js';
import { WaitForChildren } from '../../../../src/worker/handler.js';
import { batchHandler } from '../../../../src/worker/handlers/batch.js';
import { parseBatchPayload } from '../../../../src/worker/handlers/payloads/batch.js';
import { TestContext } from '../../../support/handler-context.js';

const SHA = 'a'.repeat(64);

function run(context: TestContext, payload: Json): Promise<unknown> {
  return Promise.resolve(batchHandler.run(context, parseBatchPayload(payload)));
}

function withFile(context: TestContext, text: string): Json {
  context.blobTexts.set('files/x', text);
  return { file: { key: 'files/x', sha256: SHA, bytes: Buffer.byteLength(text), fileName: 'jobs.jsonl' } };
}

describe('the first run', () => {
  test('sends the jobs of the payload and waits for all of them', async () => {
    const context = new TestContext();
    const payload = { jobs: [{ type: 'echo', payload: 1 }, { type: 'sleep', payload: { ms: 1 }, key: 'nap', priority: 'high', labels: { a: 'b' } }, { type: 'echo' }] };
    await expect(run(context, payload)).rejects.toMatchObject({ name: 'WaitForChildren', expected: 3 });
    expect(context.sent).toEqual([
      { key: '#1', type: 'echo', payload: 1 },
      { key: 'nap', type: 'sleep', payload: { ms: 1 }, priority: 'high', labels: { a: 'b' } },
      { key: '#3', type: 'echo', payload: null },
    ]);
    expect(context.told.at(-1)).toEqual({ completed: 0, total: 3, message: null });
  });

  test('reads the jobs of a file line by line, in chunks that are checkpointed', async () => {
    const context = new TestContext();
    const lines = Array.from({ length: 1200 }, (_, n) => JSON.stringify({ type: 'echo', payload: n }));
    await expect(run(context, withFile(context, `\uFEFF${lines.join('\r\n')}\r\n\r\n`))).rejects.toBeInstanceOf(WaitForChildren);
    expect(context.sent).toHaveLength(1200);
    expect(context.sent[1199]).toEqual({ key: '#1200', type: 'echo', payload: 1199 });
    expect(context.saved.get('sent')).toEqual({ count: 1200, all: true });
  });

  test('goes on behind the last chunk that was counted', async () => {
    const context = new TestContext();
    context.saved.set('sent', { count: 2, all: false });
    await expect(run(context, { jobs: ['a', 'b', 'c', 'd'].map((key) => ({ key, type: 'echo' })) })).rejects.toBeInstanceOf(WaitForChildren);
    expect(context.sent.map(({ key }) => key)).toEqual(['c', 'd']);
    expect(context.saved.get('sent')).toEqual({ count: 4, all: true });
  });

  test('waits for as many jobs as there are, when lines of the file share a key', async () => {
    const context = new TestContext();
    const text = ['a', 'b', 'a'].map((key) => JSON.stringify({ key, type: 'echo' })).join('\n');
    await expect(run(context, withFile(context, text))).rejects.toMatchObject({ expected: 2 });
  });

  test.each([
    ['{"type":"echo"}\n{"typ":"echo"}', /^line 2: .*type/],
    ['{"type":"echo"}\nnonsense', /^line 2: /],
    ['\n \n', /the file has no jobs/],
  ])('refuses the file %j', async (text, message) => {
    const context = new TestContext();
    await expect(run(context, withFile(context, text))).rejects.toMatchObject({ code: 'PAYLOAD_INVALID', message: expect.stringMatching(message) as string });
  });

  test('stops between two chunks when its signal fires', async () => {
    const context = new TestContext();
    context.abort.abort(new Error('draining'));
    await expect(run(context, { jobs: [{ type: 'echo' }] })).rejects.toThrow('draining');
    expect(context.sent).toEqual([]);
  });
});

describe('the run after the wait', () => {
  const failure = { jobId: 'j-1', type: 'echo', status: 'DeadLettered', error: { code: 'NO_LUCK', message: 'no', retryable: true, at: 0 } } as const;

  function afterWait(succeeded: number, failed: number): TestContext {
    const context = new TestContext();
    context.saved.set('sent', { count: 3, all: true });
    context.childCounts = { stored: 3, expected: 3, succeeded, failed };
    context.childFailures = Array.from({ length: failed }, () => failure);
    return context;
  }
  const jobs = [{ type: 'echo' }, { type: 'echo' }, { type: 'echo' }];

  test('sums up, sending nothing again', async () => {
    const context = afterWait(3, 0);
    expect(await run(context, { jobs })).toEqual({ result: { expected: 3, succeeded: 3, failed: 0, failures: [] } });
    expect(context.sent).toEqual([]);
    expect(context.told).toEqual([{ completed: 3, total: 3, message: null }]);
  });

  test('fails for good when a job failed, and leaves a list of the failures', async () => {
    const context = afterWait(2, 1);
    await expect(run(context, { jobs })).rejects.toMatchObject({ name: 'PermanentError', code: 'CHILDREN_FAILED', message: '1 of 3 jobs did not succeed' });
    expect(JSON.parse(context.files.get('summary.json') ?? '')).toMatchObject({ failed: 1, failures: [{ jobId: 'j-1', code: 'NO_LUCK' }] });
  });

  test('succeeds with failures where they are allowed', async () => {
    expect(await run(afterWait(2, 1), { jobs, allowPartial: true })).toMatchObject({
      result: { succeeded: 2, failed: 1, failures: [{ jobId: 'j-1', type: 'echo', status: 'DeadLettered', code: 'NO_LUCK', message: 'no' }] },
    });
  });

  test('waits again when a job was retried by hand meanwhile', async () => {
    await expect(run(afterWait(2, 0), { jobs })).rejects.toMatchObject({ expected: 3 });
  });
});

describe('the payload', () => {
  test.each<[Json, string]>([
    [{}, 'payload: expected one of jobs and file, got neither'],
    [{ jobs: [{ type: 'echo' }], file: { key: 'k', sha256: SHA, bytes: 1 } }, 'payload: expected one of jobs and file, got both'],
    [{ jobs: [] }, 'payload.jobs: expected at least 1 entries, got a list of 0'],
    [{ jobs: [{ payload: 1 }] }, 'payload.jobs[0].type: expected a string, got nothing'],
    [{ jobs: [{ type: 'echo', key: 'a' }, { type: 'echo', key: 'a' }] }, 'payload.jobs[1].key: "a" is there twice'],
    [{ jobs: [{ type: 'echo', priority: 'now' }] }, 'payload.jobs[0].priority: expected one of "low", "normal", "high", "urgent", got "now"'],
  ])('%j is refused', (payload, message) => {
    expect(() => parseBatchPayload(payload)).toThrow(expect.objectContaining({ code: 'PAYLOAD_INVALID', message }) as Error);
  });
});
