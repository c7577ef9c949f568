// Runs the built program the way a user does: one process per command, a data directory of its own.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const PROGRAM = fileURLToPath(new URL('../../bin/copiloteval.js', import.meta.url));
/** Built beside this bundle. */
const BARE_PROCESS = fileURLToPath(new URL('bare-process.mjs', import.meta.url));

export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

export function runProgram(args: readonly string[], options: { home: string; input?: string; env?: Readonly<Record<string, string>> }): Ran {
  return runNode([PROGRAM, ...args], options);
}

export function runNode(args: readonly string[], options: { home?: string; input?: string; env?: Readonly<Record<string, string>> } = {}): Ran {
  const started = performance.now();
  const result = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    input: options.input ?? '',
    maxBuffer: 1 << 28,
    env: { ...process.env, ...(options.home === undefined ? {} : { COPILOTEVAL_HOME: options.home }), ...options.env },
  });
  const ms = performance.now() - started;
  if (result.status !== 0) throw new Error(`${args.join(' ')} ended with ${result.status ?? result.signal}: ${result.stderr}`);
  return { stdout: result.stdout, stderr: result.stderr, ms };
}

/** What a bare loop of the SDK reached, per second, and how long its whole process took. */
export function runBare(args: readonly string[], env: Readonly<Record<string, string>>): { readonly rate: number; readonly ms: number } {
  const { stdout, ms } = runNode([BARE_PROCESS, ...args], { env });
  return { rate: Number(stdout), ms };
}

export function startProgram(args: readonly string[], home: string): ChildProcess {
  return spawn(process.execPath, [PROGRAM, ...args], {
    stdio: ['ignore', 'ignore', 'ignore'],
    env: { ...process.env, COPILOTEVAL_HOME: home },
  });
}

export function withTempDir<T>(work: (dir: string) => T): T {
  const dir = mkdtempSync(join(tmpdir(), 'copiloteval-bench-'));
  const clean = (): void => rmSync(dir, { recursive: true, force: true });
  try {
    const result = work(dir);
    if (result instanceof Promise) return result.finally(clean) as T;
    clean();
    return result;
  } catch (error) {
    clean();
    throw error;
  }
}
