// The help of the program and of a group of commands, from the list of commands alone: no command is loaded for it.

import { COMMAND_GROUPS, type CommandEntry } from './command.js';
import { GLOBAL_OPTIONS } from './global-options.js';

/** The help of the program. */
export function programHelp(commands: readonly CommandEntry[]): string {
  const sections = COMMAND_GROUPS.map((group) => {
    const members = commands.filter((entry) => entry.group === group);
    return members.length === 0 ? '' : `${group}:\n${commandLines(members, commands)}\n`;
  });
  const options = Object.values(GLOBAL_OPTIONS).map((spec) => [spec.flags, spec.description] as const);
  return [
    'Usage: copiloteval [global options] <command> [arguments] [options]\n',
    'Runs evaluations and other long jobs through a durable queue, and works that queue from the terminal.\n',
    ...sections.filter((section) => section !== ''),
    `Global options:\n${twoColumns([...options, ['-h, --help', 'show help; after a command, its own'], ['-V, --version', 'show the version']])}\n`,
    'Start with `copiloteval <command> --help`; each has examples.\n',
  ].join('\n');
}

/** The help of a group such as `dlq`. */
export function groupHelp(path: readonly string[], commands: readonly CommandEntry[]): string {
  const words = path.join(' ');
  const members = commands.filter((entry) => path.every((word, index) => entry.path[index] === word));
  return [
    `Usage: copiloteval ${words} <command> [arguments] [options]\n`,
    `Commands:\n${commandLines(members, commands)}\n`,
    `Each has its own help: \`copiloteval ${words} ${members[0]?.path[path.length] ?? ''} --help\`.\n`,
  ].join('\n');
}

function commandLines(members: readonly CommandEntry[], all: readonly CommandEntry[]): string {
  const width = Math.max(...all.map((entry) => entry.path.join(' ').length));
  return members.map((entry) => `  ${entry.path.join(' ').padEnd(width + 2)}${entry.summary}`).join('\n');
}

function twoColumns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width + 2)}${right}`).join('\n');
}
