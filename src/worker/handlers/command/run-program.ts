// Runs one program in a process group of its own and ends the whole group when the attempt is aborted.

import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

import { PermanentError } from '../../../domain/errors.js';
import type { Json } from '../../../domain/json.js';
import type { HandlerContext } from '../../handler.js';
import { linesOf } from './line-splitter.js';
import { readOutput } from './program-output.js';

export interface Program {
  /** The program and its arguments; no shell reads them. */
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  /** Written to its standard input. */
  readonly input: string;
}

/** After SIGTERM, before SIGKILL: shorter than the grace the worker gives a handler. */
const TERM_MS = 2000;
/** How long the pipes of a program that has ended may stay open in the hands of a process it left behind. */
const PIPE_MS = 2000;
const MAX_STDERR_LINE_BYTES = 64 * 1024;

type Child = ChildProcessByStdio<Writable, Readable, Readable>;
interface ProgramEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The program's result. Throws PermanentError for exit code 65 and for a program that is not there; else an error that is retried. */
export async function runProgram(program: Program, context: HandlerContext): Promise<Json> {
  const { signal } = context;
  signal.throwIfAborted();
  const [file, ...args] = program.command;
  const child = spawn(file, args, { cwd: program.cwd, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  const stop = (): void => endGroup(child);
  signal.addEventListener('abort', stop, { once: true });
  try {
    const ended = endOf(child);
    // A program need not read its input.
    child.stdin.on('error', () => undefined);
    child.stdin.end(program.input);
    const output = Promise.all([readOutput(child.stdout, context, program.cwd), readErrors(child.stderr, context)]);
    const [end, [result, lastLine]] = await Promise.all([ended, output.catch(failAndEnd(child))]);
    signal.throwIfAborted();
    judge(end, lastLine);
    return result;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function endOf(child: Child): Promise<ProgramEnd> {
  return new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      const missing = error.code === 'ENOENT' || error.code === 'EACCES';
      reject(missing ? new PermanentError(`the program cannot be started: ${error.message}`, { code: 'COMMAND_NOT_FOUND', cause: error }) : error);
    });
    child.once('exit', (code, signal) => {
      const timer = setTimeout(() => {
        killGroup(child, 'SIGKILL');
        child.stdout.destroy();
        child.stderr.destroy();
      }, PIPE_MS).unref();
      child.once('close', () => clearTimeout(timer));
      resolve({ code, signal });
    });
  });
}

/** The last line that says something, for the error of a program that fails. */
async function readErrors(stderr: Readable, context: HandlerContext): Promise<string> {
  let last = '';
  for await (const { text } of linesOf(stderr as AsyncIterable<Uint8Array>, MAX_STDERR_LINE_BYTES)) {
    context.log.info(text);
    if (text.trim() !== '') last = text.trim();
  }
  return last;
}

/** Reading its output failed (an artifact that is not there, a lost job): the program need not go on. */
function failAndEnd(child: Child): (error: unknown) => never {
  return (error) => {
    endGroup(child);
    throw error;
  };
}

/** By sysexits.h: 65 (EX_DATAERR) never works; 75 (EX_TEMPFAIL) and everything else may work another time. */
function judge({ code, signal }: ProgramEnd, lastLine: string): void {
  if (code === 0) return;
  const what = code === null ? `the program was ended by ${signal ?? 'a signal'}` : `the program ended with exit code ${code}`;
  const text = lastLine === '' ? what : `${what}: ${lastLine}`;
  if (code === 65) throw new PermanentError(text, { code: 'EXIT_65' });
  throw Object.assign(new Error(text), { code: code === null ? `KILLED_${signal ?? 'UNKNOWN'}` : `EXIT_${code}` });
}

function endGroup(child: ChildProcess): void {
  killGroup(child, 'SIGTERM');
  const timer = setTimeout(() => killGroup(child, 'SIGKILL'), TERM_MS).unref();
  child.once('exit', () => clearTimeout(timer));
}

/** The negative number means the group (kill(2)); a group that is gone is what we want. */
function killGroup(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
