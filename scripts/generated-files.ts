// The files that are made from code, with their content. Paths are relative to the repository.

import { EXIT_CODES, EXIT_CODE_OF } from '../src/commands/exit-codes.js';
import { jsonSchema, SCHEMA_NAMES } from '../src/commands/schema/print.js';
import { PLACE_VARIABLES, SETTING_NAMES, SETTINGS } from '../src/config/schema.js';
import type { Setting } from '../src/config/setting.js';
import { ERROR_CODES, type ErrorCode } from '../src/domain/errors.js';
import { printIsoDuration } from '../src/domain/iso-duration.js';
import { QUEUES } from '../src/domain/queue-registry.js';

export interface GeneratedFile {
  readonly path: string;
  readonly content: string;
}

export async function generatedFiles(): Promise<readonly GeneratedFile[]> {
  const schemas = SCHEMA_NAMES.map(async (name) => ({
    path: `schemas/${name}.schema.json`,
    content: `${JSON.stringify(await jsonSchema(name), null, 2)}\n`,
  }));
  return [
    { path: 'docs/errors.md', content: errorsPage() },
    { path: '.env.example', content: envExample() },
    { path: 'infra/queues.json', content: `${JSON.stringify(infraQueues(), null, 2)}\n` },
    ...(await Promise.all(schemas)),
  ];
}

/** The queues that infra/main.bicep creates, in the words of its module. */
function infraQueues(): object[] {
  return QUEUES.map(({ name, lockMs, ttlMs, maxAttempts }) => ({
    name,
    lockDuration: printIsoDuration(lockMs),
    timeToLive: printIsoDuration(ttlMs),
    maxDeliveryCount: maxAttempts,
  }));
}

function errorsPage(): string {
  const exitRows = Object.entries(EXIT_CODES).map(([code, meaning]) => `| ${code} | ${meaning} |`);
  const codes = Object.keys(ERROR_CODES).sort() as ErrorCode[];
  const errorRows = codes.map((code) => `| \`${code}\` | ${EXIT_CODE_OF[code]} | ${ERROR_CODES[code]} |`);
  return [
    '# Errors and exit codes',
    '<!-- Made by `npm run generate` from src/domain/errors.ts and src/commands/exit-codes.ts. -->',
    'An error is one line on stderr with its code, and often a second line that says what to do:',
    '```\nerror: no job with id 7f3a  [JOB_NOT_FOUND]\nhint:  list recent jobs with `copiloteval list`\n```',
    'With `-o json` or `-o jsonl` it is one line of JSON on stderr: `{"error":{"code":"…","message":"…","hint":"…"}}`; `hint` and `details` are there when there is something to say. Codes are a contract; messages and hints are for people and may change.',
    '## Exit codes',
    ['| code | meaning |', '|---|---|', ...exitRows].join('\n'),
    'A reader of stdout that goes away, as in `copiloteval list | head -1`, ends a command quietly with 0.',
    '## Error codes',
    ['| code | exit | meaning |', '|---|---|---|', ...errorRows].join('\n'),
    '',
  ].join('\n\n').trimEnd() + '\n';
}

function envExample(): string {
  const places = Object.entries(PLACE_VARIABLES).map(([name, description]) => `# ${description}\n# ${name}=\n`);
  const settings = SETTING_NAMES.flatMap((name) => {
    const setting: Setting<unknown> = SETTINGS[name];
    if (setting.env === undefined) return [];
    return [`# ${setting.description} (${name}: ${setting.kind.expects})\n# ${setting.env}=${exampleValue(setting.default)}\n`];
  });
  return [
    '# Settings of copiloteval. Copy this file to .env in the directory you work in and take the # from the lines you\n# want. Variables that are set already win over this file; profiles in config.json come after it. What is shown is\n# the default. Made by `npm run generate` from src/config/schema.ts.\n',
    ...places,
    ...settings,
  ].join('\n');
}

function exampleValue(value: unknown): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.join(',');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
