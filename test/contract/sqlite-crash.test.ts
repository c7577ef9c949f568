// Real processes on one SQLite file, killed without warning while they insert: a file survives what no other backend has
// to survive.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';
import SqliteDatabase from 'better-sqlite3';
import { beforeAll, describe, expect, it } from 'vitest';

import { tempDir } from '../support/temp-dir.js';
import { TestClock } from './contract-backend.js';
import { openTestSqlite, TEST_QUEUES } from './sqlite-backend.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
// Inside the repository, so that packages are found.
const program = join(root, 'dist', 'test-contract', 'insert-child.mjs');
const PER_ARRAY = 150;
const ROUNDS = 6;

beforeAll(async () => {
  await build({
    absWorkingDir: root,
    entryPoints: ['test/contract/insert-child.ts'],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    logLevel: 'warning',
  });
});

describe('processes killed in the middle of a bulk insert', () => {
  it('leave whole arrays only, everything they promised, and a sound file', { timeout: 60_000 }, async () => {
    const file = join(tempDir(), 'queue.db');
    let promised = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const counts = await Promise.all([0, 1].map((child) => insertUntilKilled(file, { round, child })));
      promised += counts[0] ?? 0;
      promised += counts[1] ?? 0;
      await expectSound(file, promised);
    }
    expect(promised).toBeGreaterThan(0);
  });
});

/** Kills the process some moments after its first promise; returns how many jobs it promised. */
async function insertUntilKilled(file: string, { round, child }: { round: number; child: number }): Promise<number> {
  const firstId = ((round * 2 + child + 1) * 0x1000000).toString(16);
  const started = spawn(process.execPath, [program, file, String(PER_ARRAY), firstId], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  started.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (output === '') setTimeout(() => started.kill('SIGKILL'), Math.random() * 120);
    output += text;
  });
  const [code, signal] = (await once(started, 'close')) as [number | null, string | null];
  if (signal !== 'SIGKILL') throw new Error(`the process ended by itself with ${String(code)}`);
  return output.split('\n').filter((line) => line !== '').reduce((sum, line) => sum + Number(line), 0);
}

async function expectSound(file: string, promised: number): Promise<void> {
  const backend = await openTestSqlite(file, new TestClock());
  const db = new SqliteDatabase(file, { readonly: true });
  const count = (sql: string): number => Number(db.prepare(sql).pluck().get());
  const jobs = count('SELECT count(*) FROM jobs');
  expect(jobs % PER_ARRAY).toBe(0);
  expect(jobs).toBeGreaterThanOrEqual(promised);
  expect(count('SELECT count(*) FROM jobs WHERE message IN (SELECT seq FROM broker_messages)')).toBe(jobs);
  expect(count('SELECT count(*) FROM events JOIN jobs ON jobs.last_event = events.seq AND jobs.job = events.job')).toBe(jobs);
  expect(await backend.counters.totals()).toEqual([{ queue: TEST_QUEUES[0], type: 'echo', status: 'Queued', count: jobs }]);
  expect((await backend.admin.list([TEST_QUEUES[0]]))[0]?.counts.active).toBe(jobs);
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
  db.close();
  await backend.close();
}
