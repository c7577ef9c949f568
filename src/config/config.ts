// Config: all settings in force, each with where it came from. Read once per process and frozen.

import { userInfo } from 'node:os';
import { dirname, resolve } from 'node:path';
import { AppError, type ErrorCode } from '../domain/errors.js';
import { nearest } from '../domain/nearest.js';
import { DEFAULT_PROFILE, readConfigFile, type ConfigFile } from './config-file.js';
import type { ConfigPlace } from './data-dir.js';
import type { Environment } from './environment.js';
import { runsInAzure } from './runs-in-azure.js';
import { SETTING_NAMES, SETTINGS, type SettingName, type SettingValues } from './schema.js';
import type { Setting } from './setting.js';
import { looksLikeReference, readReference } from './vault-reference.js';

export interface Config extends Omit<SettingValues, 'userId'> {
  readonly dataDir: string;
  readonly configFile: string;
  /** The name of the profile in use. */
  readonly profile: string;
  readonly userId: string;
  /** Azure gives this process an identity. */
  readonly inAzure: boolean;
  /** In words, for `config show` and errors: a variable, a profile, `default`. */
  readonly sources: Readonly<Record<SettingName | 'dataDir' | 'profile', string>>;
}

export interface ConfigInput {
  readonly place: ConfigPlace;
  readonly env: Environment;
  readonly cwd: string;
  /** The value of `--profile`. */
  readonly profile: string | undefined;
}

interface Found {
  readonly value: unknown;
  readonly source: string;
}

/**
 * Each setting from the environment (with `.env`), else from the profile, else its default. Flags of single commands
 * win over all of these and are the commands' matter. Throws CONFIG_INVALID or PROFILE_UNKNOWN.
 */
export function loadConfig(input: ConfigInput): Config {
  const file = readConfigFile(input.place.configFile);
  const profile = chooseProfile(input, file);
  const settings = file?.profiles[profile.name] ?? {};
  refuseUnknownSettings(settings, profile.name, input.place.configFile);
  const values: Record<string, unknown> = {};
  const sources: Record<string, string> = { dataDir: input.place.dataDirSource, profile: profile.source };
  for (const name of SETTING_NAMES) {
    const found = findSetting(name, settings, profile.name, input);
    values[name] = found.value;
    sources[name] = found.source;
  }
  // The loop above filled every name of the table with a value that its own kind accepted.
  const typed = values as SettingValues;
  return Object.freeze({
    ...typed,
    userId: typed.userId ?? accountName(input.env),
    inAzure: runsInAzure((name) => input.env.text(name)),
    dataDir: input.place.dataDir,
    configFile: input.place.configFile,
    profile: profile.name,
    sources: Object.freeze(sources),
  });
}

function chooseProfile(input: ConfigInput, file: ConfigFile | undefined): { name: string; source: string } {
  const chosen = namedProfile(input, file);
  if (chosen.name !== DEFAULT_PROFILE) requireProfile(chosen.name, file, `${input.place.configFile} (from ${chosen.source})`);
  return chosen;
}

/** Throws PROFILE_UNKNOWN, with the nearest name, unless the file has the profile. */
export function requireProfile(name: string, file: ConfigFile | undefined, where: string): void {
  const known = Object.keys(file?.profiles ?? {});
  if (known.includes(name)) return;
  const near = nearest(name, known);
  throw new AppError('PROFILE_UNKNOWN', `no profile ${JSON.stringify(name)} in ${where}`, {
    hint: near === undefined ? `make it with \`copiloteval init --profile ${name}\`` : `did you mean \`${near}\`?`,
  });
}

function namedProfile(input: ConfigInput, file: ConfigFile | undefined): { name: string; source: string } {
  if (input.profile !== undefined) return { name: input.profile, source: '--profile' };
  const variable = input.env.get('COPILOTEVAL_PROFILE');
  if (variable) return { name: variable.value, source: variable.source };
  return file ? { name: file.profile, source: input.place.configFile } : { name: DEFAULT_PROFILE, source: 'default' };
}

function refuseUnknownSettings(settings: Readonly<Record<string, unknown>>, profile: string, configFile: string): void {
  const unknown = Object.keys(settings).find((name) => !(name in SETTINGS));
  if (unknown === undefined) return;
  const near = nearest(unknown, SETTING_NAMES);
  throw new AppError('CONFIG_INVALID', `no setting ${JSON.stringify(unknown)} (profile ${profile} in ${configFile})`, {
    hint: near === undefined ? '`.env.example` and `copiloteval config show` list all settings' : `did you mean \`${near}\`?`,
  });
}

function findSetting(
  name: SettingName,
  profileSettings: Readonly<Record<string, unknown>>,
  profile: string,
  input: ConfigInput,
): Found {
  const setting: Setting<unknown> = SETTINGS[name];
  const { configFile, dataDir } = input.place;
  const variable = setting.env === undefined ? undefined : input.env.get(setting.env);
  if (variable) {
    const value = settingFromText(name, variable.value, variable.source);
    return { value: resolvePaths(setting, value, input.cwd), source: variable.source };
  }
  if (name in profileSettings) {
    const raw = profileSettings[name];
    const source = `profile ${profile} in ${configFile}`;
    const value = accepted({ name, setting, raw, source, code: 'CONFIG_INVALID' }, setting.kind.fromJson(raw));
    return { value: resolvePaths(setting, value, dirname(configFile)), source };
  }
  return { value: resolvePaths(setting, setting.default, dataDir), source: 'default' };
}

/** The value of a setting that was written as text. Throws `code`, beginning with the setting's name. */
export function settingFromText(name: SettingName, text: string, source: string, code: ErrorCode = 'CONFIG_INVALID'): unknown {
  const setting: Setting<unknown> = SETTINGS[name];
  return accepted({ name, setting, raw: text, source, code }, setting.kind.fromText(text));
}

interface Offered {
  readonly name: SettingName;
  readonly setting: Setting<unknown>;
  readonly raw: unknown;
  readonly source: string;
  readonly code: ErrorCode;
}

function accepted(offered: Offered, value: unknown): unknown {
  const { name, setting, raw, source, code } = offered;
  if (looksLikeReference(raw)) refuseWrongReference(offered, raw);
  if (value !== undefined) return value;
  const got = setting.secret || mayHoldSecret(raw) ? 'something else' : JSON.stringify(raw);
  throw new AppError(code, `${name} must be ${setting.kind.expects}, got ${got} (from ${source})`, {
    ...(setting.env !== undefined && source.startsWith(setting.env) && { hint: 'correct or unset the variable' }),
  });
}

/** People paste connection strings, and addresses with signatures or passwords, into settings that are none. */
function mayHoldSecret(raw: unknown): boolean {
  return /(?:key|sig|signature|secret|password|pwd|token)\s*=|:\/\/[^/\s]*@/i.test(JSON.stringify(raw) ?? '');
}

/** Only secrets come from Key Vault: everything else must be readable without asking anybody. */
function refuseWrongReference({ name, setting, source, code }: Offered, raw: string): void {
  if (!setting.secret) throw new AppError(code, `${name} cannot come from Key Vault, got ${JSON.stringify(raw)} (from ${source})`, { hint: 'only secrets, such as keys and connection strings, can be kv:NAME' });
  if (readReference(raw) === undefined) throw new AppError(code, `${name} must be kv:NAME with letters, digits and dashes, got ${JSON.stringify(raw)} (from ${source})`);
}

function resolvePaths(setting: Setting<unknown>, value: unknown, from: string): unknown {
  if (!setting.path) return value;
  if (Array.isArray(value)) return value.map((path: unknown) => resolve(from, String(path)));
  return typeof value === 'string' ? resolve(from, value) : value;
}

/** Containers run under numbers without an account; then USER, then a word that says so. */
function accountName(env: Environment): string {
  try {
    return userInfo().username;
  } catch {
    return env.text('USER') ?? 'unknown';
  }
}
