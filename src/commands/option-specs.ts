// Arguments and options as data, with the type of their value. Help, parsing and shell completion all read these.

import type { Parser } from './option-parsers.js';

/** One option of a command. `T` is what `run` gets under the option's key. */
export interface OptionSpec<T> {
  /** As commander writes them: `-f, --follow` or `--limit <n>`. */
  readonly flags: string;
  readonly description: string;
  readonly parser: Parser<unknown> | undefined;
  readonly takesValue: boolean;
  readonly repeatable: boolean;
  readonly required: boolean;
  readonly hidden: boolean;
  readonly default: T | undefined;
  /** How the default is written in the help; without it the value itself. */
  readonly defaultText: string | undefined;
  /** Keys of options that cannot be given together with this one. */
  readonly conflicts: readonly string[];
  readonly group: string | undefined;
}

/** One positional argument. `T` is what `run` gets under the argument's key. */
export interface ArgumentSpec<T> {
  readonly description: string;
  readonly parser: Parser<T extends readonly (infer Item)[] ? Item : T> | Parser<unknown> | undefined;
  readonly required: boolean;
  readonly variadic: boolean;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec<unknown>>>;
export type ArgumentSpecs = Readonly<Record<string, ArgumentSpec<unknown>>>;

/** The values `run` gets for a table of options. */
export type OptionValues<O extends OptionSpecs> = {
  readonly [K in keyof O]: O[K] extends OptionSpec<infer T> ? T : never;
};
/** The values `run` gets for a table of arguments. */
export type ArgumentValues<A extends ArgumentSpecs> = {
  readonly [K in keyof A]: A[K] extends ArgumentSpec<infer T> ? T : never;
};

interface SharedSettings {
  readonly conflicts?: readonly string[];
  /** Works but is not in the help. */
  readonly hidden?: boolean;
  /** A heading of its own in the help. */
  readonly group?: string;
}

interface ValueSettings extends SharedSettings {
  readonly defaultText?: string;
}

/** A switch: false unless given. */
export function flag(flags: string, description: string, settings: SharedSettings = {}): OptionSpec<boolean> {
  return { ...spec(flags, description, settings), takesValue: false, default: false };
}

/** An option with a text value; undefined when not given. */
export function option(flags: string, description: string, settings?: ValueSettings): OptionSpec<string | undefined>;
/** An option with a default: never undefined. */
export function option<T>(
  flags: string,
  description: string,
  settings: ValueSettings & { readonly parser: Parser<T>; readonly default: T },
): OptionSpec<T>;
/** An option that must be given. */
export function option<T>(
  flags: string,
  description: string,
  settings: ValueSettings & { readonly parser: Parser<T>; readonly required: true },
): OptionSpec<T>;
/** An option whose value is read by a parser; undefined when not given. */
export function option<T>(
  flags: string,
  description: string,
  settings: ValueSettings & { readonly parser: Parser<T> },
): OptionSpec<T | undefined>;
export function option<T>(
  flags: string,
  description: string,
  settings: ValueSettings & { readonly parser?: Parser<T>; readonly default?: T; readonly required?: boolean } = {},
): OptionSpec<T | undefined> {
  return {
    ...spec(flags, description, settings),
    parser: settings.parser,
    required: settings.required ?? false,
    default: settings.default,
    defaultText: settings.defaultText,
  };
}

/** An option that may be given several times: `--queue a --queue b`. Empty when not given. */
export function repeated(flags: string, description: string, settings?: SharedSettings): OptionSpec<readonly string[]>;
export function repeated<T>(
  flags: string,
  description: string,
  settings: SharedSettings & { readonly parser: Parser<T> },
): OptionSpec<readonly T[]>;
export function repeated<T>(
  flags: string,
  description: string,
  settings: SharedSettings & { readonly parser?: Parser<T> } = {},
): OptionSpec<readonly T[]> {
  return { ...spec(flags, description, settings), parser: settings.parser, repeatable: true, default: [] };
}

/** A positional argument that must be given. */
export function argument(description: string): ArgumentSpec<string>;
export function argument<T>(description: string, parser: Parser<T>): ArgumentSpec<T>;
export function argument<T>(description: string, parser?: Parser<T>): ArgumentSpec<T> {
  return { description, parser, required: true, variadic: false };
}

/** A positional argument that may be left out. */
export function optionalArgument(description: string): ArgumentSpec<string | undefined>;
export function optionalArgument<T>(description: string, parser: Parser<T>): ArgumentSpec<T | undefined>;
export function optionalArgument<T>(description: string, parser?: Parser<T>): ArgumentSpec<T | undefined> {
  return { description, parser, required: false, variadic: false };
}

/** All remaining words. With `required`, at least one. */
export function remainingArguments(
  description: string,
  settings: { readonly required?: boolean } = {},
): ArgumentSpec<readonly string[]> {
  return { description, parser: undefined, required: settings.required ?? false, variadic: true };
}

function spec(flags: string, description: string, settings: SharedSettings) {
  return {
    flags,
    description,
    parser: undefined,
    takesValue: true,
    repeatable: false,
    required: false,
    hidden: settings.hidden ?? false,
    default: undefined,
    defaultText: undefined,
    conflicts: settings.conflicts ?? [],
    group: settings.group,
  } as const;
}
