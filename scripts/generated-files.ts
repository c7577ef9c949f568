// The files that are made from code, with their content. Paths are relative to the repository.

import { readFileSync } from 'node:fs';

import { EXIT_CODES, EXIT_CODE_OF } from '../src/commands/exit-codes.js';
import { jsonSchema, SCHEMA_NAMES } from '../src/commands/schema/print.js';
import { PLACE_VARIABLES, SETTING_NAMES, SETTINGS } from '../src/config/schema.js';
import type { Setting } from '../src/config/setting.js';
import { ERROR_CODES, type ErrorCode } from '../src/domain/errors.js';
import { printIsoDuration } from '../src/domain/iso-duration.js';
import { QUEUES } from '../src/domain/queue-registry.js';
import { bindingsOf, CONTEXTS, type Binding, type Context } from '../src/tui/keymap.js';

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
    ...['docs/dashboard.md', 'README.md'].map((path) => ({ path, content: filledPage(path) })),
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

/** Only what is between marks is made: frames from the golden files, which a test holds to the program, and the keys. */
function filledPage(path: string): string {
  return readFileSync(path, 'utf8')
    .replace(/(<!-- frame: (\S+) -->\n)[^]*?(<!-- end -->)/g, (_all, begin: string, name: string, end: string) => `${begin}\`\`\`text\n${goldenFrame(name)}\n\`\`\`\n${end}`)
    .replace(/(<!-- keys -->\n)[^]*?(<!-- end -->)/g, (_all, begin: string, end: string) => `${begin}\n${keyTables()}\n\n${end}`);
}

/** Without the styles that follow the rows, and the rows that only fill the screen. */
function goldenFrame(name: string): string {
  const [, height = '0'] = /x(\d+)$/.exec(name) ?? [];
  const rows = readFileSync(`test/unit/tui/goldens/${name}.txt`, 'utf8').split('\n').slice(0, Number(height));
  const isFiller = (row: string | undefined): boolean => row !== undefined && /^[ │]*$/.test(row);
  return rows.filter((row, index) => !(isFiller(row) && isFiller(rows[index - 1]))).map((row) => row.trimEnd()).join('\n');
}

const CONTEXT_TITLES: Readonly<Record<Context, string>> = {
  everywhere: 'Everywhere',
  lists: 'Lists',
  overview: 'Overview',
  jobs: 'Jobs',
  job: 'A job',
  dead: 'Dead letters',
  letter: 'A message',
  operations: 'What was done',
  operation: 'An operation',
  workers: 'Workers',
  log: 'Log',
  'new-job': 'New job',
  ask: 'A question',
  pick: 'A choice',
  tell: 'A notice',
};

function keyTables(): string {
  return CONTEXTS.map((context) => [`**${CONTEXT_TITLES[context]}**`, ['| keys | |', '|---|---|', ...bindingsOf(context).map(keyRow)].join('\n')].join('\n\n')).join('\n\n');
}

function keyRow({ keys, help, danger }: Binding): string {
  const names = keys.map((key) => `\`${key}\``).join(' ');
  return `| ${names} | ${help.replaceAll('|', '\\|')}${danger === undefined ? '' : danger === 'asks' ? ' `!`' : ' `!!`'} |`;
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
