import { expect, test } from 'vitest';

import { createJob } from '../../../src/domain/create-job.js';
import { awaitChildren, cancel, start, submit } from '../../../src/domain/lifecycle.js';
import { findJob } from '../../../src/services/find-job.js';
import { listJobs } from '../../../src/services/list-jobs.js';
import { openServices } from '../../support/open-services.js';
import { createJobIds } from '../../../src/services/job-ids.js';

test('a parent that waits shows how many of its children have ended, in a list and alone', async () => {
  const services = await openServices();
  const ids = createJobIds(services.clock);
  const base = { type: 'echo', queue: 'evaluation-jobs', userId: 'u', priority: 'normal', origin: 'submit', createdAt: 1, dueAt: 1, ttlMs: 1e9, maxAttempts: 3, payload: null } as const;
  const parent = createJob({ ...base, jobId: ids(), type: 'batch' });
  await services.store.insert([submit(parent)]);
  const children = [1, 2, 3].map(() => createJob({ ...base, jobId: ids(), origin: 'child', parentJobId: parent.jobId }));
  await services.store.insert(children.map((child) => submit(child)));
  const stored = await services.store.get(parent.jobId);
  if (stored === undefined) throw new Error('the parent is not stored');
  const delivery = { queue: parent.queue, brokerSequence: '1', lockedUntil: 9 };
  const running = await services.store.save(start(stored, 2, { worker: 'w', delivery, afterLostLock: false }));
  await services.store.save(awaitChildren(running, 3, 3));

  const first = await services.store.get(children[0]?.jobId ?? '');
  if (first === undefined) throw new Error('the child is not stored');
  await services.store.save(cancel(first, 4, 'u'));

  expect(await findJob(services, parent.jobId)).toMatchObject({
    children: { expected: 3, succeeded: 0, failed: 1 },
    progress: { completed: 1, total: 3 },
  });
  const { jobs } = await listJobs({ ...services, publicBaseUrl: null }, { filter: { types: ['batch'] }, limit: 5 });
  expect(jobs[0]).toMatchObject({ progress: { completed: 1, total: 3 } });
});
