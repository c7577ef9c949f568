// What a shell needs to know to complete a command line: words, options, and the values they take.

import type { CommandEntry } from '../command.js';
import { GLOBAL_OPTIONS } from '../global-options.js';
import type { ArgumentSpecs, OptionSpec, OptionSpecs } from '../option-specs.js';
import { nextWords } from '../select-command.js';

export interface CompletionModel {
  readonly globals: readonly CompletedOption[];
  /** The program itself and each group: what can follow. The program's own words are empty. */
  readonly groups: readonly { readonly words: string; readonly next: readonly CompletedWord[] }[];
  readonly commands: readonly CompletedCommand[];
}

export interface CompletedWord {
  readonly word: string;
  readonly summary: string;
}

export interface CompletedCommand {
  /** As typed: `dlq replay`. */
  readonly words: string;
  readonly summary: string;
  readonly options: readonly CompletedOption[];
  readonly argument: CompletedValue;
}

export interface CompletedOption {
  /** `--output`, without dashes for the short one: see `short`. */
  readonly long: string;
  readonly short: string | undefined;
  readonly description: string;
  /** Undefined for a switch. */
  readonly value: CompletedValue | undefined;
}

/** Words to choose from, or files, or nothing known. */
export interface CompletedValue {
  readonly choices: readonly string[];
  readonly completes: 'file' | 'directory' | undefined;
}

/** Loads every command: only for making a script. */
export async function completionModel(entries: readonly CommandEntry[]): Promise<CompletionModel> {
  const commands = await Promise.all(
    entries.map(async (entry) => {
      const command = await entry.load();
      const words = entry.path.join(' ');
      return { words, summary: entry.summary, options: options(command.options), argument: argumentValue(command.arguments) };
    }),
  );
  const groupPaths = [...new Set(['', ...entries.flatMap(({ path }) => path.slice(0, -1).map((_, end) => path.slice(0, end + 1).join(' ')))])];
  const groups = groupPaths.map((words) => ({ words, next: following(words, entries) }));
  return { globals: options(GLOBAL_OPTIONS), groups, commands };
}

function following(words: string, entries: readonly CommandEntry[]): readonly CompletedWord[] {
  const path = words === '' ? [] : words.split(' ');
  return nextWords(path, entries).map((word) => {
    const full = [...path, word].join(' ');
    return { word, summary: entries.find((entry) => entry.path.join(' ') === full)?.summary ?? `the ${full} commands` };
  });
}

function options(specs: OptionSpecs): readonly CompletedOption[] {
  const shown = Object.values(specs).filter((spec) => !spec.hidden);
  return [...shown.map(completedOption), ...(specs === GLOBAL_OPTIONS ? [HELP] : [])];
}

const HELP: CompletedOption = { long: '--help', short: '-h', description: 'show help', value: undefined };

function completedOption(spec: OptionSpec<unknown>): CompletedOption {
  const names = spec.flags.replace(/ <.*$/, '').split(', ');
  return {
    long: names.find((name) => name.startsWith('--')) ?? '',
    short: names.find((name) => !name.startsWith('--')),
    description: spec.description,
    value: spec.takesValue ? { choices: spec.parser?.choices ?? [], completes: spec.parser?.completes } : undefined,
  };
}

/** The first argument's; the following ones are ids or files of the same kind wherever a command takes several. */
function argumentValue(specs: ArgumentSpecs): CompletedValue {
  const [first] = Object.values(specs);
  return { choices: first?.parser?.choices ?? [], completes: first?.parser?.completes };
}
