import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { defineCommand, type CommandEntry } from '../../src/commands/command.js';
import { choice, filePath } from '../../src/commands/option-parsers.js';
import { argument, flag, option, optionalArgument } from '../../src/commands/option-specs.js';
import { runCli } from '../support/run-cli.js';
import { tempDir } from '../support/temp-dir.js';
import { completionCommand } from '../../src/commands/completion.js';

const submit = defineCommand({
  path: ['submit'],
  summary: "Queue a job: the user's own",
  examples: ['copiloteval submit echo'],
  arguments: { type: argument('the type', choice(['echo', 'evaluation', 'sleep'])) },
  options: {
    priority: option('--priority <level>', 'how [urgent]', { parser: choice(['low', 'normal', 'high']) }),
    file: option('-f, --file <path>', 'a dataset', { parser: filePath() }),
    wait: flag('--wait', 'follow it'),
    hidden: flag('--internal', 'not offered', { hidden: true }),
  },
  run: async () => undefined,
});
const replay = defineCommand({
  path: ['dlq', 'replay'],
  summary: 'Send again',
  examples: ['copiloteval dlq replay'],
  arguments: { id: optionalArgument('an id') },
  options: { queue: option('--queue <name>', 'a queue'), all: flag('--all', 'every one') },
  run: async () => undefined,
});
const peek = defineCommand({ path: ['dlq', 'peek'], summary: 'Look', examples: ['copiloteval dlq peek'], run: async () => undefined });

const commands: readonly CommandEntry[] = [submit, replay, peek, completionCommand].map((command) => ({
  path: command.path,
  summary: command.summary,
  group: 'Jobs',
  load: async () => command,
}));

async function script(shell: string): Promise<string> {
  return (await runCli(['completion', shell], { commands })).stdout;
}

function shellIsThere(shell: string): boolean {
  return spawnSync(shell, ['-c', 'exit 0']).status === 0;
}

/** What each shell offers at the end of a line. */
const LINES: readonly [string, readonly string[], readonly string[]][] = [
  ['copiloteval ', ['submit', 'dlq', 'completion'], ['replay', 'echo']],
  ['copiloteval dl', ['dlq'], ['submit']],
  ['copiloteval dlq ', ['replay', 'peek'], ['submit']],
  ['copiloteval -o json dlq ', ['replay', 'peek'], ['submit', 'json']],
  ['copiloteval submit ', ['echo', 'evaluation', 'sleep'], ['dlq']],
  ['copiloteval submit --', ['--priority', '--file', '--wait', '--output', '--yes'], ['--internal', '--all']],
  ['copiloteval submit echo --priority ', ['low', 'normal', 'high'], ['echo']],
  ['copiloteval dlq replay --', ['--queue', '--all', '--profile'], ['--priority']],
  ['copiloteval dlq replay -o j', ['json', 'jsonl'], ['text']],
  ['copiloteval completion ', ['bash', 'zsh', 'fish'], ['echo']],
  ['copiloteval submit --file data', ['dataset.csv'], ['echo']],
];

function directoryWithFiles(): string {
  const cwd = tempDir();
  writeFileSync(join(cwd, 'dataset.csv'), '');
  return cwd;
}

function check(offered: readonly string[], wanted: readonly string[], unwanted: readonly string[]): void {
  expect(offered).toEqual(expect.arrayContaining([...wanted]));
  for (const word of unwanted) expect(offered).not.toContain(word);
}

test.skipIf(!shellIsThere('bash'))('bash completes commands, options, choices and files', async () => {
  const cwd = directoryWithFiles();
  writeFileSync(join(cwd, 'completion.bash'), await script('bash'));
  for (const [line, wanted, unwanted] of LINES) {
    const words = line.split(' ');
    const program = [
      'source completion.bash',
      `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})`,
      `COMP_CWORD=${words.length - 1}`,
      '_copiloteval',
      'printf "%s\\n" "${COMPREPLY[@]}"',
    ].join('\n');
    const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', program], { cwd, encoding: 'utf8' });
    expect(stderr, line).toBe('');
    check(stdout.split('\n'), wanted, unwanted);
  }
});

test.skipIf(!shellIsThere('bash'))('bash completes the value after an equals sign, which it takes for a word', async () => {
  const cwd = directoryWithFiles();
  writeFileSync(join(cwd, 'completion.bash'), await script('bash'));
  const program = "source completion.bash; COMP_WORDS=(copiloteval submit echo --priority = h); COMP_CWORD=5; _copiloteval; echo ${COMPREPLY[@]}";
  expect(spawnSync('bash', ['--norc', '-c', program], { cwd, encoding: 'utf8' }).stdout.trim()).toBe('high');
});

// Where fish and zsh are not installed, the last test alone looks at their scripts.
test.skipIf(!shellIsThere('fish'))('fish completes commands, options, choices and files', async () => {
  const cwd = directoryWithFiles();
  mkdirSync(join(cwd, 'config'));
  writeFileSync(join(cwd, 'completion.fish'), await script('fish'));
  for (const [line, wanted, unwanted] of LINES) {
    const program = `source completion.fish; complete -C ${JSON.stringify(line)}`;
    const { stdout, stderr } = spawnSync('fish', ['--no-config', '-c', program], { cwd, encoding: 'utf8', env: { PATH: process.env['PATH'], HOME: cwd } });
    expect(stderr, line).toBe('');
    check(stdout.split('\n').map((offer) => offer.split('\t')[0] ?? ''), wanted, unwanted);
  }
});

test.skipIf(!shellIsThere('zsh'))('zsh reads its script without an error', async () => {
  const cwd = tempDir();
  writeFileSync(join(cwd, '_copiloteval'), await script('zsh'));
  const program = 'autoload -Uz compinit; compinit -D -u; source ./_copiloteval; print ${_comps[copiloteval]}';
  const { stdout, stderr } = spawnSync('zsh', ['-f', '-c', program], { cwd, encoding: 'utf8', env: { PATH: process.env['PATH'], HOME: cwd } });
  expect(stderr).toBe('');
  expect(stdout.trim()).toBe('_copiloteval');
});

test('every script has every command and every shown option', async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const text = await script(shell);
    for (const word of ['submit', 'dlq', 'replay', 'peek', 'priority', 'evaluation', 'queue', 'output', 'jsonl']) expect(text, shell).toContain(word);
    expect(text).not.toContain('internal');
  }
});

test('the script is in the JSON answer too', async () => {
  const { stdout } = await runCli(['completion', 'bash', '-o', 'json'], { commands });
  expect(JSON.parse(stdout)).toEqual({ shell: 'bash', script: await script('bash') });
});
