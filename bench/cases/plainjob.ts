// plainjob, the SQLite queue whose speed users know, doing what our worker does: take a job, run a no-op, mark it done.

import Database from 'better-sqlite3';
import { join } from 'node:path';
import { better, defineQueue, defineWorker, JobStatus } from 'plainjob';

const SILENT = { error: noop, warn: noop, info: noop, debug: noop };

export interface PlainjobSpeed {
  readonly addPerSecond: number;
  readonly workPerSecond: number;
}

/** `synchronous`: plainjob sets NORMAL itself; FULL is what our own figures use. */
export async function measurePlainjob(dir: string, jobs: number, synchronous: 'NORMAL' | 'FULL'): Promise<PlainjobSpeed> {
  const connection = better(new Database(join(dir, `plainjob-${synchronous}.db`)));
  const queue = defineQueue({ connection, logger: SILENT });
  connection.pragma(`synchronous = ${synchronous}`);
  const data = { text: 'x'.repeat(280) };

  const addStarted = performance.now();
  for (let index = 0; index < jobs; index += 1) queue.add('noop', data);
  const addMs = performance.now() - addStarted;

  let done = 0;
  const worker = defineWorker('noop', noop, {
    queue,
    logger: SILENT,
    onCompleted: () => {
      done += 1;
      if (done === jobs) void worker.stop();
    },
  });
  const workStarted = performance.now();
  await worker.start();
  const workMs = performance.now() - workStarted;
  if (queue.countJobs({ status: JobStatus.Done }) !== jobs) throw new Error('plainjob did not finish its jobs');
  queue.close();
  return { addPerSecond: (jobs / addMs) * 1000, workPerSecond: (jobs / workMs) * 1000 };
}

function noop(): void {}
