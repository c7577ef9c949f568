// Finds the command that a command line names, before any of its code is loaded. Global options may stand anywhere.

import { AppError } from '../domain/errors.js';
import { nearest } from '../domain/nearest.js';
import type { CommandEntry } from './command.js';
import { GLOBAL_OPTIONS } from './global-options.js';

export type Selection =
  | { readonly kind: 'version' }
  /** The words name a group or, empty, the program. */
  | { readonly kind: 'help'; readonly path: readonly string[] }
  | { readonly kind: 'command'; readonly entry: CommandEntry; readonly words: readonly string[] };

/** `words` of a selected command are its own arguments and options, and the global ones wherever they stood. */
export function selectCommand(argv: readonly string[], commands: readonly CommandEntry[]): Selection {
  const path: string[] = [];
  const globals: string[] = [];
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] ?? '';
    if (word === '--help' || word === '-h') return { kind: 'help', path };
    if (path.length === 0 && (word === '--version' || word === '-V')) return { kind: 'version' };
    if (path.length === 0 && word === 'help') return helpFor(argv.slice(index + 1), commands);
    if (word.startsWith('-')) {
      const width = globalWidth(word, path);
      globals.push(...argv.slice(index, index + width));
      index += width - 1;
      continue;
    }
    path.push(word);
    const entry = commands.find((candidate) => samePath(candidate.path, path));
    if (entry) return { kind: 'command', entry, words: [...globals, ...argv.slice(index + 1)] };
    if (!isGroup(path, commands)) throw unknownCommand(path, commands);
  }
  if (path.length === 0) return { kind: 'help', path };
  throw new AppError('USAGE_INVALID', `\`copiloteval ${path.join(' ')}\` needs one more word: ${nextWords(path, commands).join(', ')}`, {
    hint: `see \`copiloteval ${path.join(' ')} --help\``,
  });
}

/** The words that can follow these, in the order of the help. */
export function nextWords(path: readonly string[], commands: readonly CommandEntry[]): readonly string[] {
  const words = commands.filter((entry) => startsWith(entry.path, path)).map((entry) => entry.path[path.length]);
  return [...new Set(words.filter((word) => word !== undefined))];
}

/** `help dlq replay` is `dlq replay --help`, and `help dlq` is `dlq --help`. */
function helpFor(words: readonly string[], commands: readonly CommandEntry[]): Selection {
  const path = words.filter((word) => !word.startsWith('-'));
  if (path.length === 0 || isGroup(path, commands)) return { kind: 'help', path };
  return selectCommand([...path, '--help'], commands);
}

/** How many words this global option takes: itself, and its value when that is not attached. */
function globalWidth(word: string, path: readonly string[]): 1 | 2 {
  const specs = Object.values(GLOBAL_OPTIONS).map((spec) => {
    const [first = '', second = first] = spec.flags.replace(/ <.*$/, '').split(', ');
    return { takesValue: spec.takesValue, short: first === second ? undefined : first, long: second };
  });
  const [name = ''] = word.split('=');
  const spec = specs.find((candidate) => candidate.long === name || candidate.short === name);
  if (spec) return spec.takesValue && !word.includes('=') ? 2 : 1;
  // `-ojson`, `-yq`: short options with something attached.
  if (specs.some(({ short }) => short !== undefined && /^-[^-]/.test(word) && word.startsWith(short))) return 1;
  const near = nearest(name, specs.map(({ long }) => long));
  const place = path.length === 0 ? 'before the command' : `after \`${path.join(' ')}\``;
  throw new AppError('USAGE_INVALID', `unknown option '${name}' ${place}`, {
    hint: near === undefined ? "a command's own options stand after its words" : `did you mean \`${near}\`?`,
  });
}

function unknownCommand(path: readonly string[], commands: readonly CommandEntry[]): AppError {
  const typed = path.at(-1) ?? '';
  const before = path.slice(0, -1);
  const near = nearest(typed, nextWords(before, commands)) ?? elsewhere(typed, commands);
  const hint = near === undefined ? `see \`copiloteval ${[...before, '--help'].join(' ')}\`` : `did you mean \`copiloteval ${[...before, near].join(' ')}\`?`;
  return new AppError('USAGE_INVALID', `unknown command '${path.join(' ')}'`, { hint });
}

/** Somebody who types `replay` means `dlq replay`. */
function elsewhere(typed: string, commands: readonly CommandEntry[]): string | undefined {
  const path = commands.find((entry) => entry.path.length > 1 && entry.path.at(-1) === typed)?.path;
  return path?.join(' ');
}

function isGroup(path: readonly string[], commands: readonly CommandEntry[]): boolean {
  return commands.some((entry) => entry.path.length > path.length && startsWith(entry.path, path));
}

function startsWith(path: readonly string[], beginning: readonly string[]): boolean {
  return beginning.every((word, index) => path[index] === word);
}

function samePath(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && startsWith(left, right);
}
