// What the machine does to a program that is not killed: no space left, a lock that others hold, a clock set back, a
// database that disappears. A clear error, nothing half-written, and everything goes on when the fault is over.

import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'better-sqlite3';
import { beforeAll, expect, test, type TestContext } from 'vitest';

import { buildVictim, withClock } from './build-victim.js';
import { mustHold, storedJobs } from './inspect.js';
import { echoLines, expecting, LARGE, writeLines } from './job-mix.js';
import { type Ended, Place } from './place.js';
import { LONG } from './run-length.js';
import { until } from './until.js';

let program: string;
beforeAll(async () => {
  program = await buildVictim();
});

const DRAIN = ['worker', 'start', '--drain', '--lock-seconds', '5'];
const ECHO = ['submit', 'echo', '--payload', '{"a":1}', '--label', 'expected=Succeeded'];

function errorCode({ stderr }: Ended): string | undefined {
  return /"code": ?"([A-Z_]+)"/.exec(stderr)?.[1] ?? /\[([A-Z_]+)\]/.exec(stderr)?.[1];
}

test.concurrent('a size limit refuses a submission with a clear error, leaves nothing half-written, and ends with the limit', async (context) => {
  const place = Place.make(program, context);
  await place.json(ECHO);
  const lines = writeLines(place, 'jobs.jsonl', echoLines(3000));
  // Blocks of 512 bytes: room for the database as it is, not for what is to come.
  const blocks = Math.ceil(statSync(place.database).size / 512) + 300;
  const limited = await place.run(['submit', '--from', lines], {
    through: (file, args) => ['/bin/sh', ['-c', `ulimit -f ${blocks}; exec "$0" "$@"`, file, ...args]],
  });
  expect(limited.code).toBe(5);
  expect(errorCode(limited)).toMatch(/^DB_(FULL|IO)$/);
  await mustHold(place, 'after a submission that met its limit', { drained: false });
  expect((await storedJobs(place)).length % 1000).toBe(1);
  await place.json(['submit', '--from', lines]);
  await place.json([...DRAIN, '--concurrency', '50']);
  await mustHold(place, 'after the limit was gone', { drained: true });
  await place.discard();
}, 60_000);

const smallDisk = canMount();

test.skipIf(!smallDisk).concurrent('a full disk: submissions are refused, the worker waits, and both go on when there is room', async (context) => {
  const place = Place.make(program, context);
  mountSmallDisk(place, context);
  await place.json(ECHO);
  const worker = place.start(['worker', 'start', '--lock-seconds', '5']);
  await until('the first job has run', async () => (await storedJobs(place)).every(({ status }) => status === 'Succeeded'));
  const ballast = join(place.dataDir, 'ballast');
  fill(ballast);
  const refused = await place.run(['submit', '--from', writeLines(place, 'jobs.jsonl', echoLines(3000))]);
  expect(refused).toMatchObject({ code: 5 });
  expect(errorCode(refused)).toBe('DB_FULL');
  expect(refused.stderr).toContain('copiloteval prune');
  const large = await place.run(['submit', '--from', writeLines(place, 'large.jsonl', [{ type: 'echo', payload: LARGE }])]);
  expect(large.code).toBe(5);
  expect(errorCode(large)).toBe('DB_FULL');
  rmSync(ballast);
  await place.json(ECHO);
  await until('every job has run', async () => (await storedJobs(place)).every(({ status }) => status === 'Succeeded'));
  worker.kill('SIGTERM');
  expect(await worker.ended).toMatchObject({ code: 0 });
  await place.json(DRAIN);
  await mustHold(place, 'after the disk had room again', { drained: true });
  spawnSync('umount', [place.dataDir]);
  await place.discard();
}, 60_000);

test.skipIf(!smallDisk).concurrent('a disk that fills up under running jobs: the worker holds on and every job ends when there is room', async (context) => {
  const place = Place.make(program, context);
  mountSmallDisk(place, context);
  const lines = Array.from({ length: 400 }, () => expecting('Succeeded', { type: 'sleep', payload: { ms: 10 } }));
  await place.json(['submit', '--from', writeLines(place, 'jobs.jsonl', lines)]);
  const ballast = join(place.dataDir, 'ballast');
  fill(ballast);
  // Room for the first few transactions.
  truncateSync(ballast, statSync(ballast).size - 160 * 1024);
  const worker = place.start(['worker', 'start', '--drain', '--concurrency', '10']);
  await worker.shows('DB_FULL');
  rmSync(ballast);
  expect(await worker.ended).toMatchObject({ code: 0 });
  await mustHold(place, 'after the disk had room again', { drained: true });
  spawnSync('umount', [place.dataDir]);
  await place.discard();
}, 60_000);

/** The data directory becomes a file system of 6 MB. What is on it stays for a look when the test fails. */
function mountSmallDisk(place: Place, { onTestFinished }: TestContext): void {
  expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', place.dataDir]).status).toBe(0);
  onTestFinished(() => {
    if (existsSync(place.database)) cpSync(place.dataDir, place.file('data-of-the-small-disk'), { recursive: true });
    spawnSync('umount', ['-l', place.dataDir]);
  });
}

/** Takes all the room but for a few pages. */
function fill(file: string): void {
  for (let chunk = 1024 * 1024; chunk >= 4096; chunk /= 2) {
    for (;;) {
      try {
        writeFileSync(file, Buffer.alloc(chunk), { flag: 'a' });
      } catch {
        break;
      }
    }
  }
}

test.concurrent('a lock that another process holds for 3 s is waited for', async (context) => {
  const place = Place.make(program, context);
  await place.json(ECHO);
  const free = holdLock(place);
  const submit = place.start([...ECHO, '-o', 'json']);
  const worker = place.start([...DRAIN, '-o', 'json']);
  await sleepOf(3000);
  expect(submit.alive).toBe(true);
  free();
  expect(await submit.ended).toMatchObject({ code: 0 });
  expect(await worker.ended).toMatchObject({ code: 0 });
  await place.json(DRAIN);
  await mustHold(place, 'after the lock was free', { drained: true });
  await place.discard();
}, 60_000);

// Twelve seconds of waiting: left to the long form. A shorter limit is tried in test/contract.
test.skipIf(!LONG).concurrent('a lock held for longer than 10 s: DB_BUSY for a submission, a worker that runs on', async (context) => {
  const place = Place.make(program, context);
  await place.json(['submit', 'sleep', '--payload', '{"ms":2000}', '--label', 'expected=Succeeded']);
  const worker = place.start(['worker', 'start']);
  await until('the job has started', async () => (await storedJobs(place)).some(({ runEpoch }) => runEpoch > 0));
  const free = holdLock(place);
  const refused = await place.run(ECHO);
  expect(refused.code).toBe(5);
  expect(errorCode(refused)).toBe('DB_BUSY');
  await worker.shows('DB_BUSY');
  free();
  await place.json(ECHO);
  await until('both jobs have run', async () => (await storedJobs(place)).every(({ status }) => status === 'Succeeded'));
  worker.kill('SIGTERM');
  expect(await worker.ended).toMatchObject({ code: 0 });
  expect(await storedJobs(place)).toHaveLength(2);
  await mustHold(place, 'after the lock was free', { drained: true });
  await place.discard();
}, 60_000);

/** As a database browser or a backup does it. */
function holdLock(place: Place): () => void {
  const db = new Database(place.database);
  db.exec('BEGIN IMMEDIATE');
  return () => {
    db.exec('ROLLBACK');
    db.close();
  };
}

const HOUR = 3_600_000;

test.concurrent('a clock set back by an hour under a running worker: nothing is handed out twice, nothing waits for an hour', async (context) => {
  const place = Place.make(program, context);
  const lock = { COPILOTEVAL_LOCK_SECONDS: '1' };
  const stepping = withClock(program, { stepMs: -HOUR });
  await place.json(['submit', 'sleep', '--payload', '{"ms":2000}', '--label', 'expected=Succeeded'], { env: lock });
  const first = place.start(['worker', 'start', '--concurrency', '1'], { ...stepping, env: { ...stepping.env, ...lock } });
  await until('the job has started', async () => (await storedJobs(place)).some(({ runEpoch }) => runEpoch > 0));
  first.kill('SIGUSR2');
  const past = withClock(program, { shiftMs: -HOUR });
  const inThePast = { ...past, env: { ...past.env, ...lock } };
  // Another worker of the same machine: it must leave the running job alone and run what comes.
  const second = place.start(['worker', 'start'], inThePast);
  await place.json(ECHO, inThePast);
  await until('both jobs have run', async () => (await storedJobs(place)).every(({ status }) => status === 'Succeeded'));
  for (const { type, runEpoch } of await storedJobs(place)) expect(`${type} ${runEpoch}`).toBe(`${type} 1`);

  for (const worker of [first, second]) worker.kill('SIGTERM');
  for (const { code } of await Promise.all([first.ended, second.ended])) expect(code).toBe(0);

  // A worker that dies with the old clock's locks in its hands: its job comes after a lock's length, not after an hour.
  await place.json(['submit', 'fail', '--payload', '{"mode":"crash","times":1}', '--label', 'expected=Succeeded'], { env: lock });
  expect(await place.run(['worker', 'start', '--drain'], { env: lock })).toMatchObject({ signal: 'SIGKILL' });
  await place.json(['worker', 'start', '--drain'], inThePast);
  await mustHold(place, 'after the clock was set back', { drained: true });
  await place.discard();
}, 60_000);

test.concurrent('a database that is removed or replaced under a running worker ends it with DB_GONE', async (context) => {
  for (const replaced of [false, true]) {
    const place = Place.make(program, context);
    await place.json(ECHO);
    const worker = place.start(['worker', 'start']);
    await until('the job has run', async () => (await storedJobs(place)).every(({ status }) => status === 'Succeeded'));
    const saved = `${place.database}.saved`;
    renameSync(place.database, saved);
    for (const more of ['-wal', '-shm']) renameSync(`${place.database}${more}`, `${saved}${more}`);
    if (replaced) await place.json(ECHO);
    const ended = await worker.ended;
    expect(ended.code).toBe(5);
    expect(errorCode({ ...ended, stderr: ended.stderr.slice(ended.stderr.lastIndexOf('error:')) })).toBe('DB_GONE');
    for (const more of ['', '-wal', '-shm']) rmSync(`${place.database}${more}`, { force: true });
    renameSync(saved, place.database);
    for (const more of ['-wal', '-shm']) if (existsSync(`${saved}${more}`)) renameSync(`${saved}${more}`, `${place.database}${more}`);
    place.accepted.clear();
    await place.json(ECHO);
    await place.json(DRAIN);
    await mustHold(place, 'after the database was put back', { drained: true });
    await place.discard();
  }
}, 60_000);

function sleepOf(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Needs a privilege that not every machine gives. */
function canMount(): boolean {
  const dir = `/tmp/copiloteval-mount-${process.pid}`;
  mkdirSync(dir, { recursive: true });
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', dir]).status === 0;
  if (mounted) spawnSync('umount', [dir]);
  rmSync(dir, { recursive: true, force: true });
  if (!mounted) process.stderr.write('the test with a full disk is skipped: it mounts a small file system, which needs root\n');
  return mounted;
}
