import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { runCli, runJson, startCli, type RunCliOptions } from '../support/run-cli.js';
import { tempDir } from '../support/temp-dir.js';

let dataDir = '';
beforeEach(() => {
  dataDir = tempDir();
});

describe('submit', () => {
  test('prints the id on stdout and what to do next on stderr', async () => {
    const { code, stdout, stderr } = await cli(['submit', 'echo', '--payload', '{"hello":"world"}']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^[\da-f-]{36} {2}echo {2}submitted to evaluation-jobs\n$/);
    expect(stderr).toContain(`copiloteval tail ${stdout.slice(28, 36)}`);
    expect(await stored()).toMatchObject([{ jobId: stdout.slice(0, 36), payload: { hello: 'world' } }]);
  });

  test('reads its payload from a file and from standard input', async () => {
    const cwd = tempDir();
    writeFileSync(join(cwd, 'payload.json'), '\uFEFF{"from":"file"}');
    await cli(['submit', 'echo', '--payload', '@payload.json'], { cwd });
    await cli(['submit', 'echo', '--payload', '-'], { stdin: '{"from":"stdin"}\n' });
    expect((await stored()).map(({ payload }) => payload)).toEqual([{ from: 'stdin' }, { from: 'file' }]);
  });

  test('says that a request under the same key was submitted before', async () => {
    const first = await cli(['submit', 'echo', '--id-key', 'k']);
    const second = await cli(['submit', 'echo', '--id-key', 'k']);
    expect(second.stdout).toContain(`${first.stdout.slice(0, 36)}  echo  was submitted before`);
    expect(await stored()).toHaveLength(1);
  });

  test('stores nothing in a dry run', async () => {
    const { stdout } = await cli(['submit', 'echo', '--dry-run']);
    expect(stdout).toContain('nothing was stored');
    expect(await stored()).toEqual([]);
  });
});

describe('submit refuses, with a hint, and stores nothing', () => {
  const refused: readonly [argv: readonly string[], code: string, exit: number, hint: RegExp][] = [
    [['ecoh'], 'TYPE_UNKNOWN', 2, /did you mean `echo`/],
    [[], 'USAGE_INVALID', 2, /copiloteval submit echo/],
    [['echo', '--payload', '{bad'], 'INPUT_INVALID', 2, /--payload @file.json/],
    [['sleep', '--payload', '{"ms":"x"}'], 'PAYLOAD_INVALID', 2, /"ms": 1000/],
    [['echo', '--queue', 'evaluation-job'], 'QUEUE_UNKNOWN', 2, /did you mean `evaluation-jobs`/],
    [['echo', '--at', '2020-01-01'], 'INPUT_INVALID', 2, /run at once/],
    [['echo', '--priority', 'hihg'], 'USAGE_INVALID', 2, /did you mean `high`/],
    [['echo', '--prioriy', 'high'], 'USAGE_INVALID', 2, /did you mean `--priority`/],
    [['echo', '--timeout', '5s'], 'USAGE_INVALID', 2, /--wait/],
    [['echo', '--file', '-'], 'USAGE_INVALID', 2, /save standard input/],
    [['evaluation', '--file', 'missing.csv'], 'FILE_UNREADABLE', 2, /^$/],
  ];
  test.each(refused)('%j: %s', async (argv, errorCode, exit, hint) => {
    const { code, stdout, stderr } = await cli(['submit', ...argv]);
    expect({ code, stdout }).toEqual({ code: exit, stdout: '' });
    const [error = '', hintLine = ''] = stderr.split('\n');
    expect(error).toMatch(new RegExp(`^error: .*\\[${errorCode}\\]$`));
    expect(hintLine.replace(/^hint: +/, '')).toMatch(hint);
    expect(await stored()).toEqual([]);
  });

  test('a negative delay', async () => {
    const { code, stderr } = await cli(['submit', 'echo', '--delay', '-5s']);
    expect(code).toBe(2);
    expect(stderr).toContain('got "-5s"');
  });

  test('malformed JSON in a file, with its line and column', async () => {
    const cwd = tempDir();
    writeFileSync(join(cwd, 'p.json'), '{\n  "a": 1,\n  b: 2\n}');
    const { code, stderr } = await cli(['submit', 'echo', '--payload', '@p.json'], { cwd });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: p\.json \(line 3, column 3\) is not JSON/);
  });

  test('a broken dataset, with its row', async () => {
    const cwd = tempDir();
    writeFileSync(join(cwd, 'a.csv'), 'prompt,expected,answer\nWhere?,Here,Here\nWhen?,Now\n');
    const { code, stderr } = await cli(['submit', 'evaluation', '--file', 'a.csv'], { cwd });
    expect(code).toBe(2);
    expect(stderr).toMatch(/row 2 \(line 3\).*\[DATASET_INVALID\]/);
    expect(await stored()).toEqual([]);
  });
});

describe('submit --from', () => {
  test('shows the refused lines, stores the others and ends with 8', async () => {
    const stdin = '{"type":"echo"}\n{"type":"ecoh"}\n{"type":"echo"\n';
    const { code, stdout, stderr } = await cli(['submit', '--from', '-'], { stdin });
    expect(code).toBe(8);
    expect(stdout.split('\n')).toEqual([
      'line 2: no job type is named "ecoh"  [TYPE_UNKNOWN]',
      expect.stringMatching(/^line 3: not JSON: .* {2}\[INPUT_INVALID\]$/) as string,
      '1 submitted, 2 refused',
      '',
    ]);
    expect(stderr).toContain('[BULK_REJECTED]');
  });

  test('shows only so many refused lines', async () => {
    const { stdout } = await cli(['submit', '--from', '-'], { stdin: `{"type":"echo"}\n${'x\n'.repeat(30)}` });
    expect(stdout).toContain('… and 10 more (all with -o json)');
    expect(stdout.split('\n')).toHaveLength(23);
  });

  test('ends with 2 when no line can be used, and when there is none', async () => {
    expect(await cli(['submit', '--from', '-'], { stdin: 'x\n' })).toMatchObject({ code: 2 });
    expect(await cli(['submit', '--from', '-'], { stdin: '\n\n' })).toMatchObject({ code: 2, stderr: expect.stringContaining('no lines') as string });
  });

  test('takes a type and options for lines that do not say otherwise, and checks them first', async () => {
    await cli(['submit', 'echo', '--from', '-', '--priority', 'low', '--label', 'run=7'], { stdin: '{}\n{"priority":"high"}\n' });
    expect(await stored()).toMatchObject([{ priority: 'high', labels: { run: '7' } }, { priority: 'low' }]);
    expect(await cli(['submit', 'ecoh', '--from', '-'], { stdin: '{}\n' })).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('submit --wait', () => {
  test('says that no worker is alive and how to start one, and gives up after --timeout', async () => {
    const { code, stdout, stderr } = await cli(['submit', 'echo', '--wait', '--timeout', '50ms']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('no worker is alive for the queue evaluation-jobs');
    expect(stderr).toContain('copiloteval worker start --queue evaluation-jobs');
    expect(stderr).toContain('[WAIT_TIMEOUT]');
    expect(await stored()).toMatchObject([{ status: 'Queued' }]);
  });

  test('ends with the outcome that a worker brings about', async () => {
    const waiting = startCli(['submit', 'echo', '--payload', '"done"', '--wait'], { dataDir });
    await waiting.streams.stderr.shows('no worker is alive');
    await cli(['worker', 'start', '--drain', '-q']);
    const { code, stdout } = await waiting.ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Succeeded {2}echo [\da-f]{8} in .*\n"done"\n$/);
  });

  test('leaves the job alone when it is interrupted, and says so', async () => {
    const waiting = startCli(['submit', 'echo', '--wait'], { dataDir });
    await waiting.streams.stderr.shows('no worker is alive');
    waiting.send('SIGINT');
    const { code, stderr } = await waiting.ended;
    expect(code).toBe(130);
    expect(stderr).toContain('the job goes on: copiloteval tail');
    expect(await stored()).toMatchObject([{ status: 'Queued', cancelRequestedAt: null }]);
  });
});

describe('submit --run', () => {
  test('runs the job in this process', async () => {
    const { code, stdout } = await cli(['submit', 'echo', '--payload', '[1]', '--run']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Succeeded/);
  });

  test('ends with 1 when the job fails, naming its error', async () => {
    const { code, stderr } = await cli(['submit', 'fail', '--payload', '{"mode":"permanent","message":"never"}', '--run']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/error: job [\da-f]{8} ended Failed: .*never {2}\[JOB_NOT_SUCCEEDED\]/);
  });

  test('ends with 3 when a gate does not hold', async () => {
    const cwd = tempDir();
    writeFileSync(join(cwd, 'a.csv'), 'prompt,expected,answer\nWhere?,Here,There\n');
    const payload = '{"evaluators":[{"type":"exact"}],"gates":[{"metric":"passRate","min":0.9}]}';
    const { code, stdout, stderr } = await cli(['submit', 'evaluation', '--file', 'a.csv', '--payload', payload, '--run'], { cwd });
    expect(code).toBe(3);
    expect(stdout).toContain('pass rate 0.0 %  (0 of 1)  gates: failed');
    expect(stderr).toContain('passRate >= 0.9 (is 0)  [GATE_FAILED]');
  });
});

function cli(argv: readonly string[], options: RunCliOptions = {}) {
  return runCli(argv, { dataDir, env: { LOG_LEVEL: 'silent' }, ...options });
}

async function stored(limit = 100): Promise<readonly Record<string, unknown>[]> {
  const page = (await runJson(['list', '--limit', String(limit)], { dataDir })) as { jobs: Record<string, unknown>[] };
  return page.jobs;
}
