// What only the SQLite queue has: one file under several processes, waiting without being told, all or nothing.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { build } from 'esbuild';
import { describe, expect, onTestFinished, test } from 'vitest';

import { openSqliteBackend, type SqliteBackend } from '../../src/drivers/sqlite/open-sqlite.js';
import { type Clock, systemClock } from '../../src/ports/clock.js';
import { SettableClock } from '../support/settable-clock.js';
import { tempDir } from '../support/temp-dir.js';
import { deadLetterAll, idsOf, message, QUEUE, QUEUE_SETTINGS, receiveNow } from './queue-backend.js';

async function open(file: string, clock: Clock, lockMs?: number): Promise<SqliteBackend> {
  const queues = QUEUE_SETTINGS.map((queue) => (lockMs === undefined ? queue : { ...queue, lockMs }));
  const backend = await openSqliteBackend({ file, queues, clock, random: Math.random });
  onTestFinished(() => backend.close());
  return backend;
}

function newFile(): string {
  return join(tempDir(), 'queue.db');
}

describe('waiting on SQLite', () => {
  test('wakes by itself when a message becomes due', async () => {
    const backend = await open(newFile(), systemClock);
    await backend.queue.send([message('soon', { notBefore: systemClock.now() + 120 })]);
    expect(idsOf(await backend.queue.receive({ queue: QUEUE, max: 1, waitMs: 60_000 }))).toEqual(['soon']);
  });

  test('wakes by itself when a lock of another process has ended', async () => {
    const file = newFile();
    const backend = await open(file, systemClock);
    const other = await open(file, systemClock);
    await backend.queue.send([message('m')]);
    await other.queue.receive({ queue: QUEUE, max: 1, waitMs: 0, lockMs: 120 });
    const [again] = await backend.queue.receive({ queue: QUEUE, max: 1, waitMs: 60_000 });
    expect(again?.message).toMatchObject({ messageId: 'm', deliveryCount: 1 });
  });

  test('lets many receivers wait on one queue and gives each message to one of them', async () => {
    const backend = await open(newFile(), systemClock);
    const receiving = Array.from({ length: 10 }, () => backend.queue.receive({ queue: QUEUE, max: 1, waitMs: 10_000 }));
    await backend.queue.send(Array.from({ length: 10 }, (_, index) => message(`m-${index}`)));
    expect((await Promise.all(receiving)).map((deliveries) => deliveries.length)).toEqual(Array.from({ length: 10 }, () => 1));
  });
});

describe('sending on SQLite', () => {
  test('accepts all messages of a call or none', async () => {
    const backend = await open(newFile(), new SettableClock());
    const sending = backend.queue.send([message('a'), message('b', { queue: 'no-such-queue' })]);
    await expect(sending).rejects.toMatchObject({ code: 'QUEUE_UNKNOWN' });
    expect(await receiveNow(backend)).toEqual([]);
  });

  test('refuses a number that JSON cannot carry', async () => {
    const backend = await open(newFile(), new SettableClock());
    await expect(backend.queue.send([message('a', { properties: { n: Number.NaN } })])).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });
});

describe('dead letters on SQLite', () => {
  test('gives a letter that was locked ahead a whole lock when its turn comes', async () => {
    const clock = new SettableClock();
    const backend = await open(newFile(), clock);
    await deadLetterAll({ ...backend }, ['a', 'b']);
    const sequenceNumbers = new Set((await backend.deadLetters.peek({ queue: QUEUE, limit: 10 })).letters.map((letter) => letter.sequenceNumber));
    for await (const taken of backend.deadLetters.take({ queue: QUEUE, sequenceNumbers, inFlight: 2 })) {
      clock.advance(50_000);
      if (taken.kind === 'held') await taken.complete();
    }
    expect(await backend.deadLetters.count(QUEUE)).toBe(0);
  });

  test('refuses to restore a letter whose number is none of this backend', async () => {
    const backend = await open(newFile(), new SettableClock());
    await deadLetterAll({ ...backend }, ['a']);
    const [letter] = (await backend.deadLetters.peek({ queue: QUEUE, limit: 1 })).letters;
    if (letter === undefined) throw new Error('no letter');
    for (const sequenceNumber of ['0', '-1', '1.5', '9223372036854775807', 'x']) {
      await expect(backend.deadLetters.restore([{ ...letter, sequenceNumber }])).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    }
  });
});

describe('several processes on one SQLite queue', () => {
  test('a killed holder’s message comes again when its lock has ended, and not before', async () => {
    const file = newFile();
    const lockMs = 1_500;
    const backend = await open(file, systemClock, lockMs);
    await backend.queue.send([message('held')]);
    const child = await start(file, 'hold');
    expect(await child.next()).toBe('holds held');
    child.process.kill('SIGKILL');
    await once(child.process, 'exit');
    expect(await receiveNow(backend)).toEqual([]);
    const [again] = await backend.queue.receive({ queue: QUEUE, max: 1, waitMs: 60_000 });
    expect(again?.message).toMatchObject({ messageId: 'held', deliveryCount: 1 });
  });

  test('no message is handed to two of them', async () => {
    const file = newFile();
    const backend = await open(file, systemClock);
    const children = await Promise.all([start(file, 'drain'), start(file, 'drain'), start(file, 'drain')]);
    for (const child of children) expect(await child.next()).toBe('ready');
    const ids = Array.from({ length: 400 }, (_, index) => `m-${index}`);
    for (let from = 0; from < ids.length; from += 20) await backend.queue.send(ids.slice(from, from + 20).map((id) => message(id)));
    await backend.queue.send(children.map((_, index) => message(`end-${index}`)));
    const shares = await Promise.all(children.map((child) => child.rest()));
    expect(shares.flat().sort()).toEqual(ids.map((id) => `took ${id} 0`).sort());
    const [queue] = await backend.admin.list([QUEUE]);
    expect(queue?.counts).toEqual({ active: 0, locked: 0, scheduled: 0, deadLetter: 0 });
  });
});

interface Child {
  readonly process: ChildProcess;
  /** The next line it says. */
  next(): Promise<string>;
  /** All further lines until it ends. */
  rest(): Promise<string[]>;
}

async function start(file: string, what: 'hold' | 'drain'): Promise<Child> {
  const child = spawn(process.execPath, [await program(), file, QUEUE, what], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    process: child,
    next: async () => String((await lines.next()).value),
    rest: async () => {
      const all: string[] = [];
      for (let line = await lines.next(); line.done !== true; line = await lines.next()) all.push(line.value);
      return all;
    },
  };
}

let built: Promise<string> | undefined;

/** Built once, inside the repository, so that packages are found. */
function program(): Promise<string> {
  built ??= buildProgram();
  return built;
}

async function buildProgram(): Promise<string> {
  const outfile = join(import.meta.dirname, '../../dist/test-contract/queue-process.mjs');
  await build({
    entryPoints: [join(import.meta.dirname, 'queue-process.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    logLevel: 'warning',
  });
  return outfile;
}
