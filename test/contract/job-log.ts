// The promises of JobLog.

import { describe, expect, it } from 'vitest';

import { MAX_LOG_LINE_CHARS, MAX_LOG_LINES } from '../../src/ports/job-log.js';
import { insertJob, type MakeBackend } from './contract-backend.js';

const line = (text: string) => ({ at: 1, attempt: 1, level: 'info' as const, text });

export function describeJobLogContract(name: string, make: MakeBackend): void {
  describe(`JobLog on ${name}`, () => {
    it('numbers the lines of each job from 1 and reads them in order, in pages', async () => {
      const backend = await make();
      const { jobLog } = backend.ports;
      const [job, other] = [await insertJob(backend), await insertJob(backend)];
      await jobLog.append(job.jobId, [line('a'), line('b')]);
      await jobLog.append(other.jobId, [line('x')]);
      await jobLog.append(job.jobId, [{ ...line('c'), level: 'error', attempt: 2, at: 9 }]);
      await jobLog.append(job.jobId, []);
      expect(await jobLog.read({ jobId: job.jobId, limit: 2 })).toEqual([{ line: 1, ...line('a') }, { line: 2, ...line('b') }]);
      expect(await jobLog.read({ jobId: job.jobId, afterLine: 2, limit: 2 })).toEqual([{ line: 3, at: 9, attempt: 2, level: 'error', text: 'c' }]);
    });

    it('keeps the newest lines, and their numbers show the gap', async () => {
      const backend = await make();
      const { jobLog } = backend.ports;
      const { jobId } = await insertJob(backend);
      await jobLog.append(jobId, Array.from({ length: MAX_LOG_LINES - 1 }, (_, index) => line(String(index))));
      await jobLog.append(jobId, [line('last but one'), line('last')]);
      const lines = await jobLog.read({ jobId, limit: 2 * MAX_LOG_LINES });
      expect([lines.length, lines[0]?.line, lines.at(-1)]).toEqual([MAX_LOG_LINES, 2, { line: MAX_LOG_LINES + 1, ...line('last') }]);
      await jobLog.append(jobId, Array.from({ length: MAX_LOG_LINES + 5 }, (_, index) => line(`flood ${index}`)));
      const flood = await jobLog.read({ jobId, limit: 2 * MAX_LOG_LINES });
      expect([flood.length, flood[0]?.text, flood.at(-1)?.line]).toEqual([MAX_LOG_LINES, 'flood 5', 2 * MAX_LOG_LINES + 6]);
    });

    it('cuts a long line between characters', async () => {
      const backend = await make();
      const { jobId } = await insertJob(backend);
      await backend.ports.jobLog.append(jobId, [line('x'.repeat(MAX_LOG_LINE_CHARS + 1)), line('x'.repeat(MAX_LOG_LINE_CHARS - 1) + '🎯')]);
      const lines = await backend.ports.jobLog.read({ jobId, limit: 10 });
      expect(lines.map(({ text }) => text)).toEqual(['x'.repeat(MAX_LOG_LINE_CHARS), 'x'.repeat(MAX_LOG_LINE_CHARS - 1)]);
    });

    it('drops lines of a job that does not exist', async () => {
      const { ports } = await make();
      await ports.jobLog.append('nobody', [line('a')]);
      expect(await ports.jobLog.read({ jobId: 'nobody', limit: 10 })).toEqual([]);
    });
  });
}
