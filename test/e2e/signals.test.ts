import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, onTestFinished, test } from 'vitest';
import { programEnv } from '../support/built-program.js';
import { tempDir } from '../support/temp-dir.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Below the repository, so that it finds the packages; bundled once. */
async function buildFixture(): Promise<string> {
  const outfile = join(ROOT, 'dist/test-e2e/waiting-program.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL('fixtures/waiting-program.ts', import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    absWorkingDir: ROOT,
    define: { __COPILOTEVAL_VERSION__: '"test"' },
    banner: { js: "import { createRequire as $createRequire } from 'node:module'; const require = $createRequire(import.meta.url);" },
    logLevel: 'error',
  });
  return outfile;
}

let fixture: Promise<string> | undefined;

async function start(word: string): Promise<ChildProcessByStdio<null, Readable, Readable>> {
  const cwd = tempDir();
  const child = spawn(process.execPath, [await (fixture ??= buildFixture()), word], { cwd, env: programEnv({ cwd }), stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await printed(child.stdout, 'started');
  return child;
}

async function printed(stream: Readable, text: string): Promise<void> {
  let seen = '';
  for await (const [chunk] of onData(stream)) {
    seen += chunk;
    if (seen.includes(text)) return;
  }
  throw new Error(`the program ended after printing ${JSON.stringify(seen)}`);
}

/** Chunks one by one, without ending the stream when the reader stops listening. */
async function* onData(stream: Readable): AsyncGenerator<[string]> {
  for (;;) yield (await once(stream, 'data')).map(String) as [string];
}

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('%s ends a command that listens with exit code %d', async (name, code) => {
  const child = await start('polite');
  child.kill(name);
  expect(await once(child, 'exit')).toEqual([code, null]);
});

test('a second signal ends a command that does not listen, as the signal itself would', async () => {
  const child = await start('deaf');
  child.kill('SIGTERM');
  await printed(child.stdout, 'heard');
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([null, 'SIGTERM']);
});

test('one signal is enough for it after a grace', async () => {
  const child = await start('deaf');
  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([null, 'SIGINT']);
});

test('an endless command ends quietly with 0 when its reader has what it wanted', async () => {
  const cwd = tempDir();
  const program = await (fixture ??= buildFixture());
  const command = `"${process.execPath}" "${program}" endless | head -1; echo "\${PIPESTATUS[0]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', command], { cwd, env: programEnv({ cwd }), encoding: 'utf8', timeout: 15_000 });
  expect(stderr).toBe('');
  expect(stdout).toBe(`${'x'.repeat(1000)}\n0\n`);
});
