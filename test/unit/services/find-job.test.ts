import { describe, expect, test } from 'vitest';
import { shortId } from '../../../src/domain/ids.js';
import { findJob } from '../../../src/services/find-job.js';
import { submitJob } from '../../../src/services/submit-job.js';
import { submitEcho } from '../../support/move-jobs.js';
import { openServices } from '../../support/open-services.js';

describe('a job is found', () => {
  test('by its whole id, by the eight characters shown, and by six of them, in any case', async () => {
    const services = await openServices();
    const { jobId } = await submitEcho(services);
    for (const text of [jobId, jobId.toUpperCase(), shortId(jobId), ` ${shortId(jobId).toUpperCase()} `, jobId.slice(-6), jobId.slice(-12)]) {
      expect((await findJob(services, text)).jobId).toBe(jobId);
    }
  });

  test('not when several fit: the candidates are named, newest first', async () => {
    const services = await openServices();
    const ids = ['01a00000-0000-7000-8000-00011abcdef1', '01a00000-0000-7000-8000-00022abcdef1'];
    for (const id of ids) await submitJob({ ...services, newJobId: () => id }, { type: 'echo', payload: {}, userId: 'ada' });
    await expect(findJob(services, '2abcdef1')).resolves.toMatchObject({ jobId: ids[1] });
    await expect(findJob(services, 'abcdef1')).rejects.toMatchObject({ code: 'JOB_AMBIGUOUS', details: { candidates: expect.arrayContaining(ids) as string[] } });
  });

  test.each(['0badc0de', '01a00000-0000-7000-8000-000000000000'])('not when none has the id %s', async (text) => {
    await expect(findJob(await openServices(), text)).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
  });

  test.each(['', 'abc', 'not-an-id', '1234567g', '01a00000-0000-7000-8000-00000000000', '\u001b[31m'])('not by %j, which is no id', async (text) => {
    await expect(findJob(await openServices(), text)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });
});
