// `copiloteval init`: writes a profile into config.json, from flags and, on a terminal, from answers.

import { existsSync, writeFileSync } from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { mixProblems } from '../config/backend-mix.js';
import { loadConfig, settingFromText } from '../config/config.js';
import { DEFAULT_PROFILE, PROFILE_NAME, readConfigFile, writeConfigFile, type ConfigFile } from '../config/config-file.js';
import { placeAt, PROJECT_DIR, type ConfigPlace } from '../config/data-dir.js';
import { isSecret, SETTING_NAMES, SETTINGS, type SettingName } from '../config/schema.js';
import type { Setting } from '../config/setting.js';
import { makeDirectory } from '../config/make-directory.js';
import { AppError } from '../domain/errors.js';
import { nearest } from '../domain/nearest.js';
import type { Io } from '../output/io.js';
import { printable } from '../output/sanitize.js';
import { defineCommand, type CommandContext } from './command.js';
import { keyValue, type KeyValue } from './option-parsers.js';
import { flag, repeated, type OptionValues } from './option-specs.js';

const options = {
  set: repeated('--set <name=value>', 'a setting of the profile; repeat it for more (`config show` lists them); a secret is read from standard input when its value is -, a line each', {
    parser: keyValue(),
  }),
  userDir: flag('--user-dir', "write to the user's data directory instead of ./.copiloteval"),
  force: flag('--force', 'replace the profile if it exists'),
  dryRun: flag('--dry-run', 'print what would be written'),
};
type InitOptions = OptionValues<typeof options>;

export const initCommand = defineCommand({
  path: ['init'],
  summary: 'Set up a data directory and a profile',
  description:
    'Writes ./.copiloteval/config.json, or the config.json of --data-dir or COPILOTEVAL_HOME. Commands find the nearest .copiloteval directory from where they are started. Not needed to begin: without it, defaults and the user\'s data directory are used.',
  examples: [
    'copiloteval init',
    'copiloteval init --yes --set concurrency=8 --set retentionDays=30',
    'copiloteval init --profile staging --set database=/srv/copiloteval/staging.db',
    'copiloteval init --profile cloud --set queue=servicebus --set serviceBusNamespace=contoso',
    'copiloteval init --profile cloud --set queue=servicebus --set serviceBusConnectionString=- < connection.txt',
    'copiloteval init --profile cloud --set queue=servicebus --set serviceBusNamespace=contoso --set store=cosmos --set cosmosEndpoint=https://contoso.documents.azure.com --set blobs=azure --set storageAccountUrl=https://contoso.blob.core.windows.net',
  ],
  options,
  run: runInit,
});

type Settings = Record<string, unknown>;

async function runInit(_args: object, { set, userDir, force, dryRun }: InitOptions, context: CommandContext): Promise<void> {
  const { io, globals } = context;
  const profile = checkedProfile(globals.profile ?? DEFAULT_PROFILE);
  const place = targetPlace(userDir, context);
  const before = existingFile(place, profile, force);
  const settings = { ...profileDefaults(profile), ...(await answers(set, context)), ...fromFlags(await withSecrets(set, context), place, context.cwd) };
  const content: ConfigFile = { profile: before?.profile ?? profile, profiles: { ...before?.profiles, [profile]: settings } };
  if (!dryRun) write(place, content);
  io.print({
    json: { configFile: place.configFile, dataDir: place.dataDir, profile, settings: shown(settings), written: !dryRun },
    text: dryRun ? JSON.stringify({ ...content, profiles: mapValues(content.profiles, shown) }, null, 2) : doneText(place, profile, content, context),
  });
  noteConnection(settings, context);
  if (!dryRun) noteMix(place, profile, context);
}

function checkedProfile(name: string): string {
  if (PROFILE_NAME.test(name)) return name;
  throw new AppError('USAGE_INVALID', `--profile must be 1 to 64 letters, digits, dots, dashes or underscores, got ${JSON.stringify(name)}`);
}

function targetPlace(userDir: boolean, { place, userPlace, cwd }: CommandContext): ConfigPlace {
  if (place.named) return place;
  return userDir ? userPlace : placeAt(resolve(cwd, PROJECT_DIR), 'init', false);
}

/** The file to add to. A damaged one is replaced only by --force, and then whole. */
function existingFile(place: ConfigPlace, profile: string, force: boolean): ConfigFile | undefined {
  let file: ConfigFile | undefined;
  try {
    file = readConfigFile(place.configFile);
  } catch (error) {
    if (force) return undefined;
    throw error;
  }
  if (file?.profiles[profile] === undefined || force) return file;
  throw new AppError('REFUSED', `${place.configFile} has a profile ${JSON.stringify(profile)} already; nothing was written`, {
    hint: 'add `--force` to replace it, or `--profile NAME` to make another',
  });
}

/** Profiles do not share jobs unless somebody sets it so. */
function profileDefaults(profile: string): Settings {
  return profile === DEFAULT_PROFILE ? {} : { database: `${profile}.db` };
}

const ASKED: readonly SettingName[] = ['userId', 'concurrency', 'retentionDays', 'queue'];
/** Asked for when the answer before was `servicebus`. */
const ASKED_FOR_SERVICE_BUS: readonly SettingName[] = ['serviceBusNamespace', 'store', 'blobs'];
const ASKED_FOR_COSMOS: readonly SettingName[] = ['cosmosEndpoint', 'cosmosDatabase', 'cosmosContainer'];
const ASKED_FOR_BLOBS: readonly SettingName[] = ['storageAccountUrl', 'storageContainer'];

/** Asks for the few settings that people change; an answer that repeats the default is not written down. */
async function answers(set: readonly KeyValue[], { io, globals }: CommandContext): Promise<Settings> {
  const settings: Settings = {};
  if (globals.yes || !io.stdinIsTerminal || !io.stderrIsTerminal) return settings;
  const ask = async (names: readonly SettingName[]): Promise<void> => {
    for (const name of names) await askFor(name, settings, set, io);
  };
  const chosen = (name: SettingName): unknown => settings[name] ?? set.find(({ key }) => key === name)?.value;
  await ask(ASKED);
  if (chosen('queue') === 'servicebus') await ask(ASKED_FOR_SERVICE_BUS);
  if (chosen('store') === 'cosmos') await ask(ASKED_FOR_COSMOS);
  if (chosen('blobs') === 'azure') await ask(ASKED_FOR_BLOBS);
  return settings;
}

/** Until the answer is one: a typing error must not cost the answers before it. */
async function askFor(name: SettingName, settings: Settings, set: readonly KeyValue[], io: Io): Promise<void> {
  if (set.some(({ key }) => key === name)) return;
  const setting: Setting<unknown> = SETTINGS[name];
  const { description, default: fallback, kind } = setting;
  io.note(io.errorStyle.dim(kind.words === undefined ? description : `${description} (${kind.words.join(', ')})`));
  const before = fallback === undefined ? '' : typeof fallback === 'string' ? fallback : JSON.stringify(fallback);
  for (;;) {
    const answer = await io.ask(name, before);
    if (answer === before) return;
    try {
      settings[name] = settingFromText(name, answer, 'your answer', 'INPUT_INVALID');
      return;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      io.warn(error.message);
    }
  }
}

/** What stands on a command line is in the shell's history and in the list of processes: `-` keeps a secret out of both. */
async function withSecrets(set: readonly KeyValue[], context: CommandContext): Promise<readonly KeyValue[]> {
  const piped = set.filter(({ key, value }) => isSecret(key) && value === '-');
  if (piped.length === 0) return set;
  const { readStandardInput } = await import('./submit-input.js');
  const input = (await readStandardInput(context)).trim();
  const secrets = piped.length === 1 ? [input] : input.split(/\s*\n\s*/);
  if (secrets.length !== piped.length) {
    throw new AppError('USAGE_INVALID', `expected ${piped.length} lines on standard input, for ${piped.map(({ key }) => key).join(', ')} in this order, got ${secrets.length}`);
  }
  return set.map((entry) => (piped.includes(entry) ? { ...entry, value: secrets[piped.indexOf(entry)] ?? '' } : entry));
}

function shown(settings: Readonly<Record<string, unknown>>): Settings {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, isSecret(name) ? '(hidden)' : value]));
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

function noteConnection(settings: Settings, { io, env }: CommandContext): void {
  if (settings['queue'] !== 'servicebus') return;
  const inProfile = settings['serviceBusConnectionString'] !== undefined || settings['serviceBusNamespace'] !== undefined;
  const inEnvironment = env.get('AZURE_SERVICE_BUS_CONNECTION_STRING') !== undefined || env.get('AZURE_SERVICE_BUS_NAMESPACE') !== undefined;
  if (!inProfile && !inEnvironment) io.warn('the profile names no Service Bus yet: set AZURE_SERVICE_BUS_CONNECTION_STRING or AZURE_SERVICE_BUS_NAMESPACE, in the environment or in .env');
}

/** What the profile and the environment together cannot mean yet; a setting may still be meant to come. */
function noteMix(place: ConfigPlace, profile: string, { io, env, cwd }: CommandContext): void {
  const config = loadConfig({ place, env, cwd, profile });
  for (const { message, hint } of mixProblems(config)) io.warn(hint === undefined ? message : `${message}; ${hint}`);
}

function fromFlags(set: readonly KeyValue[], place: ConfigPlace, cwd: string): Settings {
  const entries = set.map(({ key, value }) => {
    const name = SETTING_NAMES.find((candidate) => candidate === key);
    if (name !== undefined) return [name, forFile(name, settingFromText(name, value, '--set', 'USAGE_INVALID'), place, cwd)];
    const near = nearest(key, SETTING_NAMES);
    throw new AppError('USAGE_INVALID', `--set: no setting is named ${JSON.stringify(key)}`, {
      hint: near === undefined ? `known: ${SETTING_NAMES.join(', ')}` : `did you mean \`${near}\`?`,
    });
  });
  return Object.fromEntries(entries) as Settings;
}

/** Paths are typed from the current directory and kept from the folder of config.json, so that both can move together. */
function forFile(name: SettingName, value: unknown, place: ConfigPlace, cwd: string): unknown {
  const kept = (path: unknown): string => {
    const typed = String(path);
    const fromFile = relative(place.dataDir, resolve(cwd, typed));
    return isAbsolute(typed) ? typed : fromFile;
  };
  if (!SETTINGS[name].path) return value;
  return Array.isArray(value) ? value.map(kept) : kept(value);
}

function write(place: ConfigPlace, content: ConfigFile): void {
  writeConfigFile(place.configFile, content);
  // Jobs and their data are nothing for version control.
  const ignore = join(place.dataDir, '.gitignore');
  if (!place.named && !existsSync(ignore)) {
    makeDirectory(place.dataDir);
    writeFileSync(ignore, '*\n');
  }
}

function doneText(place: ConfigPlace, profile: string, content: ConfigFile, { io, cwd }: CommandContext): string {
  const file = relative(cwd, place.configFile);
  const { bold } = io.style;
  const lines = [`wrote profile ${printable(profile)} to ${printable(file.startsWith('..') ? place.configFile : file)}`, '', 'Next:'];
  if (content.profile !== profile) lines.push(`  ${bold(`copiloteval config use ${profile}`)}    make this profile the one in use`);
  lines.push(
    `  ${bold('copiloteval doctor')}    check that everything works`,
    ...(namesAzure(content.profiles[profile] ?? {}) ? [`  ${bold('copiloteval azure commands')}    print the az lines that create what the profile names`] : []),
    ...(content.profiles[profile]?.['queue'] === 'servicebus' ? [`  ${bold('copiloteval queues create')}    make the queues on Service Bus`] : []),
    `  ${bold(`copiloteval submit echo --payload '{"hello":"world"}'`)}    queue a first job`,
    `  ${bold('copiloteval worker start --drain')}    run what is queued`,
  );
  return lines.join('\n');
}

function namesAzure(settings: Settings): boolean {
  return settings['queue'] === 'servicebus' || settings['store'] === 'cosmos' || settings['blobs'] === 'azure';
}
