// BullMQ on Redis, the queue most people on Node.js know, doing what our worker does: take a job, run a no-op, mark it done.
// Redis writes its log to disk every second (appendfsync everysec), as its own documentation advises.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { Queue, Worker } from 'bullmq';

const QUEUE = 'bench';
const AT_ONCE = 1000;

/** Jobs per second; undefined where there is no redis-server (Debian: `apt-get install redis-server`). */
export async function measureBullmq(dir: string, jobs: number, concurrency: number): Promise<number | undefined> {
  if (spawnSync('redis-server', ['--version']).status !== 0) return undefined;
  const data = join(dir, 'redis');
  mkdirSync(data);
  const path = join(data, 'redis.sock');
  const redis = spawn('redis-server', ['--port', '0', '--unixsocket', path, '--dir', data, '--appendonly', 'yes', '--appendfsync', 'everysec', '--save', '']);
  try {
    await untilReady(redis.stdout.setEncoding('utf8'));
    return await measure({ path, maxRetriesPerRequest: null }, jobs, concurrency);
  } finally {
    redis.kill('SIGKILL');
    await once(redis, 'close');
  }
}

async function measure(connection: { path: string; maxRetriesPerRequest: null }, jobs: number, concurrency: number): Promise<number> {
  const queue = new Queue(QUEUE, { connection });
  const data = { text: 'x'.repeat(280) };
  for (let added = 0; added < jobs; added += AT_ONCE) {
    await queue.addBulk(Array.from({ length: Math.min(AT_ONCE, jobs - added) }, () => ({ name: 'noop', data })));
  }
  const worker = new Worker(QUEUE, () => Promise.resolve(), { connection, concurrency, autorun: false });
  let done = 0;
  const all = new Promise<void>((resolve) => worker.on('completed', () => void (++done === jobs && resolve())));
  const from = performance.now();
  void worker.run();
  await all;
  const ms = performance.now() - from;
  const completed = await queue.getCompletedCount();
  if (completed !== jobs) throw new Error(`BullMQ completed ${completed} of ${jobs} jobs`);
  await worker.close();
  await queue.close();
  return (jobs / ms) * 1000;
}

async function untilReady(output: AsyncIterable<unknown>): Promise<void> {
  let text = '';
  for await (const chunk of output) {
    text += String(chunk);
    if (/ready to accept connections/i.test(text)) return;
  }
  throw new Error(`redis-server did not start: ${text}`);
}
