import { expect, test } from 'vitest';
import type { CommandEntry } from '../../../src/commands/command.js';
import { selectCommand } from '../../../src/commands/select-command.js';

function entry(...path: string[]): CommandEntry {
  return { path, summary: path.join(' '), group: 'Jobs', load: () => Promise.reject(new Error('must not be loaded')) };
}
const commands = [entry('submit'), entry('status'), entry('dlq', 'replay'), entry('dlq', 'peek'), entry('config', 'use')];

function selected(...argv: string[]): string {
  const selection = selectCommand(argv, commands);
  if (selection.kind === 'command') return `${selection.entry.path.join(' ')} | ${selection.words.join(' ')}`;
  return selection.kind === 'help' ? `help ${selection.path.join(' ')}`.trim() : selection.kind;
}

test.each([
  [['submit', 'echo', '--wait'], 'submit | echo --wait'],
  [['-o', 'json', 'submit', 'echo'], 'submit | -o json echo'],
  [['--output=json', '--yes', 'dlq', 'replay', '--all'], 'dlq replay | --output=json --yes --all'],
  [['dlq', '-o', 'json', 'peek'], 'dlq peek | -o json'],
  [['-ojson', '-yq', 'status', 'x'], 'status | -ojson -yq x'],
  [['--profile', 'submit', 'status', 'x'], 'status | --profile submit x'],
  [['submit', '--profile', 'dlq'], 'submit | --profile dlq'],
  [['submit', '--version'], 'submit | --version'],
  [['submit', '--help'], 'submit | --help'],
  [['help', 'submit'], 'submit | --help'],
  [['help', 'dlq', 'peek'], 'dlq peek | --help'],
  [['help', 'dlq'], 'help dlq'],
  [['help'], 'help'],
  [['dlq', '--help'], 'help dlq'],
  [['-h'], 'help'],
  [[], 'help'],
  [['--version'], 'version'],
  [['-V'], 'version'],
])('%j selects %s', (argv, expected) => {
  expect(selected(...argv)).toBe(expected);
});

test.each([
  [['submt'], "unknown command 'submt'", 'copiloteval submit`'],
  [['dlq', 'replya'], "unknown command 'dlq replya'", 'copiloteval dlq replay`'],
  [['replay'], "unknown command 'replay'", 'copiloteval dlq replay`'],
  [['frobnicate'], "unknown command 'frobnicate'", 'copiloteval --help'],
  [['help', 'sumbit'], "unknown command 'sumbit'", 'copiloteval submit`'],
  [['dlq'], '`copiloteval dlq` needs one more word: replay, peek', 'dlq --help'],
  [['--outptu', 'json', 'submit'], "unknown option '--outptu' before the command", '`--output`'],
  [['--queue', 'x', 'submit'], "unknown option '--queue' before the command", 'after its words'],
  [['dlq', '--all', 'replay'], "unknown option '--all' after `dlq`", 'after its words'],
])('%j is refused', (argv, message, hint) => {
  expect(() => selected(...argv)).toThrow(expect.objectContaining({ code: 'USAGE_INVALID', message, hint: expect.stringContaining(hint) }));
});
