// The emulator as a process of its own: `copiloteval emulator start`, built from the sources as they are now. It can be killed
// and started again on the same file and ports.

import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { printIsoDuration } from '../../src/domain/iso-duration.js';
import type { QueueDefinition } from '../../src/emulator/queue-catalog.js';
import { programEnv } from './built-program.js';
import { bundle } from './bundle.js';
import { REGISTRY_QUEUES, TEST_KEY } from './emulator.js';
import { freePort } from './free-port.js';

export interface EmulatorProcessOptions {
  /** Its files are kept there; it must be there already. */
  readonly directory: string;
  /** Made at each start when they are not there. */
  readonly queues?: readonly QueueDefinition[];
  /** As on the command line: `server-busy=0.05`. */
  readonly faults?: readonly string[];
  /** More words for the command line. */
  readonly args?: readonly string[];
}

export interface EmulatorProcess {
  readonly connectionString: string;
  readonly adminEndpoint: string;
  readonly port: number;
  readonly adminPort: number;
  readonly file: string;
  /** Of the process that runs now, or ran last. */
  readonly pid: number;
  /** What all processes wrote to stderr so far. */
  stderr(): string;
  /** SIGKILL; resolves when the process is gone. Nothing happens when none runs. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** Starts it again on the same file and ports, with the same keys; only after kill() or stop(). */
  start(): Promise<void>;
}

/** What `emulator start -o jsonl` prints, as far as it is needed here. */
interface Started {
  readonly connectionString: string;
  readonly adminEndpoint: string;
  readonly port: number;
  readonly adminPort: number;
  readonly file: string;
}

/** Resolves when it serves. The caller kills or stops it, for instance in `onTestFinished`. */
export async function openEmulatorProcess(options: EmulatorProcessOptions): Promise<EmulatorProcess> {
  const program = await buildProgram();
  const log = { text: '' };
  let child = await startChild(program, options, { port: await freePort(), adminPort: await freePort() }, log);
  const { started } = child;
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.process.kill(signal);
    return child.ended;
  };
  return {
    ...started,
    get pid() {
      return child.process.pid ?? 0;
    },
    stderr: () => log.text,
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
    start: async () => {
      if (child.process.exitCode === null && child.process.signalCode === null) throw new Error('the emulator still runs');
      child = await startChild(program, options, started, log);
    },
  };
}

interface Child {
  readonly process: ChildProcess;
  readonly started: Started;
  /** The exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
}

async function startChild(program: string, options: EmulatorProcessOptions, ports: Pick<Started, 'port' | 'adminPort'>, log: { text: string }): Promise<Child> {
  const child = spawn(process.execPath, [program, ...argumentsOf(options, ports)], {
    cwd: options.directory,
    env: { ...programEnv({ cwd: options.directory }), LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log.text += text));
  let stdout = '';
  const line = new Promise<string>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      if (stdout.includes('\n')) resolve(stdout);
    });
  });
  const first = await Promise.race([line, ended]);
  if (typeof first !== 'string') throw new Error(`the emulator ended with ${String(first)}: ${log.text}`);
  return { process: child, started: JSON.parse(first) as Started, ended };
}

function argumentsOf({ directory, queues = REGISTRY_QUEUES, faults = [], args = [] }: EmulatorProcessOptions, { port, adminPort }: Pick<Started, 'port' | 'adminPort'>): string[] {
  const file = join(directory, 'queues.json');
  writeFileSync(file, JSON.stringify(queues.map(settingsOf)));
  const key = `${TEST_KEY.name}=${TEST_KEY.key}`;
  const words = ['emulator', 'start', '-o', 'jsonl', '--port', String(port), '--admin-port', String(adminPort)];
  return [...words, '--file', join(directory, 'emulator.db'), '--queues', file, '--key', key, ...faults.flatMap((fault) => ['--fault', fault]), ...args];
}

/** As a queues file has it. */
function settingsOf({ name, ...queue }: QueueDefinition): Readonly<Record<string, unknown>> {
  const duration = (ms: number | null | undefined): string | undefined => (ms === undefined ? undefined : printIsoDuration(ms));
  return {
    name,
    LockDuration: duration(queue.lockMs),
    DefaultMessageTimeToLive: duration(queue.ttlMs),
    MaxDeliveryCount: queue.maxDeliveryCount,
    DeadLetteringOnMessageExpiration: queue.deadLetterOnExpiration,
    RequiresDuplicateDetection: queue.requiresDuplicateDetection,
    DuplicateDetectionHistoryTimeWindow: duration(queue.duplicateWindowMs),
    MaxSizeInMegabytes: queue.maxSizeMb,
    MaxMessageSizeInKilobytes: queue.maxMessageBytes === undefined ? undefined : queue.maxMessageBytes / 1024,
    Status: queue.status,
    UserMetadata: queue.userMetadata,
  };
}

/** `copiloteval`, built from the sources as they are now. */
export function buildProgram(): Promise<string> {
  return bundle("import { runProcess } from './src/process-main.ts'; await runProcess();", 'program');
}
