// Runs the program's own commands as processes of their own, the way a user types them.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { AppError } from '../../domain/errors.js';

export interface CommandRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where the package was unpacked: the folder with bin/ and examples/. */
export function packageRoot(): string {
  let dir = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(dir, 'bin', 'copiloteval.js'))) {
    const parent = dirname(dir);
    if (parent === dir) throw new AppError('DEMO_FAILED', 'the package has no bin/copiloteval.js; it is not whole');
    dir = parent;
  }
  return dir;
}

export interface CommandPlace {
  readonly dataDir: string;
  readonly signal: AbortSignal;
  /** The command writes to our terminal itself, colours and progress included; otherwise its output is returned. */
  readonly onTerminal: boolean;
}

/** Runs one command to its end on the data directory. Rejects when the signal fires. */
export function runCommandLine(words: readonly string[], place: CommandPlace): Promise<CommandRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [programFile(), '--data-dir', place.dataDir, ...words], {
      stdio: place.onTerminal ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
      signal: place.signal,
    });
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, stdout, stderr }));
  });
}

/** Starts a worker that goes on until it is stopped; its log is `worker.log` in the data directory. */
export function startWorker(dataDir: string): ChildProcess {
  const log = openSync(join(dataDir, 'worker.log'), 'a');
  return spawn(process.execPath, [programFile(), '--data-dir', dataDir, 'worker', 'start'], { stdio: ['ignore', log, log] });
}

/** Asks the worker to drain and waits until its process has ended. */
export async function stopWorker(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => worker.once('close', () => resolve()));
  worker.kill('SIGTERM');
  await ended;
}

function programFile(): string {
  return join(packageRoot(), 'bin', 'copiloteval.js');
}
