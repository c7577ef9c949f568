// The table of settings: what can be set, how it is read, under which names. The loader, `config show`, .env.example
// and the errors about settings all come from it. The settings of Service Bus stand in service-bus-settings.ts,
// those of the other parts of Azure in azure-settings.ts.

import { DEFAULT_QUEUE } from '../domain/queue-registry.js';
import { AZURE_SETTINGS } from './azure-settings.js';
import { SERVICE_BUS_SETTINGS } from './service-bus-settings.js';
import { optional, setting, type Setting } from './setting.js';
import { anyNumber, listOf, oneWordOf, recordsOf, text, webAddress, wholeNumber, yesOrNo } from './value-kinds.js';

const QUEUE_NAME = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,259}$/;
const TYPE_NAME = /^[a-z0-9][a-z0-9._-]{0,99}$/i;
const ANY_TEXT = /\S/;

export const SETTINGS = {
  database: setting(text('a path', ANY_TEXT), 'copiloteval.db', {
    env: 'COPILOTEVAL_DATABASE',
    path: true,
    description: 'The SQLite file with jobs and queues; in config.json relative to the data directory.',
  }),
  userId: optional(text('a name of 1 to 200 characters', /^[^\s\p{Cc}][^\p{Cc}]{0,199}$/u), {
    env: 'COPILOTEVAL_USER',
    description: 'Who submits; the name of the account when not set.',
  }),
  defaultQueue: setting(text('the name of a queue', QUEUE_NAME), DEFAULT_QUEUE, {
    env: 'COPILOTEVAL_QUEUE',
    description: 'The queue of job types that name none.',
  }),
  concurrency: setting(wholeNumber(1, 1000), 4, {
    env: 'COPILOTEVAL_CONCURRENCY',
    description: 'How many jobs a worker runs at once.',
  }),
  maxAttempts: optional(wholeNumber(1, 100), {
    env: 'AZURE_SERVICE_BUS_MAX_RETRIES',
    description: 'Attempts a job has, first try and retries together; sets it for every queue that `queues` does not.',
  }),
  retryBaseSeconds: setting(anyNumber(0, 86_400), 2, {
    env: 'AZURE_SERVICE_BUS_RETRY_DELAY',
    description: 'The delay before a retry starts here and doubles with each attempt.',
  }),
  lockSeconds: optional(anyNumber(0.1, 3600), {
    env: 'COPILOTEVAL_LOCK_SECONDS',
    description: "How long a worker's lock holds without renewal; sets it for every queue that `queues` does not.",
  }),
  retentionDays: setting(anyNumber(0, 36_500), 90, {
    env: 'COPILOTEVAL_RETENTION_DAYS',
    description: 'How long finished jobs are kept, in days; `prune` deletes older ones, and Cosmos DB does by itself.',
  }),
  trashDays: setting(anyNumber(0, 36_500), 14, {
    env: 'COPILOTEVAL_TRASH_DAYS',
    description: 'How long copies of purged dead letters are kept.',
  }),
  logLevel: setting(oneWordOf(['trace', 'debug', 'info', 'warn', 'error', 'silent']), 'info', {
    env: 'LOG_LEVEL',
    description: 'The least serious log lines a worker writes.',
  }),
  publicBaseUrl: optional(webAddress(), {
    env: 'PUBLIC_BASE_URL',
    description: "The address under which others reach this installation; jobs' status addresses begin with it.",
  }),
  handlers: setting(listOf('paths', ANY_TEXT), [], {
    env: 'COPILOTEVAL_HANDLERS',
    path: true,
    description: 'Modules with handlers of your own, loaded by `submit` and `worker start`.',
  }),
  types: setting(
    recordsOf(
      TYPE_NAME,
      {
        command: listOf('words: the program and its arguments', /^[^\0]*$/),
        queue: text('the name of a queue', QUEUE_NAME),
        timeoutSeconds: anyNumber(0.1, 86_400),
        description: text('a text', ANY_TEXT),
      },
      ['command'],
    ),
    {},
    { description: 'Job types of your own that run a program.' },
  ),
  queues: setting(
    recordsOf(QUEUE_NAME, {
      maxAttempts: wholeNumber(1, 100),
      lockSeconds: anyNumber(0.1, 3600),
      ttlSeconds: anyNumber(1, 315_360_000),
      handlerTimeoutSeconds: anyNumber(0.1, 86_400),
    }),
    {},
    { description: 'Settings of single queues; a name that is not known yet is a new queue.' },
  ),
  allowCommandJobs: setting(yesOrNo(), false, {
    env: 'COPILOTEVAL_ALLOW_COMMAND_JOBS',
    description: 'Whether jobs of type `command` may run any program their payload names.',
  }),
  httpAllowHosts: setting(listOf('host names, each with an optional port; *.example.com for all below', /^(\*\.)?[\w.:[\]-]+$/), [], {
    env: 'HTTP_ALLOW_HOSTS',
    description: 'Hosts that `http` jobs may call; all public ones when empty, private addresses only when listed.',
  }),
  ...SERVICE_BUS_SETTINGS,
  ...AZURE_SETTINGS,
  noWorker: setting(oneWordOf(['warn', 'run']), 'warn', {
    env: 'COPILOTEVAL_NO_WORKER',
    description: 'What `submit --wait` does when no worker is alive: say so and wait, or run the job itself.',
  }),
  production: setting(yesOrNo(), false, {
    env: 'COPILOTEVAL_PRODUCTION',
    description: 'Guard rails for data that matters: read only without --write, reasons asked for, purges confirmed by typing.',
  }),
  maxAffected: optional(wholeNumber(1, 100_000_000), {
    env: 'COPILOTEVAL_MAX_AFFECTED',
    description: 'A command that would change more jobs or dead letters at once is refused; 1000 in production when not set.',
  }),
} as const satisfies Readonly<Record<string, Setting<unknown>>>;

export type SettingName = keyof typeof SETTINGS;

/** The value of each setting. */
export type SettingValues = {
  readonly [K in SettingName]: (typeof SETTINGS)[K] extends Setting<infer T> ? T : never;
};

export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];

/** Whether the setting of this name is hidden wherever settings are shown. */
export function isSecret(name: string): boolean {
  const setting: Setting<unknown> | undefined = Object.hasOwn(SETTINGS, name) ? SETTINGS[name as SettingName] : undefined;
  return setting?.secret === true;
}

/** Variables that decide where settings are read from, so they cannot be settings themselves. */
export const PLACE_VARIABLES = {
  COPILOTEVAL_HOME: 'The data directory: jobs, files and config.json.',
  COPILOTEVAL_PROFILE: 'The profile of config.json to use.',
} as const;
