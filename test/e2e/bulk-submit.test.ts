import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runProgram, startProgram } from '../support/built-program.js';
import { tempDir } from '../support/temp-dir.js';

test('Ctrl-C ends a bulk submission whose input goes on: whole chunks stay, the count is told, the exit code is 130', async () => {
  const cwd = tempDir();
  mkdirSync(join(cwd, 'home'));
  const program = startProgram(['submit', '--from', '-', '-o', 'json'], { cwd });
  let stdout = '';
  program.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  // A chunk and a half; standard input stays open.
  program.stdin.write('{"type":"echo"}\n'.repeat(1500));
  await firstChunk(cwd);
  program.kill('SIGINT');
  expect(await once(program, 'exit')).toEqual([130, null]);
  expect(JSON.parse(stdout)).toMatchObject({ submitted: 1000, stopped: true });
  expect(count(cwd)).toBe(1000);
});

test('a bulk submission that is killed keeps its whole chunks, and can be repeated under its keys', async () => {
  const cwd = tempDir();
  mkdirSync(join(cwd, 'home'));
  const lines = Array.from({ length: 1500 }, (_, index) => `{"type":"echo","idKey":"${index}"}\n`).join('');
  const program = startProgram(['submit', '--from', '-'], { cwd });
  program.stdin.write(lines);
  await firstChunk(cwd);
  program.kill('SIGKILL');
  await once(program, 'exit');
  expect(count(cwd)).toBe(1000);
  const again = runProgram(['submit', '--from', '-', '-o', 'json'], { cwd, input: lines });
  expect(JSON.parse(again.stdout)).toMatchObject({ submitted: 500, duplicates: 1000, rejectedCount: 0 });
});

/** Looks until the first chunk is stored: the program says nothing in between. */
async function firstChunk(cwd: string): Promise<void> {
  for (let looks = 0; looks < 100 && count(cwd) === 0; looks += 1) await new Promise(setImmediate);
}

function count(cwd: string): number {
  const { stdout } = runProgram(['stats', '-o', 'json'], { cwd });
  return (JSON.parse(stdout) as { jobs: { Queued: number } }).jobs.Queued;
}
