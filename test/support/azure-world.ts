// The three local counterparts of Azure as processes, and the program as processes that work with them.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { QueueDefinition } from '../../src/emulator/queue-catalog.js';
import { type Azurite, startAzurite } from './azurite.js';
import { programEnv, type ProgramResult } from './built-program.js';
import type { ServeOptions } from './cosmos-double/serve.js';
import { type CosmosProcess, openCosmosProcess } from './cosmos-process.js';
import { buildProgram, type EmulatorProcess, openEmulatorProcess } from './emulator-process.js';

/** The program, built from the sources, in a directory of its own. */
export interface AzureProgram {
  readonly directory: string;
  /** `line` is split at blanks; '…' keeps them. */
  run(line: string, options: ProgramRun): Promise<ProgramResult>;
  start(line: string, options: ProgramRun): { readonly child: ChildProcess; readonly ended: Promise<ProgramResult> };
  remove(): void;
}

export interface ProgramRun {
  readonly env: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Killed after that; two minutes when not given. */
  readonly deadlineMs?: number;
}

/** `built`: the path of another program that takes the same words. */
export async function openAzureProgram(built?: string): Promise<AzureProgram> {
  const directory = mkdtempSync(join(tmpdir(), 'copiloteval-azure-'));
  const program = built ?? (await buildProgram());
  const start: AzureProgram['start'] = (line, options) => startProcess(program, words(line), { directory, input: '', ...options });
  return { directory, start, run: (line, options) => start(line, options).ended, remove: () => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }) };
}

export interface AzureWorld {
  readonly emulator: EmulatorProcess;
  readonly cosmos: CosmosProcess;
  readonly azurite: Azurite;
  readonly directory: string;
  /** The variables that lead to all three. */
  readonly env: Readonly<Record<string, string>>;
  /** With these variables, unless others are given. */
  run(line: string, options?: Partial<ProgramRun>): Promise<ProgramResult>;
  start(line: string, options?: Partial<ProgramRun>): ReturnType<AzureProgram['start']>;
  stop(): Promise<void>;
}

export interface AzureWorldOptions {
  readonly cosmos?: Partial<ServeOptions>;
  readonly emulatorFaults?: readonly string[];
  readonly queues?: readonly QueueDefinition[];
  readonly program?: string;
  /** More variables. */
  readonly env?: Readonly<Record<string, string>>;
}

export async function openAzureWorld(options: AzureWorldOptions = {}): Promise<AzureWorld> {
  const program = await openAzureProgram(options.program);
  const { directory } = program;
  const emulatorDirectory = join(directory, 'emulator');
  mkdirSync(emulatorDirectory);
  const [emulator, cosmos, azurite] = await Promise.all([
    openEmulatorProcess({
      directory: emulatorDirectory,
      ...(options.emulatorFaults === undefined ? {} : { faults: options.emulatorFaults }),
      ...(options.queues === undefined ? {} : { queues: options.queues }),
    }),
    openCosmosProcess(options.cosmos),
    startAzurite(),
  ]);
  const env = {
    COPILOTEVAL_QUEUE_BACKEND: 'servicebus',
    COPILOTEVAL_STORE: 'cosmos',
    STORAGE_BACKEND: 'azure',
    AZURE_SERVICE_BUS_CONNECTION_STRING: emulator.connectionString,
    AZURE_SERVICE_BUS_ADMIN_ENDPOINT: emulator.adminEndpoint,
    COSMOS_DB_ENDPOINT: cosmos.endpoint,
    COSMOS_DB_KEY: cosmos.key,
    AZURE_STORAGE_CONNECTION_STRING: azurite.connectionString,
    AZURE_SERVICE_BUS_RETRY_DELAY: '0',
    LOG_LEVEL: 'warn',
    NO_COLOR: '1',
    COPILOTEVAL_USER: 'tester',
    ...options.env,
  };
  return {
    ...{ emulator, cosmos, azurite, directory, env },
    run: (line, run) => program.run(line, { env, ...run }),
    start: (line, run) => program.start(line, { env, ...run }),
    stop: async () => {
      await Promise.all([emulator.kill(), cosmos.stop(), azurite.stop()]);
      program.remove();
    },
  };
}

interface StartProcess extends ProgramRun {
  readonly directory: string;
  readonly input: string;
}

function startProcess(program: string, args: readonly string[], { directory, env, input, deadlineMs = 120_000 }: StartProcess): { child: ChildProcess; ended: Promise<ProgramResult> } {
  const child = spawn(process.execPath, [program, ...args], { cwd: directory, env: programEnv({ cwd: directory, env }), stdio: 'pipe' });
  const out = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (out.stderr += text));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const timer = setTimeout(() => child.kill('SIGKILL'), deadlineMs);
  const ended = new Promise<ProgramResult>((resolve) => {
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, ...out });
    });
  });
  return { child, ended };
}

function words(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}
