// `dlq replay`, `purge` and `restore`, as typed.

import { describe, expect, test } from 'vitest';

import { startCli } from '../support/run-cli.js';
import { openHome, type Home } from './dlq-home.js';

interface Outcome {
  readonly operation: string;
  readonly matched: number;
  readonly replayed?: number;
  readonly skipped: number;
  readonly failed: number;
  readonly pending: number;
  readonly unexplained: number;
  readonly before: number;
  readonly after: number;
}

async function lastOperation(home: Home): Promise<string> {
  return (await home.json<{ operations: { operation: string }[] }>('dlq history')).operations[0]?.operation ?? '';
}

describe('dlq replay', () => {
  test('replays with --yes and answers with the equation', async () => {
    const home = await openHome();
    const jobs = await home.world.deadJobs(3);
    const outcome = await home.json<Outcome>('dlq replay --queue evaluation-jobs --all --yes');
    expect(outcome).toMatchObject({ action: 'replay', state: 'finished', matched: 3, replayed: 3, skipped: 0, failed: 0, pending: 0, unexplained: 0, before: 3, after: 0 });
    expect(outcome).not.toHaveProperty('entries');
    for (const { jobId } of jobs) expect((await home.world.job(jobId)).status).toBe('Queued');
  });

  test('in text says what fits before, and what became of it after', async () => {
    const home = await openHome();
    await home.world.deadJobs(2);
    await home.world.deadMessage();
    const { stdout, stderr } = await home.run('dlq replay --all-queues --all --yes --max-replays 1 --entries');
    expect(stderr).toMatch(/3 dead letters fit: 3 in evaluation-jobs\n  [\d.]+ (Ki)?B, dead since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d .*\n  queue 2 jobs again\n  send 1 message without a job as a copy \(if this is killed in between, one can be sent twice\)/);
    expect(stdout).toContain('matched 3 = replayed 3 + skipped 0 + failed 0\n  dead letters 3 before, 0 after, unexplained 0');
    expect(stdout).toContain('send-copy');
  });

  test('knows the queue of a job that is named', async () => {
    const home = await openHome();
    const job = await home.world.deadJob({ queue: 'other-queue' });
    await home.world.deadJob({ queue: 'other-queue' });
    expect(await home.json(`dlq replay --job ${job.jobId.slice(-8)} --yes`)).toMatchObject({ matched: 1, replayed: 1, before: 2, after: 1 });
  });

  test.each([
    ['dlq replay', 'needs to know which dead letters', 'dlq groups'],
    ['dlq replay --queue evaluation-jobs', 'needs to know which dead letters', 'dlq groups'],
    ['dlq replay --all', 'needs --queue or --all-queues', 'say `--queue evaluation-jobs`'],
    ['dlq replay --all --type echo --queue evaluation-jobs', "'--all' cannot be used with", ''],
    ['dlq replay --all --queue evaluation-jobs --all-queues', 'cannot be used with', ''],
    ['dlq replay --all --queue evaluation-jobs --set x', 'path=value', ''],
    ['dlq replay --all --queue evaluation-jobs --rate fast', 'letters a second', ''],
    ['dlq replay --all --queue evaluation-jobs --to nowhere', 'no queue is named "nowhere"', ''],
    ['dlq replay --resume R0000000 --all', 'cannot be used with', ''],
  ])('%s is refused', async (words, message, hint) => {
    const home = await openHome();
    await home.world.deadJob();
    const result = await home.run(`${words} --yes`);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain(message);
    expect(result.stderr).toContain(hint);
    expect(await home.world.letters()).toHaveLength(1);
  });

  test('needs --yes where nobody can be asked, and forgets the plan', async () => {
    const home = await openHome();
    await home.world.deadJob();
    const result = await home.run('dlq replay --queue evaluation-jobs --all');
    expect(result.code).toBe(7);
    expect(result.stderr).toContain('[CONFIRMATION_REQUIRED]');
    expect(await home.json('dlq history')).toEqual({ operations: [], changes: [], nextCursor: null });
    expect(await home.world.letters()).toHaveLength(1);
  });

  test('asks on a terminal, and a no changes nothing', async () => {
    const home = await openHome();
    await home.world.deadJobs(2);
    const no = await home.run('dlq replay --queue evaluation-jobs --all', { terminal: true, stdin: 'n\n' });
    expect(no.code).toBe(7);
    expect(no.stderr).toContain('replay 2 dead letters of evaluation-jobs? [y/N]');
    expect(await home.world.letters()).toHaveLength(2);
    const yes = await home.run('dlq replay --queue evaluation-jobs --all', { terminal: true, stdin: 'y\n' });
    expect(yes.code).toBe(0);
    expect(await home.world.letters()).toEqual([]);
  });

  test('with --dry-run shows the plan and changes nothing', async () => {
    const home = await openHome();
    await home.world.deadJobs(2);
    const plan = await home.json('dlq replay --queue evaluation-jobs --all --dry-run --to other-queue');
    expect(plan).toMatchObject({
      dryRun: true,
      operation: null,
      matched: 2,
      byQueue: { 'evaluation-jobs': 2 },
      byAction: { 'replay-job': 2 },
      oldestAt: expect.stringMatching(/^\d{4}-.*Z$/),
      newestAt: expect.stringMatching(/^\d{4}-.*Z$/),
      entries: [{ index: 1, action: 'replay-job', target: 'other-queue', expectedSkip: null }, { index: 2 }],
    });
    const { bytes, entries } = plan as { bytes: number; entries: readonly { bytes: number }[] };
    expect(bytes).toBe(entries.reduce((sum, entry) => sum + entry.bytes, 0));
    expect((await home.run('dlq replay --queue evaluation-jobs --all --dry-run')).stdout).toContain('nothing was changed (--dry-run)');
    expect(await home.world.letters()).toHaveLength(2);
    expect(await home.json('dlq history')).toMatchObject({ operations: [] });
  });

  test('answers zero when nothing fits', async () => {
    const home = await openHome();
    await home.world.deadJob();
    const result = await home.json('dlq replay --queue evaluation-jobs --type sleep --yes');
    expect(result).toMatchObject({ operation: null, matched: 0, replayed: 0, skipped: 0, failed: 0, unexplained: 0, before: 1, after: 1 });
    expect((await home.run('dlq replay --queue evaluation-jobs --type sleep --yes')).stdout).toBe('no dead letter of evaluation-jobs fits\n');
  });

  test('ends with 8 when some failed, and says how to go on', async () => {
    const home = await openHome();
    await home.world.deadJob({ payload: { list: [] } });
    await home.world.deadJob({ payload: { list: 'x' } });
    const result = await home.run(`dlq replay --queue evaluation-jobs --all --yes --set 'list[0]=1'`);
    expect(result.code).toBe(8);
    expect(result.stdout).toContain('matched 2 = replayed 1 + skipped 0 + failed 1');
    expect(result.stderr).toContain('[PARTLY_DONE]');
    const id = await lastOperation(home);
    expect(result.stderr).toContain(`copiloteval dlq replay --resume ${id}`);
    const history = await home.run(`dlq history ${id}`);
    expect(history.stdout).toContain(`finish it with \`copiloteval dlq replay --resume ${id}\``);
    expect((await home.run(`dlq replay --resume ${id} --yes`)).code).toBe(8);
  });

  test('a signal ends it after the letters at hand; the rest waits for --resume', async () => {
    const home = await openHome();
    await home.world.deadJobs(4);
    const running = startCli(['dlq', 'replay', '--queue', 'evaluation-jobs', '--all', '--rate', '1/h'], { dataDir: home.dataDir, terminal: true, stdin: 'y\n' });
    // The first goes at once and its end is drawn; the second would wait for an hour.
    while ((await home.world.letters()).length === 4) await new Promise((resolve) => setTimeout(resolve, 10));
    running.send('SIGINT');
    const result = await running.ended;
    expect(result.code).toBe(130);
    expect(result.stdout).toContain('matched 4 = replayed 1 + skipped 0 + failed 0 + not tried 3');
    const id = await lastOperation(home);
    expect(result.stderr).toContain(`3 of 4 left; go on with \`copiloteval dlq replay --resume ${id}\``);
    expect((await home.run('dlq history')).stdout).toContain('interrupted');

    const nobody = await home.run(`dlq replay --resume ${id}`);
    expect(nobody.code).toBe(7);
    expect(nobody.stderr).toContain('3 of 4 dead letters left');
    expect(await home.world.letters()).toHaveLength(3);
    const other = await home.run(`dlq purge --resume ${id} --yes`);
    expect(other).toMatchObject({ code: 2 });
    expect(other.stderr).toContain(`dlq replay --resume ${id}`);
  });

  test('a finished operation answers again and does nothing', async () => {
    const home = await openHome();
    await home.world.deadJobs(2);
    const first = await home.json<Outcome>('dlq replay --queue evaluation-jobs --all --yes');
    const again = await home.run(`dlq replay --resume ${first.operation} -o json`);
    expect(again.code).toBe(0);
    expect(JSON.parse(again.stdout)).toEqual(first);
    expect(await home.run('dlq replay --resume R0000000')).toMatchObject({ code: 6 });
  });
});

describe('dlq purge and restore', () => {
  test('a purge is taken back by a restore, once', async () => {
    const home = await openHome();
    await home.world.deadJobs(3);
    const before = await home.world.letters();
    const purged = await home.run('dlq purge --queue evaluation-jobs --all --yes');
    expect(purged.stdout).toContain('matched 3 = purged 3 + skipped 0 + failed 0');
    const id = await lastOperation(home);
    expect(purged.stderr).toContain(`the trash has them for 14 days: \`copiloteval dlq restore ${id}\``);
    expect(await home.world.letters()).toEqual([]);

    expect(await home.json(`dlq restore ${id} --dry-run`)).toMatchObject({ dryRun: true, restores: id, matched: 3 });
    expect((await home.run(`dlq restore ${id}`)).code).toBe(7);
    expect(await home.world.letters()).toEqual([]);
    expect(await home.json(`dlq restore ${id} --yes`)).toMatchObject({ action: 'restore', matched: 3, restored: 3, unexplained: 0, before: 0, after: 3 });
    expect(await home.world.letters()).toEqual(before);

    await home.run('dlq replay --queue evaluation-jobs --all --yes');
    expect(await home.json(`dlq restore ${id}`)).toMatchObject({ matched: 3, restored: 0, skipped: 3, skippedReasons: { 'already-restored': 3 } });
    expect(await home.world.letters()).toEqual([]);
  });

  test('a job whose letter was purged can still be retried', async () => {
    const home = await openHome();
    const job = await home.world.deadJob();
    await home.run('dlq purge --queue evaluation-jobs --all --yes');
    expect((await home.run(`retry ${job.jobId}`)).code).toBe(0);
    expect((await home.world.job(job.jobId)).status).toBe('Queued');
  });

  test('a purge on a terminal asks, with the number and the queue', async () => {
    const home = await openHome();
    await home.world.deadJobs(2);
    const result = await home.run('dlq purge --queue evaluation-jobs --all', { terminal: true, stdin: '\n' });
    expect(result.code).toBe(7);
    expect(result.stderr).toContain('purge 2 dead letters of evaluation-jobs? [y/N]');
    expect(await home.world.letters()).toHaveLength(2);
  });

  test('only a purge can be restored', async () => {
    const home = await openHome();
    await home.world.deadJob();
    await home.run('dlq replay --queue evaluation-jobs --all --yes');
    const result = await home.run(`dlq restore ${await lastOperation(home)} --yes`);
    expect(result).toMatchObject({ code: 2 });
    expect(result.stderr).toContain('only a purge can be restored');
  });
});
