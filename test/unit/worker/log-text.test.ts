// The worker's log line for one delivery.

import { expect, test } from 'vitest';

import { describeEnd } from '../../../src/worker/log-text.js';

const jobId = '01980000-0000-7000-8000-0000deadbeef';
const error = { code: 'NO_LUCK', message: 'first\n\u001b[31msecond', retryable: true, at: 0 };

test('names the job by its short id, with its outcome and how long it ran', () => {
  expect(describeEnd({ outcome: 'succeeded', jobType: 'echo', jobId, durationMs: 12.6, error: null }, 'm-1')).toEqual({
    fields: { jobId, type: 'echo', outcome: 'succeeded', ms: 13 },
    text: 'echo deadbeef succeeded after 13 ms',
  });
});

test('gives the error of what did not succeed on one line without control characters', () => {
  expect(describeEnd({ outcome: 'retried', jobType: 'echo', jobId, durationMs: 1, error }, 'm-1')).toEqual({
    fields: { jobId, type: 'echo', outcome: 'retried', ms: 1, code: 'NO_LUCK' },
    text: 'echo deadbeef retried after 1 ms: [NO_LUCK] first [31msecond',
  });
});

test('names the message where there is no job', () => {
  expect(describeEnd({ outcome: 'message-dead-lettered' }, 'm-1')).toEqual({ fields: { messageId: 'm-1', outcome: 'message-dead-lettered' }, text: 'message m-1 message-dead-lettered' });
});

test('gives the ids and types of other producers without control characters', () => {
  const esc = '\u001b[2J';
  expect(describeEnd({ outcome: 'message-dead-lettered' }, `m${esc}`).text).toBe('message m [2J message-dead-lettered');
  expect(describeEnd({ outcome: 'retried', jobType: `theirs${esc}`, jobId }, 'm-1').text).toBe('theirs [2J deadbeef retried');
});
