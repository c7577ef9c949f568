// `dlq peek`, `show`, `groups`, `export` and `history`, as typed.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

import { tempDir } from '../support/temp-dir.js';
import { openHome } from './dlq-home.js';

describe('dlq peek', () => {
  test('says so when there are none', async () => {
    const home = await openHome();
    expect(await home.run('dlq peek')).toMatchObject({ code: 0, stdout: 'no dead letters\n', stderr: '' });
    expect(await home.json('dlq peek')).toEqual({ deadLetters: [], nextCursor: null });
  });

  test('lists letters of all queues, with what their jobs were to do', async () => {
    const home = await openHome();
    const job = await home.world.deadJob({ payload: { city: 'Ulm' } });
    await home.world.deadJob({ queue: 'other-queue' });
    const { code, stdout } = await home.run('dlq peek');
    expect(code).toBe(0);
    expect(stdout).toContain('other-queue');
    expect(stdout).toContain(job.jobId.slice(-8));
    expect(stdout).toContain('{"city":"Ulm"}');
    expect(stdout).toContain('ATTEMPTS_EXHAUSTED: connect ECONNREFUSED 10.0.0.1:80');
  });

  test('gives pages as JSON, and says on stderr how to go on', async () => {
    const home = await openHome();
    await home.world.deadJobs(3);
    const first = await home.json<{ deadLetters: unknown[]; nextCursor: string }>('dlq peek --limit 2');
    expect(first.deadLetters).toHaveLength(2);
    const second = await home.json<{ deadLetters: unknown[]; nextCursor: null }>(`dlq peek --limit 2 --cursor ${first.nextCursor}`);
    expect(second).toMatchObject({ nextCursor: null, deadLetters: [{ type: 'echo' }] });
    expect((await home.run('dlq peek --limit 2')).stderr).toContain(`--cursor ${first.nextCursor}`);
    const lines = (await home.run('dlq peek -o jsonl')).stdout.trim().split('\n');
    expect(lines).toHaveLength(3);
  });

  test('selects, and says when nothing fits', async () => {
    const home = await openHome();
    await home.world.deadJob({ payload: { n: 1 } });
    await home.world.deadJob({ payload: { n: 2 }, type: 'sleep' });
    expect((await home.json<{ deadLetters: unknown[] }>("dlq peek --where 'payload.n = 2'")).deadLetters).toHaveLength(1);
    expect((await home.json<{ deadLetters: unknown[] }>('dlq peek --type sleep --type echo')).deadLetters).toHaveLength(2);
    expect((await home.run('dlq peek --older-than 1h')).stdout).toBe('no dead letter fits\n');
  });

  test('shows bodies of any kind without letting them act on the terminal', async () => {
    const home = await openHome();
    await home.world.deadMessage({ body: '\u001b]8;;http://x\u001b\\\u001b[2Jhello\nworld' });
    await home.world.deadMessage({ body: new Uint8Array([0, 159, 146, 150]) });
    await home.world.deadMessage({ body: '' });
    const { stdout } = await home.run('dlq peek');
    expect(stdout).not.toContain('\u001b');
    expect(stdout).toContain('hello world');
    expect(stdout).toContain('00 9f 92 96');
    expect(stdout).toContain('(empty)');
  });

  test.each([
    ['dlq peek --queue evaluation-job', 'QUEUE_UNKNOWN', 'did you mean `evaluation-jobs`?'],
    ['dlq peek --sequence 0', 'INPUT_INVALID', 'sequence numbers start at 1'],
    ['dlq peek --where type=', 'WHERE_INVALID', ''],
    ['dlq peek --job nothex', 'INPUT_INVALID', 'find ids'],
    ['dlq peek --group X', 'INPUT_INVALID', 'dlq groups'],
    ['dlq peek --limit 0', 'USAGE_INVALID', ''],
    ['dlq peek --cursor zzz', 'INPUT_INVALID', 'same queues'],
    ['dlq peek --older-than soon', 'USAGE_INVALID', ''],
  ])('%s is refused with exit code 2', async (words, code, hint) => {
    const home = await openHome();
    const result = await home.run(words);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain(`[${code}]`);
    expect(result.stderr).toContain(hint);
  });
});

describe('dlq show', () => {
  test('shows one letter with its body, its job and what to do next', async () => {
    const home = await openHome();
    const job = await home.world.deadJob({ payload: { city: 'Ulm' } });
    const { code, stdout } = await home.run(`dlq show ${job.jobId.slice(-8)}`);
    expect(code).toBe(0);
    for (const text of ['"city": "Ulm"', 'DeadLettered', '· storeId', job.jobId, 'copiloteval dlq replay --queue evaluation-jobs --sequence']) expect(stdout).toContain(text);
    expect(await home.json(`dlq show ${job.jobId}`)).toMatchObject({ deadLetter: { jobId: job.jobId, properties: { sequence: 1 } }, job: { status: 'DeadLettered' } });
  });

  test('shows bytes as a hex dump', async () => {
    const home = await openHome();
    await home.world.deadMessage({ body: new Uint8Array([72, 105, 0, 255]) });
    const [letter] = await home.world.letters();
    expect((await home.run(`dlq show ${letter?.sequenceNumber}`)).stdout).toMatch(/000000 {2}48 69 00 ff +Hi\.\./);
  });

  test('ends with 6 when there is none', async () => {
    const home = await openHome();
    const result = await home.run('dlq show 77');
    expect(result.code).toBe(6);
    expect(result.stderr).toContain('[MESSAGE_NOT_FOUND]');
  });
});

describe('dlq groups', () => {
  test('groups by reason, and the name of a group selects its letters', async () => {
    const home = await openHome();
    await home.world.deadJob({}, 'no answer after 30 s from host 17');
    await home.world.deadJob({}, 'no answer after 31 s from host 99');
    await home.world.deadJob({}, 'disk full');
    const { groups } = await home.json<{ groups: { name: string; count: number; types: string[] }[] }>('dlq groups');
    expect(groups.map(({ count }) => count)).toEqual([2, 1]);
    expect((await home.json<{ deadLetters: unknown[] }>(`dlq peek --group ${groups[0]?.name}`)).deadLetters).toHaveLength(2);
    expect((await home.run('dlq groups')).stdout).toContain(groups[0]?.name ?? '?');
    expect((await home.run('dlq groups --type sleep')).stdout).toBe('no dead letters\n');
  });
});

describe('dlq export', () => {
  test('writes lines to stdout and the count to stderr', async () => {
    const home = await openHome();
    await home.world.deadJobs(3);
    const { code, stdout, stderr } = await home.run('dlq export');
    expect(code).toBe(0);
    expect(stdout.trim().split('\n').map((line) => (JSON.parse(line) as { type: string }).type)).toEqual(['echo', 'echo', 'echo']);
    expect(stderr).toBe('exported 3 dead letters\n');
  });

  test('writes a file whose name says the format, and asks before it overwrites one', async () => {
    const home = await openHome();
    await home.world.deadJobs(2);
    const cwd = tempDir();
    expect(await home.json('dlq export --out letters.csv', { cwd })).toMatchObject({ format: 'csv', exported: 2 });
    const text = readFileSync(join(cwd, 'letters.csv'), 'utf8');
    expect(text.split('\n')[0]).toMatch(/^queue,sequenceNumber,/);
    const again = await home.run('dlq export --out letters.csv --format jsonl', { cwd });
    expect(again.code).toBe(7);
    expect(readFileSync(join(cwd, 'letters.csv'), 'utf8')).toBe(text);
    expect(await home.world.letters()).toHaveLength(2);
  });
});

describe('dlq history', () => {
  test('tells who did what, why, and what came of it', async () => {
    const home = await openHome();
    await home.world.deadJobs(2);
    expect((await home.run('dlq history')).stdout).toBe('nothing was changed\n');
    await home.run(`dlq purge --queue evaluation-jobs --all --yes --reason-text 'test data'`);
    const { operations } = await home.json<{ operations: { operation: string }[] }>('dlq history');
    expect(operations).toMatchObject([{ action: 'purge', by: 'operator', reasonText: 'test data', selection: '--all', matched: 2, purged: 2, queues: ['evaluation-jobs'], state: 'finished', heldBy: null }]);
    const id = operations[0]?.operation ?? '';
    const text = (await home.run('dlq history')).stdout;
    for (const part of [id, 'operator', 'test data', 'purge --all', 'finished']) expect(text).toContain(part);
    expect(await home.json(`dlq history ${id.toLowerCase()}`)).toMatchObject({ operation: id, entries: [{ index: 1, state: 'done', action: 'purge' }, { index: 2, state: 'done' }] });
    expect((await home.run(`dlq history ${id}`)).stdout).toContain('matched 2 = purged 2 + skipped 0 + failed 0');
    expect(await home.run('dlq history P0000000')).toMatchObject({ code: 6 });
  });
});
