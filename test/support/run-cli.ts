// Runs a whole command line in this process, with a data directory of its own.

import { main, type MainInput } from '../../src/cli.js';
import type { SignalName, SignalSource } from '../../src/commands/signals.js';
import { tempDir } from './temp-dir.js';
import { TestStreams, type TestStreamsOptions } from './test-streams.js';

export interface RunCliOptions extends TestStreamsOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** The current directory; a fresh one when not given. */
  readonly cwd?: string;
  /** COPILOTEVAL_HOME; a fresh directory when not given, none with null. */
  readonly dataDir?: string | null;
  readonly commands?: MainInput['commands'];
  readonly openRuntime?: MainInput['openRuntime'];
}

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The result of a command line that ends by itself. */
export async function runCli(argv: readonly string[], options: RunCliOptions = {}): Promise<CliResult> {
  return startCli(argv, options).ended;
}

/** The JSON a command line prints with `-o json`. Fails with its error when it does not end with 0. */
export async function runJson(argv: readonly string[], options: RunCliOptions = {}): Promise<unknown> {
  const { code, stdout, stderr } = await runCli([...argv, '-o', 'json'], options);
  if (code !== 0) throw new Error(`copiloteval ${argv.join(' ')} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout);
}

export interface RunningCli {
  readonly streams: TestStreams;
  /** Signals that ended the process, by the rules of commands/signals.ts. */
  readonly endedBy: readonly SignalName[];
  readonly ended: Promise<CliResult>;
  send(name: SignalName): void;
}

/** Starts a command line that goes on until a signal or its own end. */
export function startCli(argv: readonly string[], options: RunCliOptions = {}): RunningCli {
  const streams = new TestStreams(options);
  const endedBy: SignalName[] = [];
  let handler: ((name: SignalName) => void) | undefined;
  const signals: SignalSource = {
    listen: (listener) => {
      handler = listener;
      return () => (handler = undefined);
    },
    endProcess: (name) => void endedBy.push(name),
  };
  const dataDir = options.dataDir === undefined ? tempDir() : options.dataDir;
  const ended = main({
    argv,
    streams,
    env: { ...(dataDir !== null && { COPILOTEVAL_HOME: dataDir }), ...options.env },
    cwd: options.cwd ?? tempDir(),
    signals,
    ...(options.commands && { commands: options.commands }),
    ...(options.openRuntime && { openRuntime: options.openRuntime }),
  }).then((code) => ({ code, stdout: streams.stdout.text, stderr: streams.stderr.text }));
  return { streams, endedBy, ended, send: (name) => handler?.(name) };
}
