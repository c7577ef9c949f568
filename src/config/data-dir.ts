// Finds the data directory: the place of the database, the stored files and config.json.

import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Environment } from './environment.js';

export interface ConfigPlace {
  readonly dataDir: string;
  /** In words: `--data-dir`, `COPILOTEVAL_HOME`, … */
  readonly dataDirSource: string;
  /** Whether somebody named it, by flag or variable; otherwise it was found. */
  readonly named: boolean;
  /** `config.json` in the data directory; it need not exist. */
  readonly configFile: string;
}

export const PROJECT_DIR = '.copiloteval';

/**
 * `--data-dir`, else COPILOTEVAL_HOME, else the nearest `.copiloteval` directory from `cwd` upwards (made by
 * `init`), else the user's own data directory.
 */
export function locateDataDir(input: { flag: string | undefined; env: Environment; cwd: string }): ConfigPlace {
  const { flag, env, cwd } = input;
  if (flag !== undefined) return placeAt(resolve(cwd, flag), '--data-dir', true);
  const home = env.get('COPILOTEVAL_HOME');
  if (home) return placeAt(resolve(cwd, home.value), home.source, true);
  const project = nearestProjectDir(cwd);
  if (project !== undefined) return placeAt(project, 'the nearest .copiloteval directory', false);
  return placeAt(userDataDir(env), "the user's data directory", false);
}

/** XDG on Linux (https://specifications.freedesktop.org/basedir-spec), the usual places elsewhere. */
export function userDataDir(env: Environment, platform: NodeJS.Platform = process.platform): string {
  const home = env.text('HOME') ?? homedir();
  if (platform === 'win32') return join(env.text('LOCALAPPDATA') ?? join(home, 'AppData', 'Local'), 'copiloteval');
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'copiloteval');
  return join(env.text('XDG_DATA_HOME') ?? join(home, '.local', 'share'), 'copiloteval');
}

/** The place in a directory that is already decided. */
export function placeAt(dataDir: string, dataDirSource: string, named: boolean): ConfigPlace {
  return { dataDir, dataDirSource, named, configFile: join(dataDir, 'config.json') };
}

function nearestProjectDir(cwd: string): string | undefined {
  for (let dir = resolve(cwd); ; dir = dirname(dir)) {
    const candidate = join(dir, PROJECT_DIR);
    if (statSync(candidate, { throwIfNoEntry: false })?.isDirectory()) return candidate;
    if (dir === dirname(dir)) return undefined;
  }
}
