// A data directory whose queues are on an emulator of its own, which a test can take away and bring back.

import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openTestEmulator, type TestEmulator } from './emulator.js';
import { runCli, startCli, type CliResult, type RunCliOptions, type RunningCli } from './run-cli.js';
import { tempDir } from './temp-dir.js';

export interface ServiceBusHome {
  readonly dataDir: string;
  readonly emulator: TestEmulator;
  /** The variables that lead to it, with the flag on. */
  readonly env: Readonly<Record<string, string>>;
  /** `line` is split at blanks; '…' keeps them. */
  run(line: string, options?: RunCliOptions): Promise<CliResult>;
  start(line: string, options?: RunCliOptions): RunningCli;
  /** The answer of a command that ends with 0. */
  json<T = Record<string, unknown>>(line: string, options?: RunCliOptions): Promise<T>;
  /** Nothing listens on its ports afterwards; what it accepted stays. */
  down(): Promise<void>;
  up(): Promise<void>;
}

export async function openServiceBusHome(dataDir = tempDir()): Promise<ServiceBusHome> {
  const file = join(tempDir(), 'emulator.db');
  let emulator = await openTestEmulator({ file });
  let isUp = true;
  const { port, adminPort, connectionString, adminEndpoint } = emulator;
  const env = {
    USE_SERVICE_BUS: 'true',
    AZURE_SERVICE_BUS_CONNECTION_STRING: connectionString,
    AZURE_SERVICE_BUS_ADMIN_ENDPOINT: adminEndpoint,
    AZURE_SERVICE_BUS_RETRY_DELAY: '0',
    LOG_LEVEL: 'silent',
    NO_COLOR: '1',
    COPILOTEVAL_USER: 'operator',
  };
  const optionsOf = (options: RunCliOptions = {}): RunCliOptions => ({ dataDir, ...options, env: { ...env, ...options.env } });
  const run: ServiceBusHome['run'] = (line, options) => runCli(words(line), optionsOf(options));
  const down = async (): Promise<void> => {
    if (isUp) await emulator.close();
    isUp = false;
  };
  onTestFinished(down);
  return {
    dataDir,
    get emulator() {
      return emulator;
    },
    env,
    run,
    start: (line, options) => startCli(words(line), optionsOf(options)),
    json: async <T>(line: string, options?: RunCliOptions) => {
      const { code, stdout, stderr } = await run(`${line} -o json`, options);
      if (code !== 0) throw new Error(`${line} ended with ${code}: ${stderr}`);
      return JSON.parse(stdout) as T;
    },
    down,
    up: async () => {
      emulator = await openTestEmulator({ file, port, adminPort });
      isUp = true;
    },
  };
}

function words(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}
