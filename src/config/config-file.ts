// config.json: named profiles, each with some of the settings, and the name of the one in use.

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { AppError } from '../domain/errors.js';
import { makeDirectory } from './make-directory.js';
import { isSecret } from './schema.js';
import { isObject } from './value-kinds.js';

export interface ConfigFile {
  /** The profile in use when nothing else names one. */
  readonly profile: string;
  readonly profiles: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export const DEFAULT_PROFILE = 'default';
export const PROFILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** The file's content, or undefined when there is none. Throws CONFIG_INVALID with the file's name. */
export function readConfigFile(file: string): ConfigFile | undefined {
  const content = readIfThere(file);
  if (content === undefined) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(content.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new AppError('CONFIG_INVALID', `${file} is not JSON: ${whatIsWrong(error, content)}`, {
      hint: 'correct the file, or write a new one with `copiloteval init --force`',
    });
  }
  return checked(parsed, file);
}

/** The engine quotes the text around the place, which may be a secret: the number of the line says as much. */
function whatIsWrong(error: unknown, content: string): string {
  const message = error instanceof Error ? error.message : String(error);
  const line = (at: number): number => content.slice(0, at).split('\n').length;
  const [, reason, position] = /^(.*) at position (\d+)/s.exec(message) ?? [];
  if (reason !== undefined) return `${reason} in line ${line(Number(position))}`;
  const [, unexpected, before, excerpt = ''] = /^(Unexpected token .+?), (\.\.\.)?"(.*)"(?:\.\.\.)? is not valid JSON$/s.exec(message) ?? [];
  if (unexpected !== undefined) return `${unexpected} in line ${line(content.indexOf(excerpt) + (before === undefined ? 0 : QUOTED_BEFORE))}`;
  return 'it ends too early';
}

/** Characters that the engine quotes before the place. */
const QUOTED_BEFORE = 10;

/** Replaces the file in one step: a reader sees the old content or the new, also when we die here. For its owner's eyes where it holds secrets. */
export function writeConfigFile(file: string, content: ConfigFile): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    makeDirectory(dirname(file));
    writeFileSync(temporary, `${JSON.stringify(content, null, 2)}\n`, holdsSecrets(content) ? { mode: 0o600 } : {});
    renameSync(temporary, file);
  } catch (error) {
    if (error instanceof AppError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new AppError('DATA_DIR_UNUSABLE', `${file} cannot be written: ${reason}`, {
      hint: 'choose another place with `--data-dir DIR` or COPILOTEVAL_HOME',
      cause: error,
    });
  }
}

function holdsSecrets({ profiles }: ConfigFile): boolean {
  return Object.values(profiles).some((settings) => Object.keys(settings).some(isSecret));
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new AppError('CONFIG_INVALID', `${file} cannot be read: ${String(code ?? error)}`, { cause: error });
  }
}

function checked(value: unknown, file: string): ConfigFile {
  const profiles = isObject(value) ? (value['profiles'] ?? {}) : undefined;
  const profile = isObject(value) ? (value['profile'] ?? DEFAULT_PROFILE) : undefined;
  if (!isObject(value) || !isObject(profiles) || typeof profile !== 'string') {
    throw new AppError('CONFIG_INVALID', `${file} must be an object {"profile": NAME, "profiles": {NAME: {…}}}`);
  }
  const unknown = Object.keys(value).find((key) => key !== 'profile' && key !== 'profiles');
  if (unknown !== undefined) {
    throw new AppError('CONFIG_INVALID', `${file} has an unknown key ${JSON.stringify(unknown)}`, {
      hint: 'settings stand inside a profile: {"profiles": {"default": {…}}}',
    });
  }
  const entries = Object.entries(profiles).map(([name, settings]) => {
    if (isObject(settings)) return [name, settings] as const;
    throw new AppError('CONFIG_INVALID', `${file}: profile ${JSON.stringify(name)} must be an object of settings`);
  });
  return { profile, profiles: Object.fromEntries(entries) };
}
