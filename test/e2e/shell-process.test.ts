import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadedFiles, PROGRAM, programEnv, runProgram } from '../support/built-program.js';
import { tempDir } from '../support/temp-dir.js';

test('the built program answers, refuses and reports like the one from source', () => {
  const cwd = tempDir();
  expect(runProgram(['--version'], { cwd })).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  expect(runProgram(['config', 'path', '-o', 'json'], { cwd })).toMatchObject({ code: 0, stdout: expect.stringContaining(`${cwd}/home`) });
  expect(runProgram(['confgi'], { cwd })).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('[USAGE_INVALID]') });
});

test('| head -1 ends quietly', () => {
  const cwd = tempDir();
  const env = programEnv({ cwd });
  const command = `set -o pipefail; "${process.execPath}" "${PROGRAM}" completion fish | head -1`;
  const { status, stdout, stderr } = spawnSync('bash', ['-c', command], { cwd, env, encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout.split('\n')).toHaveLength(2);
});

test('a full device is an error, not silence', () => {
  const cwd = tempDir();
  const { status, stderr } = spawnSync('bash', ['-c', `"${process.execPath}" "${PROGRAM}" --help > /dev/full`], { cwd, env: programEnv({ cwd }), encoding: 'utf8' });
  expect(status).toBe(1);
  expect(stderr).toMatch(/^error: the output cannot be written: ENOSPC[^\n]*\[FILE_UNWRITABLE\]\n$/);
});

test('an old Node is told what it lacks', () => {
  const cwd = tempDir();
  writeFileSync(join(cwd, 'old.cjs'), "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.4' } });");
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--require', './old.cjs', PROGRAM, '--version'], { cwd, env: programEnv({ cwd }), encoding: 'utf8' });
  expect([status, stdout]).toEqual([4, '']);
  expect(stderr).toContain('needs Node 20.19 or newer, got 18.20.4');
});

test.each(['--version', '--help'])('%s loads neither the parser of options nor the schemas', (word) => {
  const files = loadedFiles([word], { cwd: tempDir() });
  expect(files.length).toBeGreaterThan(0);
  const code = files.map((file) => readFileSync(file, 'utf8')).join('\n');
  // The marks of both in the build; the next test shows that they would be found.
  expect(code).not.toContain('commander.unknownOption');
  expect(code).not.toContain('ZodType');
});

test('a command loads the parser of options', () => {
  const code = loadedFiles(['config', 'path'], { cwd: tempDir() }).map((file) => readFileSync(file, 'utf8')).join('\n');
  expect(code).toContain('commander.unknownOption');
});

test('--version loads little more than its own entry', () => {
  expect(loadedFiles(['--version'], { cwd: tempDir() }).filter((file) => file.includes('/dist/')).length).toBeLessThanOrEqual(3);
});

/** Marks of React and Ink in the build. */
const SCREEN_MARKS = ['react.transitional.element', 'internal_transform'];

test.each([['submit', 'echo'], ['list'], ['stats'], ['dlq', 'groups'], ['worker', 'list'], ['dashboard', '--once'], ['dashboard', '--once', '--view', 'dead']])(
  '%s %s loads neither React nor Ink',
  (...words) => {
    const code = loadedFiles(words, { cwd: tempDir() })
      .map((file) => readFileSync(file, 'utf8'))
      .join('\n');
    for (const mark of SCREEN_MARKS) expect(code).not.toContain(mark);
  },
);

test('React and Ink are in the build, in files of their own', () => {
  const chunks = new URL('../../dist/chunks/', import.meta.url);
  const withMarks = readdirSync(chunks).filter((name) => SCREEN_MARKS.every((mark) => readFileSync(new URL(name, chunks), 'utf8').includes(mark)));
  expect(withMarks).toHaveLength(1);
});
