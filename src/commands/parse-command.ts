// Reads the words of one command with commander, by the command's own specs and the global options.

import { Argument, Command as Parser, CommanderError, Option } from 'commander';
import { AppError } from '../domain/errors.js';
import { nearest } from '../domain/nearest.js';
import type { Command } from './command.js';
import { GLOBAL_OPTIONS, type GlobalOptions } from './global-options.js';
import { oneOf, readWith } from './option-parsers.js';
import type { ArgumentSpec, OptionSpec, OptionSpecs, OptionValues } from './option-specs.js';

export interface ParsedCommand {
  readonly args: Readonly<Record<string, unknown>>;
  readonly options: Readonly<Record<string, unknown>>;
  readonly globals: GlobalOptions;
}

/** Help was asked for; `text` is it. */
export interface HelpRequest {
  readonly help: string;
}

/** The values of a command line without the command's own words. Throws USAGE_INVALID. */
export function parseCommand(command: Command, words: readonly string[], columns = 80): ParsedCommand | HelpRequest {
  const parser = buildParser(command, columns);
  try {
    parser.parse([...words], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed') return { help: parser.helpInformation() + examplesText(command) };
    throw usageError(error, command);
  }
  const raw = parser.opts<Record<string, unknown>>();
  return {
    args: argumentValues(command, parser.processedArgs),
    options: optionValues(command.options, raw),
    // Filled by the same table that the type is made from.
    globals: optionValues(GLOBAL_OPTIONS, raw) as OptionValues<typeof GLOBAL_OPTIONS>,
  };
}

/** The help of a command: usage, arguments, options, examples. */
export function commandHelp(command: Command, columns: number): string {
  return buildParser(command, columns).helpInformation() + examplesText(command);
}

function buildParser(command: Command, columns: number): Parser {
  const parser = new Parser(`copiloteval ${command.path.join(' ')}`);
  const description = command.description === undefined ? '' : `\n\n${command.description}`;
  parser
    .description(`${command.summary}.${description}`)
    .exitOverride()
    .configureOutput({ writeOut: ignore, writeErr: ignore, getOutHelpWidth: () => Math.min(columns, 100) })
    .addHelpOption(new Option('-h, --help', 'show this help').helpGroup('Global options:'))
    .action(ignore);
  for (const [name, spec] of Object.entries(command.arguments)) parser.addArgument(buildArgument(name, spec));
  for (const [key, spec] of Object.entries(command.options)) parser.addOption(buildOption(key, spec, command.options));
  for (const [key, spec] of Object.entries(GLOBAL_OPTIONS)) parser.addOption(buildOption(key, spec, GLOBAL_OPTIONS));
  return parser;
}

function buildArgument(name: string, spec: ArgumentSpec<unknown>): Argument {
  const inner = spec.variadic ? `${name}...` : name;
  const result = new Argument(spec.required ? `<${inner}>` : `[${inner}]`, spec.description);
  const { parser } = spec;
  return parser ? result.argParser((word) => readWith<unknown>(parser, word, `<${name}>`)) : result;
}

function buildOption(key: string, spec: OptionSpec<unknown>, all: OptionSpecs): Option {
  const result = new Option(spec.flags, describedOption(spec));
  if (spec.group !== undefined) result.helpGroup(spec.group);
  result.hideHelp(spec.hidden);
  result.conflicts(spec.conflicts.map((other) => attributeName(all[other], other)));
  if (!spec.takesValue) return result;
  const { parser } = spec;
  result.makeOptionMandatory(spec.required);
  return result.argParser<unknown>((word, before) => {
    const value = parser ? readWith<unknown>(parser, word, result.long ?? `--${key}`) : word;
    if (spec.repeatable) return Array.isArray(before) ? [...(before as unknown[]), value] : [value];
    return value;
  });
}

function optionValues(specs: OptionSpecs, raw: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const entries = Object.entries(specs).map(([key, spec]) => {
    const given = raw[attributeName(spec, key)];
    if (isNegated(spec)) return [key, given === false];
    return [key, given ?? spec.default];
  });
  return Object.fromEntries(entries) as Record<string, unknown>;
}

function argumentValues(command: Command, values: readonly unknown[]): Record<string, unknown> {
  const entries = Object.entries(command.arguments).map(([name, spec], index) => [
    name,
    values[index] ?? (spec.variadic ? [] : undefined),
  ]);
  return Object.fromEntries(entries) as Record<string, unknown>;
}

/** commander keeps `--dry-run` under `dryRun`, and `--no-color` under `color`, true unless given. */
function attributeName(spec: OptionSpec<unknown> | undefined, key: string): string {
  return spec === undefined ? key : new Option(spec.flags).attributeName();
}

function isNegated(spec: OptionSpec<unknown>): boolean {
  return new Option(spec.flags).negate;
}

function usageError(error: CommanderError, command: Command): AppError {
  const [first = ''] = error.message.replace(/^error: /, '').split('\n');
  const help = `see \`copiloteval ${command.path.join(' ')} --help\``;
  const near = error.code === 'commander.unknownOption' ? nearestOption(first, command) : undefined;
  return new AppError('USAGE_INVALID', first, { hint: near === undefined ? help : `did you mean \`${near}\`? ${help}` });
}

function nearestOption(message: string, command: Command): string | undefined {
  const typed = /'([^'=]+)/.exec(message)?.[1] ?? '';
  const known = [...Object.values(command.options), ...Object.values(GLOBAL_OPTIONS)]
    .filter((spec) => !spec.hidden)
    .map((spec) => new Option(spec.flags).long)
    .filter((long) => long !== undefined);
  return typed.startsWith('--') ? nearest(typed, known) : undefined;
}

/** With the words to choose from and the default: `how urgent (low, normal or high; default: normal)`. */
function describedOption(spec: OptionSpec<unknown>): string {
  const facts = spec.parser?.choices ? [oneOf(spec.parser.choices)] : [];
  const shownDefault = spec.defaultText ?? (spec.default === undefined ? undefined : plain(spec.default));
  if (spec.takesValue && !spec.repeatable && shownDefault !== undefined) facts.push(`default: ${shownDefault}`);
  return facts.length === 0 ? spec.description : `${spec.description} (${facts.join('; ')})`;
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function examplesText(command: Command): string {
  return `\nExamples:\n${command.examples.map((example) => `  $ ${example}\n`).join('')}`;
}

function ignore(): void {
  // commander prints and acts through callbacks; the shell does both itself.
}
