// Our own messages there and back, and the shapes other producers send.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { createJob } from '../../../src/domain/create-job.js';
import { PRIORITIES } from '../../../src/domain/job.js';
import type { Json } from '../../../src/domain/json.js';
import { outboxEntryFor } from '../../../src/domain/message.js';
import { encodeMessage } from '../../../src/domain/encode-message.js';
import { decodeMessage, type ReceivedBody } from '../../../src/domain/message-codec.js';

const JOB_ID = '01980000-0000-7000-8000-00000000000a';

function received(body: unknown, changes: Partial<ReceivedBody> = {}): ReceivedBody {
  return { body: typeof body === 'string' ? body : JSON.stringify(body), properties: {}, messageId: 'm-1', enqueuedAt: Date.UTC(2026, 7, 1), ...changes };
}

function jobWith(payload: Json, priority: (typeof PRIORITIES)[number] = 'normal') {
  return createJob({
    jobId: JOB_ID,
    type: 'echo',
    queue: 'evaluation-jobs',
    userId: 'someone',
    priority,
    origin: 'submit',
    createdAt: Date.UTC(2026, 7, 1),
    dueAt: Date.UTC(2026, 7, 1),
    ttlMs: 1000,
    maxAttempts: 3,
    payload,
  });
}

describe('our own messages', () => {
  test('decode to what was encoded, whatever the payload', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...PRIORITIES), fc.integer({ min: 1, max: 1000 }), (payload, priority, sequence) => {
        // JSON has one zero.
        const job = { ...jobWith(JSON.parse(JSON.stringify(payload)) as Json, priority), sequence };
        const entry = outboxEntryFor(job, null);
        const { body, properties } = encodeMessage(entry, 'store-a');
        expect(decodeMessage(received(body, { properties: { ...properties } }))).toEqual({
          kind: 'ours',
          jobId: JOB_ID,
          sequence,
          storeId: 'store-a',
          message: entry.message,
        });
      }),
    );
  });

  test('say how often they were replayed, when they were', () => {
    expect(encodeMessage({ ...outboxEntryFor(jobWith(null), null), replayCount: 2 }, 's').properties).toMatchObject({ replayCount: 2 });
    expect(encodeMessage(outboxEntryFor(jobWith(null), null), 's').properties).not.toHaveProperty('replayCount');
  });

  test('with a body of another job are checked in full', () => {
    const { body } = encodeMessage(outboxEntryFor(jobWith(null), null), 's');
    const decoded = decodeMessage(received(body.replace('"userId":"someone"', '"userId":""'), { properties: { jobId: 'other', sequence: 1, storeId: 's' } }));
    expect(decoded).toMatchObject({ kind: 'undecodable', problem: expect.stringContaining('userId') as string });
  });
});

describe('messages of other producers', () => {
  test('in the flat shape need only id, user, time, type and payload', () => {
    const decoded = decodeMessage(received({ jobId: JOB_ID, userId: 'u', createdAt: '2026-08-01T00:00:00Z', type: 'bulk_evaluation', payload: { a: 1 } }));
    expect(decoded).toMatchObject({
      kind: 'foreign',
      message: { jobId: JOB_ID, userId: 'u', type: 'bulk_evaluation', payload: { a: 1 }, priority: 'normal', payloadRef: null, callbackUrl: null },
    });
  });

  test('in the snake_case envelope carry knowledge source and instructions inside the configuration', () => {
    const decoded = decodeMessage(
      received({
        job_id: 'job_a1b2c3',
        message_type: 'bulk_evaluation',
        created_at: '2026-08-01T10:00:00Z',
        payload: { rows: [], configuration: { selected_knowledge_source: 'docs', additionalInstructions: 'be kind' } },
      }),
    );
    expect(decoded).toMatchObject({
      kind: 'foreign',
      message: {
        type: 'bulk_evaluation',
        userId: 'external',
        createdAt: '2026-08-01T10:00:00.000Z',
        selectedKnowledgeSource: 'docs',
        additionalInstructions: 'be kind',
      },
    });
  });

  test('with job_type keep everything else as the payload', () => {
    const decoded = decodeMessage(received({ job_type: 'scoring', submission_id: 's-9', attempt: 1 }));
    expect(decoded).toMatchObject({ kind: 'foreign', message: { type: 'scoring', payload: { submission_id: 's-9', attempt: 1 } } });
  });

  test('name the same job in every copy: by their id, else by the message id', () => {
    const idOf = (body: unknown, messageId: string): string => {
      const decoded = decodeMessage(received(body, { messageId }));
      if (decoded.kind !== 'foreign') throw new Error(`expected a foreign message, got ${decoded.kind}`);
      return decoded.message.jobId;
    };
    const named = { job_id: 'job_a1b2c3', message_type: 'x', payload: {} };
    const unnamed = { job_type: 'x' };
    expect(idOf(named, 'm-1')).toBe(idOf(named, 'm-2'));
    expect(idOf(unnamed, 'm-1')).toBe(idOf(unnamed, 'm-1'));
    expect(idOf(unnamed, 'm-1')).not.toBe(idOf(unnamed, 'm-2'));
    expect(idOf({ ...named, job_id: JOB_ID.toUpperCase() }, 'm-1')).toBe(JOB_ID);
  });
});

describe('anything else', () => {
  test.each([
    ['no JSON', 'hello', 'the body is not JSON'],
    ['half of a JSON text', '{"jobId":', 'the body is not JSON'],
    ['a list', [1, 2], 'the body is not a JSON object'],
    ['null', 'null', 'the body is not a JSON object'],
    ['an object without a type', { jobId: JOB_ID }, 'userId'],
    ['a job id that is none', { jobId: 'x', userId: 'u', createdAt: '2026-08-01T00:00:00Z', type: 't', payload: 1 }, 'jobId'],
  ])('%s is undecodable and says why', (_name, body, problem) => {
    expect(decodeMessage(received(body))).toMatchObject({ kind: 'undecodable', problem: expect.stringContaining(problem) as string });
  });

  test('never throws, whatever bytes arrive as text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (body) => {
        expect(['ours', 'foreign', 'undecodable']).toContain(decodeMessage(received(body)).kind);
      }),
    );
  });
});
