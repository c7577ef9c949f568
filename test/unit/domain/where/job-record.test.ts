import { describe, expect, it } from 'vitest';
import { createJob } from '../../../../src/domain/create-job.js';
import { matchesWhere } from '../../../../src/domain/where/evaluate.js';
import { jobWhereRecord } from '../../../../src/domain/where/job-record.js';
import { parseWhere } from '../../../../src/domain/where/parser.js';

const queued = createJob({
  jobId: '0198f0a1-2b3c-7d4e-8f90-a1b2c3d4e5f6',
  type: 'echo',
  queue: 'evaluation-jobs',
  userId: 'ada',
  priority: 'high',
  origin: 'submit',
  createdAt: 1_000,
  dueAt: 1_000,
  ttlMs: 60_000,
  maxAttempts: 3,
  payload: { rows: [{ id: 7 }] },
  labels: { 'a.b': 'c' },
});
const failed = { ...queued, status: 'Failed' as const, result: { score: 0.5 }, error: { code: 'HTTP_503', message: 'no answer', retryable: true, at: 2_000 } };

describe('jobWhereRecord', () => {
  it.each([
    'status=queued and type=echo and queue=evaluation-jobs and user=ada and priority>normal and attempt=0',
    'age=5s',
    'error=null and reason=null and result.score=null',
    'payload.rows[0].id=7 and label.a.b=c and label.a=null',
  ])('holds for a queued job: %s', (text) => {
    expect(matchesWhere(parseWhere(text), jobWhereRecord(queued, 6_000))).toBe(true);
  });

  it('shows code and message as the error, the code as the reason, and the result', () => {
    const record = jobWhereRecord(failed, 6_000);
    for (const text of ['error=HTTP_503', 'error~"no answer"', 'reason=HTTP_503', 'result.score>=0.5']) {
      expect(matchesWhere(parseWhere(text), record), text).toBe(true);
    }
  });
});
