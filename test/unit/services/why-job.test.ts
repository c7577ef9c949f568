import { describe, expect, test } from 'vitest';
import { cancelJobs } from '../../../src/services/cancel-jobs.js';
import { explainJob } from '../../../src/services/why-job.js';
import { retryJobs } from '../../../src/services/retry-jobs.js';
import { endJob, retryLater, startJob, submitEcho, waitForChildren } from '../../support/move-jobs.js';
import { openServices, type TestServices } from '../../support/open-services.js';

describe('the story of a job', () => {
  test('that waits without a worker names the command that starts one', async () => {
    const services = await openServices();
    const story = await explain(services, await submitEcho(services));
    expect(story.situation).toBe('It waits, and no worker is alive for the queue evaluation-jobs.');
    expect(story.message).toMatchObject({ state: 'waiting', sequence: 1, queue: 'evaluation-jobs', dueAt: null });
    expect(story.next[0]?.command).toBe('copiloteval worker start --queue evaluation-jobs');
    expect(story.events.map(({ type }) => type)).toEqual(['submitted']);
  });

  test('that is scheduled says when it starts', async () => {
    const services = await openServices();
    const story = await explain(services, await submitEcho(services, { delayMs: 3_600_000 }));
    expect(story.situation).toMatch(/^It is scheduled and starts in (59m|1h)\.$/);
    expect(story.message?.state).toBe('scheduled');
  });

  test('that waits between attempts names the error and the next attempt', async () => {
    const services = await openServices();
    const story = await explain(services, await retryLater(services, await startJob(services, await submitEcho(services)), 240_000));
    expect(story.situation).toMatch(/^Its next attempt starts in [34]m\. Attempt 1 of 3 failed: BOOM: it broke\.$/);
  });

  test('that runs in a worker without a sign of life says when another one goes on', async () => {
    const services = await openServices();
    const story = await explain(services, await startJob(services, await submitEcho(services)));
    expect(story.situation).toMatch(/^Its worker shows no sign of life\. Its lock ends in [45]m; then another worker goes on\.$/);
    expect(story.worker).toMatchObject({ workerId: 'w-1', alive: false });
    expect(story.message).toMatchObject({ state: 'locked', lockedUntil: expect.any(String) as string });
  });

  test('that waits for its children counts them', async () => {
    const services = await openServices();
    const parent = await waitForChildren(services, await submitEcho(services, { type: 'batch' }), 5);
    const story = await explain(services, parent);
    expect(story.situation).toBe('It waits for its 5 child jobs: 0 have ended.');
    expect(story.message).toBeNull();
  });

  test('that is dead-lettered has its letter and the command to replay it', async () => {
    const services = await openServices();
    const job = await endJob(services, await submitEcho(services), 'DeadLettered');
    await endJob(services, await submitEcho(services), 'DeadLettered');
    const story = await explain(services, job);
    expect(story.situation).toBe('It is dead-lettered after 1 attempt: BOOM: it broke.');
    expect(story.deadLetter).toMatchObject({ queue: 'evaluation-jobs', messageId: `${job.jobId}:1`, reason: 'ATTEMPTS_EXHAUSTED' });
    expect(story.next[0]?.command).toBe(`copiloteval dlq replay --queue evaluation-jobs --job ${job.jobId.slice(-8)}`);
  });

  test('that was retried keeps its old letter in sight', async () => {
    const services = await openServices();
    const { jobId } = await endJob(services, await submitEcho(services), 'DeadLettered');
    await retryJobs(services, { jobIds: [jobId], by: 'ada' });
    const job = await services.store.get(jobId);
    const story = job && (await explainJob(services, job));
    expect(story).toMatchObject({ job: { status: 'Queued' }, message: { sequence: 2 }, deadLetter: { messageId: `${jobId}:1` } });
  });

  test('that ended has no message and says what can be done', async () => {
    const services = await openServices();
    const failed = await explain(services, await endJob(services, await submitEcho(services), 'Failed'));
    expect(failed).toMatchObject({ situation: 'It failed for good on attempt 1: BOOM: it broke.', message: null });
    expect(failed.next.map(({ command }) => command.split(' ')[1])).toEqual(['logs', 'retry']);
    const gates = await explain(services, await endJob(services, await submitEcho(services), 'Succeeded', { verdict: 'failed' }));
    expect(gates.situation).toBe('It succeeded, and its result did not pass its gates.');
    const cancelled = await submitEcho(services);
    await cancelJobs(services, { jobIds: [cancelled.jobId], by: 'ada' });
    expect((await explain(services, cancelled)).situation).toBe('It was cancelled.');
  });
});

async function explain(services: TestServices, { jobId }: { jobId: string }) {
  const job = await services.store.get(jobId);
  if (job === undefined) throw new Error('the job is gone');
  return explainJob(services, job);
}
