// The built program as processes of its own. `npm test` builds before it tests.

import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const PROGRAM = fileURLToPath(new URL('../../bin/copiloteval.js', import.meta.url));

export interface ProgramOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

export interface ProgramResult {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line to its end. Keeps jobs in `cwd`/home. */
export function runProgram(argv: readonly string[], options: ProgramOptions): ProgramResult {
  requireBuild();
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...argv], {
    cwd: options.cwd,
    env: programEnv(options),
    input: options.input ?? '',
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    timeout: 60_000,
  });
  return { code: status, signal, stdout, stderr };
}

/** Starts a command line that goes on by itself; the test ends it. */
export function startProgram(argv: readonly string[], options: ProgramOptions): ChildProcessWithoutNullStreams {
  requireBuild();
  return spawn(process.execPath, [PROGRAM, ...argv], { cwd: options.cwd, env: programEnv(options), stdio: 'pipe' });
}

/** The files that a command line loads, ours and packages', in no order: what Node reports as covered code. */
export function loadedFiles(argv: readonly string[], options: ProgramOptions): readonly string[] {
  const coverage = `${options.cwd}/coverage`;
  const { stderr, code } = runProgram(argv, { ...options, env: { ...options.env, NODE_V8_COVERAGE: coverage } });
  if (code !== 0) throw new Error(`copiloteval ${argv.join(' ')} ended with ${String(code)}: ${stderr}`);
  const urls = readdirSync(coverage).flatMap((name) => {
    const report = JSON.parse(readFileSync(`${coverage}/${name}`, 'utf8')) as { result: readonly { url: string }[] };
    return report.result.map(({ url }) => url);
  });
  return [...new Set(urls)].filter((url) => url.startsWith('file:')).map((url) => fileURLToPath(url));
}

/** The environment without settings of whoever runs the tests. */
export function programEnv({ cwd, env }: ProgramOptions): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: cwd, COPILOTEVAL_HOME: `${cwd}/home`, ...env };
}

function requireBuild(): void {
  if (!existsSync(new URL('../../dist/process-main.js', import.meta.url))) throw new Error('no dist/: run `npm run build` first');
}
