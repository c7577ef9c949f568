// A data directory with dead letters in it, for command lines to work on.

import { systemClock } from '../../src/ports/clock.js';
import { TestClock } from '../contract/contract-backend.js';
import { runCli, type CliResult, type RunCliOptions } from '../support/run-cli.js';
import { tempDir } from '../support/temp-dir.js';
import { World } from '../unit/services/dead-letters/world.js';

/** The commands have the real time, so the letters need it too. */
class RealClock extends TestClock {
  override now(): number {
    return systemClock.now();
  }
}

export interface Home {
  readonly world: World;
  readonly dataDir: string;
  run(words: string, options?: RunCliOptions): Promise<CliResult>;
  /** What the command line prints with `-o json`, whatever its exit code. */
  json<T>(words: string, options?: RunCliOptions): Promise<T>;
}

export async function openHome(): Promise<Home> {
  const dataDir = tempDir();
  const world = await World.open(dataDir, new RealClock());
  const run: Home['run'] = (words, options = {}) => runCli(splitWords(words), { dataDir, env: { COPILOTEVAL_USER: 'operator' }, ...options });
  return {
    world,
    dataDir,
    run,
    json: async <T>(words: string, options?: RunCliOptions) => {
      const { stdout, stderr } = await run(`${words} -o json`, options);
      if (stdout === '') throw new Error(`${words} printed nothing: ${stderr}`);
      return JSON.parse(stdout) as T;
    },
  };
}

/** Words separated by blanks; single quotes keep blanks together. */
function splitWords(words: string): string[] {
  return (words.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", ''));
}
