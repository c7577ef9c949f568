// A process that inserts arrays of jobs until it is killed. After each array that is stored it says so on stdout, at
// once, so that whoever kills it knows what was promised.
// Arguments: file, jobs per array, first id in hexadecimal.

import { writeSync } from 'node:fs';

import { createJob } from '../../src/domain/create-job.js';
import { submit } from '../../src/domain/lifecycle.js';
import { openSqliteBackend } from '../../src/drivers/sqlite/open-sqlite.js';
import { systemClock } from '../../src/ports/clock.js';

const [file = '', perArray = '0', firstId = '0'] = process.argv.slice(2);
const queue = { name: 'first-queue', lockMs: 60_000, ttlMs: 3_600_000, maxAttempts: 3 };
const backend = await openSqliteBackend({ file, queues: [queue], clock: systemClock, random: Math.random });

let id = Number.parseInt(firstId, 16);
for (;;) {
  const now = systemClock.now();
  const entries = Array.from({ length: Number(perArray) }, () => {
    id += 1;
    const jobId = `01980000-0000-7000-8000-${id.toString(16).padStart(12, '0')}`;
    return submit(
      createJob({
        jobId,
        type: 'echo',
        queue: queue.name,
        userId: 'someone',
        priority: 'normal',
        origin: 'submit',
        createdAt: now,
        dueAt: now,
        ttlMs: queue.ttlMs,
        maxAttempts: 3,
        payload: { text: 'x'.repeat(300) },
      }),
    );
  });
  await backend.store.insert(entries);
  writeSync(1, `${entries.length}\n`);
}
